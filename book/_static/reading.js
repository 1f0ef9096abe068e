// What a long page leaves for later. A section that is far away is not laid out yet (see content-visibility in cnn.css).

// A listing that scrolls sideways can be reached with the keyboard. It is measured when it is laid out, and again
// when its width changes.
const stops = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const box of document.querySelectorAll("pre, .cell_output > .output, .pst-scrollable-table-container")) stops.observe(box);

// Figures wait for the text, not for the reader, who may be in a tunnel by then.
addEventListener("load", () => setTimeout(() => {
  for (const figure of document.querySelectorAll("img[loading=lazy]")) figure.loading = "eager";
}, 2000));
