/* A table of numbers and a pooling: which window makes which output, who wins, and what a shift by one pixel changes. */
(() => {
  "use strict";
  const { el, grid, show, status, tint } = cnn;

  /* --- arithmetic: tests/test_widget_pool_explorer.py holds it to cnncourse.pooling --- */

  /* [before, after] for each axis: `padding` is "valid", "same" or a whole number. */
  function padAmounts(padding, size, poolSize, stride) {
    return size.map((n, axis) => {
      if (padding === "valid") return [0, 0];
      if (padding !== "same") return [padding, padding];
      const total = Math.max((Math.ceil(n / stride[axis]) - 1) * stride[axis] + poolSize[axis] - n, 0);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
  }

  /* [OH, OW], or an Error that says what would do. */
  function outputSize(size, poolSize, stride, padding) {
    const pads = padAmounts(padding, size, poolSize, stride);
    if (pads.some((pair, axis) => Math.max(...pair) >= poolSize[axis])) {
      throw new Error(`with padding ${padding} a window of ${poolSize.join(" by ")} could hold nothing but padding: use less padding than the window is wide`);
    }
    const padded = size.map((n, axis) => n + pads[axis][0] + pads[axis][1]);
    if (padded.some((n, axis) => n < poolSize[axis])) {
      throw new Error(`the window is ${poolSize.join(" by ")} but the table with its padding is ${padded.join(" by ")}: use a smaller window or more padding`);
    }
    return padded.map((n, axis) => Math.floor((n - poolSize[axis]) / stride[axis]) + 1);
  }

  /* The part of window (i, j) that lies in the table: {row, column, value} for each cell, in reading order. */
  function cells(table, poolSize, stride, padding, [i, j]) {
    const size = [table.length, table[0].length], pads = padAmounts(padding, size, poolSize, stride);
    const [rows, columns] = [i, j].map((place, axis) => {
      const start = place * stride[axis] - pads[axis][0];
      return Array.from({ length: poolSize[axis] }, (_, u) => start + u).filter(at => at >= 0 && at < size[axis]);
    });
    return rows.flatMap(row => columns.map(column => ({ row, column, value: table[row][column] })));
  }

  /* mode: "max"; "average" of what lies in the table; "average with padding", which counts padding as zeros. */
  function pool(table, poolSize, stride, padding, mode = "max") {
    const [OH, OW] = outputSize([table.length, table[0].length], poolSize, stride, padding);
    return Array.from({ length: OH }, (_, i) => Array.from({ length: OW }, (_, j) => {
      const values = cells(table, poolSize, stride, padding, [i, j]).map(cell => cell.value);
      if (mode === "max") return Math.max(...values);
      return values.reduce((sum, value) => sum + value, 0) / (mode === "average" ? values.length : poolSize[0] * poolSize[1]);
    }));
  }

  /* The cell that gives window (i, j) its maximum: the first in reading order, as in cnncourse. */
  const winner = (...where) => cells(...where).reduce((best, cell) => cell.value > best.value ? cell : best);

  /* The table, `down` rows further down and `right` columns further right; zeros come in, what leaves is lost. */
  const shift = (table, [down, right]) => table.map((line, i) => line.map((_, j) => table[i - down]?.[j - right] ?? 0));

  /* Where two tables of the same size differ: true or false for each cell. */
  const differs = (a, b) => a.map((line, i) => line.map((value, j) => Math.abs(value - b[i][j]) > 1e-9));

  /* A whole number between two others, or an Error that names the field. */
  function whole(text, name, least, most) {
    const value = Number(String(text).trim());
    if (String(text).trim() === "" || !Number.isInteger(value) || value < least || value > most) {
      throw new Error(`${name} is ${String(text).trim() === "" ? "empty" : text}, but a whole number from ${least} to ${most} is needed`);
    }
    return value;
  }

  /* --- the figure --- */

  const START = [
    [1, 3, 0, 2, 5, 5, 8, 2], [4, 2, 6, 1, 0, 3, 1, 0], [0, 7, 2, 2, 9, 1, 0, 4],
    [5, 1, 0, 4, 3, 3, 2, 2], [2, 0, 9, 6, 1, 4, 7, 0], [0, 1, 3, 0, 2, 8, 5, 1],
  ];
  const MODES = [["max", "max"], ["average", "average, padding not counted"], ["average with padding", "average, padding counts as 0"]];
  const PADDINGS = [["valid", "valid (none)"], ["same", "same"], ["1", "1 on each side"], ["2", "2 on each side"]];
  const SHIFTS = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0] };

  const sentence = text => text[0].toUpperCase() + text.slice(1) + ".";
  const count = marks => marks.flat().filter(Boolean).length;
  const copy = table => table.map(row => [...row]);
  const fraction = value => show(value, 3);

  function connect(widget) {
    const start = cnn.data(widget)?.table ?? START, H = start.length, W = start[0].length;
    const id = `pool-explorer-${document.querySelectorAll("pool-explorer").length}-${Math.round(performance.now())}`;
    const line = status();
    const field = (key, label, box) => {
      box.id = `${id}-${key}`;
      return el("div", {}, el("label", { for: box.id }, label), el("br"), box);
    };
    const number = (key, value, max) => el("input", { type: "number", name: key, value, min: 1, max, step: 1, onchange: rebuild });
    const choice = (key, options) =>
      el("select", { name: key, onchange: rebuild }, ...options.map(([value, text]) => el("option", { value }, text)));
    const boxes = { rows: number("rows", 2, H), columns: number("columns", 2, W), stride: number("stride", 2, 4) };
    const modeBox = choice("mode", MODES), paddingBox = choice("padding", PADDINGS);

    const tablePlace = el("div", { class: "cnn-scroll" }), mapPlace = el("div", { class: "cnn-scroll" });
    const sum = el("p", { class: "pool-explorer-sum" });
    let table = copy(start), map = null, knobs = null, before = null; // before: the table and the map ahead of the last shift
    let tableGrid = null, mapGrid = null;
    let place = null, pixel = null; // the output under the hand, or else the cell of the table

    const where = at => [table, knobs.poolSize, knobs.stride, knobs.padding, at];
    const under = () => cells(...where(place));
    const users = () => map.flatMap((row, i) => row.flatMap((_, j) =>
      cells(...where([i, j])).some(cell => cell.row === pixel[0] && cell.column === pixel[1]) ? [[i, j]] : []));
    const calculate = () => { map = pool(table, knobs.poolSize, knobs.stride, knobs.padding, knobs.mode); };

    /* Window, stride, padding or mode have changed: other tables. */
    function rebuild() {
      place = pixel = before = null;
      try {
        const poolSize = [whole(boxes.rows.value, "the number of rows of the window", 1, H), whole(boxes.columns.value, "the number of columns of the window", 1, W)];
        const stride = whole(boxes.stride.value, "the stride", 1, 4);
        const padding = paddingBox.value in { valid: 1, same: 1 } ? paddingBox.value : Number(paddingBox.value);
        outputSize([H, W], poolSize, [stride, stride], padding);
        knobs = { poolSize, stride: [stride, stride], padding, mode: modeBox.value };
      } catch (error) {
        map = mapGrid = null;
        mapPlace.replaceChildren();
        sum.textContent = "";
        if (tableGrid) tableGrid.update();
        line.say(sentence(error.message));
        return;
      }
      calculate();
      drawTable();
      drawMap();
      update();
      const dropped = start.flatMap((row, i) => row.filter((_, j) => { pixel = [i, j]; return !users().length; })).length;
      pixel = null;
      line.say(`${map.length} by ${map[0].length} outputs from ${H} by ${W} numbers.` +
        (dropped ? ` ${dropped} of the ${H * W} numbers are in no window.` : ""));
    }

    function drawTable() {
      const [[top, bottom], [left, right]] = padAmounts(knobs.padding, [H, W], knobs.poolSize, knobs.stride);
      const inside = (i, j) => i >= top && i < top + H && j >= left && j < left + W;
      const set = (i, j, value) => {
        table[i - top][j - left] = value;
        before = null;
        calculate();
        update();
        line.say(`Row ${i - top}, column ${j - left} is now ${value}.`);
      };
      const filling = () => ({ "max": "−∞", "average": "·", "average with padding": "0" })[knobs.mode];
      tableGrid = grid({
        rows: top + H + bottom, columns: left + W + right, label: "table, with its padding",
        cell: (i, j) => {
          const row = i - top, column = j - left, own = inside(i, j), marks = own ? [] : ["padding"];
          let name = own ? `row ${row}, column ${column}: ${table[row][column]}` : "padding";
          if (map && place) {
            const [first, second] = place.map((at, axis) => at * knobs.stride[axis]);
            if (i >= first && i < first + knobs.poolSize[0] && j >= second && j < second + knobs.poolSize[1]) marks.push("window");
            if (own && marks.includes("window") && knobs.mode === "max" && table[row][column] === map[place[0]][place[1]]) {
              const best = winner(...where(place));
              marks.push(best.row === row && best.column === column ? "winner" : "tie");
            }
          }
          if (pixel && own && pixel[0] === row && pixel[1] === column) marks.push("window");
          return { text: own ? table[row][column] : filling(), name, tint: own ? tint(table[row][column], 18) : "", mark: marks.join(" ") };
        },
        onpick: (i, j) => { if (map && inside(i, j)) set(i, j, (table[i - top][j - left] + 1) % 10); },
        onactive: (i, j) => {
          if (i === null) return;
          pixel = inside(i, j) ? [i - top, j - left] : null;
          place = null;
          update();
        },
      });
      tableGrid.cells.forEach((row, i) => row.forEach((cell, j) => cell.addEventListener("keydown", event => {
        if (!map || !inside(i, j) || !/^\d$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
        set(i, j, Number(event.key));
        event.preventDefault();
      })));
      tablePlace.replaceChildren(tableGrid.table);
    }

    function drawMap() {
      mapGrid = grid({
        rows: map.length, columns: map[0].length, label: "pooled map",
        cell: (i, j) => {
          const moved = before && differs(before.map, map)[i][j];
          const marked = pixel ? users().some(([a, b]) => a === i && b === j) : place && place[0] === i && place[1] === j;
          return {
            text: show(map[i][j]), tint: tint(map[i][j], 18), mark: `${marked ? "window" : ""} ${moved ? "changed" : ""}`.trim(),
            name: `output ${i}, ${j}: ${fraction(map[i][j])}${moved ? `, was ${fraction(before.map[i][j])}` : ""}`,
          };
        },
        onactive: (i, j) => { if (i !== null) { place = [i, j]; pixel = null; update(); } },
      });
      mapPlace.replaceChildren(mapGrid.table);
    }

    function update() {
      tableGrid.update();
      if (!map) return;
      mapGrid.update();
      sum.textContent = explained();
    }

    function explained() {
      if (place) {
        const found = under(), values = found.map(cell => cell.value), value = fraction(map[place[0]][place[1]]);
        const name = `Y at row ${place[0]}, column ${place[1]}`;
        const outside = knobs.poolSize[0] * knobs.poolSize[1] - values.length;
        if (knobs.mode === "max") {
          const best = winner(...where(place)), equal = values.filter(item => item === best.value).length;
          return `${name} = max(${values.join(", ")}) = ${value}, from row ${best.row}, column ${best.column}` +
            (equal > 1 ? `; ${value} stands there ${equal} times, and the first counts as the winner.` : ".");
        }
        const zeros = knobs.mode === "average" ? "" : " + 0".repeat(Math.min(outside, 6)) + (outside > 6 ? " + …" : "");
        return `${name} = (${values.join(" + ")}${zeros}) / ${knobs.mode === "average" ? values.length : values.length + outside} = ${value}.`;
      }
      if (pixel) {
        const found = users().length;
        return `The number at row ${pixel[0]}, column ${pixel[1]} is in ${found || "no"} window${found > 1 ? "s" : ""}` +
          (found ? "." : ": whatever it is, no output hears of it.");
      }
      return "Point at an output, or walk there with Tab and the arrow keys, and see the window it comes from.";
    }

    function move(direction) {
      if (!map) {
        line.say("There is no pooled map to compare: mend the window, the stride or the padding first.");
        return;
      }
      before = { table: copy(table), map: copy(map) };
      table = shift(table, SHIFTS[direction]);
      calculate();
      update();
      const numbers = count(differs(before.table, table)), outputs = count(differs(before.map, map));
      line.say(`Shifted ${direction} by one: ${outputs} of ${map.length * map[0].length} outputs changed, and ${numbers} of the ${H * W} numbers of the table.`);
    }

    const part = (title, ...children) => el("fieldset", {}, el("legend", {}, title), ...children);
    widget.append(
      part("Pooling", el("div", { class: "cnn-row" }, field("mode", "What is kept", modeBox), field("rows", "Window rows", boxes.rows),
        field("columns", "Window columns", boxes.columns), field("stride", "Stride", boxes.stride), field("padding", "Padding", paddingBox))),
      part("Shift the table by one", el("div", { class: "cnn-row pool-explorer-buttons" },
        ...Object.keys(SHIFTS).map(direction => el("button", { type: "button", onclick: () => move(direction) }, direction)),
        el("button", { type: "button", onclick: () => { table = copy(start); rebuild(); } }, "the table as it was"))),
      el("div", { class: "cnn-row pool-explorer-tables" },
        el("div", { class: "pool-explorer-part" }, el("p", { class: "cnn-label" }, "Table (click adds 1; digits type)"), tablePlace),
        el("div", { class: "pool-explorer-part" }, el("p", { class: "cnn-label" }, "Pooled map (dot: changed)"), mapPlace)),
      sum, line.node);
    rebuild();
  }

  cnn.define("pool-explorer", { padAmounts, outputSize, cells, pool, winner, shift, differs, whole }, connect);
})();
