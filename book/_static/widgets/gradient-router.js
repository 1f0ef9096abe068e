/* <gradient-router>: where does the gradient of a pixel come from, and where does the gradient of an output go?
   A convolution or a pooling over one small image; every sum is written out term by term. */
(() => {
  "use strict";

  /* How many windows fit along one axis; 0 where none does. */
  function outSize(n, { size, stride, padding, dilation }) {
    const room = n + 2 * padding - ((size - 1) * dilation + 1);
    return room < 0 ? 0 : Math.floor(room / stride) + 1;
  }

  /* The taps of output (i, j): row and column in the image (which may lie in the padding) and in the kernel. */
  function taps(H, W, geometry, i, j) {
    const { size, stride, padding, dilation } = geometry, list = [];
    for (let u = 0; u < size; u++) for (let v = 0; v < size; v++) {
      const row = i * stride + u * dilation - padding, column = j * stride + v * dilation - padding;
      list.push({ row, column, u, v, inside: row >= 0 && row < H && column >= 0 && column < W });
    }
    return list;
  }

  /* What output (i, j) multiplies its gradient with for each of its taps inside the image. */
  function shares(kind, x, kernel, geometry, i, j) {
    const inside = taps(x.length, x[0].length, geometry, i, j).filter(tap => tap.inside);
    if (kind === "conv") return inside.map(tap => ({ ...tap, factor: kernel[tap.u][tap.v] }));
    if (kind === "avg") return inside.map(tap => ({ ...tap, factor: 1 / inside.length, count: inside.length }));
    let winner = 0;
    inside.forEach((tap, n) => { if (x[tap.row][tap.column] > x[inside[winner].row][inside[winner].column]) winner = n; });
    const best = x[inside[winner].row][inside[winner].column];
    const tied = inside.filter(tap => x[tap.row][tap.column] === best).length;
    return inside.map((tap, n) => ({ ...tap, factor: n === winner ? 1 : 0, tied }));
  }

  /* The terms of the gradient of one pixel: every output whose window holds it. */
  function terms(kind, x, kernel, geometry, row, column) {
    const list = [];
    for (let i = 0; i < outSize(x.length, geometry); i++) for (let j = 0; j < outSize(x[0].length, geometry); j++)
      for (const share of shares(kind, x, kernel, geometry, i, j))
        if (share.row === row && share.column === column) list.push({ i, j, ...share });
    return list;
  }

  /* The whole gradient of the image, output by output: accumulate, do not assign. */
  function inputGradient(kind, x, kernel, dy, geometry) {
    const dx = x.map(line => line.map(() => 0));
    dy.forEach((line, i) => line.forEach((value, j) => {
      for (const { row, column, factor } of shares(kind, x, kernel, geometry, i, j)) dx[row][column] += value * factor;
    }));
    return dx;
  }

  /* The gradient of the kernel: one term for each output, and a pixel in the padding is 0. */
  function kernelGradient(x, dy, geometry) {
    const dk = Array.from({ length: geometry.size }, () => Array(geometry.size).fill(0));
    dy.forEach((line, i) => line.forEach((value, j) => {
      for (const { row, column, u, v, inside } of taps(x.length, x[0].length, geometry, i, j))
        if (inside) dk[u][v] += value * x[row][column];
    }));
    return dk;
  }

  /* A sentence about what is wrong with the geometry, or nothing. */
  function complaint(kind, H, W, geometry) {
    if (kind !== "conv" && geometry.padding >= geometry.size)
      return `With windows of ${geometry.size} by ${geometry.size}, padding ${geometry.padding} would make windows that hold nothing but padding: choose less padding or a larger window.`;
    if (!outSize(H, geometry) || !outSize(W, geometry))
      return `No window fits into ${H + 2 * geometry.padding} by ${W + 2 * geometry.padding} pixels: choose a smaller window, less dilation or more padding.`;
    return "";
  }

  const number = value => cnn.show(value, 3);
  const factorText = (kind, term) =>
    kind === "avg" ? `1/${term.count}` : term.factor < 0 ? `(${number(term.factor)})` : number(term.factor);
  const inBrackets = value => (value < 0 ? `(${number(value)})` : number(value));

  /* The sum for one pixel, in words and numbers. */
  function pixelText(kind, x, kernel, dy, geometry, row, column) {
    const list = terms(kind, x, kernel, geometry, row, column), name = `dx[${row},${column}]`;
    if (!list.length) return `Pixel ${row},${column} lies in no window: ${name} = 0.`;
    const won = kind === "max" ? list.filter(term => term.factor) : list;
    const touched = `Pixel ${row},${column} lies in ${list.length} window${list.length > 1 ? "s" : ""}`;
    if (!won.length) return `${touched} and wins none of them: ${name} = 0.`;
    const symbols = won.map(({ i, j, u, v }) => `dy[${i},${j}]` + (kind === "conv" ? `·k[${u},${v}]` : ""));
    const numbers = won.map(term => inBrackets(dy[term.i][term.j]) + (kind === "max" ? "" : `·${factorText(kind, term)}`));
    const total = won.reduce((sum, term) => sum + dy[term.i][term.j] * term.factor, 0);
    const how = kind === "max" ? `${touched} and wins ${won.length}` : touched;
    return `${how}: ${name} = ${kind === "avg" ? "" : `${symbols.join(" + ")} = `}${numbers.join(" + ")} = ${number(total)}.`;
  }

  /* Where the gradient of one output goes, in words. */
  function outputText(kind, x, kernel, dy, geometry, i, j) {
    const list = shares(kind, x, kernel, geometry, i, j), value = number(dy[i][j]), name = `dy[${i},${j}] = ${value}`;
    if (kind === "conv") {
      const lost = geometry.size ** 2 - list.length;
      return `${name} goes to the ${list.length} pixels of its window, times the weight that each was multiplied with` +
        (lost ? `; ${lost} more parts fall on padding and are thrown away.` : ".");
    }
    if (kind === "avg") return `${name} is dealt out in ${list.length} equal parts of ${number(dy[i][j] / list.length)}.`;
    const winner = list.find(tap => tap.factor);
    return `${name} goes whole to pixel ${winner.row},${winner.column}, the maximum of its window` +
      (winner.tied > 1 ? `; ${winner.tied} pixels tie, and the first in reading order takes it all.` : ".");
  }

  const functions = { outSize, terms, inputGradient, kernelGradient, complaint, pixelText, outputText };

  cnn.define("gradient-router", functions, widget => {
    const { images, kernels, gradients } = cnn.data(widget) || {
      images: { plain: [[1, 2, 3], [4, 5, 6], [7, 8, 9]] }, kernels: { 1: [[2]], 2: [[1, 2], [3, 4]], 3: [[1, 2, 3], [4, 5, 6], [7, 8, 9]] },
      gradients: Array.from({ length: 9 }, (_, i) => Array.from({ length: 10 }, (_, j) => ((i * 3 + j * 5) % 7) - 3)),
    };
    let kind = "conv", geometry = { size: 3, stride: 1, padding: 0, dilation: 1 }, x = Object.values(images)[0], dy, dx;
    let active = null; // {from: "x" or "y", row, column}

    const choose = (label, options, value, onchange) => {
      const select = cnn.el("select", { onchange: () => onchange(select.value, select) },
        ...options.map(([key, text]) => cnn.el("option", { value: key, selected: String(key) === String(value) }, text)));
      return [cnn.el("label", {}, label, " ", select), select];
    };
    const numbers = (...list) => list.map(n => [n, String(n)]);
    const [kindLabel] = choose("operation", [["conv", "convolution"], ["max", "max pooling"], ["avg", "average pooling"]], "conv",
      (value, select) => change({ kind: value }, select));
    const [imageLabel] = choose("image", Object.keys(images).map(name => [name, name]), Object.keys(images)[0],
      (value, select) => change({ x: images[value] }, select));
    const knob = (name, ...list) => choose(name, numbers(...list), geometry[name], (value, select) => change({ geometry: { ...geometry, [name]: Number(value) } }, select));
    const [sizeLabel] = knob("size", 1, 2, 3), [strideLabel] = knob("stride", 1, 2, 3), [paddingLabel] = knob("padding", 0, 1, 2);
    const [dilationLabel, dilationSelect] = knob("dilation", 1, 2);
    const status = cnn.status();
    status.node.classList.add("router-status");
    const place = cnn.el("div", { class: "cnn-row router-grids" });

    /* Take the change if it makes sense; if not, say why and put the control back. */
    function change(what, select) {
      const now = { kind, geometry, x, ...what };
      if (now.kind !== "conv") now.geometry = { ...now.geometry, dilation: 1 };
      const trouble = complaint(now.kind, now.x.length, now.x[0].length, now.geometry);
      if (trouble) {
        if ("kind" in what) select.value = kind;
        else for (const [name, value] of Object.entries(what.geometry || {})) if (value !== geometry[name]) select.value = geometry[name];
        status.say(trouble);
        return;
      }
      ({ kind, geometry, x } = now);
      dilationSelect.disabled = kind !== "conv";
      dilationSelect.value = geometry.dilation;
      active = null;
      build();
    }

    let grids = {};
    function build() {
      const H = x.length, W = x[0].length, { padding: P } = geometry, OH = outSize(H, geometry), OW = outSize(W, geometry);
      dy = gradients.slice(0, OH).map(line => line.slice(0, OW));
      dx = inputGradient(kind, x, kernels[geometry.size], dy, geometry);
      const limit = Math.max(...dx.flat().map(Math.abs)), dyLimit = Math.max(...dy.flat().map(Math.abs));
      const isOn = () => {
        if (!active) return { pixels: new Map(), outputs: new Map(), weights: new Set() };
        const { from, row, column } = active;
        const list = from === "x" ? terms(kind, x, kernels[geometry.size], geometry, row, column)
          : shares(kind, x, kernels[geometry.size], geometry, row, column);
        const mark = tap => (kind === "max" && !tap.factor ? "seen" : "window"); // in the window, but it did not win
        return {
          pixels: new Map(from === "x" ? [[`${row},${column}`, "window"]] : list.map(tap => [`${tap.row},${tap.column}`, mark(tap)])),
          outputs: new Map(from === "x" ? list.map(tap => [`${tap.i},${tap.j}`, mark(tap)]) : [[`${row},${column}`, "window"]]),
          weights: new Set(list.map(tap => `${tap.u},${tap.v}`)),
        };
      };
      let on = isOn();
      const onactive = (from, offset) => (row, column) => {
        if (row === null) return; // what was said stays until something else is asked
        const at = { from, row: row - offset, column: column - offset };
        if (from === "x" && (at.row < 0 || at.row >= H || at.column < 0 || at.column >= W)) {
          active = null;
          status.say("This is padding: its share of the gradient is computed and thrown away, because nobody asks how the loss answers to it.");
        } else {
          active = at;
          status.say(from === "x" ? pixelText(kind, x, kernels[geometry.size], dy, geometry, at.row, at.column)
            : outputText(kind, x, kernels[geometry.size], dy, geometry, at.row, at.column));
        }
        on = isOn();
        for (const grid of Object.values(grids)) grid.update();
      };
      grids = {
        x: cnn.grid({
          rows: H + 2 * P, columns: W + 2 * P, label: "the image x, with its padding", onactive: onactive("x", P),
          cell(row, column) {
            const r = row - P, c = column - P, inside = r >= 0 && r < H && c >= 0 && c < W;
            if (!inside) return { text: kind === "conv" ? "0" : "", name: "padding", mark: "padding" };
            return { text: number(x[r][c]), name: `x[${r},${c}] = ${number(x[r][c])}`, mark: on.pixels.get(`${r},${c}`) };
          },
        }),
        dy: cnn.grid({
          rows: OH, columns: OW, label: "dy, the gradient that arrives at each output", onactive: onactive("y", 0),
          cell: (i, j) => ({
            text: number(dy[i][j]), name: `dy[${i},${j}] = ${number(dy[i][j])}`, tint: cnn.tint(dy[i][j], dyLimit),
            mark: on.outputs.get(`${i},${j}`),
          }),
        }),
        dx: cnn.grid({
          rows: H, columns: W, label: "dx, the gradient of each pixel", onactive: onactive("x", 0),
          cell: (row, column) => ({
            text: cnn.show(dx[row][column], 2), name: `dx[${row},${column}] = ${number(dx[row][column])}`,
            tint: cnn.tint(dx[row][column], limit), mark: on.pixels.get(`${row},${column}`),
          }),
        }),
      };
      if (kind === "conv") grids.k = cnn.grid({
        rows: geometry.size, columns: geometry.size, label: "the kernel k",
        cell: (u, v) => ({ text: number(kernels[geometry.size][u][v]), mark: on.weights.has(`${u},${v}`) ? "window" : "" }),
      });
      const titled = (title, grid) => cnn.el("div", {}, cnn.el("p", { class: "cnn-label" }, title), cnn.el("div", { class: "cnn-scroll" }, grid.table));
      place.replaceChildren(...[
        titled(P ? "image x (dashed: padding)" : "image x", grids.x), kind === "conv" && titled("kernel k", grids.k),
        titled("arriving: dy", grids.dy), titled("result: dx", grids.dx),
      ].filter(Boolean));
      status.say(`${H} by ${W} pixels, ${OH} by ${OW} outputs. Point at a pixel of x or dx to see its sum, at an output of dy to see where its gradient goes; the arrow keys walk inside a table.`);
    }

    widget.append(cnn.el("div", { class: "cnn-row router-controls" }, kindLabel, imageLabel, sizeLabel, strideLabel, paddingLabel, dilationLabel),
      place, status.node);
    build();
  });
})();
