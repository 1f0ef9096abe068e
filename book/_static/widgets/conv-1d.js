/* Slide a kernel along a signal; the same sums as the rows of a matrix. */
(() => {
  "use strict";
  const { el, grid, rest, show, status, tint } = cnn;
  const MOST = { signal: 12, kernel: 7 };

  /* --- arithmetic: tests/test_widget_conv_1d.py holds it to cnncourse --- */

  /* "1 0, -2.5" -> [1, 0, -2.5]; an Error that says what is wrong. */
  function parse(text, name, most) {
    const words = text.replace(/−/g, "-").split(/[\s,;]+/).filter(Boolean);
    if (!words.length) throw new Error(`the ${name} is empty: write numbers with spaces between them`);
    if (words.length > most) throw new Error(`the ${name} has ${words.length} numbers, and there is room for ${most}`);
    return words.map(word => {
      const value = Number(word);
      if (!/^[-+.\d]/.test(word) || !Number.isFinite(value)) throw new Error(`"${word}" in the ${name} is not a number`);
      if (Math.abs(value) > 999) throw new Error(`${word} in the ${name} is too large to show: stay between −999 and 999`);
      return value;
    });
  }

  /* How many zeros go [before, after]; as cnncourse.shapes.pad_amounts for one axis. */
  function padAmounts(padding, size, kernelSize, stride = 1) {
    if (padding === "valid") return [0, 0];
    if (padding === "full") return [kernelSize - 1, kernelSize - 1];
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernelSize - size, 0); // same
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  }

  /* A row for each place of the kernel, a column for each number of the signal. With `flip` it is a true convolution. */
  function matrix(size, kernel, padding = "valid", stride = 1, flip = false) {
    const taps = flip ? [...kernel].reverse() : kernel;
    const [before, after] = padAmounts(padding, size, taps.length, stride);
    const room = size + before + after - taps.length;
    if (room < 0) {
      throw new Error(`the kernel is ${taps.length} long but the padded signal ${size + before + after}: ` +
        `add padding >= ${Math.ceil(-room / 2)} or use a smaller kernel`);
    }
    return Array.from({ length: Math.floor(room / stride) + 1 }, (_, i) =>
      Array.from({ length: size }, (_, j) => taps[j + before - i * stride] ?? 0));
  }

  /* What the matrix makes of the signal. */
  function slide(signal, kernel, padding = "valid", stride = 1, flip = false) {
    return matrix(signal.length, kernel, padding, stride, flip)
      .map(row => row.reduce((sum, weight, j) => sum + weight * signal[j], 0));
  }

  /* --- the figure --- */

  const name = value => show(value, 2);
  const factor = value => value < 0 ? `(${name(value)})` : name(value);

  function connect(widget) {
    const start = { signal: [2, 3, 3, 7, 6, 4], kernel: [-1, 0, 1], ...cnn.data(widget) };
    const id = `conv-1d-${document.querySelectorAll("conv-1d").length}-${Math.round(performance.now())}`;
    const line = status();
    const sum = el("p", { class: "conv-1d-sum" });
    const figure = el("div", { class: "conv-1d-figure" });
    const input = (key, label) => {
      const box = el("input", { id: `${id}-${key}`, type: "text", value: start[key].join(" "), inputmode: "text", onchange: build, size: 18 });
      return [box, el("div", {}, el("label", { for: box.id }, label), el("br"), box)];
    };
    const choice = (key, label, values) => {
      const box = el("select", { id: `${id}-${key}`, onchange: build }, ...values.map(v => el("option", { value: v }, v)));
      return [box, el("div", {}, el("label", { for: box.id }, label), el("br"), box)];
    };
    const [signalBox, signalPart] = input("signal", "Signal");
    const [kernelBox, kernelPart] = input("kernel", "Kernel");
    const [paddingBox, paddingPart] = choice("padding", "Padding", ["valid", "same", "full"]);
    const [strideBox, stridePart] = choice("stride", "Stride", [1, 2, 3]);
    const flipBox = el("input", { id: `${id}-flip`, type: "checkbox", onchange: build });
    const flipPart = el("div", {}, flipBox, " ", el("label", { for: flipBox.id }, "turn the kernel round (true convolution)"));
    const back = el("button", { type: "button", onclick: () => go(-1) }, "Previous place");
    const next = el("button", { type: "button", onclick: () => go(1) }, "Next place");

    let now = null; // signal, T, y, before, taps, stride; grids
    let place = 0, column = null;

    function build() {
      let signal, kernel;
      try {
        signal = parse(signalBox.value, "signal", MOST.signal);
        kernel = parse(kernelBox.value, "kernel", MOST.kernel);
        const stride = Number(strideBox.value), flip = flipBox.checked, padding = paddingBox.value;
        const T = matrix(signal.length, kernel, padding, stride, flip);
        now = {
          signal, T, stride, y: slide(signal, kernel, padding, stride, flip), before: padAmounts(padding, signal.length, kernel.length, stride),
          taps: flip ? [...kernel].reverse() : kernel,
        };
      } catch (error) {
        now = null;
        figure.replaceChildren();
        sum.textContent = "";
        for (const button of [back, next]) rest(button, true);
        line.say(error.message[0].toUpperCase() + error.message.slice(1) + ".");
        return;
      }
      place = Math.min(place, now.y.length - 1);
      column = null;
      draw();
      update();
      line.say(`${now.y.length} place${now.y.length === 1 ? "" : "s"} for a kernel of ${now.taps.length} on a signal of ${now.signal.length}.`);
    }

    function draw() {
      const { signal, T, y, before: [before, after] } = now, size = before + signal.length + after;
      const limit = Math.max(...now.taps.map(Math.abs)), highest = Math.max(...y.map(Math.abs)), loudest = Math.max(...signal.map(Math.abs));
      const inside = j => j >= before && j < before + signal.length;
      now.above = grid({
        rows: 2, columns: size, label: "signal with its padding, and the kernel below it",
        cell: (row, j) => row === 0
          ? { text: inside(j) ? name(signal[j - before]) : "0", name: inside(j) ? `signal ${j - before}: ${name(signal[j - before])}` : "padding: 0",
              tint: inside(j) ? tint(signal[j - before], 2 * loudest) : "",
              mark: `${inside(j) ? "" : "padding"} ${tap(j) !== undefined || (column !== null && j - before === column) ? "window" : ""}` }
          : { text: tap(j) === undefined ? "" : name(tap(j)), tint: tint(tap(j), limit), name: tap(j) === undefined ? "no weight here" : `weight ${name(tap(j))}` },
        onpick: (row, j) => { if (inside(j)) choose(null, j - before); },
      });
      now.below = grid({
        rows: 1, columns: y.length, label: "result",
        cell: (_, i) => ({ text: name(y[i]), name: `result ${i}: ${name(y[i])}`, tint: tint(y[i], highest), mark: lit(i) ? "window" : "" }),
        onpick: (_, i) => choose(i, null),
        onactive: (_, i) => { if (i !== null) choose(i, null); },
      });
      now.table = grid({
        rows: T.length, columns: signal.length, label: "the matrix: a row for each result, a column for each number of the signal",
        cell: (i, j) => ({ text: name(T[i][j]), name: `row ${i}, column ${j}: ${name(T[i][j])}`, tint: tint(T[i][j], limit),
          mark: (column === null ? i === place : j === column) ? "window" : "" }),
        onpick: i => choose(i, null),
        onactive: i => { if (i !== null) choose(i, null); },
      });
      const part = (title, g) => el("div", { class: "conv-1d-part" }, el("p", { class: "cnn-label" }, title), el("div", { class: "cnn-scroll" }, g.table));
      figure.replaceChildren(part("Signal, and the kernel where it lies", now.above), part("Result", now.below), part("The matrix", now.table));
    }

    const tap = j => column === null ? now.taps[j - place * now.stride] : undefined;
    const lit = i => column === null ? i === place : now.T[i][column] !== 0;

    function choose(i, j) {
      if (i !== null) { place = i; column = null; } else column = j;
      update();
    }

    function go(step) {
      place = column === null ? Math.max(0, Math.min(now.y.length - 1, place + step)) : place;
      column = null;
      update();
      line.say(sum.textContent);
    }

    function update() {
      for (const part of [now.above, now.below, now.table]) part.update();
      rest(back, column === null && place === 0);
      rest(next, column === null && place === now.y.length - 1);
      if (column === null) {
        const first = place * now.stride - now.before[0];
        const terms = now.taps.map((weight, u) => `${factor(weight)}·${factor(now.signal[first + u] ?? 0)}`);
        sum.textContent = `Result ${place} = ${terms.join(" + ")} = ${name(now.y[place])}`;
      } else {
        const uses = now.T.flatMap((row, i) => row[column] ? [`${name(row[column])} to result ${i}`] : []);
        const where = uses.length ? `goes with weight ${uses.join(", ")}: its column of the matrix` : "goes nowhere: its column of the matrix is all zeros";
        sum.textContent = `Signal ${column}, which is ${name(now.signal[column])}, ${where}.`;
      }
    }

    widget.append(
      el("div", { class: "cnn-row" }, signalPart, kernelPart, paddingPart, stridePart),
      el("div", { class: "cnn-row conv-1d-flip" }, flipPart),
      figure, sum, el("div", { class: "cnn-row" }, back, next), line.node);
    build();
  }

  cnn.define("conv-1d", { parse, padAmounts, matrix, slide }, connect);
})();
