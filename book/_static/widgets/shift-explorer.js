/* Move a digit in its frame and read what four trained networks make of it. The scores were computed on the page. */
(() => {
  "use strict";
  const { el, status, data } = cnn;

  /* --- arithmetic: tests/test_widget_shift_explorer.py holds it to cnncourse --- */

  /* Rows of numbers with their content moved; what leaves is lost, zeros come in. As cnncourse.baselines.shift_images. */
  function shift(pixels, down, right) {
    return pixels.map((row, i) => row.map((_, j) => pixels[i - down]?.[j - right] ?? 0));
  }

  /* The place of the largest number; of the first, where several are largest. */
  function argmax(numbers) {
    return numbers.reduce((best, value, k) => (value > numbers[best] ? k : best), 0);
  }

  /* The ten scores of one shift, from the list of all of them: right moves fastest, from -reach to reach. */
  function scoresAt(all, reach, down, right) {
    const start = 10 * ((down + reach) * (2 * reach + 1) + right + reach);
    return all.slice(start, start + 10);
  }

  /* For each shift, row by row: is the answer the label? */
  function rightAnswers(all, reach, label) {
    const side = Array.from({ length: 2 * reach + 1 }, (_, k) => k - reach);
    return side.map(down => side.map(right => argmax(scoresAt(all, reach, down, right)) === label));
  }

  /* "2 down, 3 left" */
  function where(down, right) {
    const parts = [];
    if (down) parts.push(`${Math.abs(down)} ${down > 0 ? "down" : "up"}`);
    if (right) parts.push(`${Math.abs(right)} ${right > 0 ? "right" : "left"}`);
    return parts.join(", ") || "not moved";
  }

  /* --- the figure --- */

  const percent = thousandths => `${Math.round(thousandths / 10)} %`;

  function connect(widget) {
    const given = data(widget);
    if (!given) return;
    const { reach, networks, digits } = given;
    const id = `shift-explorer-${document.querySelectorAll("shift-explorer").length}-${Math.round(performance.now())}`;
    const now = { digit: 0, down: 0, right: 0 };
    const line = status();

    /* the digit */
    const size = digits[0].pixels.length, zoom = 7;
    const canvas = el("canvas", { class: "shift-canvas", width: size * zoom, height: size * zoom });
    const stage = el("div", {
      class: "shift-stage", tabindex: 0, role: "application", "aria-roledescription": "movable digit", onkeydown: key,
      "aria-label": "The digit in its frame. The arrow keys move it, Home puts it back.",
    }, canvas);

    /* the controls */
    const choose = digits.map((digit, k) =>
      el("button", { type: "button", "aria-label": `the ${digit.label}`, onclick: () => go({ digit: k, down: 0, right: 0 }) }, String(digit.label)));
    const move = (text, down, right, name, place) =>
      el("button", { type: "button", class: `shift-${place}`, "aria-label": name, onclick: () => go({ down: now.down + down, right: now.right + right }) }, text);
    const pad = el("div", { class: "shift-pad", role: "group", "aria-label": "Move the digit by one pixel" },
      move("↑", -1, 0, "up", "up"), move("←", 0, -1, "left", "west"),
      el("button", { type: "button", class: "shift-home", "aria-label": "back to the middle", onclick: () => go({ down: 0, right: 0 }) }, "⌂"),
      move("→", 0, 1, "right", "east"), move("↓", 1, 0, "down", "down"));

    /* the scores: a row for each class, a column for each network */
    const answer = networks.map(() => el("td"));
    const cells = Array.from({ length: 10 }, () => networks.map(() => {
      const bar = el("span", { class: "shift-bar" }), text = el("span", { class: "shift-number" });
      return { bar, text, td: el("td", {}, bar, text) };
    }));
    const heads = cells.map((_, k) => el("th", { scope: "row" }, String(k)));
    const table = el("table", { class: "shift-scores" },
      el("caption", {}, "What each network gives each class"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "class"), ...networks.map(name => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...cells.map((row, k) => el("tr", {}, heads[k], ...row.map(cell => cell.td)))),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "reads"), ...answer)));

    /* the maps of right answers */
    const maps = el("div", { class: "shift-maps", id: `${id}-maps`, hidden: true });
    const reveal = el("button", { type: "button", "aria-expanded": "false", "aria-controls": maps.id, onclick: toggle }, "Show all shifts at once");

    function clamp(value) {
      return Math.max(-reach, Math.min(reach, value));
    }

    function go(to) {
      Object.assign(now, to);
      const wanted = [now.down, now.right];
      now.down = clamp(now.down);
      now.right = clamp(now.right);
      draw(wanted[0] !== now.down || wanted[1] !== now.right);
    }

    function key(event) {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (step) go({ down: now.down + step[0], right: now.right + step[1] });
      else if (event.key === "Home") go({ down: 0, right: 0 });
      else return;
      event.preventDefault();
    }

    function toggle() {
      maps.hidden = !maps.hidden;
      reveal.setAttribute("aria-expanded", String(!maps.hidden));
      reveal.textContent = maps.hidden ? "Show all shifts at once" : "Hide all shifts";
      drawMaps();
    }

    function drawMaps() {
      if (maps.hidden) return;
      const digit = digits[now.digit];
      maps.replaceChildren(...networks.map((name, n) => {
        const hits = rightAnswers(digit.scores[n], reach, digit.label);
        const count = hits.flat().filter(Boolean).length;
        const side = 2 * reach + 1, cell = 8;
        const map = el("canvas", { class: "shift-map", width: side * cell, height: side * cell, role: "img",
          "aria-label": `${name}: the shifts at which it reads the ${digit.label} rightly` });
        const pen = map.getContext("2d");
        hits.forEach((row, i) => row.forEach((hit, j) => {
          pen.fillStyle = hit ? "#004488" : "#ffffff";
          pen.fillRect(j * cell, i * cell, cell - 1, cell - 1);
        }));
        pen.strokeStyle = "#bb5566";
        pen.lineWidth = 3;
        pen.strokeRect((now.right + reach) * cell, (now.down + reach) * cell, cell - 1, cell - 1);
        return el("figure", {}, map, el("figcaption", {}, el("strong", {}, name), el("br"), `right at ${count} of ${side * side}`));
      }));
    }

    function draw(stopped) {
      const digit = digits[now.digit], pen = canvas.getContext("2d");
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      shift(digit.pixels, now.down, now.right).forEach((row, i) => row.forEach((value, j) => {
        if (!value) return;
        pen.fillStyle = `rgb(${255 - value} ${255 - value} ${255 - value})`;
        pen.fillRect(j * zoom, i * zoom, zoom, zoom);
      }));
      choose.forEach((button, k) => button.setAttribute("aria-pressed", String(k === now.digit)));
      heads.forEach((head, k) => { head.textContent = k === digit.label ? `${k} (it is)` : String(k); });
      const reads = networks.map((name, n) => {
        const scores = scoresAt(digit.scores[n], reach, now.down, now.right), best = argmax(scores);
        scores.forEach((score, k) => {
          const { bar, text, td } = cells[k][n];
          bar.style.inlineSize = `${score / 10}%`;
          text.textContent = percent(score);
          td.dataset.best = k === best ? (k === digit.label ? "right" : "wrong") : "";
        });
        answer[n].textContent = best === digit.label ? `${best} ✓` : `${best} ✗`;
        return `${name} ${best}`;
      });
      drawMaps();
      const edge = stopped ? `It goes no further than ${reach} pixels. ` : "";
      line.say(`${edge}The ${digit.label}, ${where(now.down, now.right)}. Read as: ${reads.join(", ")}.`);
    }

    widget.append(
      el("div", { class: "cnn-row" },
        el("div", { class: "shift-left" },
          el("div", { class: "shift-choice", role: "group", "aria-label": "Which digit" }, el("span", { class: "cnn-label" }, "Digit"), ...choose),
          stage,
          el("p", { class: "shift-hint" }, "Arrow keys on the picture, or the buttons:"),
          pad),
        el("div", { class: "cnn-scroll", role: "region", tabindex: 0, "aria-label": "Scores" }, table)),
      line.node, reveal, maps);
    draw(false);
  }

  cnn.define("shift-explorer", { shift, argmax, scoresAt, rightAnswers, where }, connect);
})();
