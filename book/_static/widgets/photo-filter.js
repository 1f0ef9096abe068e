/* Nine weights and a photograph: what does the filter make of it? */
(() => {
  "use strict";
  const { el, show, status } = cnn;

  /* --- arithmetic: tests/test_widget_photo_filter.py holds it to cnncourse --- */

  /* pixels (H, W), kernel (3, 3) -> map (H, W). The border is "zeros", or "edge": the last row or column again. */
  function filter(pixels, kernel, bias = 0, border = "zeros") {
    const H = pixels.length, W = pixels[0].length;
    const clamp = (i, n) => Math.max(0, Math.min(n - 1, i));
    const at = border === "edge" ? (i, j) => pixels[clamp(i, H)][clamp(j, W)] : (i, j) => pixels[i]?.[j] ?? 0;
    return Array.from({ length: H }, (_, i) => Array.from({ length: W }, (_, j) => {
      let sum = bias;
      for (let u = 0; u < 3; u++) for (let v = 0; v < 3; v++) if (kernel[u][v]) sum += kernel[u][v] * at(i + u - 1, j + v - 1);
      return sum;
    }));
  }

  /* What the screen can show: whole numbers from 0 to 255. "signed" has 0 in the middle and fits the loudest in. */
  function grey(values, mode = "clip") {
    const loudest = values.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const level = mode === "signed" ? value => 127.5 + 127.5 * value / loudest : value => value;
    return values.map(row => row.map(value => Math.max(0, Math.min(255, Math.round(level(value))))));
  }

  /* --- the figure --- */

  const COPY = { "copy": [[0, 0, 0], [0, 1, 0], [0, 0, 0]] };

  function connect(widget) {
    const { pixels, kernels = COPY } = cnn.data(widget) ?? { pixels: [[0, 128, 255]] };
    const H = pixels.length, W = pixels[0].length;
    const id = `photo-filter-${document.querySelectorAll("photo-filter").length}-${Math.round(performance.now())}`;
    const line = status();
    const labelled = (key, text, box) => {
      box.id = `${id}-${key}`;
      return el("div", {}, el("label", { for: box.id }, text), el("br"), box);
    };
    const choice = (name, options, onchange) => el("select", { name, onchange }, ...options.map(([value, text]) => el("option", { value }, text)));
    const canvas = label => el("canvas", { width: W, height: H, role: "img", "aria-label": label });
    const before = canvas("the photograph, grey"), after = canvas("the filtered photograph");

    const ready = choice("kernel", Object.keys(kernels).map(name => [name, name]), () => { load(); draw(); });
    const shown = choice("shown", [["clip", "0 black to 255 white, cut off"], ["signed", "0 grey, signs dark and light"]], draw);
    const border = choice("border", [["zeros", "zeros"], ["edge", "last pixel again"]], draw);
    const bias = el("input", { type: "number", name: "bias", step: "any", value: 0, onchange: draw });
    const boxes = Array.from({ length: 3 }, (_, u) => Array.from({ length: 3 }, (_, v) =>
      el("input", { type: "number", step: "any", "aria-label": `weight in row ${u}, column ${v}`, onchange: draw })));
    const scale = el("select", { name: "scale", onchange: draw }, ...[1, 2, 3, 4, 8, 9, 16].map(n => el("option", { value: n }, String(n))));

    function paint(target, levels) {
      const context = target.getContext("2d"), data = context.createImageData(W, H);
      levels.flat().forEach((level, k) => data.data.set([level, level, level, 255], 4 * k));
      context.putImageData(data, 0, 0);
    }

    function load() {
      const { weights, over = 1, mode = "clip" } = kernels[ready.value].weights ? kernels[ready.value] : { weights: kernels[ready.value] };
      boxes.forEach((row, u) => row.forEach((box, v) => { box.value = weights[u][v]; }));
      scale.value = over;
      shown.value = mode;
    }

    function value(box, name) {
      const number = Number(box.value);
      if (box.value.trim() === "" || !Number.isFinite(number) || Math.abs(number) > 9999) {
        throw new Error(`${name} is ${box.value.trim() === "" ? "empty or not a number" : box.value}: a number between −9999 and 9999 is needed.`);
      }
      return number;
    }

    function draw() {
      let kernel, offset;
      try {
        kernel = boxes.map((row, u) => row.map((box, v) => value(box, `The weight in row ${u}, column ${v}`) / Number(scale.value)));
        offset = value(bias, "The bias");
      } catch (error) {
        line.say(error.message);
        return;
      }
      const map = filter(pixels, kernel, offset, border.value), flat = map.flat();
      paint(after, grey(map, shown.value));
      const total = kernel.flat().reduce((sum, weight) => sum + weight, 0);
      const low = flat.reduce((a, b) => Math.min(a, b)), high = flat.reduce((a, b) => Math.max(a, b));
      const cut = 100 * flat.filter(v => v < 0 || v > 255).length / flat.length;
      line.say(`The weights add up to ${show(total)}; the map goes from ${show(low, 0)} to ${show(high, 0)}` +
        (shown.value === "clip" ? `, and ${show(cut, 1)} % of it is outside 0 to 255 and cut off.` : "."));
      after.setAttribute("aria-label", `the photograph, filtered: ${line.node.textContent}`);
    }

    paint(before, grey(pixels));
    widget.append(
      el("div", { class: "cnn-row" },
        el("fieldset", {}, el("legend", {}, "Weights"),
          el("table", { class: "photo-filter-kernel", role: "presentation" }, ...boxes.map(row => el("tr", {}, ...row.map(box => el("td", {}, box)))))),
        el("div", { class: "photo-filter-knobs" },
          labelled("kernel", "Ready-made", ready), labelled("scale", "All divided by", scale), labelled("bias", "Bias", bias),
          labelled("border", "Border", border), labelled("shown", "Show", shown))),
      el("div", { class: "cnn-row photo-filter-pictures" },
        el("div", {}, el("p", { class: "cnn-label" }, "Photograph"), before),
        el("div", {}, el("p", { class: "cnn-label" }, "Filtered"), after)),
      line.node);
    load();
    draw();
  }

  cnn.define("photo-filter", { filter, grey }, connect);
})();
