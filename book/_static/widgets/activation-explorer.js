/* <activation-explorer>: choose an activation and a place x; read the value, the slope, and what ten such slopes in a
   row leave of a gradient. The functions are those of cnncourse.activations. */
(() => {
  "use strict";

  const sigmoid = x => {
    const e = Math.exp(-Math.abs(x)); // never above 1, so nothing overflows
    return (x >= 0 ? 1 : e) / (1 + e);
  };
  const bell = x => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

  // Value and slope. At a kink the slope is the left one, as the package takes it.
  const FUNCTIONS = {
    ReLU: [x => Math.max(x, 0), x => (x > 0 ? 1 : 0)],
    "leaky ReLU": [x => (x > 0 ? x : 0.01 * x), x => (x > 0 ? 1 : 0.01)],
    ELU: [x => (x > 0 ? x : Math.expm1(x)), x => (x > 0 ? 1 : Math.exp(x))],
    sigmoid: [sigmoid, x => sigmoid(x) * sigmoid(-x)],
    tanh: [Math.tanh, x => 1 - Math.tanh(x) ** 2],
    GELU: [
      x => 0.5 * x * (1 + bell(x)),
      x => 0.5 * (1 + bell(x) + x * (1 - bell(x) ** 2) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x)),
    ],
    "SiLU (swish)": [x => x * sigmoid(x), x => sigmoid(x) * (1 + x * sigmoid(-x))],
  };
  const LIMIT = 100, SEEN = 6, CHAIN = 10;

  const names = () => Object.keys(FUNCTIONS);
  const value = (name, x) => FUNCTIONS[name][0](x);
  const slope = (name, x) => FUNCTIONS[name][1](x);
  const chain = (name, x, length = CHAIN) => slope(name, x) ** length;

  /* The number in a box, or the sentence that says why it is none. */
  function read(text) {
    const x = Number(text);
    if (!text.trim() || !Number.isFinite(x)) return { error: "Type a number for x, such as -1.5." };
    if (Math.abs(x) > LIMIT) return { error: `x is ${text.trim()}: choose one from −${LIMIT} to ${LIMIT}.` };
    return { x };
  }

  /* Four digits that count: 0.1966, 9.537e−7, 0. */
  function digits(number) {
    const text = number && Math.abs(number) < 1e-3 ? number.toExponential(2) : String(Number(number.toPrecision(4)));
    return text.replace(/^-0$/, "0").replaceAll("-", "−");
  }

  const verdict = product =>
    product === 0 ? "nothing passes"
      : Math.abs(product) < 1e-3 ? "the gradient has all but vanished"
      : Math.abs(product) > 1.5 ? "the gradient grows"
      : Math.abs(product - 1) < 1e-9 ? "the gradient passes whole" : "some of the gradient passes";

  // --- the plot: x from -6 to 6, y from -1.5 to 6, 30 pixels to the unit ---------------------------------------------
  const SVG = "http://www.w3.org/2000/svg", UNIT = 30, TOP = 4.5, BOTTOM = -1.5;
  const right = x => (x + SEEN) * UNIT, down = y => (TOP - y) * UNIT;

  function draw(tag, attributes, text) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, content] of Object.entries(attributes)) node.setAttribute(name, content);
    if (text) node.textContent = text;
    return node;
  }

  /* The points of a curve; a jump of the slope starts a new stroke. */
  function path(f) {
    let text = "", before = null;
    for (let i = -SEEN * 20; i <= SEEN * 20; i++) {
      const y = f(i / 20);
      const gone = y > TOP || y < BOTTOM;
      if (!gone) text += `${before === null || Math.abs(y - before) > 0.5 ? "M" : "L"}${right(i / 20).toFixed(1)} ${down(y).toFixed(1)}`;
      before = gone ? null : y;
    }
    return text;
  }

  cnn.define("activation-explorer", { names, value, slope, chain, read }, widget => {
    const data = cnn.data(widget) || {};
    let x = data.x ?? 1, name = data.name ?? "sigmoid";

    const choice = cnn.el("select", { id: "activation-name", onchange: () => { name = choice.value; update(); } });
    for (const each of names()) choice.append(cnn.el("option", { value: each, selected: each === name }, each));
    const slider = cnn.el("input", {
      id: "activation-slide", type: "range", min: -SEEN, max: SEEN, step: 0.1, value: x,
      oninput: () => { x = Number(slider.value); box.value = x; update(); },
    });
    const box = cnn.el("input", {
      id: "activation-x", type: "number", min: -LIMIT, max: LIMIT, step: 0.1, value: x,
      oninput: () => {
        const got = read(box.value);
        box.setAttribute("aria-invalid", String(Boolean(got.error)));
        if (got.error) { status.say(got.error); return; }
        x = got.x; slider.value = x; update();
      },
    });
    const row = (...children) => cnn.el("p", { class: "activation-row" }, ...children);
    const controls = cnn.el("fieldset", {},
      cnn.el("legend", {}, "The function and the place"),
      row(cnn.el("label", { for: "activation-name" }, "activation "), choice),
      row(cnn.el("label", { for: "activation-x" }, "x = "), box),
      row(cnn.el("label", { for: "activation-slide" }, "slide x "), slider));

    const cells = ["f(x)", "f′(x)", `f′(x) to the power ${CHAIN}`].map(label => [label, cnn.el("td", {})]);
    const table = cnn.el("table", { class: "activation-values" },
      ...cells.map(([label, cell]) => cnn.el("tr", {}, cnn.el("th", { scope: "row" }, label), cell)));

    const plot = draw("svg", { viewBox: `0 0 ${2 * SEEN * UNIT} ${(TOP - BOTTOM) * UNIT}`, role: "img", class: "activation-plot" });
    plot.append(
      draw("line", { x1: 0, x2: right(SEEN), y1: down(0), y2: down(0), class: "axis" }),
      draw("line", { x1: right(0), x2: right(0), y1: 0, y2: down(BOTTOM), class: "axis" }));
    for (const tick of [-4, -2, 2, 4]) plot.append(draw("text", { x: right(tick), y: down(0) + 16, "text-anchor": "middle" }, String(tick).replace("-", "−")));
    for (const tick of [-1, 1, 2, 3, 4]) plot.append(draw("text", { x: right(0) - 6, y: down(tick) + 4, "text-anchor": "end" }, String(tick).replace("-", "−")));
    const curve = draw("path", { class: "curve" }), slopes = draw("path", { class: "slope" });
    const place = draw("line", { class: "place", y1: 0, y2: down(BOTTOM) });
    const dot = draw("circle", { r: 5, class: "dot" }), square = draw("rect", { width: 9, height: 9, class: "square" });
    plot.append(place, curve, slopes, dot, square);
    const legend = cnn.el("p", { class: "activation-legend" }, "Solid line and dot: f. Dashed line and square: its slope f′.");

    const status = cnn.status();
    widget.append(cnn.el("div", { class: "cnn-row" }, cnn.el("div", {}, controls, table), cnn.el("div", { class: "activation-picture" }, plot, legend)), status.node);

    function put(mark, y, attributes) {
      const seen = Math.abs(x) <= SEEN && y <= TOP && y >= BOTTOM;
      mark.setAttribute("visibility", seen ? "visible" : "hidden");
      for (const [key, content] of Object.entries(attributes)) mark.setAttribute(key, content);
    }

    function update() {
      const y = value(name, x), d = slope(name, x), product = chain(name, x);
      box.setAttribute("aria-invalid", "false");
      [y, d, product].forEach((number, i) => { cells[i][1].textContent = digits(number); });
      curve.setAttribute("d", path(t => value(name, t)));
      slopes.setAttribute("d", path(t => slope(name, t)));
      put(place, 0, { x1: right(x), x2: right(x) });
      put(dot, y, { cx: right(x), cy: down(y) });
      put(square, d, { x: right(x) - 4.5, y: down(d) - 4.5 });
      const says = `${name} at x = ${digits(x)}: value ${digits(y)}, slope ${digits(d)}.`;
      plot.setAttribute("aria-label", `${name} and its slope for x from −${SEEN} to ${SEEN}. ${says}`);
      status.say(`${says} Through ten of them a gradient is multiplied by ${digits(product)}: ${verdict(product)}.`);
    }
    update();
  });
})();
