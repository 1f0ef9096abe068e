/* The weights of a dense, a locally connected and a convolutional layer, and what doubling something does to them. */
(() => {
  "use strict";
  const { el, status, data } = cnn;

  const KNOBS = {
    side: { label: "Side of the image (pixels)", short: "the side of the image", most: 256 },
    channels: { label: "Channels in", short: "the number of channels", most: 64 },
    kernel: { label: "Side of the window", short: "the side of the window", most: 31 },
    filters: { label: "Filters (channels out)", short: "the number of filters", most: 256 },
  };
  const LAYERS = { dense: "dense", local: "locally connected", convolution: "convolution" };
  const FACTORS = [1, 2, 4, 16];

  /* --- arithmetic: tests/test_widget_sharing_counter.py holds it to cnncourse --- */

  /* As cnncourse.baselines.count_weights with padding "same": the maps are as large as the image; no biases. */
  function weights({ side, channels, kernel, filters }) {
    const places = side * side, window = kernel * kernel * channels;
    return {
      dense: places * channels * places * filters,
      local: places * window * filters,
      convolution: window * filters,
    };
  }

  /* By what factor do the weights of a layer grow when a knob is doubled? */
  function growth(layer, knob, sizes) {
    return weights({ ...sizes, [knob]: 2 * sizes[knob] })[layer] / weights(sizes)[layer];
  }

  /* "28" -> 28; an Error that says what is wrong. */
  function parse(text, knob) {
    const { short, most } = KNOBS[knob];
    const value = Number(text.trim());
    if (!text.trim() || !Number.isInteger(value) || value < 1 || value > most) {
      throw new Error(`"${text.trim().slice(0, 20)}" does not do for ${short}: write a whole number from 1 to ${most}.`);
    }
    return value;
  }

  /* The question number n; all twelve come before one comes again, and neighbours differ in layer and knob. */
  function question(n) {
    const layers = Object.keys(LAYERS), knobs = Object.keys(KNOBS);
    return { layer: layers[n % 3], knob: knobs[n % 4] };
  }

  function reason(layer, knob) {
    if (knob === "side") {
      return {
        dense: "There are four times as many pixels and four times as many places in the map, and a weight for every pair.",
        local: "There are four times as many places, and each has weights of its own.",
        convolution: "There are more places, but they all use the same window.",
      }[layer];
    }
    if (knob === "kernel") {
      return layer === "dense" ? "It has no window: every place reads the whole image."
        : "A window twice as wide and twice as high holds four times as many weights.";
    }
    return knob === "channels" ? "Every weight is needed once for each channel that comes in."
      : "Every filter has a set of weights of its own.";
  }

  /* --- the figure --- */

  const count = value => value.toLocaleString("en-GB");
  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

  function connect(widget) {
    const sizes = { side: 28, channels: 1, kernel: 3, filters: 32, ...data(widget) };
    const id = `sharing-counter-${document.querySelectorAll("sharing-counter").length}-${Math.round(performance.now())}`;
    const line = status();
    let asked = 0, answered = 0, right = 0, open = true;

    const ask = el("p", { class: "sharing-question", id: `${id}-question` });
    const answers = FACTORS.map(factor =>
      el("button", { type: "button", "aria-describedby": ask.id, onclick: () => answer(factor) }, factor === 1 ? "not at all" : `× ${factor}`));
    const next = el("button", { type: "button", onclick: () => { asked += 1; open = true; pose(); line.say(ask.textContent); } }, "Next question");

    const boxes = Object.fromEntries(Object.entries(KNOBS).map(([knob, { most }]) => [knob, el("input", {
      id: `${id}-${knob}`, type: "number", inputmode: "numeric", min: 1, max: most, step: 1, value: sizes[knob], onchange: change,
    })]));
    const inputs = Object.entries(KNOBS).map(([knob, { label }]) =>
      el("div", { class: "sharing-input" }, el("label", { for: `${id}-${knob}` }, label), boxes[knob]));

    const rows = Object.entries(LAYERS).map(([layer, name]) => {
      const number = el("td", { class: "sharing-number" }), share = el("td", { class: "sharing-number" });
      return { layer, number, share, tr: el("tr", {}, el("th", { scope: "row" }, name), number, share) };
    });
    const table = el("table", { class: "sharing-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "layer"), el("th", { scope: "col" }, "weights"), el("th", { scope: "col" }, "times the convolution"))),
      el("tbody", {}, ...rows.map(row => row.tr)));

    function pose() {
      const { layer, knob } = question(asked);
      ask.textContent = `You double ${KNOBS[knob].short}. By what factor do the weights of the ${LAYERS[layer]}${layer === "convolution" ? "" : " layer"} grow?`;
      answers.forEach(button => { button.disabled = !open; });
    }

    function answer(said) {
      if (!open) return;
      const { layer, knob } = question(asked), truth = growth(layer, knob, sizes);
      open = false;
      answered += 1;
      right += said === truth ? 1 : 0;
      const before = weights(sizes)[layer], after = weights({ ...sizes, [knob]: 2 * sizes[knob] })[layer];
      const verdict = said === truth ? "Right" : `No, ${truth === 1 ? "not at all" : `× ${truth}`}`;
      const numbers = truth === 1 ? `it stays at ${count(before)}` : `from ${count(before)} to ${count(after)}`;
      pose();
      next.focus();
      line.say(`${verdict}: ${numbers}. ${reason(layer, knob)} (${right} of ${plural(answered, "answer")} right.)`);
    }

    function change() {
      for (const [knob, box] of Object.entries(boxes)) {
        try {
          sizes[knob] = parse(box.value, knob);
          box.removeAttribute("aria-invalid");
        } catch (error) {
          box.setAttribute("aria-invalid", "true");
          line.say(`${error.message} The table still shows ${sizes[knob]}.`);
          return;
        }
      }
      const { dense, local, convolution } = draw();
      line.say(`Dense ${count(dense)}, locally connected ${count(local)}, convolution ${count(convolution)} weights.`);
    }

    function draw() {
      const now = weights(sizes);
      for (const { layer, number, share } of rows) {
        number.textContent = count(now[layer]);
        const times = now[layer] / now.convolution;
        share.textContent = times < 100 ? String(Number(times.toPrecision(3))) : count(Math.round(times));
      }
      return now;
    }

    widget.append(
      ask,
      el("div", { class: "sharing-answers", role: "group", "aria-label": "Your answer" }, ...answers, next),
      line.node,
      el("div", { class: "cnn-row" },
        el("div", { class: "sharing-inputs" }, ...inputs),
        el("div", { class: "cnn-scroll", role: "region", tabindex: 0, "aria-label": "Weights of the three layers" }, table)));
    pose();
    draw();
  }

  cnn.define("sharing-counter", { weights, growth, parse, question }, connect);
})();
