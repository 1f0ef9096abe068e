// What a long page leaves for later, and where its reader is.

// A section that is far away is not laid out (see content-visibility in cnn.css), so that the page can be read at once.
// While the browser has nothing else to do they are measured one by one, and then the scroll bar is right.
// Until then a place is not a number of pixels but a block, and how far its top is from that of the window. So it
// survives a reload and the way back, too.
{
  const sections = [...document.querySelectorAll(".bd-article section section")].reverse(); // what is inside comes first
  let waiting = [], width = 0;
  const blocks = [...document.querySelectorAll(".bd-article section > *")];
  const whenIdle = window.requestIdleCallback || ((next) => setTimeout(next, 50));
  let wanted = history.state; // where the reader was before the reload, until they go elsewhere

  function place() {
    const left = blocks[0].getBoundingClientRect().left + 20;
    for (let y = innerHeight / 4; y < innerHeight / 2; y += 20) { // between two blocks there is none
      const block = document.elementsFromPoint(left, y).find((element) => element.matches(".bd-article section > *"));
      if (block) return { block: blocks.indexOf(block), top: block.getBoundingClientRect().top };
    }
    return history.state;
  }

  function goTo(there) {
    const block = blocks[there?.block];
    if (block) scrollBy({ top: block.getBoundingClientRect().top - there.top, behavior: "instant" });
  }

  function measureNext() {
    const section = waiting.shift();
    if (section) {
      const here = wanted || (scrollY && place());
      section.style.contentVisibility = "visible";
      section.style.containIntrinsicHeight = `auto ${section.offsetHeight}px`;
      section.style.contentVisibility = "";
      goTo(here);
      whenIdle(measureNext);
    } else {
      wanted = null;
      document.documentElement.dataset.measured = width;
    }
  }

  function measure() {
    if (width === innerWidth) return;
    width = innerWidth;
    const atWork = waiting.length;
    waiting = [...sections];
    if (!atWork) whenIdle(measureNext);
  }

  function hold() {
    if (!wanted) return;
    goTo(wanted);
    requestAnimationFrame(hold);
  }

  if (blocks.length) {
    let soon;
    history.scrollRestoration = "manual";
    addEventListener("scroll", () => {
      clearTimeout(soon);
      soon = setTimeout(() => { if (!wanted) history.replaceState(place(), ""); }, 100);
    }, { passive: true });
    for (const move of ["wheel", "touchstart", "mousedown", "keydown", "hashchange"])
      addEventListener(move, () => { wanted = null; }, { passive: true, capture: true });
    addEventListener("popstate", ({ state }) => {
      if (state) goTo(state);
      else if (!location.hash) scrollTo({ top: 0, behavior: "instant" });
    });
    hold();
  }
  addEventListener("load", measure);
  addEventListener("resize", measure);
}

// The contents at the side follow the reader.
{
  const entries = [...document.querySelectorAll("nav.page-toc a[href^='#']")]
    .map((link) => [link, document.getElementById(decodeURIComponent(link.hash.slice(1)))])
    .filter(([, section]) => section);
  let asked = false;

  function follow() {
    asked = false;
    const begun = entries.filter(([, section]) =>
      section.checkVisibility({ contentVisibilityAuto: true }) && section.getBoundingClientRect().top < innerHeight / 3);
    const [now] = begun.at(-1) || [];
    for (const [link] of entries) {
      link.classList.toggle("active", link === now);
      if (link === now) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const entry of document.querySelectorAll("nav.page-toc .toc-entry")) entry.classList.toggle("active", entry.contains(now));
    const bar = now?.closest(".bd-toc");
    if (!bar) return;
    const frame = bar.getBoundingClientRect(), place = now.getBoundingClientRect();
    if (place.top < frame.top || place.bottom > frame.bottom) bar.scrollTop += place.top - frame.top - frame.height / 2;
  }

  if (entries.length) {
    addEventListener("scroll", () => {
      if (!asked) requestAnimationFrame(follow);
      asked = true;
    }, { passive: true });
    follow();
  }
}

// On paper everything is open.
{
  let opened = [], shown = [];

  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".bd-article details:not([open])")];
    shown = [...document.querySelectorAll(".bd-article .toggle-hidden")];
    for (const details of opened) details.open = true;
    for (const box of shown) box.classList.remove("toggle-hidden");
    for (const figure of document.querySelectorAll("img[loading=lazy]")) figure.loading = "eager";
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    for (const box of shown) box.classList.add("toggle-hidden");
  });
}

// A listing that scrolls sideways can be reached with the keyboard. It is measured when it is laid out, and again
// when its width changes.
{
  const stops = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll("pre, .cell_output > .output, .pst-scrollable-table-container")) stops.observe(box);
}

// Figures wait for the text, not for the reader, who may be in a tunnel by then.
addEventListener("load", () => setTimeout(() => {
  for (const figure of document.querySelectorAll("img[loading=lazy]")) figure.loading = "eager";
}, 2000));
