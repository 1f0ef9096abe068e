/* <architecture-explorer>: one network or two, from the zoo or written by the reader: where the parameters are and where
   the work is, what it needs of memory, and what a unit of each row sees of a photograph. The arithmetic stands in the
   folder architecture-explorer/; tests/test_architectures_in_the_browser.py holds it to cnncourse.architectures. */
(() => {
  "use strict";
  const { el, status, data } = cnn;
  const { SpecError, readAll, read, write, build, main, memory, table, total, evaluate, words } = cnn.architectures;

  /* --- arithmetic of what is shown: tests/test_widget_architecture_explorer.py --- */

  const exact = n => n.toLocaleString("en-US");

  /* A number in few characters: all digits below a million, else three or four that count. */
  function short(n, digits = 3, units = ["", " k", " M", " G", " T"], whole = 1e6) {
    if (n < whole) return exact(n) + units[0];
    let power = Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
    if (Number((n / 1000 ** power).toPrecision(digits)) >= 1000 && power + 1 < units.length) power++;
    return Number((n / 1000 ** power).toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: digits }) + units[power];
  }
  const bytes = n => short(n, 3, [" B", " kB", " MB", " GB", " TB"], 1000);
  const ratio = (a, b) => (a && b ? `${b < 100 * a ? (b / a).toPrecision(2) : exact(Math.round(b / a))} ×` : "–");
  const percent = (part, whole) => (!part ? "0 %" : part < 0.0005 * whole ? "under 0.1 %" : `${cnn.show(100 * part / whole, 1)} %`);

  /* What a table writes for a field: "35×35", or "all". */
  const sees = field => (field ? field.map(({ size }) => size).join("×") : "all");

  /* A setting as a spec writes it, and how a box for it starts. */
  const shown = value => (Array.isArray(value) ? value.join("x") : typeof value === "boolean" ? (value ? "yes" : "no") : String(value));

  /* The values of all settings, in the order of the spec: one may use those before it. */
  function settingsOf(spec, changed = {}) {
    const values = {};
    for (const [name, text] of Object.entries(spec.settings)) values[name] = name in changed ? changed[name] : evaluate(text, values);
    return values;
  }

  /* How many units there are down and across, in a layer of this shape that sees `field`. */
  function units(shape, field, size) {
    if (shape.length === 3) return shape.slice(0, 2);
    if (shape.length === 1 || !field) return [1, 1];
    const across = Math.max(1, Math.floor(size[1] / field[1].jump)); // tokens, row by row
    return [Math.max(1, Math.round(shape[0] / across)), across];
  }

  /* The window of one unit in pixels of the image: {y, x, height, width}; the image begins at 0. */
  function windowOf(field, [i, j]) {
    const [top, left] = [i, j].map((unit, axis) => field[axis].start + unit * field[axis].jump + 0.5 - field[axis].size / 2);
    return { y: top, x: left, height: field[0].size, width: field[1].size };
  }

  /* How much of the image a window covers, from 0 to 1. */
  function covered({ y, x, height, width }, [H, W]) {
    const along = (start, length, size) => Math.max(0, Math.min(size, start + length) - Math.max(0, start));
    return along(y, height, H) * along(x, width, W) / (H * W);
  }

  /* --- the figure --- */

  const SVG = "http://www.w3.org/2000/svg", OWN = "your own text", NONE = "", MOST = 1500, DOTS = 40;
  const NEAR = 0.22, FAR = 0.85; // how much is shown around the photograph, as a share of it, for small windows and large ones
  const EXAMPLE = `network Mine
input 64 64 3
f = 16                       # a setting
block unit(k, f, s=1)        # rows with a name
    conv k f stride=s bias=no -> batch_norm -> relu
unit 3x3 f s=2
roads: concat                # paths that part and meet
  | unit 1x1 f
  | unit 3x3 f -> unit 3x3 f
deep: unit 3x3 2*f s=2  x 3  # three times
output: global_avg_pool -> dense 10 -> softmax`;

  function svg(tag, attributes = {}) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  }

  function connect(widget) {
    const given = data(widget) ?? { zoo: {}, network: OWN };
    const id = `architecture-explorer-${document.querySelectorAll("architecture-explorer").length}-${Math.round(performance.now())}`;
    const line = status();
    const zoo = {}, families = Object.values(given.zoo).map(text => {
      const specs = readAll(text, zoo);
      Object.assign(zoo, specs);
      return Object.keys(specs);
    });
    let shownSlot = 0, byNode = false, batch = 1, at = 0, place = [0.5, 0.5], rows = [], sum = null;

    /* Not at every keystroke. */
    function patient() {
      let timer = null;
      return act => {
        clearTimeout(timer);
        timer = setTimeout(act, 500);
      };
    }
    const afterChanges = patient(), afterTyping = patient();
    function say(text) {
      afterChanges(() => {}); // what was to be said a little later is said no more
      line.say(text);
    }

    const button = (text, onclick, more = {}) => el("button", { type: "button", onclick, ...more }, text);
    const labelled = (text, box, more = {}) => {
      box.id ||= `${id}-${Math.random().toString(36).slice(2)}`;
      return el("div", more, el("label", { for: box.id }, text), el("br"), box);
    };

    /* --- the networks: slot 0, and slot 1 to compare with --- */

    const slots = [0, 1].map(number => {
      const box = el("select", { onchange: () => choose(slot, box.value, true) });
      if (number) box.append(el("option", { value: NONE }, "none"));
      for (const names of families) {
        const label = [...new Set(names.map(name => name.split(/[- ]/)[0]))].join(", ");
        box.append(el("optgroup", { label }, ...names.map(name => el("option", { value: name }, name))));
      }
      box.append(el("option", { value: OWN }, OWN));
      const slot = { number, box, name: NONE, size: null, settings: {}, heads: false, spec: null, graph: null };
      slot.knobs = el("div", { class: "explorer-knobs", onchange: () => { if (!slot.wrong) say(summary(slot)); } });
      slot.error = el("p", { class: "explorer-error", role: "status" });
      slot.node = el("div", { class: "explorer-slot", role: "group" }, labelled(number ? "Compare with" : "Network", box), slot.knobs, slot.error);
      return slot;
    });
    const title = slot => (slot.name === OWN ? slot.spec?.name ?? OWN : slot.name);

    function choose(slot, name, told) {
      Object.assign(slot, { name, size: null, settings: {}, heads: false, spec: null, graph: null });
      slot.box.value = name;
      shownSlot = name === NONE ? 0 : slot.number;
      work(slot);
      begin();
      knobs(slot);
      draw();
      if (told) say(name === NONE ? `${title(slots[0])} alone.` : slot.graph ? summary(slot) : "");
    }

    /* The row that is shown first: the last whose units see less than half of the image, for there is something to see. */
    function begin() {
      const { graph } = slots[shownSlot];
      if (!graph) return;
      at = Math.max(0, table(graph, byNode).findLastIndex(row => 2 * (row.widest ?? row.narrowest)?.[0].size < graph.nodes[0].shape[0]));
    }

    /* Reads, builds and counts; what is wrong stands below the settings, or below the text that is wrong. */
    function work(slot) {
      slot.error.textContent = "";
      if (slot.name === NONE) { slot.graph = null; return; }
      try {
        slot.spec = slot.name === OWN ? read(text.value, zoo) : zoo[slot.name];
        for (const name of Object.keys(slot.settings)) if (!Object.hasOwn(slot.spec.settings, name)) delete slot.settings[name];
        const whole = build(slot.spec, slot.size, slot.settings);
        slot.hasHeads = Object.keys(whole.outputs).length > 1;
        slot.graph = slot.heads ? whole : main(whole);
        slot.wrong = null;
      } catch (error) {
        if (!(error instanceof SpecError)) throw error;
        slot.wrong = error;
        const changed = slot.size || Object.keys(slot.settings).length;
        if (slot.name !== OWN || changed) slot.error.textContent = `${error.message}. The numbers below are those from before.`;
      }
    }

    /* The boxes for the size of the image and for the settings of the spec. */
    function knobs(slot) {
      slot.node.setAttribute("aria-label", slot.number ? "The network to compare with" : "The network");
      if (!slot.spec || slot.name === NONE) {
        slot.knobs.replaceChildren();
        slot.kinds = null;
        return;
      }
      const size = el("input", {
        type: "number", min: 1, max: 4096, step: 1,
        oninput: () => change(slot, () => { slot.size = size.value ? [Number(size.value), Number(size.value)] : null; }),
      });
      const boxes = [labelled("image size", size)], inputs = {}, now = values(slot);
      slot.kinds = kinds(slot, now);
      for (const [name, value] of Object.entries(now)) {
        const truth = typeof value === "boolean", number = typeof value === "number";
        const fine = ["width", "depth", "rate"].includes(name) || (number && !Number.isInteger(value));
        const box = el("input", truth ? { type: "checkbox", checked: value } : number
          ? { type: "number", min: 0, step: fine ? 0.05 : 1, value } : { type: "text", value: shown(value), size: 4 });
        box.addEventListener(truth ? "change" : "input", () => change(slot, () => {
          if (truth) slot.settings[name] = box.checked;
          else if (!box.value.trim()) delete slot.settings[name];
          else slot.settings[name] = number ? Number(box.value) : parsed(box.value, value);
        }));
        inputs[name] = box;
        boxes.push(labelled(name, box));
      }
      slot.follow = () => { // what another setting has changed, or the text
        const free = (name, box) => box && box !== document.activeElement && !(name in slot.settings);
        for (const [name, value] of Object.entries(values(slot))) {
          if (!free(name, inputs[name])) continue;
          if (typeof value === "boolean") inputs[name].checked = value;
          else inputs[name].value = shown(value);
        }
        const [height, width] = slot.graph?.nodes[0].shape ?? [];
        if (!slot.size && free("", size)) size.value = height === width ? height ?? "" : "";
        size.placeholder = height === width ? "" : `${height}, ${width}`;
      };
      slot.follow();
      if (slot.hasHeads) {
        const box = el("input", { type: "checkbox", checked: slot.heads, onchange: () => change(slot, () => { slot.heads = box.checked; }) });
        boxes.push(labelled("heads for training", box));
      }
      const buttons = el("div", { class: "explorer-buttons" },
        slot.name === OWN ? "" : button("edit its text", () => edit(slot)),
        button("as it was", () => { choose(slot, slot.name, true); }));
      slot.knobs.replaceChildren(...boxes, buttons);
    }

    /* Which boxes there are: they are made anew only where that changes, for one of them may have the focus. */
    const kinds = (slot, now) => JSON.stringify([slot.name, slot.hasHeads, Object.entries(now).map(([name, value]) => [name, Array.isArray(value) ? "pair" : typeof value])]);

    function values(slot) {
      try {
        return settingsOf(slot.spec, slot.settings);
      } catch (error) {
        if (!(error instanceof SpecError)) throw error; // the message is there already
        return {};
      }
    }

    function parsed(text, before) {
      try {
        return evaluate(text.trim());
      } catch {
        return before; // half written
      }
    }

    function change(slot, act) {
      act();
      shownSlot = slot.number;
      work(slot);
      slot.follow();
      draw();
      afterChanges(() => say(slot.wrong ? "" : summary(slot)));
    }


    /* --- a text of the reader's own --- */

    const gutter = el("pre", { class: "explorer-gutter", "aria-hidden": "true" });
    const wrong = el("p", { class: "explorer-error", id: `${id}-wrong`, role: "status" });
    const text = el("textarea", {
      id: `${id}-text`, rows: 14, wrap: "off", spellcheck: "false", autocapitalize: "off", autocomplete: "off",
      "aria-describedby": wrong.id, oninput: () => { number(); afterTyping(typed); }, onchange: typed, onscroll: () => { gutter.scrollTop = text.scrollTop; },
    });
    text.value = EXAMPLE;
    const jump = button("", () => toLine());
    const item = (code, rest) => el("li", {}, el("code", {}, code), ` ${rest}`);
    const bare = words().filter(({ needs, may }) => !needs.length && !may.length).map(({ word }) => word);
    const vocabulary = el("details", {}, el("summary", {}, "The words of this notation"), el("ul", {},
      ...words().filter(({ word }) => !bare.includes(word)).map(({ word, needs, may }) =>
        item([word, ...needs].join(" "), may.map(([name, value]) => `${name}=${value === "" ? "012,12" : shown(value)}`).join(" "))),
      item(bare.join(", "), ""), item("add, concat, multiply", "what the paths below, each behind a |, come together in"),
      item("->", "one after the other"), item("name: row", "a row with a name of its own"), item("x 3", "at the end of a row: three times"),
      item("if s > 1", "at the end of a row: only then"), item("C, H, W", "channels, height and width at this place"),
      item("+ - * / // % ceil int max min round8", "arithmetic, without spaces inside a row")));
    const editor = el("div", { class: "explorer-editor" }, el("label", { for: text.id }, "Your own network"),
      el("div", { class: "explorer-lines" }, gutter, text), el("div", {}, wrong, jump), vocabulary);

    function number(marked = null) {
      gutter.replaceChildren(...text.value.split("\n").flatMap((_, k) => [el("span", { class: k + 1 === marked ? "explorer-here" : null }, String(k + 1)), "\n"]));
      gutter.scrollTop = text.scrollTop;
    }

    let lastRead = null;
    function typed() {
      if (text.value === lastRead) return;
      lastRead = text.value;
      const mine = slots.filter(slot => slot.name === OWN);
      for (const slot of mine) {
        Object.assign(slot, { size: null, settings: {} }); // the text has the last word
        work(slot);
        if (slot.wrong) continue;
        if (slot.kinds === kinds(slot, values(slot))) slot.follow();
        else knobs(slot);
      }
      draw();
      if (mine.length && !mine[0].wrong) say(summary(mine[0]));
    }

    /* What is wrong with the text, if it is shown; the line is marked. */
    function complain() {
      const mine = slots.find(slot => slot.name === OWN), error = mine?.wrong;
      editor.hidden = !mine;
      const like = mine && error && error.line === null && / like (.+)/.exec(text.value.split("\n").find(row => row.startsWith("network ")) ?? "");
      wrong.textContent = !error ? "" : `${error.message}.${like ? ` That line is one of ${like[1].split("#")[0].trim()}.` : ""}` + (mine.graph ? " The numbers below are those from before." : "");
      text.setAttribute("aria-invalid", String(Boolean(error)));
      jump.hidden = !error?.line;
      jump.textContent = `go to line ${error?.line}`;
      number(error?.line);
    }

    function toLine() {
      const line = slots.find(slot => slot.name === OWN).wrong.line, before = text.value.split("\n").slice(0, line - 1).join("\n").length;
      const start = before + (line > 1 ? 1 : 0), length = text.value.split("\n")[line - 1].length;
      text.focus();
      text.setSelectionRange(start, start + length);
    }

    /* The text of a network of the zoo, with all that it takes over, to be changed; the network itself stays beside it. */
    function edit(slot) {
      const { name, spec, size, settings } = slot, texts = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, shown(value)]));
      text.value = write(spec, { name: `My ${name}`, size, settings: texts });
      const other = slots[1 - slot.number];
      choose(slot, OWN);
      if (other.name === OWN) choose(other, OWN);
      else if (other.name === NONE) { choose(other, name); shownSlot = slot.number; draw(); }
      text.focus();
      text.setSelectionRange(0, 0);
      text.scrollTop = 0;
      say(`The text of ${name} is yours to change.`);
    }

    /* --- all in one table --- */

    const batchBox = el("select", { onchange: () => { batch = Number(batchBox.value); draw(); } }, ...[1, 8, 32, 128, 256].map(n => el("option", { value: n }, String(n))));
    const totals = el("table", { class: "explorer-totals" });
    const shownNow = () => slots.filter(slot => slot.graph);
    const lastMap = rows => rows.findLast(row => row.shape.length > 1);

    function drawTotals() {
      const all = shownNow().map(slot => {
        const rows = table(slot.graph);
        return { slot, sum: total(rows), used: memory(slot.graph, batch), map: lastMap(rows) };
      });
      const lines = [
        ["trainable parameters", one => one.sum.trainable, exact],
        ["stored, but not learned", one => one.sum.fixed, exact],
        ["MACs for one image", one => one.sum.macs, n => short(n, 4)],
        ["FLOPs for one image", one => one.sum.flops, n => short(n, 4)],
        ["weights, in memory", one => one.used.weights, bytes],
        ["activations, to predict", one => one.used.activations, bytes],
        ["activations, kept to train", one => one.used.kept, bytes],
        ["all of training, with Adam", one => one.used.training, bytes],
      ];
      const two = all.length > 1;
      const head = el("tr", {}, el("td"), ...all.map(({ slot }) => el("th", { scope: "col" }, title(slot))), two ? el("th", { scope: "col" }, "ratio") : "");
      const body = lines.map(([name, of, write]) => {
        const values = all.map(of);
        return el("tr", {}, el("th", { scope: "row" }, name), ...values.map(value => el("td", {}, write(value))), two ? el("td", {}, ratio(...values)) : "");
      });
      body.push(el("tr", {}, el("th", { scope: "row" }, "a unit of the last map sees"), ...all.map(({ map }) =>
        el("td", {}, ...(map?.widest ? [sees(map.widest), " ", el("small", {}, `jump ${map.widest[0].jump}`)] : [map ? "all" : "–"]))), two ? el("td", {}, "") : ""));
      totals.replaceChildren(el("caption", {}, `All rows together${batch > 1 ? `; memory of activations for ${batch} images` : ""}`), el("thead", {}, head), el("tbody", {}, ...body));
    }

    /* --- row by row --- */

    const which = el("fieldset", { class: "explorer-which" });
    const nodesBox = el("select", { onchange: () => { byNode = nodesBox.value === "layers"; begin(); draw(); } },
      el("option", { value: "rows" }, "the rows of the text"), el("option", { value: "layers" }, "all layers"));
    const grid = el("table", { class: "explorer-grid", role: "grid", onkeydown: key });
    const more = el("p", { class: "explorer-more" });

    function drawGrid() {
      const two = shownNow().length > 1;
      which.hidden = !two;
      which.replaceChildren(el("legend", {}, "Row by row"), ...(two ? shownNow().map(slot => {
        const radio = el("input", { type: "radio", name: `${id}-which`, checked: slot.number === shownSlot, onchange: () => { shownSlot = slot.number; begin(); draw(); } });
        return el("label", {}, radio, ` ${title(slot)}`);
      }) : []));
      const { graph } = slots[shownSlot], all = table(graph, byNode);
      sum = total(all);
      rows = all.slice(0, MOST);
      at = Math.min(at, rows.length - 1);
      const most = kind => Math.max(...all.map(row => row[kind])) || 1, largest = { trainable: most("trainable"), macs: most("macs") };
      const bar = (row, kind) => el("td", { role: "gridcell" }, short(row[kind]),
        el("span", { class: `explorer-bar explorer-${kind}`, style: `--share: ${(100 * row[kind] / largest[kind]).toFixed(2)}%`, title: percent(row[kind], sum[kind]) }));
      grid.setAttribute("aria-label", `${title(slots[shownSlot])}, row by row`);
      grid.replaceChildren(
        el("thead", {}, el("tr", { role: "row" }, ...["row", "parameters", "MACs", "sees"].map(name => el("th", { scope: "col", role: "columnheader" }, name)))),
        el("tbody", {}, ...rows.map((row, k) => el("tr", { role: "row", tabindex: k === at ? 0 : -1, "aria-selected": String(k === at), onclick: () => go(k), onfocus: () => { if (at !== k) pick(k); } },
          el("th", { scope: "row", role: "rowheader" }, ...breakable(row.name), " ", el("small", {}, row.shape.join("×"))),
          bar(row, "trainable"), bar(row, "macs"),
          el("td", { role: "gridcell" }, sees(row.widest), " ", el("small", {}, row.widest ? `jump ${row.widest[0].jump}` : row.narrowest ? `least ${sees(row.narrowest)}` : ""))))));
      more.textContent = all.length > MOST ? `The first ${exact(MOST)} of ${exact(all.length)} layers.` : "";
    }

    const breakable = name => name.split(/(?<=[._])/).flatMap((part, k) => (k ? [el("wbr"), part] : [part]));
    const body = () => grid.tBodies[0].rows;

    function pick(k) {
      const before = body()[at];
      before.tabIndex = -1;
      before.setAttribute("aria-selected", "false");
      at = k;
      body()[at].tabIndex = 0;
      body()[at].setAttribute("aria-selected", "true");
      drawField();
      say(told(rows[at]));
    }

    function go(k) {
      const to = Math.max(0, Math.min(rows.length - 1, k));
      if (to === at) say(told(rows[at]));
      else pick(to);
      body()[at].focus();
    }

    function key(event) {
      const step = { ArrowUp: at - 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: rows.length - 1 }[event.key];
      if (step === undefined) return;
      go(step);
      event.preventDefault();
    }

    function summary(slot) {
      const sum = total(table(slot.graph));
      return `${title(slot)} for ${slot.graph.nodes[0].shape.join("×")}: ${exact(sum.trainable)} trainable parameters, ${short(sum.macs, 4)} MACs for one image.`;
    }

    function told(row) {
      const few = n => n ? exact(n) : "no";
      const costs = `${few(row.trainable)} parameters${row.trainable ? ` (${percent(row.trainable, sum.trainable)})` : ""}, ` +
        `${few(row.macs)} MACs${row.macs ? ` (${percent(row.macs, sum.macs)})` : ""}`;
      return `${row.name}: ${row.shape.join("×")}, ${costs}. ${view(row)}`;
    }

    function view(row) {
      if (!row.widest) {
        return row.narrowest ? `A unit sees the whole image; along the narrowest path ${sees(row.narrowest)} pixels.` : "A unit sees the whole image.";
      }
      const [{ size, jump }] = row.widest, part = covered(windowOf(row.widest, unit(row)), imageSize());
      const least = sees(row.narrowest) === sees(row.widest) ? "" : `, along the narrowest path ${sees(row.narrowest)}`;
      return `A unit sees ${sees(row.widest)} pixel${size > 1 ? "s" : ""}${least}; its neighbour looks ${jump} pixel${jump > 1 ? "s" : ""} further on. ` +
        `The window covers ${percent(part, 1)} of the image.`;
    }

    /* --- the photograph --- */

    const canvas = el("canvas", { "aria-hidden": "true" });
    const overlay = svg("svg", { "aria-hidden": "true" });
    const stage = el("div", {
      class: "explorer-stage", tabindex: 0, role: "application", "aria-roledescription": "photograph", onkeydown: moved, onpointerdown: pointed,
      "aria-label": "The photograph, and what one unit sees of it. The arrow keys move to the next unit, Home goes back to the middle.",
    }, canvas, overlay);
    const key_ = el("p", { class: "explorer-key" });
    const photograph = loaded(given);

    const imageSize = () => slots[shownSlot].graph.nodes[0].shape.slice(0, 2);
    const around = () => Math.max(...imageSize()) * (rows[at].widest && rows[at].widest.some(({ size }, axis) => size > 1.3 * imageSize()[axis]) ? FAR : NEAR);
    const many = row => units(row.shape, row.widest, imageSize());
    const unit = row => many(row).map((count, axis) => Math.floor(place[axis] * (count - 1) + 0.5));

    function drawField() {
      const row = rows[at], [H, W] = imageSize(), edge = around(), scale = Math.max(H, W) / 224;
      const channels = slots[shownSlot].graph.nodes[0].shape[2];
      stage.style.aspectRatio = `${W + 2 * edge} / ${H + 2 * edge}`;
      Object.assign(canvas.style, {
        left: `${100 * edge / (W + 2 * edge)}%`, top: `${100 * edge / (H + 2 * edge)}%`, width: `${100 * W / (W + 2 * edge)}%`,
        imageRendering: Math.max(H, W) < 100 ? "pixelated" : "auto", filter: channels === 1 ? "grayscale(1)" : "none",
      });
      if (photograph && (canvas.width !== Math.min(W, 600) || canvas.height !== Math.min(H, 600) || !canvas.dataset.drawn)) {
        canvas.width = Math.min(W, 600);
        canvas.height = Math.min(H, 600);
        canvas.getContext("2d").imageSmoothingQuality = "high";
        canvas.getContext("2d").drawImage(photograph, 0, 0, canvas.width, canvas.height);
        canvas.dataset.drawn = "yes";
      }
      overlay.setAttribute("viewBox", `${-edge} ${-edge} ${W + 2 * edge} ${H + 2 * edge}`);
      const box = ({ x, y, width, height }, name) => svg("rect", { x, y, width, height, class: name });
      const marks = [];
      if (row.widest) {
        const [down, across] = many(row), [i, j] = unit(row), wide = windowOf(row.widest, [i, j]);
        if (across * down <= DOTS * DOTS && row.widest[0].jump > 1) {
          const dots = Array.from({ length: down * across }, (_, k) => {
            const [y, x] = [Math.floor(k / across), k % across].map((n, axis) => row.widest[axis].start + n * row.widest[axis].jump + 0.5);
            return `M${x} ${y}h0`;
          });
          marks.push(svg("path", { d: dots.join(""), class: "explorer-dots" }));
        }
        if (across > 1) marks.push(box(windowOf(row.widest, [i, j + 1 < across ? j + 1 : j - 1]), "explorer-next"));
        marks.push(box(wide, "explorer-wide"));
        if (sees(row.narrowest) !== sees(row.widest)) marks.push(box(windowOf(row.narrowest, [i, j]), "explorer-narrow"));
        marks.push(svg("circle", { cx: wide.x + wide.width / 2, cy: wide.y + wide.height / 2, r: 2.5 * scale, class: "explorer-unit" }));
      } else {
        marks.push(box({ x: 0, y: 0, width: W, height: H }, "explorer-wide"));
        if (row.narrowest) marks.push(box(windowOf(row.narrowest, units(row.shape, row.narrowest, [H, W]).map((count, axis) => Math.floor(place[axis] * (count - 1) + 0.5))), "explorer-narrow"));
      }
      overlay.replaceChildren(...marks);
      const narrow = row.narrowest && sees(row.narrowest) !== sees(row.widest);
      key_.replaceChildren(el("strong", {}, row.name), ` sees ${row.widest ? `${sees(row.widest)} pixels` : "the whole image"}. `,
        ...[["wide", narrow ? "widest path" : "one unit"], narrow && ["narrow", "narrowest path"], row.widest && many(row)[1] > 1 && ["next", "its neighbour"]]
          .filter(Boolean).map(([name, text]) => el("span", { class: "explorer-pair" }, el("span", { class: `explorer-sample explorer-${name}` }), ` ${text} `)));
    }

    function moveTo([i, j]) {
      const row = rows[at], count = many(row);
      place = [i, j].map((n, axis) => (count[axis] > 1 ? Math.max(0, Math.min(1, n / (count[axis] - 1))) : 0.5));
      drawField();
      const [y, x] = unit(row);
      say(row.widest ? `Unit in row ${y + 1} of ${count[0]}, column ${x + 1} of ${count[1]}. ${view(row)}` : view(row));
    }

    function moved(event) {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (step) moveTo(unit(rows[at]).map((n, axis) => n + step[axis]));
      else if (event.key === "Home") moveTo(many(rows[at]).map(count => (count - 1) / 2));
      else return;
      event.preventDefault();
    }

    function pointed(event) {
      const row = rows[at], box = stage.getBoundingClientRect(), [H, W] = imageSize(), edge = around();
      if (event.button || !row.widest) return;
      const y = (event.clientY - box.top) / box.height * (H + 2 * edge) - edge, x = (event.clientX - box.left) / box.width * (W + 2 * edge) - edge;
      moveTo([y, x].map((pixel, axis) => Math.round((pixel - 0.5 - row.widest[axis].start) / row.widest[axis].jump)));
    }

    /* --- together --- */

    function draw() {
      complain();
      if (!slots[shownSlot].graph) shownSlot = slots[1 - shownSlot].graph ? 1 - shownSlot : shownSlot;
      const any = Boolean(slots[shownSlot].graph);
      for (const part of [summed, both]) part.hidden = !any;
      if (!any) return;
      drawTotals();
      drawGrid();
      drawField();
    }

    const summed = el("div", { class: "explorer-summed" }, el("div", { class: "explorer-batch" }, labelled("images in a batch", batchBox)), totals);
    const both = el("div", { class: "explorer-both" },
      el("div", { class: "explorer-rows" }, el("div", { class: "explorer-head" }, which, labelled("Table of", nodesBox)), el("div", { class: "explorer-scroll" }, grid), more),
      el("div", { class: "explorer-picture" }, stage, key_, line.node));
    widget.append(el("div", { class: "explorer-slots" }, ...slots.map(slot => slot.node)), editor, both, summed);
    editor.hidden = true;
    if (given.other) choose(slots[1], given.other);
    choose(slots[0], given.network);
    say(`${summary(slots[0])} Choose a row, and walk on with the arrow keys.`);
  }

  /* The photograph of the page's data as a canvas that can be drawn: three bytes for each pixel, row by row. */
  function loaded({ photograph, side }) {
    if (!photograph) return null;
    const found = el("canvas", { width: side, height: side }), context = found.getContext("2d"), image = context.createImageData(side, side);
    const raw = atob(photograph);
    for (let pixel = 0; pixel < side * side; pixel++) {
      for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = raw.charCodeAt(3 * pixel + c);
      image.data[4 * pixel + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return found;
  }

  cnn.define("architecture-explorer", { short, bytes, ratio, percent, sees, settingsOf, units, windowOf, covered }, connect);
})();
