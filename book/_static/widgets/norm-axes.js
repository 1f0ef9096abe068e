/* <norm-axes>: a small batch of activations. Point at a number: the numbers that share its mean and variance are framed,
   and the normalised value is written out. Data: {x: [n][position][channel], mean, variance (running, one for each
   channel), groups, epsilon}. */
(() => {
  "use strict";

  const KINDS = {
    batch: "batch norm", layer: "layer norm (one position)", image: "layer norm (whole image)", instance: "instance norm", group: "group norm",
  };

  /* Does the number at `other` share its mean with the number at `place`? A place is [n, position, channel]. */
  function shares(kind, place, other, channels, groups) {
    const [n, p, c] = place, [m, q, d] = other, size = channels / groups;
    return {
      batch: c === d,
      layer: n === m && p === q,
      image: n === m,
      instance: n === m && c === d,
      group: n === m && Math.floor(c / size) === Math.floor(d / size),
    }[kind];
  }

  /* The mean and the variance that the number at `place` is normalised with. */
  function statistics(kind, x, place, groups) {
    const set = [];
    x.forEach((image, n) => image.forEach((position, p) => position.forEach((number, c) => {
      if (shares(kind, place, [n, p, c], position.length, groups)) set.push(number);
    })));
    const mean = set.reduce((sum, number) => sum + number, 0) / set.length;
    return { count: set.length, mean, variance: set.reduce((sum, number) => sum + (number - mean) ** 2, 0) / set.length };
  }

  const normalised = (number, { mean, variance }, epsilon) => (number - mean) / Math.sqrt(variance + epsilon);

  /* The whole batch, normalised: nested as x is. */
  function normalise(kind, x, groups, epsilon) {
    return x.map((image, n) => image.map((position, p) =>
      position.map((number, c) => normalised(number, statistics(kind, x, [n, p, c], groups), epsilon))));
  }

  const running = (data, c) => ({ count: 0, mean: data.mean[c], variance: data.variance[c] });

  cnn.define("norm-axes", { shares, statistics, normalise, normalised }, widget => {
    const data = cnn.data(widget) || {
      x: [[[1, 2], [3, 8]], [[5, 2], [7, 0]]], mean: [3, 2], variance: [4, 9], groups: 1, epsilon: 0.001,
    };
    const { x, groups, epsilon } = data, channels = x[0][0].length;
    const limit = Math.max(...x.flat(2).map(Math.abs));
    let kind = "batch", testing = false, place = [0, 0, 0], shown = null;
    const constants = () => testing && kind === "batch"; // do constants stand in for the statistics of the batch?

    const choice = cnn.el("select", { id: "norm-kind", onchange: () => { kind = choice.value; update(); settle(); } });
    for (const [key, text] of Object.entries(KINDS)) choice.append(cnn.el("option", { value: key }, key === "group" ? `${text}, ${groups} groups` : text));
    const phase = cnn.el("button", { type: "button", "aria-pressed": "false", onclick: () => { testing = !testing; update(); settle(); } }, "running averages, as at test time");
    const hint = cnn.el("span", { id: "norm-hint", class: "norm-hint" });
    phase.setAttribute("aria-describedby", "norm-hint");

    const grids = x.map((image, n) => cnn.grid({
      rows: image.length, columns: channels, label: `image ${n}: a row for each position, a column for each channel`,
      onactive: (p, c) => { shown = p === null ? null : [n, p, c]; update(); if (p !== null) wait(); },
      onpick: (p, c) => { place = [n, p, c]; update(); settle(); },
      cell: (p, c) => {
        const at = shown || place, here = [n, p, c], itself = at.every((number, i) => number === here[i]);
        const marked = constants() ? itself : shares(kind, at, here, channels, groups);
        return {
          text: cnn.show(x[n][p][c]),
          name: `image ${n}, position ${p}, channel ${c}: ${cnn.show(x[n][p][c])}${marked ? (itself ? ", chosen" : ", in the set") : ""}`,
          tint: cnn.tint(x[n][p][c], limit), mark: marked ? (itself ? "window chosen" : "window") : "",
        };
      },
    }));
    const status = cnn.status(), sum = cnn.el("p", { class: "norm-sum" });
    widget.append(
      cnn.el("div", { class: "cnn-row norm-controls" },
        cnn.el("div", {}, cnn.el("label", { for: "norm-kind" }, "normalisation "), choice),
        cnn.el("div", {}, phase, " ", hint)),
      cnn.el("div", { class: "cnn-row" }, ...grids.map((grid, n) => cnn.el("div", {},
        cnn.el("p", { class: "cnn-label" }, `image ${n}`),
        cnn.el("div", { class: "cnn-scroll" }, grid.table)))),
      cnn.el("p", { class: "norm-key" }, "Rows are positions, columns are channels. Framed: the numbers of one set. Framed and underlined: the chosen one."),
      sum, status.node);

    function says() {
      const [n, p, c] = shown || place, number = x[n][p][c];
      const s = constants() ? running(data, c) : statistics(kind, x, [n, p, c], groups);
      const deviation = Math.sqrt(s.variance), y = normalised(number, s, epsilon);
      const from = constants()
        ? `No number of this batch matters: channel ${c} has the running mean ${cnn.show(s.mean, 3)} and standard deviation ${cnn.show(deviation, 3)}.`
        : `${s.count} numbers share mean ${cnn.show(s.mean, 3)} and standard deviation ${cnn.show(deviation, 3)}.`;
      return {
        from, sum: `(${cnn.show(number)} − ${cnn.show(s.mean, 3)}) / √(${cnn.show(s.variance, 3)} + ${epsilon}) = ${cnn.show(y, 3)}`.replace("− −", "+ "),
        whole: `Image ${n}, position ${p}, channel ${c}. ${from} ${cnn.show(number)} becomes ${cnn.show(y, 3)}.`,
      };
    }

    function update() {
      for (const grid of grids) grid.update();
      const text = says();
      sum.textContent = text.sum;
      phase.setAttribute("aria-pressed", String(testing));
      phase.disabled = kind !== "batch";
      hint.textContent = kind === "batch" ? "" : "Only batch norm needs them: the others do the same in training and in use.";
    }

    let timer;
    const settle = () => { clearTimeout(timer); status.say(says().whole); };
    const wait = () => { clearTimeout(timer); timer = setTimeout(settle, 300); };
    update();
    settle();
  });
})();
