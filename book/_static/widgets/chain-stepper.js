/* <chain-stepper>: two windows of a one-dimensional convolution, ReLU and a squared loss, one operation at a time.
   First every value, from the inputs to the loss, then every gradient, from the loss to the inputs. */
(() => {
  "use strict";

  const NAMES = ["x0", "x1", "x2", "k0", "k1", "b", "t0", "t1"];

  /* p holds x (3), k (2), b and t (2): each window is weighted, shifted by b and cut off at 0, then compared with t. */
  function forward({ x, k, b, t }) {
    const z = [0, 1].map(i => k[0] * x[i] + k[1] * x[i + 1] + b);
    const a = z.map(value => Math.max(value, 0));
    return { z, a, L: 0.5 * ((a[0] - t[0]) ** 2 + (a[1] - t[1]) ** 2) };
  }

  function backward(p) {
    const { z, a } = forward(p);
    const da = a.map((value, i) => value - p.t[i]);
    const dz = da.map((value, i) => (z[i] > 0 ? value : 0));
    return {
      dL: 1, da, dz,
      dk: [0, 1].map(u => dz[0] * p.x[u] + dz[1] * p.x[1 + u]),
      db: dz[0] + dz[1],
      dx: [dz[0] * p.k[0], dz[0] * p.k[1] + dz[1] * p.k[0], dz[1] * p.k[1]],
    };
  }

  const write = value => {
    const text = cnn.show(value, 3);
    return text.startsWith("−") ? `(${text})` : text;
  };
  const plain = value => cnn.show(value, 3);

  /* Every step: which node, in which direction, the sentence to say, and the edges that are in use. */
  function steps(p) {
    const { x, k, b, t } = p, { z, a, L } = forward(p), g = backward(p), list = [];
    const say = (phase, node, edges, text) => list.push({ phase, node, edges, text });
    for (const i of [0, 1]) say("forward", `z${i}`, [`k0-z${i}`, `k1-z${i}`, `b-z${i}`, `x${i}-z${i}`, `x${i + 1}-z${i}`],
      `z${i} = k0·x${i} + k1·x${i + 1} + b = ${write(k[0])}·${write(x[i])} + ${write(k[1])}·${write(x[i + 1])} + ${write(b)} = ${plain(z[i])}`);
    for (const i of [0, 1]) say("forward", `a${i}`, [`z${i}-a${i}`],
      `a${i} = max(z${i}, 0) = max(${plain(z[i])}, 0) = ${plain(a[i])}: the gate is ${z[i] > 0 ? "open" : "shut"}`);
    say("forward", "L", ["a0-L", "a1-L"],
      `L = ½(a0 − t0)² + ½(a1 − t1)² = ½·${write(a[0] - t[0])}² + ½·${write(a[1] - t[1])}² = ${plain(L)}`);
    say("backward", "L", [], "dL = 1: the loss answers to itself one to one; every way back starts here");
    for (const i of [0, 1]) say("backward", `a${i}`, [`a${i}-L`],
      `da${i} = dL · slope of L = 1 · (a${i} − t${i}) = ${plain(a[i])} − ${write(t[i])} = ${plain(g.da[i])}`);
    for (const i of [0, 1]) say("backward", `z${i}`, [`z${i}-a${i}`],
      `dz${i} = da${i} · slope of the gate = ${write(g.da[i])} · ${z[i] > 0 ? 1 : 0} = ${plain(g.dz[i])}` +
      (z[i] > 0 ? ": open, so it passes whole" : z[i] < 0 ? ": shut, so nothing passes" : ": exactly at the bend, where we take 0"));
    for (const u of [0, 1]) say("backward", `k${u}`, [`k${u}-z0`, `k${u}-z1`],
      `dk${u} = dz0·x${u} + dz1·x${u + 1} = ${write(g.dz[0])}·${write(x[u])} + ${write(g.dz[1])}·${write(x[u + 1])} = ${plain(g.dk[u])}: used in both windows, so two terms`);
    say("backward", "b", ["b-z0", "b-z1"],
      `db = dz0·1 + dz1·1 = ${write(g.dz[0])} + ${write(g.dz[1])} = ${plain(g.db)}: added in both windows, so two terms`);
    say("backward", "x0", ["x0-z0"], `dx0 = dz0·k0 = ${write(g.dz[0])}·${write(k[0])} = ${plain(g.dx[0])}: one window, one term`);
    say("backward", "x1", ["x1-z0", "x1-z1"],
      `dx1 = dz0·k1 + dz1·k0 = ${write(g.dz[0])}·${write(k[1])} + ${write(g.dz[1])}·${write(k[0])} = ${plain(g.dx[1])}: in both windows, so two terms`);
    say("backward", "x2", ["x2-z1"], `dx2 = dz1·k1 = ${write(g.dz[1])}·${write(k[1])} = ${plain(g.dx[2])}: one window, one term`);
    return list;
  }

  /* What the reader typed, or a sentence about what is wrong with it. */
  function read(texts) {
    const values = {};
    for (const name of NAMES) {
      const text = String(texts[name]).trim().replace(",", ".");
      const value = Number(text);
      if (text === "" || !Number.isFinite(value)) return { error: `${name} is not a number: type one such as 1.5` };
      if (Math.abs(value) > 100) return { error: `${name} is ${text}: numbers from -100 to 100 can be followed by eye` };
      values[name] = value;
    }
    const { x0, x1, x2, k0, k1, b, t0, t1 } = values;
    return { p: { x: [x0, x1, x2], k: [k0, k1], b, t: [t0, t1] } };
  }

  /* Where the nodes stand: the middle of a box of 92 by 42. */
  const PLACES = {
    x0: [54, 30], x1: [54, 82], x2: [54, 134], k0: [54, 196], k1: [54, 248], b: [54, 300],
    z0: [232, 96], z1: [232, 222], a0: [382, 96], a1: [382, 222], L: [524, 159],
  };
  const EDGES = ["x0-z0", "x1-z0", "x1-z1", "x2-z1", "k0-z0", "k0-z1", "k1-z0", "k1-z1", "b-z0", "b-z1",
    "z0-a0", "z1-a1", "a0-L", "a1-L"];

  const svg = (name, attributes = {}, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  cnn.define("chain-stepper", { forward, backward, steps, read }, widget => {
    const start = { x: [2, 3, 1], k: [1.5, -0.5], b: 0.5, t: [0.5, 2], ...cnn.data(widget) };
    let p = start, at = 0, list = steps(p);

    const first = { x0: start.x[0], x1: start.x[1], x2: start.x[2], k0: start.k[0], k1: start.k[1], b: start.b, t0: start.t[0], t1: start.t[1] };
    const inputs = {};
    const field = name => {
      inputs[name] = cnn.el("input", { type: "number", step: "0.5", value: first[name], oninput: edited });
      return cnn.el("label", {}, name, " ", inputs[name]);
    };
    const numbers = cnn.el("fieldset", {}, cnn.el("legend", {}, "Numbers: three pixels, two weights, a bias, two targets"),
      cnn.el("div", { class: "chain-numbers" }, ...NAMES.map(field)));

    const nodes = {}, edges = {};
    const picture = svg("svg", { viewBox: "0 0 580 346", class: "chain-picture", "aria-hidden": "true" });
    for (const edge of EDGES) {
      const [from, to] = edge.split("-").map(name => PLACES[name]);
      edges[edge] = svg("line", { x1: from[0] + 46, y1: from[1], x2: to[0] - 46, y2: to[1] });
      picture.append(edges[edge]);
    }
    for (const [name, [x, y]] of Object.entries(PLACES)) {
      const value = svg("text", { x, y: y - 4 }), gradient = svg("text", { x, y: y + 15, class: "chain-gradient" });
      const group = svg("g", {}, svg("rect", { x: x - 46, y: y - 21, width: 92, height: 42, rx: 6 }), value, gradient);
      picture.append(group);
      nodes[name] = { group, value, gradient };
    }
    [["inputs", 54], ["sums", 232], ["ReLU", 382], ["loss", 524]].forEach(([text, x]) =>
      picture.append(svg("text", { x, y: 341, class: "chain-title" }, text)));

    // On a phone the picture is wider than its frame: the keyboard can scroll it, and each step brings its node into view.
    const frame = cnn.el("div", { class: "cnn-scroll", role: "group", tabindex: 0, "aria-label": "the graph, also told below" }, picture);

    const button = (text, onclick) => cnn.el("button", { type: "button", onclick }, text);
    const buttons = {
      start: button("Start again", () => go(0)),
      back: button("One step back", () => go(at - 1)),
      next: button("Next step", () => go(at + 1)),
      end: button("To the end", () => go(list.length)),
    };
    const slider = cnn.el("input", { type: "range", min: 0, max: list.length, step: 1, value: 0, oninput: () => go(Number(slider.value)) });
    const controls = cnn.el("div", { class: "cnn-row chain-controls" }, ...Object.values(buttons), cnn.el("label", {}, "step ", slider));
    const status = cnn.status();
    status.node.classList.add("chain-status");

    function edited() {
      const { p: typed, error } = read(Object.fromEntries(NAMES.map(name => [name, inputs[name].value])));
      for (const name of NAMES) inputs[name].removeAttribute("aria-invalid");
      if (error) {
        inputs[error.split(" ")[0]].setAttribute("aria-invalid", "true");
        status.say(`${error}. The picture still shows the numbers before.`);
        return;
      }
      p = typed;
      list = steps(p);
      go(at);
    }

    function go(step) {
      at = Math.min(list.length, Math.max(0, step));
      slider.value = at;
      const { z, a, L } = forward(p), g = backward(p);
      const known = {
        x0: p.x[0], x1: p.x[1], x2: p.x[2], k0: p.k[0], k1: p.k[1], b: p.b, z0: z[0], z1: z[1], a0: a[0], a1: a[1], L,
      };
      const slopes = {
        x0: g.dx[0], x1: g.dx[1], x2: g.dx[2], k0: g.dk[0], k1: g.dk[1], b: g.db, z0: g.dz[0], z1: g.dz[1],
        a0: g.da[0], a1: g.da[1], L: 1,
      };
      const done = list.slice(0, at), now = list[at - 1];
      const has = phase => new Set(done.filter(item => item.phase === phase).map(item => item.node));
      const valued = has("forward"), sloped = has("backward");
      for (const [name, { group, value, gradient }] of Object.entries(nodes)) {
        const isInput = /^[xkb]/.test(name);
        value.textContent = isInput || valued.has(name) ? `${name} = ${plain(known[name])}` : `${name} = ?`;
        gradient.textContent = sloped.has(name) ? `d${name} = ${plain(slopes[name])}` : "";
        group.setAttribute("class", now && now.node === name ? "chain-now" : sloped.has(name) ? "chain-back" : "");
      }
      for (const [name, line] of Object.entries(edges)) line.setAttribute("class", now && now.edges.includes(name) ? "chain-now" : "");
      const [middle] = PLACES[now ? now.node : "x0"];
      frame.scrollLeft = (middle / 580) * picture.clientWidth - frame.clientWidth / 2;
      for (const button of [buttons.start, buttons.back]) cnn.rest(button, at === 0);
      for (const button of [buttons.next, buttons.end]) cnn.rest(button, at === list.length);
      slider.setAttribute("aria-valuetext", now ? `${at} of ${list.length}, ${now.phase}, ${now.node}` : "0, nothing computed yet");
      status.say(now ? `Step ${at} of ${list.length}, ${now.phase}. ${now.text}.` : `Step 0 of ${list.length}. Only the inputs are known.`);
    }

    widget.append(numbers, frame, controls, status.node);
    go(0);
  });
})();
