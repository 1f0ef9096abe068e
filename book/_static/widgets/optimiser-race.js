/* <optimiser-race>: five optimisers walk down one surface from one start. The reader chooses the surface, the start and
   the rates, predicts who will be lowest after fifty steps, and goes there step by step. */
(() => {
  "use strict";
  const { el, status, data } = cnn;

  /* --- arithmetic: tests/test_widget_optimiser_race.py holds it to cnncourse.training --- */

  /* A bowl that is 20 times as steep across as along, turned by an angle. */
  function valley(angle) {
    const c = Math.cos(angle), s = Math.sin(angle);
    return {
      loss: ([x, y]) => 0.5 * (c * x + s * y) ** 2 + 10 * (c * y - s * x) ** 2,
      gradient: ([x, y]) => {
        const along = c * x + s * y, across = 20 * (c * y - s * x);
        return [c * along - s * across, s * along + c * across];
      },
      minima: [[0, 0]],
    };
  }

  const SURFACES = {
    "narrow valley": { ...valley(0), start: [-2.5, 1] },
    "narrow valley, turned": { ...valley(Math.PI / 6), start: [-2.5, 0.5] },
    "saddle": {
      loss: ([x, y]) => 0.5 * x * x - 0.5 * y * y + 0.25 * y ** 4 + 0.25,
      gradient: ([x, y]) => [x, y ** 3 - y],
      minima: [[0, 1], [0, -1]], start: [-2.5, 0.01],
    },
    "valley with a bend": {
      loss: ([x, y]) => 0.25 * (x - 2) ** 2 + 5 * (y - 0.5 * x * x + 1) ** 2,
      gradient: ([x, y]) => {
        const off = y - 0.5 * x * x + 1;
        return [0.5 * (x - 2) - 10 * x * off, 10 * off];
      },
      minima: [[2, 1]], start: [-2.4, 1.5],
    },
  };

  /* How far one number moves, given its gradient, the rate, what is remembered of it, and which step it is (1, 2 ...).
     The settings are Keras's own, with momentum 0.9. */
  const KEEP = 0.9, KEEP_SQUARE = 0.999, EPSILON = 1e-7;
  const push = (g, rate, memory) => (memory.velocity = KEEP * (memory.velocity ?? 0) - rate * g);
  const OPTIMISERS = {
    SGD: (g, rate) => -rate * g,
    momentum: push,
    Nesterov: (g, rate, memory) => KEEP * push(g, rate, memory) - rate * g,
    RMSprop: (g, rate, memory) => {
      memory.square = KEEP * (memory.square ?? 0) + (1 - KEEP) * g * g;
      return -rate * g / Math.sqrt(memory.square + EPSILON);
    },
    Adam: (g, rate, memory, step) => {
      memory.mean = KEEP * (memory.mean ?? 0) + (1 - KEEP) * g;
      memory.square = KEEP_SQUARE * (memory.square ?? 0) + (1 - KEEP_SQUARE) * g * g;
      return -rate * memory.mean / (1 - KEEP ** step) / (Math.sqrt(memory.square / (1 - KEEP_SQUARE ** step)) + EPSILON);
    },
  };

  const names = () => Object.keys(OPTIMISERS);
  const surfaces = () => Object.keys(SURFACES);
  const loss = (surface, at) => SURFACES[surface].loss(at);
  const gradient = (surface, at) => SURFACES[surface].gradient(at);
  const distance = (surface, [x, y]) => Math.min(...SURFACES[surface].minima.map(([a, b]) => Math.hypot(x - a, y - b)));

  /* The rates of the sliders: ten to a power of ten, with two digits that count. */
  const LOWEST = -30, HIGHEST = 5;
  const rate = k => Number((10 ** (k / 10)).toPrecision(2));

  /* What is added to the gradients of a noisy race, the same for every optimiser: normal numbers of spread 2. */
  const SPREAD = 2;
  function noise(seed, steps) {
    let state = seed;
    const uniform = () => { // mulberry32: small, and the same on every machine
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
    return Array.from({ length: steps }, () => {
      const radius = SPREAD * Math.sqrt(-2 * Math.log(uniform())), angle = 2 * Math.PI * uniform();
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    });
  }

  /* The way of one optimiser: {path, losses} from the start on, and at which step it `diverged`, if it did. */
  const TOO_HIGH = 1e4;
  function walk(surface, name, start, learningRate, steps, noises = null) {
    const { loss, gradient } = SURFACES[surface], memory = [{}, {}];
    const path = [start], losses = [loss(start)];
    for (let step = 1; step <= steps; step++) {
      const at = path[step - 1], slope = gradient(at);
      path.push(at.map((w, i) => w + OPTIMISERS[name](slope[i] + (noises ? noises[step - 1][i] : 0), learningRate, memory[i], step)));
      losses.push(loss(path[step]));
      if (!(losses[step] < TOO_HIGH)) return { path, losses, diverged: step };
    }
    return { path, losses, diverged: null };
  }

  /* Of the rates of a slider, the one with the lowest loss after so many steps. */
  function bestRate(surface, name, start, steps, noises = null) {
    let best = null;
    for (let k = LOWEST; k <= HIGHEST; k++) {
      const found = walk(surface, name, start, rate(k), steps, noises), end = found.losses[steps];
      if (found.diverged === null && (best === null || end < best.end)) best = { k, end };
    }
    return best ? best.k : LOWEST;
  }

  /* From the lowest loss after `step` steps to the highest; who has diverged by then comes last. */
  function ranking(walks, step) {
    const height = name => walks[name].diverged !== null && walks[name].diverged <= step ? Infinity : walks[name].losses[step];
    return Object.keys(walks).sort((a, b) => (height(a) < height(b) ? -1 : height(a) > height(b) ? 1 : 0));
  }

  /* Lines of equal height over a table of heights, as the d of an SVG path: each small square by its own four corners. */
  function contour(heights, level, size) {
    let d = "";
    for (let i = 0; i + 1 < heights.length; i++) for (let j = 0; j + 1 < heights[0].length; j++) {
      const corners = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]], crossings = [];
      corners.forEach(([a, b], side) => {
        const [c, e] = corners[(side + 1) % 4], low = heights[a][b], high = heights[c][e];
        if ((low < level) === (high < level)) return;
        const share = (level - low) / (high - low);
        crossings.push([(b + share * (e - b)) * size, (a + share * (c - a)) * size]);
      });
      for (let k = 0; k + 1 < crossings.length; k += 2) d += `M${crossings[k].map(v => v.toFixed(1))}L${crossings[k + 1].map(v => v.toFixed(1))}`;
    }
    return d;
  }

  /* --- the figure: x from -3 to 3, y from -2 to 2 --- */

  const SVG = "http://www.w3.org/2000/svg", UNIT = 80, RIGHT = 3, TOP = 2, CELL = 5;
  const LEVELS = [0.1, 0.3, 1, 3, 10, 30];
  const HALF = 50, LAST = 100, PAUSE = 110; // the prediction is about step 50; a step of the play takes so many ms
  const LOOK = "I only look";
  const right = x => (x + RIGHT) * UNIT, down = y => (TOP - y) * UNIT;
  const inside = ([x, y]) => Math.abs(x) <= RIGHT && Math.abs(y) <= TOP;
  const hundredth = value => Math.round(value * 100) / 100;
  /* Three digits that count: 3.72, 0.0204, 1.9e−6. */
  const digits = value => (value && Math.abs(value) < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)))).replaceAll("-", "−");
  const place = k => ["1st", "2nd", "3rd", "4th", "5th"][k];

  const SHAPES = { // around (x, y), with half the width r
    SGD: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    momentum: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
    Nesterov: (x, y, r) => `M${x} ${y - 1.3 * r}L${x + 1.3 * r} ${y}L${x} ${y + 1.3 * r}L${x - 1.3 * r} ${y}z`,
    RMSprop: (x, y, r) => `M${x} ${y - 1.2 * r}L${x + 1.2 * r} ${y + r}L${x - 1.2 * r} ${y + r}z`,
    Adam: (x, y, r) => {
      const t = 0.45 * r, b = 1.2 * r;
      return `M${x - t} ${y - b}h${2 * t}v${b - t}h${b - t}v${2 * t}h${t - b}v${b - t}h${-2 * t}v${t - b}h${t - b}v${-2 * t}h${b - t}z`;
    },
  };

  function draw(tag, attributes) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, content] of Object.entries(attributes)) node.setAttribute(name, content);
    return node;
  }

  function connect(widget) {
    const given = data(widget) ?? {};
    const id = `optimiser-race-${document.querySelectorAll("optimiser-race").length}-${Math.round(performance.now())}`;
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const line = status();
    let surface = given.surface ?? surfaces()[0], start = given.start ?? SURFACES[surface].start;
    let ks = {}, draws = 0, walks = {}, step = 0, timer = null, prediction = null, open = false;
    for (const name of names()) ks[name] = Math.round(10 * Math.log10(given.rate ?? 0.02));

    /* the surface and the gradient */
    const choice = (key, label, options, onchange) => {
      const box = el("select", { id: `${id}-${key}`, onchange }, ...options.map(([value, text]) => el("option", { value }, text)));
      return [box, el("div", {}, el("label", { for: box.id }, label), el("br"), box)];
    };
    const [surfaceBox, surfaceField] = choice("surface", "Surface", surfaces().map(name => [name, name]), () => {
      surface = surfaceBox.value;
      start = SURFACES[surface].start;
      open = prediction === LOOK; // another surface, another prediction
      forget();
      step = 0;
      contours();
      changed(`${surface[0].toUpperCase()}${surface.slice(1)}. The start is ${where()}.`);
    });
    surfaceBox.value = surface;
    const [noiseBox, noiseField] = choice("noise", "Gradient", [[0, "exact"], [1, "noisy, draw 1"], [2, "noisy, draw 2"], [3, "noisy, draw 3"]], () => {
      draws = Number(noiseBox.value);
      changed(draws ? "Every optimiser now gets the same noise on its gradients." : "The gradients are exact.");
    });
    const common = el("input", {
      type: "range", id: `${id}-common`, min: LOWEST, max: HIGHEST, step: 1, value: ks.SGD,
      oninput: () => { for (const name of names()) ks[name] = Number(common.value); changed(); },
      onchange: () => tell(`All five now have the rate ${rate(ks.SGD)}.`),
    });
    const commonLabel = el("label", { for: common.id });
    const commonField = el("div", {}, commonLabel, el("br"), common);
    const best = el("button", {
      type: "button", onclick: () => {
        for (const name of names()) ks[name] = bestRate(surface, name, start, HALF, noises());
        changed(`Each has the rate of its slider that is lowest after ${HALF} steps: ${names().map(name => `${name} ${rate(ks[name])}`).join(", ")}.`);
      },
    }, "best rate for each");

    /* the prediction */
    const radios = [...names(), LOOK].map(name => {
      const radio = el("input", { type: "radio", name: `${id}-who`, id: `${id}-who-${name}`, value: name, onchange: () => {
        prediction = name;
        open = true;
        line.say(name === LOOK ? "No prediction, then. Press play." : `You say ${name}. Press play.`);
      } });
      return { radio, label: el("label", { for: radio.id }, radio, ` ${name}`) };
    });
    const bets = el("fieldset", { class: "race-bets" }, el("legend", {}, `Predict first: who has the lowest loss after ${HALF} steps?`),
      ...radios.map(({ label }) => label));

    /* the picture */
    const plot = draw("svg", { viewBox: `0 0 ${2 * RIGHT * UNIT} ${2 * TOP * UNIT}`, class: "race-plot", "aria-hidden": "true" });
    const lines = draw("path", { class: "race-contours" }), goals = draw("path", { class: "race-goals" });
    const ring = draw("circle", { r: 9, class: "race-start" });
    plot.append(lines, goals);
    const marks = {};
    for (const name of names()) {
      const key = name.toLowerCase();
      marks[name] = {
        trail: draw("path", { class: `race-trail race-${key}` }), dots: draw("path", { class: `race-dots race-${key}` }),
        head: draw("path", { class: `race-head race-${key}` }),
      };
      plot.append(marks[name].trail, marks[name].dots);
    }
    for (const name of names()) plot.append(marks[name].head);
    plot.append(ring);
    const stage = el("div", {
      class: "race-stage", tabindex: 0, role: "application", "aria-roledescription": "surface",
      "aria-label": "The surface from above. The arrow keys move the start, with Shift in larger steps; Home puts it back.",
      onkeydown: key, onpointerdown: grab, onpointermove: drag, onpointerup: drop, onpointercancel: drop,
    }, plot);
    const caption = el("p", { class: "race-caption" });

    /* the table */
    const rows = {};
    for (const name of names()) {
      const sample = draw("svg", { viewBox: "0 0 44 16", class: "race-sample", "aria-hidden": "true" }), key = name.toLowerCase();
      sample.append(draw("path", { d: "M1 8H43", class: `race-trail race-${key}` }), draw("path", { d: SHAPES[name](22, 8, 5), class: `race-head race-${key}` }));
      const slider = el("input", {
        type: "range", min: LOWEST, max: HIGHEST, step: 1, "aria-label": `rate of ${name}`,
        oninput: () => { ks[name] = Number(slider.value); changed(); },
        onchange: () => tell(`${name} now has the rate ${rate(ks[name])}.`),
      });
      const number = el("span", { class: "race-rate" });
      const loss = el("td"), far = el("td"), rank = el("td");
      rows[name] = { slider, number, loss, far, rank };
      rows[name].row = el("tr", {}, el("th", { scope: "row" }, sample, el("span", {}, name)), el("td", { class: "race-knob" }, slider, number), loss, far, rank);
    }
    const head = el("caption");
    const table = el("table", { class: "race-table" }, head,
      el("thead", {}, el("tr", {}, ...["optimiser", "rate", "loss", "distance", "place"].map(text => el("th", { scope: "col" }, text)))),
      el("tbody", {}, ...names().map(name => rows[name].row)));

    /* the steps */
    const button = (text, name, onclick) => el("button", { type: "button", "aria-label": name, onclick }, text);
    const play = el("button", { type: "button", onclick: toggle }, "play");
    const slide = el("input", {
      type: "range", id: `${id}-step`, min: 0, max: LAST, step: 1, value: 0,
      oninput: () => { stop(); if (ready()) go(Number(slide.value)); else slide.value = 0; },
      onchange: () => { if (open) tell(); },
    });
    const counter = el("label", { for: slide.id, class: "race-counter" });
    const controls = el("div", { class: "race-controls" },
      button("start", "back to the start", () => { stop(); go(0); tell(); }),
      button("−1", "one step back", () => { stop(); go(step - 1); tell(); }), play,
      button("+1", "one step on", () => { stop(); if (ready()) { go(step + 1); tell(); } }), counter, slide);

    const noises = () => (draws ? noise(draws, LAST) : null);
    const where = () => `(${hundredth(start[0])}, ${hundredth(start[1])})`.replaceAll("-", "−");
    const gone = name => walks[name].diverged !== null && walks[name].diverged <= step;

    function forget() {
      if (prediction !== LOOK) {
        prediction = null;
        for (const { radio } of radios) radio.checked = false;
      }
    }

    /* Some setting is another: other paths, seen at the same step. A prediction that was answered is used up. */
    function changed(text) {
      stop();
      if (step >= HALF) forget();
      walks = Object.fromEntries(names().map(name => [name, walk(surface, name, start, rate(ks[name]), LAST, noises())]));
      for (const name of names()) {
        const { slider, number } = rows[name], value = rate(ks[name]);
        slider.value = ks[name];
        slider.setAttribute("aria-valuetext", String(value));
        number.textContent = String(value);
      }
      const same = names().every(name => ks[name] === ks.SGD);
      if (same) common.value = ks.SGD;
      commonLabel.textContent = `One rate for all${same ? `: ${rate(ks.SGD)}` : ""}`;
      common.setAttribute("aria-valuetext", String(rate(Number(common.value))));
      update();
      if (text) tell(text);
    }

    function ready() {
      if (!open) line.say(`Predict first: choose above who will have the lowest loss after ${HALF} steps, or "${LOOK}".`);
      return open;
    }

    function go(to) {
      step = Math.max(0, Math.min(LAST, to));
      update();
    }

    function toggle() {
      if (timer) { stop(); tell(); return; }
      if (!ready()) return;
      if (step >= LAST) go(0);
      const end = step < HALF ? HALF : LAST;
      if (calm.matches) { go(end); tell(); return; }
      play.textContent = "pause";
      timer = setInterval(() => {
        go(step + 1);
        if (step >= end || !widget.isConnected) { stop(); tell(); }
      }, PAUSE);
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "play";
    }

    /* Who leads, who has diverged, and what became of the prediction. */
    function tell(before = "") {
      const order = ranking(walks, step), words = [before];
      if (step) {
        const leader = order[0], last = order.filter(name => !gone(name)).at(-1);
        if (gone(leader)) words.push(`Step ${step}: all five have diverged.`);
        else words.push(`Step ${step}: ${leader} leads with a loss of ${digits(walks[leader].losses[step])}` +
          (last === leader ? "." : `; ${last} is last with ${digits(walks[last].losses[step])}.`));
        const lost = names().filter(gone);
        if (lost.length && !gone(leader)) words.push(`${lost.map(name => `${name} diverged at step ${walks[name].diverged}`).join(", ")}.`);
        if (step >= HALF && prediction && prediction !== LOOK) {
          const after = ranking(walks, HALF), at = after.indexOf(prediction), bad = walks[prediction].diverged;
          words.push(at === 0 && bad === null ? `You predicted ${prediction} for step ${HALF}: right.`
            : `You predicted ${prediction}, but after ${HALF} steps ${after[0]} was lowest, and ${prediction} ` +
              (bad !== null && bad <= HALF ? "had diverged." : `was ${place(at)}.`));
        }
      } else if (!before) words.push(`All five stand at ${where()}, with a loss of ${digits(loss(surface, start))}.`);
      line.say(words.filter(Boolean).join(" "));
    }

    function contours() {
      const heights = Array.from({ length: 2 * TOP * UNIT / CELL + 1 }, (_, i) => Array.from({ length: 2 * RIGHT * UNIT / CELL + 1 },
        (_, j) => loss(surface, [j * CELL / UNIT - RIGHT, TOP - i * CELL / UNIT])));
      lines.setAttribute("d", LEVELS.map(level => contour(heights, level, CELL)).join(""));
      goals.setAttribute("d", SURFACES[surface].minima.map(([x, y]) => `M${right(x) - 7} ${down(y) - 7}l14 14m0 -14l-14 14`).join(""));
      caption.textContent = `Lines of equal loss, at ${LEVELS.join(", ")}. × is ${SURFACES[surface].minima.length > 1 ? "a" : "the"} minimum. ` +
        "The ring is the start: click, drag, or press the arrow keys. A mark stands at every fifth step.";
    }

    function update() {
      const order = ranking(walks, step);
      ring.setAttribute("cx", right(start[0]));
      ring.setAttribute("cy", down(start[1]));
      for (const name of names()) {
        const { path, losses, diverged } = walks[name], to = Math.min(step, diverged ?? step), at = path[to];
        const bound = value => Math.max(-9999, Math.min(9999, value)).toFixed(1);
        const points = path.slice(0, to + 1).map(([x, y]) => [bound(right(x)), bound(down(y))]);
        const { trail, dots, head } = marks[name], row = rows[name], out = gone(name);
        trail.setAttribute("d", `M${points.map(point => point.join(" ")).join("L")}`);
        dots.setAttribute("d", points.filter((_, k) => k % 5 === 0 && k < to && k && inside(path[k])).map(([x, y]) => SHAPES[name](Number(x), Number(y), 2.6)).join(""));
        head.setAttribute("d", inside(at) && !out ? SHAPES[name](right(at[0]), down(at[1]), 6) : "");
        row.loss.textContent = out ? "diverged" : digits(losses[to]);
        row.far.textContent = out ? `step ${diverged}` : digits(hundredth(distance(surface, at)));
        row.rank.textContent = !step || out ? "–" : place(order.indexOf(name));
        row.row.dataset.leads = String(step > 0 && order[0] === name && !out);
      }
      slide.value = step;
      counter.textContent = `step ${step} of ${LAST}`;
      head.textContent = step ? `After ${step} step${step > 1 ? "s" : ""}` : "Before the first step";
    }

    /* the start, by hand */
    function moveStart([x, y]) {
      start = [Math.max(-RIGHT, Math.min(RIGHT, hundredth(x))), Math.max(-TOP, Math.min(TOP, hundredth(y)))];
      changed();
    }

    function key(event) {
      const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key], size = event.shiftKey ? 0.5 : 0.1;
      if (way) moveStart([start[0] + size * way[0], start[1] + size * way[1]]);
      else if (event.key === "Home") moveStart(SURFACES[surface].start);
      else return;
      event.preventDefault();
      tell(`The start is ${where()}.`);
    }

    let held = false;
    function under(event) {
      const box = plot.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width * 2 * RIGHT - RIGHT, TOP - (event.clientY - box.top) / box.height * 2 * TOP];
    }
    function grab(event) {
      if (event.button) return;
      held = true;
      if (event.pointerType === "mouse" || event.target === ring) stage.setPointerCapture(event.pointerId);
      moveStart(under(event));
    }
    function drag(event) {
      if (held && (event.pointerType === "mouse" || stage.hasPointerCapture(event.pointerId))) moveStart(under(event));
    }
    function drop() {
      if (held) tell(`The start is ${where()}.`);
      held = false;
    }

    widget.append(
      el("div", { class: "cnn-row race-settings" }, surfaceField, noiseField, commonField, best), bets,
      el("div", { class: "cnn-row race-both" },
        el("div", { class: "race-picture" }, stage, controls), el("div", { class: "race-side" }, table)),
      caption, line.node);
    contours();
    changed();
    line.say(`All five stand at ${where()}, with a loss of ${digits(loss(surface, start))}. Predict, then press play.`);
  }

  cnn.define("optimiser-race", { names, surfaces, loss, gradient, distance, rate, noise, walk, bestRate, ranking, contour }, connect);
})();
