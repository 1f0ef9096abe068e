/* What the widgets share: the table of numbers that the keyboard can walk, and the colours of plotting.py.
   Loaded before any widget of the page. A classic script, because modules do not load from file://. */
window.cnn = (() => {
  "use strict";

  /* The colour of a signed number, as cnncourse.plotting.SIGNED has it: zero is the paper of the page. */
  function tint(value, limit) {
    if (!value || !limit) return "transparent";
    const share = Math.round(Math.min(1, Math.abs(value) / limit) * 50);
    return `color-mix(in srgb, var(--cnn-${value > 0 ? "above" : "below"}) ${share}%, transparent)`;
  }

  /* A number in few characters: 3, -0.25, 1.3e-5; never "-0". */
  function show(value, digits = 2) {
    if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞");
    const text = value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits ? value.toExponential(0) : value.toFixed(digits);
    return String(Number(text)).replace("-", "−").replace(/^−0$/, "0");
  }

  /* Make an element: el("button", {type: "button", onclick: f}, "text", child). */
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  /* A table of cells that is one stop of the Tab key: the arrow keys, Home and End move inside it.

     grid({rows, columns, label, cell(row, column) -> {text, name, tint, mark}, onpick(row, column), onactive(row, column)})
     `onactive` hears of the cell under the pointer or the keyboard (null, null when it leaves); `onpick` of a click,
     Enter or Space. update() draws again; the cells stay the same elements, so the focus stays where it is. */
  function grid(options) {
    const { rows, columns, label, cell, onpick, onactive } = options;
    const table = el("table", { class: "cnn-grid", role: "grid", "aria-label": label });
    const cells = [];
    const live = Boolean(onpick || onactive);
    let at = [0, 0];
    for (let row = 0; row < rows; row++) {
      const line = el("tr", { role: "row" });
      cells.push([]);
      for (let column = 0; column < columns; column++) {
        const td = el("td", { role: "gridcell", tabindex: live ? (row || column ? -1 : 0) : null });
        if (onactive) {
          td.addEventListener("pointerenter", () => onactive(row, column));
          td.addEventListener("pointerleave", () => onactive(null, null));
          td.addEventListener("focus", () => onactive(row, column));
          td.addEventListener("blur", () => onactive(null, null));
        }
        if (live) {
          td.addEventListener("click", () => { move(row, column); if (onpick) onpick(row, column); });
          td.addEventListener("keydown", event => {
            const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
            if (step) move(row + step[0], column + step[1]);
            else if (event.key === "Home") move(row, 0);
            else if (event.key === "End") move(row, columns - 1);
            else if ((event.key === "Enter" || event.key === " ") && onpick) onpick(row, column);
            else return;
            event.preventDefault();
          });
        }
        cells[row].push(td);
        line.append(td);
      }
      table.append(line);
    }
    function move(row, column) {
      if (!cells[row] || !cells[row][column]) return;
      cells[at[0]][at[1]].tabIndex = -1;
      at = [row, column];
      cells[row][column].tabIndex = 0;
      cells[row][column].focus();
    }
    function update() {
      for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
        const td = cells[row][column], { text = "", name, tint: colour = "", mark = "" } = cell(row, column);
        if (td.textContent !== String(text)) td.textContent = text;
        if (name) td.setAttribute("aria-label", name); else td.removeAttribute("aria-label");
        td.style.backgroundColor = colour;
        td.dataset.mark = mark;
      }
    }
    update();
    return { table, cells, update };
  }

  /* A button that has nothing to do for now. It keeps the focus, which `disabled` would take from somebody at the keyboard. */
  function rest(button, resting) {
    button.setAttribute("aria-disabled", String(resting));
  }

  addEventListener("click", event => {
    if (event.target.closest?.(".cnn-widget [aria-disabled=true]")) event.stopImmediatePropagation();
  }, true);

  /* A line that a screen reader says aloud when it changes. Set it once the reader is done, not at every keystroke. */
  function status() {
    const node = el("p", { role: "status", class: "cnn-status" });
    return { node, say(text) { if (node.textContent !== text) node.textContent = text; } };
  }

  /* The data that the page's own code hands to a widget: <my-widget><script type="application/json">…</script></my-widget> */
  function data(widget) {
    const script = widget.querySelector('script[type="application/json"]');
    return script ? JSON.parse(script.textContent) : null;
  }

  /* A widget is built when the reader comes within a screen of it, so that a page with many of them opens at once. */
  const near = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) build(target);
  }, { rootMargin: "100%" });
  const waiting = new Map();

  function build(widget) {
    const connect = waiting.get(widget);
    near.unobserve(widget);
    waiting.delete(widget);
    if (connect && widget.isConnected) connect(widget);
    widget.ready = true;
  }

  /* Register a widget. `functions` is its arithmetic, which the tests compare with cnncourse: cnn.<name>.f(...) */
  function define(name, functions, connect) {
    window.cnn[name] = functions;
    customElements.define(name, class extends HTMLElement {
      connectedCallback() {
        if (this.ready || waiting.has(this)) return;
        waiting.set(this, connect);
        near.observe(this);
      }
    });
  }

  addEventListener("beforeprint", () => { for (const widget of [...waiting.keys()]) build(widget); });

  return { tint, show, el, grid, rest, status, data, define };
})();
