/* <training-clinic>: the curves of one training after another, four diagnoses to choose from, and then the test that
   would have told, the cure, and the cured curves over the sick ones. The data come from cnncourse.baselines.patients. */
(() => {
  "use strict";
  const { el, status, data } = cnn;

  /* --- arithmetic: tests/test_widget_training_clinic.py --- */

  const HIGHEST = 4; // the loss axis goes no further: what lies above is written beside an arrow

  /* Where the loss axis ends: a whole number from 3 to HIGHEST. */
  const lossTop = curves => Math.min(HIGHEST, Math.max(3, Math.ceil(Math.max(...curves.loss, ...curves.val_loss))));

  /* The points of a curve in a box of `width` by `height`, the first at the left edge; y grows downwards. */
  function points(values, top, width, height) {
    const step = values.length > 1 ? width / (values.length - 1) : 0;
    return values.map((value, k) => [k * step, height * (1 - Math.min(value, top) / top)]);
  }

  /* How many of the answers so far are right; null stands for a patient not answered yet. */
  const named = (patients, answers) => answers.filter((answer, k) => answer === patients[k].right).length;

  /* --- the figure --- */

  const W = 340, H = 220, LEFT = 52, RIGHT = 10, TOP = 12, BOTTOM = 36, WIDE = W - LEFT - RIGHT, HIGH = H - TOP - BOTTOM;
  const NAMES = { loss: "training", val_loss: "validation", accuracy: "training", val_accuracy: "validation" };

  function svg(tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const two = value => cnn.show(value, 2);
  const percent = value => `${Math.round(100 * value)} %`;

  function chart(title, patient, keys, top, ticks, write, cured) {
    const { curves } = patient, epochs = patient.cured[keys[0]].length;
    const said = keys.map(key => `${NAMES[key]} from ${write(curves[key][0])} to ${write(curves[key].at(-1))}`).join(", ");
    const plot = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${title} over ${epochs} epochs: ${said}.` });
    const right = epoch => LEFT + WIDE * (epoch - 1) / Math.max(epochs - 1, 1);
    for (const [value, text] of ticks) {
      const y = TOP + HIGH * (1 - value / top);
      plot.append(svg("line", { x1: LEFT, x2: W - RIGHT, y1: y, y2: y, class: text === "log 10" ? "chance" : "level" }),
        svg("text", { x: LEFT - 5, y: y + 4, "text-anchor": "end" }, text));
    }
    for (const epoch of [1, 5, 10, 15].filter(number => number <= epochs)) {
      plot.append(svg("text", { x: right(epoch), y: H - BOTTOM + 16, "text-anchor": "middle" }, String(epoch)));
    }
    plot.append(svg("text", { x: LEFT + WIDE / 2, y: H - 4, "text-anchor": "middle" }, "epoch"));
    const draw = (values, name) => {
      const width = WIDE * (values.length - 1) / Math.max(epochs - 1, 1);
      const text = points(values, top, width, HIGH).map(([x, y]) => `${(LEFT + x).toFixed(1)},${(TOP + y).toFixed(1)}`).join(" ");
      plot.append(svg("polyline", { points: text, class: name }));
    };
    if (cured) for (const key of keys) draw(patient.cured[key], `cured ${NAMES[key]}`);
    for (const key of keys) draw(curves[key], NAMES[key]);
    const over = keys.flatMap(key => curves[key].flatMap((value, k) => value > top ? [[k + 1, value]] : []));
    over.slice(0, 2).forEach(([epoch, value], k) => plot.append(
      svg("text", { x: right(epoch) + 4, y: TOP + 12 + 16 * k, class: "over" }, `↑ ${cnn.show(value, 1)}`)));
    return el("figure", {}, el("figcaption", {}, title), plot);
  }

  /* A piece of line as it is in the charts, and what it stands for. */
  function key(name, text) {
    const line = svg("svg", { viewBox: "0 0 34 10", class: "training-clinic-line", "aria-hidden": "true" },
      svg("polyline", { points: "1,5 33,5", class: name }));
    return el("span", {}, line, ` ${text}`);
  }

  function connect(widget) {
    const given = data(widget);
    if (!given) return;
    const { patients } = given;
    const id = `training-clinic-${Math.round(performance.now())}`;
    const answers = patients.map(() => null);
    let at = 0, chosen = null;
    const line = status();
    const head = el("p", { class: "cnn-label training-clinic-head", tabindex: -1 });
    const charts = el("div", { class: "training-clinic-charts" });
    const legend = el("p", { class: "training-clinic-key" });
    const question = el("fieldset", { class: "training-clinic-question" });
    const reveal = el("div", { class: "training-clinic-reveal" });
    const commit = el("button", { type: "button", onclick: answer }, "This is my diagnosis");
    const next = el("button", { type: "button", onclick: forward });

    function score() {
      return `${named(patients, answers)} of ${answers.filter(each => each !== null).length} named`;
    }

    function draw() {
      const patient = patients[at], done = answers[at] !== null, top = lossTop(patient.curves);
      head.textContent = `Patient ${at + 1} of ${patients.length}`;
      const levels = Array.from({ length: top + 1 }, (_, k) => [k, String(k)]).filter(([k]) => k !== 2);
      charts.replaceChildren(
        chart("Loss", patient, ["loss", "val_loss"], top, [...levels, [Math.log(10), "log 10"]], two, done),
        chart("Accuracy", patient, ["accuracy", "val_accuracy"], 1, [0, 0.5, 1].map(value => [value, percent(value)]), percent, done));
      legend.replaceChildren(key("training", "training"), key("validation", "validation"),
        ...(done ? [key("cured training", "training, cured"), key("cured validation", "validation, cured")] : []));
      for (const [k, radio] of [...question.querySelectorAll("input")].entries()) {
        radio.disabled = done;
        const label = radio.closest("label");
        if (done && k === patient.right) label.dataset.answer = "right";
        else if (done && k === answers[at]) label.dataset.answer = "wrong";
      }
      cnn.rest(commit, done || chosen === null);
      next.hidden = !done;
      next.textContent = at + 1 < patients.length ? "Next patient" : "Start again";
    }

    function ask() {
      const patient = patients[at];
      chosen = null;
      question.replaceChildren(el("legend", {}, "What is wrong with this training?"),
        ...patient.options.map(({ name }, k) => el("label", {},
          el("input", { type: "radio", name: id, value: k, onchange: () => { chosen = k; cnn.rest(commit, false); } }), el("span", {}, name))));
      reveal.replaceChildren();
      draw();
    }

    function answer() {
      const patient = patients[at], right = patient.options[patient.right], mine = patient.options[chosen];
      answers[at] = chosen;
      const hit = chosen === patient.right;
      const part = (title, text) => text && el("p", {}, el("strong", {}, `${title} `), text);
      reveal.replaceChildren(...[
        part("What the curves show.", patient.symptom),
        part(`The cause: ${right.name}.`, patient.cause),
        part("The test.", right.found),
        !hit && part(`The test for your diagnosis, ${mine.name}.`, mine.found),
        part("The cure.", `${patient.cure} Right answers on new images: ${patient.test}; after the cure ${patient.cured_test}.`),
      ].filter(Boolean));
      draw();
      next.focus();
      const last = at + 1 === patients.length;
      line.say(`${hit ? "Right" : "No"}: ${right.name}. ${last ? `That was the last one: ${score()}.` : `So far ${score()}.`}`);
    }

    function forward() {
      if (at + 1 < patients.length) at += 1;
      else {
        at = 0;
        answers.fill(null);
      }
      ask();
      head.focus();
      line.say(`Patient ${at + 1} of ${patients.length}.${at ? ` So far ${score()}.` : ""}`);
    }

    widget.append(head, charts, legend, question, el("p", { class: "training-clinic-buttons" }, commit, next), line.node, reveal);
    ask();
    line.say(`Choose one of ${patients[0].options.length} diagnoses.`);
  }

  cnn.define("training-clinic", { lossTop, points, named }, connect);
})();
