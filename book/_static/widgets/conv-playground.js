/* A small image, a kernel and the knobs: predict the size of the map, then see where each of its numbers comes from. */
(() => {
  "use strict";
  const { el, grid, show, status, tint } = cnn;

  /* --- arithmetic: tests/test_widget_conv_playground.py holds it to cnncourse --- */

  const span = (kernelSize, dilation) => dilation * (kernelSize - 1) + 1;

  /* Zeros [before, after] for each axis: `padding` is "valid", "same", "full" or a whole number. */
  function padAmounts(padding, size, kernelSize, stride = 1, dilation = 1) {
    return size.map((n, axis) => {
      const reach = span(kernelSize[axis], dilation);
      if (padding === "valid") return [0, 0];
      if (padding === "full") return [reach - 1, reach - 1];
      if (padding !== "same") return [padding, padding];
      const total = Math.max((Math.ceil(n / stride) - 1) * stride + reach - n, 0);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
  }

  /* [OH, OW], or an Error in the words of cnncourse where no window fits. */
  function outputSize(size, kernelSize, stride = 1, padding = "valid", dilation = 1) {
    const pads = padAmounts(padding, size, kernelSize, stride, dilation);
    const padded = size.map((n, axis) => n + pads[axis][0] + pads[axis][1]);
    const spans = kernelSize.map(k => span(k, dilation));
    const missing = Math.max(...spans.map((reach, axis) => reach - padded[axis]));
    if (missing > 0) {
      const holes = dilation > 1 ? ` (it spans ${spans.join("x")} with dilation ${dilation})` : "";
      throw new Error(`kernel is ${kernelSize.join("x")}${holes} but the padded input is ${padded.join("x")}: ` +
        `add padding >= ${Math.ceil(missing / 2)} or use a smaller kernel`);
    }
    return padded.map((n, axis) => Math.floor((n - spans[axis]) / stride) + 1);
  }

  /* The kernel by 180 degrees. */
  const turn = kernel => kernel.map(row => [...row].reverse()).reverse();

  /* What lies under the kernel at one place: {row, column, pixel, weight} for each tap, rows and columns of the image. */
  function taps(image, kernel, [i, j], stride = 1, padding = "valid", dilation = 1) {
    const pads = padAmounts(padding, [image.length, image[0].length], [kernel.length, kernel[0].length], stride, dilation);
    return kernel.flatMap((weights, u) => weights.map((weight, v) => {
      const row = i * stride + u * dilation - pads[0][0], column = j * stride + v * dilation - pads[1][0];
      return { row, column, weight, pixel: image[row]?.[column] ?? 0 };
    }));
  }

  /* The map of a correlation; for a true convolution give it the kernel turned. */
  function correlate(image, kernel, stride = 1, padding = "valid", dilation = 1) {
    const [OH, OW] = outputSize([image.length, image[0].length], [kernel.length, kernel[0].length], stride, padding, dilation);
    return Array.from({ length: OH }, (_, i) => Array.from({ length: OW }, (_, j) =>
      taps(image, kernel, [i, j], stride, padding, dilation).reduce((sum, tap) => sum + tap.pixel * tap.weight, 0)));
  }

  /* A whole number between two others, or an Error that names the field. */
  function whole(text, name, least, most) {
    const value = Number(String(text).trim());
    if (String(text).trim() === "" || !Number.isInteger(value) || value < least || value > most) {
      throw new Error(`${name} is ${String(text).trim() === "" ? "empty" : text}, but a whole number from ${least} to ${most} is needed`);
    }
    return value;
  }

  /* --- what one can choose --- */

  const IMAGES = {
    "a few digits": (i, j) => (3 * i * i + 5 * j + 2 * i * j + 1) % 10,
    "one bright pixel": (i, j, H, W) => Number(i === Math.floor(H / 2) && j === Math.floor(W / 2)),
    "an upright edge": (i, j, H, W) => j < W / 2 ? 0 : 9,
    "all ones": () => 1,
    "a slope": (i, j, H, W) => i * W + j,
  };
  const KERNELS = {
    "1 to 6 (2x3)": [[1, 2, 3], [4, 5, 6]],
    "across: right minus left": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "difference of neighbours (1x2)": [[-1, 1]],
    "Sobel, down": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "box: all ones": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "copy": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "the mean of 2x2": [[0.25, 0.25], [0.25, 0.25]],
  };

  const name = value => show(value, 2);
  const factor = value => value < 0 ? `(${name(value)})` : name(value);
  const sentence = text => text[0].toUpperCase() + text.slice(1) + ".";
  const plural = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

  /* --- the figure --- */

  function connect(widget) {
    const start = { height: 5, width: 6, kernel: "1 to 6 (2x3)", image: "a few digits", ...cnn.data(widget) };
    const id = `conv-playground-${document.querySelectorAll("conv-playground").length}-${Math.round(performance.now())}`;
    const line = status();
    const field = (key, label, box) => {
      box.id = `${id}-${key}`;
      return el("div", {}, el("label", { for: box.id }, label), el("br"), box);
    };
    const number = (key, value, min, max) => el("input", { type: "number", name: key, value, min, max, step: 1, onchange: reshape });
    const choice = (key, options, chosen, onchange) => {
      const box = el("select", { name: key, onchange }, ...options.map(option => el("option", { value: option }, option)));
      box.value = chosen;
      return box;
    };
    const tick = (key, label, checked, onchange) => {
      const box = el("input", { type: "checkbox", id: `${id}-${key}`, name: key, onchange, checked });
      return [box, el("div", {}, box, " ", el("label", { for: box.id }, label))];
    };

    const boxes = {
      height: number("height", start.height, 1, 8), width: number("width", start.width, 1, 8),
      kernelHeight: number("kernelHeight", 0, 1, 5), kernelWidth: number("kernelWidth", 0, 1, 5),
      stride: number("stride", 1, 1, 4), dilation: number("dilation", 1, 1, 3), amount: number("amount", 1, 0, 4),
    };
    const imageBox = choice("image", Object.keys(IMAGES), start.image, () => { fill(); reshape(); });
    const kernelBox = choice("kernel", Object.keys(KERNELS), start.kernel, () => { preset(); reshape(); });
    const paddingBox = choice("padding", ["valid", "same", "full", "a number"], "valid", reshape);
    const [turnBox, turnPart] = tick("turn", "turn the kernel by 180° (true convolution)", false, () => refresh(true));
    const [predictBox, predictPart] = tick("predict", "let me predict the size first", true, reshape);
    const amountPart = field("amount", "Zeros per side", boxes.amount);

    const kernelPlace = el("div", { class: "cnn-scroll" });
    const imagePlace = el("div", { class: "cnn-scroll" });
    const mapPlace = el("div", { class: "cnn-scroll" });
    const formula = el("p", { class: "conv-playground-formula" });
    const sum = el("p", { class: "conv-playground-sum" });
    const guess = ["height", "width"].map(side => el("input", { type: "number", name: `guess-${side}`, min: 0, max: 99, step: 1 }));
    const question = el("form", { onsubmit: event => { event.preventDefault(); check(); }, novalidate: true },
      el("p", {}, "How large will the map be?"),
      el("div", { class: "cnn-row" }, field("guess-height", "rows OH", guess[0]), field("guess-width", "columns OW", guess[1]),
        el("div", {}, el("br"), el("button", { type: "submit" }, "Check"))));

    let image = [], kernel = [], weights = []; // weights: the inputs of the kernel
    let knobs = null, imageGrid = null, mapGrid = null, map = null;
    let place = null, pixel = null; // an output under the hand, or else a pixel

    function fill() {
      const paint = IMAGES[imageBox.value], H = Number(boxes.height.value) || 1, W = Number(boxes.width.value) || 1;
      image = Array.from({ length: Math.min(8, H) }, (_, i) => Array.from({ length: Math.min(8, W) }, (_, j) => paint(i, j, H, W)));
    }

    function preset() {
      kernel = KERNELS[kernelBox.value].map(row => [...row]);
      boxes.kernelHeight.value = kernel.length;
      boxes.kernelWidth.value = kernel[0].length;
    }

    /* Sizes or knobs have changed: other tables, and the map is hidden again. */
    function reshape() {
      amountPart.hidden = paddingBox.value !== "a number";
      place = pixel = map = null;
      try {
        const at = { height: "the image's height", width: "the image's width", kernelHeight: "the kernel's height", kernelWidth: "the kernel's width",
          stride: "the stride", dilation: "the dilation", amount: "the padding" };
        const value = Object.fromEntries(Object.entries(boxes).map(([key, box]) =>
          [key, key === "amount" && amountPart.hidden ? 0 : whole(box.value, at[key], Number(box.min), Number(box.max))]));
        const keep = (old, H, W, fresh) => Array.from({ length: H }, (_, i) => Array.from({ length: W }, (_, j) => old[i]?.[j] ?? fresh(i, j)));
        image = keep(image, value.height, value.width, (i, j) => IMAGES[imageBox.value](i, j, value.height, value.width));
        kernel = keep(kernel, value.kernelHeight, value.kernelWidth, () => 0);
        knobs = { stride: value.stride, dilation: value.dilation, padding: paddingBox.value === "a number" ? value.amount : paddingBox.value };
      } catch (error) {
        fail(error);
        return;
      }
      drawKernel();
      try {
        sizes();
      } catch (error) {
        drawImage();
        fail(error);
        return;
      }
      drawImage();
      if (predictBox.checked) hide();
      else reveal(sizes());
    }

    function fail(error) {
      map = null;
      mapPlace.replaceChildren();
      formula.textContent = sum.textContent = "";
      line.say(sentence(error.message));
    }

    const size = () => [image.length, image[0].length];
    const kernelSize = () => [kernel.length, kernel[0].length];
    const sizes = () => outputSize(size(), kernelSize(), knobs.stride, knobs.padding, knobs.dilation);
    const laid = () => turnBox.checked ? turn(kernel) : kernel;

    function hide() {
      for (const box of guess) box.value = "";
      mapPlace.replaceChildren(question);
      formula.textContent = "";
      sum.textContent = "";
      if (imageGrid) imageGrid.update();
      line.say("Write down the rows and columns you expect, then check.");
    }

    function check() {
      let said;
      try { said = guess.map((box, axis) => whole(box.value, axis ? "your number of columns" : "your number of rows", 0, 99)); }
      catch (error) { line.say(sentence(error.message)); return; }
      const right = sizes();
      const wrong = right.map((n, axis) => n !== said[axis]);
      const verdict = !wrong[0] && !wrong[1] ? `Right: ${right.join(" by ")}.`
        : `You said ${said.join(" by ")}, and it is ${right.join(" by ")}: look at the ${wrong[0] && wrong[1] ? "rows and the columns" : wrong[0] ? "rows" : "columns"} in the formula.`;
      reveal(right, verdict);
      if (mapGrid) mapGrid.cells[0][0].focus(); // where the question was, the map is now
    }

    function reveal([OH, OW], verdict) {
      const pads = padAmounts(knobs.padding, size(), kernelSize(), knobs.stride, knobs.dilation);
      const axis = (letter, a) => `O${letter} = ⌊(${size()[a]} + ${pads[a][0]} + ${pads[a][1]} − ${span(kernelSize()[a], knobs.dilation)}) / ${knobs.stride}⌋ + 1 = ${[OH, OW][a]}`;
      formula.replaceChildren(axis("H", 0), el("br"), axis("W", 1));
      map = correlate(image, laid(), knobs.stride, knobs.padding, knobs.dilation);
      mapGrid = grid({
        rows: OH, columns: OW, label: "feature map",
        cell: (i, j) => ({ text: name(map[i][j]), name: `row ${i}, column ${j}: ${name(map[i][j])}`, tint: tint(map[i][j], loudest()),
          mark: marked(i, j) ? "window" : "" }),
        onactive: (i, j) => { if (i !== null) { place = [i, j]; pixel = null; update(); } },
      });
      mapPlace.replaceChildren(mapGrid.table);
      update();
      line.say(verdict ?? `The map has ${plural(OH, "row")} and ${plural(OW, "column")}.`);
    }

    const loudest = () => Math.max(...map.flat().map(Math.abs));
    const under = () => taps(image, laid(), place, knobs.stride, knobs.padding, knobs.dilation);
    const users = () => map.flatMap((row, i) => row.flatMap((_, j) => taps(image, laid(), [i, j], knobs.stride, knobs.padding, knobs.dilation)
      .some(tap => tap.row === pixel[0] && tap.column === pixel[1]) ? [[i, j]] : []));
    const marked = (i, j) => pixel ? users().some(([a, b]) => a === i && b === j) : place !== null && place[0] === i && place[1] === j;

    function drawImage() {
      const [H, W] = size();
      const [[top, bottom], [left, right]] = padAmounts(knobs.padding, size(), kernelSize(), knobs.stride, knobs.dilation);
      const inside = (i, j) => i >= top && i < top + H && j >= left && j < left + W;
      const set = (i, j, value) => {
        image[i - top][j - left] = value;
        refresh();
        line.say(`Pixel ${i - top}, ${j - left} is now ${name(value)}.`);
      };
      imageGrid = grid({
        rows: top + H + bottom, columns: left + W + right, label: "image, with its padding",
        cell: (i, j) => {
          const value = image[i - top]?.[j - left] ?? 0, seen = place && map && under().some(tap => tap.row === i - top && tap.column === j - left);
          const own = pixel && pixel[0] === i - top && pixel[1] === j - left;
          return { text: name(value), tint: inside(i, j) ? tint(value, 12) : "", mark: `${inside(i, j) ? "" : "padding"} ${seen || own ? "window" : ""}`,
            name: inside(i, j) ? `pixel ${i - top}, ${j - left}: ${name(value)}` : "padding: 0" };
        },
        onpick: (i, j) => { if (inside(i, j)) set(i, j, (Math.floor(image[i - top][j - left]) + 1) % 10); },
        onactive: (i, j) => {
          if (i === null) return;
          pixel = inside(i, j) ? [i - top, j - left] : null;
          place = null;
          update();
        },
      });
      imageGrid.cells.forEach((row, i) => row.forEach((cell, j) => cell.addEventListener("keydown", event => {
        if (!inside(i, j) || event.ctrlKey || event.metaKey || event.altKey) return;
        const value = image[i - top][j - left];
        if (/^\d$/.test(event.key)) set(i, j, Number(event.key));
        else if (event.key === "-") set(i, j, -value);
        else if (event.key === "Backspace" || event.key === "Delete") set(i, j, 0);
        else return;
        event.preventDefault();
      })));
      imagePlace.replaceChildren(imageGrid.table);
    }

    function drawKernel() {
      weights = kernel.map((row, u) => row.map((weight, v) => el("input", {
        type: "number", step: "any", value: weight, "aria-label": `weight in row ${u}, column ${v} of the kernel`, onchange: () => refresh(true),
      })));
      kernelPlace.replaceChildren(el("table", { class: "conv-playground-kernel", role: "presentation" },
        ...weights.map(row => el("tr", {}, ...row.map(box => el("td", {}, box))))));
    }

    /* Values have changed, sizes have not: what is revealed stays revealed. */
    function refresh(aloud = false) {
      if (!knobs) return;
      for (const [u, row] of weights.entries()) for (const [v, box] of row.entries()) {
        const value = Number(box.value);
        if (box.value.trim() === "" || !Number.isFinite(value) || Math.abs(value) > 999) {
          line.say(`The weight in row ${u}, column ${v} must be a number between −999 and 999; it counts as ${name(kernel[u][v])} until then.`);
          return;
        }
        kernel[u][v] = value;
      }
      if (map) map = correlate(image, laid(), knobs.stride, knobs.padding, knobs.dilation);
      update();
      if (aloud) line.say(turnBox.checked ? `True convolution: the kernel lies turned, its first row is ${laid()[0].map(name).join(", ")}.` : "Correlation: the kernel lies as it is written.");
    }

    function update() {
      if (imageGrid) imageGrid.update();
      if (!map) return;
      mapGrid.update();
      if (place) {
        const terms = under().map(tap => `${factor(tap.pixel)}·${factor(tap.weight)}`);
        sum.textContent = `Y at row ${place[0]}, column ${place[1]} = ${terms.join(" + ")} = ${name(map[place[0]][place[1]])}`;
      } else if (pixel) {
        sum.textContent = `The pixel at row ${pixel[0]}, column ${pixel[1]} enters ${users().length} of the ${map.length * map[0].length} sums.`;
      } else {
        sum.textContent = "Point at a number of the map, or walk there with Tab and the arrow keys, and see where it comes from.";
      }
    }

    const part = (title, ...children) => el("fieldset", {}, el("legend", {}, title), ...children);
    widget.append(
      el("div", { class: "cnn-row" },
        part("Image", el("div", { class: "cnn-row" }, field("height", "Rows H", boxes.height), field("width", "Columns W", boxes.width), field("image", "Filled with", imageBox))),
        part("Kernel", el("div", { class: "cnn-row" }, field("kernelHeight", "Rows KH", boxes.kernelHeight), field("kernelWidth", "Columns KW", boxes.kernelWidth), field("kernel", "Ready-made", kernelBox)))),
      part("Knobs", el("div", { class: "cnn-row" }, field("stride", "Stride", boxes.stride), field("padding", "Padding", paddingBox), amountPart, field("dilation", "Dilation", boxes.dilation)),
        el("div", { class: "cnn-row conv-playground-ticks" }, turnPart, predictPart)),
      el("div", { class: "cnn-row conv-playground-tables" },
        el("div", { class: "conv-playground-part" }, el("p", { class: "cnn-label" }, "Image: click to add 1, or type a digit or minus"), imagePlace),
        el("div", { class: "conv-playground-part" }, el("p", { class: "cnn-label" }, "Kernel"), kernelPlace),
        el("div", { class: "conv-playground-part" }, el("p", { class: "cnn-label" }, "Feature map"), mapPlace)),
      formula, sum, line.node);
    fill();
    preset();
    reshape();
  }

  cnn.define("conv-playground", { padAmounts, outputSize, turn, taps, correlate, whole }, connect);
})();
