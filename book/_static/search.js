/* The search page: ranks the sections of the book (sections.js, made by book/_ext/finding.py) for a query. */
const finder = (() => {
  "use strict";

  /* A word in a title or in the index says more about a section than one in its text. */
  const WEIGHTS = { title: 6, above: 1.5, taught: 6, text: 1, code: 1 };
  const OUTSIDE_THE_CHAPTERS = 0.5; // guides and lists name everything and teach nothing
  const IN_EVERY_CHAPTER = 0.6; // "Summary", "Your turn"
  const TITLE_SAYS_IT = 1.5, INDEX_SAYS_IT = 1.8; // all of the query, word by word
  const BEGINS_SO = 0.5; // "norm" also finds "normalisation"
  const MOST = 30;

  /* The forms of a word become one: "pooled" and "pooling" are "pool". A name from the code stays whole. */
  function stem(word) {
    if (/[\d_]/.test(word)) return word;
    const root = word.replace(/iz(?=ation|e|ing)/, "is").replace(/(?<=...)al$/, "");
    return root.replace(/(?<=...)(?:at)?(?:ions?|ings?|ers?|an(?:ce|t)s?|ed|es|(?<!s)s|e)$/, "").replace(/([^aeiou])\1$/, "$1");
  }

  const stems = new Map();

  /* The words of a text. A name such as max_pool2d is one word, and so are its parts. */
  function words(text) {
    const found = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [];
    return found.flatMap(word => {
      if (!stems.has(word)) stems.set(word, word.includes("_") ? [word, ...word.split("_").filter(Boolean).map(stem)] : [stem(word)]);
      return stems.get(word);
    });
  }

  const phrase = text => ` ${words(text).join(" ")} `;

  /* How often each word occurs in a section, weighted by where it stands. */
  function weigh(section) {
    const title = section.titles.at(-1), above = section.titles.slice(0, -1).join(" ");
    const counts = new Map();
    for (const [field, text] of Object.entries({ title, above, taught: section.taught.join(" "), text: section.text, code: section.code }))
      for (const word of words(text)) counts.set(word, (counts.get(word) || 0) + WEIGHTS[field]);
    return { section, counts, title: phrase(title), taught: section.taught.map(phrase), length: words(`${section.text} ${section.code}`).length };
  }

  /* index(sections)("stride and padding") -> [{section, score}], the best first */
  function index(sections) {
    const all = sections.map(weigh), known = new Map(), titles = new Map();
    for (const { counts, title } of all) {
      for (const word of counts.keys()) known.set(word, (known.get(word) || 0) + 1);
      titles.set(title, (titles.get(title) || 0) + 1);
    }
    const usual = all.reduce((sum, { length }) => sum + length, 0) / all.length;

    /* The words that a word of the query stands for, each with a weight. */
    function meant(word) {
      const longer = word.length < 4 ? [] : [...known.keys()].filter(other => other !== word && other.startsWith(word));
      return [[word, 1], ...longer.map(other => [other, BEGINS_SO])];
    }

    return function find(query) {
      const asked = [...new Set(words(query))].map(meant), whole = phrase(query), found = [];
      for (const { section, counts, title, taught, length } of all) {
        let score = 0, met = 0;
        for (const forms of asked) {
          const count = forms.reduce((sum, [word, weight]) => sum + weight * (counts.get(word) || 0), 0);
          if (!count) continue;
          const rare = Math.log(1 + all.length / Math.max(...forms.map(([word]) => known.get(word) || 1)));
          score += rare * (2.2 * count) / (count + 1.2 * (0.25 + 0.75 * length / usual)); // as BM25 does
          met += 1;
        }
        if (!met) continue;
        score *= (met / asked.length) ** 2;
        if (title.includes(whole)) score *= TITLE_SAYS_IT;
        if (taught.includes(whole)) score *= INDEX_SAYS_IT;
        if (titles.get(title) > 1) score *= IN_EVERY_CHAPTER;
        if (section.chapter === null) score *= OUTSIDE_THE_CHAPTERS;
        found.push({ section, score });
      }
      return found.sort((a, b) => b.score - a.score);
    };
  }

  /* The piece of a section that holds most of the query, with its words marked: of its prose rather than of its code. */
  function excerpt({ text, code }, query) {
    const asked = new Set(words(query)), isHit = piece => words(piece).some(word => asked.has(word));
    const pieces = (isHit(text) || !isHit(code) ? text : code).match(/\S+\s*/g) || [], hits = pieces.map(isHit);
    const width = 32;
    let best = 0, most = 0, now = 0;
    hits.forEach((hit, i) => {
      now += hit - (hits[i - width] || 0);
      if (now > most) { most = now; best = Math.max(0, i - width + 1); }
    });
    while (most && !hits[best] && best + width < pieces.length) best += 1;
    const start = Math.max(0, best - 4), part = document.createElement("p");
    if (start) part.append("… ");
    pieces.slice(start, start + width).forEach((piece, i) => {
      const mark = hits[start + i] ? document.createElement("mark") : null;
      if (mark) mark.textContent = piece.trim();
      part.append(...(mark ? [mark, piece.slice(piece.trimEnd().length)] : [piece]));
    });
    if (start + width < pieces.length) part.append("…");
    return part;
  }

  function show({ section }, query) {
    const item = document.createElement("li"), link = document.createElement("a"), path = document.createElement("p");
    link.href = section.place;
    link.textContent = section.titles.at(-1);
    path.className = "found-in";
    path.textContent = `${section.chapter ? `Chapter ${section.chapter}: ` : ""}${section.titles.slice(0, -1).join(" › ")}`;
    item.append(link, ...(path.textContent ? [path] : []), excerpt(section, query));
    return item;
  }

  function start() {
    const box = document.querySelector("#search-form input"), list = document.querySelector("#search-results");
    const status = document.querySelector("#search-status"), find = index(sections);
    const look = () => {
      const query = box.value.trim(), found = find(query), shown = found.slice(0, MOST);
      list.replaceChildren(...shown.map(result => show(result, query)));
      const most = found.length > MOST ? `, of which these are the best ${MOST}` : "";
      status.textContent = !query ? "" : found.length ? `${found.length} section${found.length === 1 ? "" : "s"}${most}` : "No section has such a word.";
    };
    box.value = new URLSearchParams(location.search).get("q") || "";
    box.focus();
    box.addEventListener("input", () => { history.replaceState(null, "", `?q=${encodeURIComponent(box.value)}`); look(); });
    box.form.addEventListener("submit", event => event.preventDefault());
    look();
  }

  if (document.querySelector("#search-form")) start();
  return { stem, words, index };
})();
