/* The text of a network, read into plain data and written again, as cnncourse/architectures/notation.py has it. */
(() => {
  "use strict";
  const { SpecError, repr } = window.cnn.architectures;

  const W = "[\\p{L}\\p{N}_]", NAME = `[\\p{L}_]${W}*`;
  const TAKEN = ["C", "H", "W"]; // in an expression, the shape that has been reached
  const HEAD = /^network\s+(?<name>\S.*?)(?:\s+like\s+(?<like>\S.*))?$/;
  const SETTING = new RegExp(`^(?<names>${NAME}(?:\\s+${NAME})*)\\s+=\\s+(?<values>\\S.*)$`, "u");
  const BLOCK = new RegExp(`^block\\s+(?<name>${NAME})\\s*(?:\\((?<arguments>[^)]*)\\))?$`, "u");
  const LABEL = new RegExp(`^(?<label>(?:${W}|[.-])+)\\s*:\\s+(?<row>.*)$`, "u");
  const OPTION = new RegExp(`^(?<name>${NAME})=(?<value>[^=].*)$`, "u");
  const IS_NAME = new RegExp(`^${NAME}$`, "u");

  const indent = line => line.length - line.trimStart().length;
  const words = text => text.trim().split(/\s+/).filter(Boolean);
  function refuse({ number, line }, what) {
    throw new SpecError(`line ${number}, ${repr(line.trim())}: ${what}`, number);
  }
  function partition(text, mark) {
    const at = text.indexOf(mark);
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
  }

  /* The specs of a text, by name. `known` are those that "like" may name besides. */
  function readAll(text, known = {}) {
    const parts = [], specs = {};
    text.split(/\r\n|\r|\n/).forEach((whole, k) => {
      const line = whole.split("#")[0].trimEnd(), number = k + 1;
      if (/^network\s/.test(line)) parts.push([]);
      if (line && !parts.length) refuse({ number, line }, "a spec starts with a line such as 'network My-Net'");
      if (line) parts.at(-1).push({ number, line });
    });
    if (!parts.length) throw new SpecError("the text is empty: a spec starts with a line such as 'network My-Net'", 1);
    for (const lines of parts) {
      const spec = readOne(lines, { ...known, ...specs });
      specs[spec.name] = spec;
    }
    return specs;
  }

  /* The one network of a text; it may be like one of the zoo. */
  function read(text, zoo = {}) {
    const specs = Object.values(readAll(text, zoo));
    if (specs.length !== 1) throw new SpecError(`the text describes ${specs.map(spec => spec.name).join(" and ")}, but one network is needed: use read_all`);
    return specs[0];
  }

  function readOne(lines, known) {
    const head = HEAD.exec(lines[0].line.trim())?.groups, number = lines[0].number;
    if (!head) refuse(lines[0], "this should look like 'network My-Net, or network My-Net like ResNet-50'");
    if (head.like && !Object.hasOwn(known, head.like)) {
      throw new SpecError(`line ${number}: there is no network ${repr(head.like)} to be like; known are ${Object.keys(known).join(", ") || "none"}`, number);
    }
    const base = head.like ? known[head.like] : null;
    const settings = { ...base?.settings }, blocks = { ...base?.blocks }, places = {}, rows = [], source = {};
    for (const line of lines) line.source = source;
    let shape = base?.input ?? null;
    for (let at = 1; at < lines.length;) {
      const here = lines[at], { line } = here, inside = below(lines, at, 0), setting = SETTING.exec(line);
      if (/^\s/.test(line) && !line.trim().startsWith("|")) refuse(here, "only the rows of a block or a path are indented");
      if (line.startsWith("input ")) {
        shape = words(line).slice(1);
        places.input = here.number;
        if (shape.length !== 3) refuse(here, "height, width and channels are needed: input 224 224 3");
      } else if (line.startsWith("block ")) {
        const block = BLOCK.exec(line)?.groups;
        if (!block) refuse(here, "this should look like 'block unit(k, f, s=1)'");
        if (!inside.length) refuse(here, "the rows of a block stand below it, indented");
        blocks[block.name] = { arguments: readArguments(block.arguments ?? "", here), rows: readRows(inside) };
      } else if (!inside.length && setting) {
        const names = words(setting.groups.names), values = words(setting.groups.values);
        free(names, here);
        if (names.length !== values.length) refuse(here, `${names.length} names, but ${values.length} values`);
        names.forEach((name, k) => { settings[name] = values[k]; places[name] = here.number; });
      } else rows.push(...readRows(lines.slice(at, at + 1 + inside.length)));
      at += 1 + (line.startsWith("input ") ? 0 : inside.length);
    }
    const all = rows.length ? rows : base?.rows ?? [];
    if (!shape || !all.length) throw new SpecError(`network ${head.name}: ${shape ? "rows" : "a line such as input 224 224 3"} are missing`, number);
    /* `places` and `source` tell which lines are of this text: what was taken over from another is not */
    return { name: head.name, input: shape, settings, blocks, rows: all, places, source };
  }

  function readArguments(text, here) {
    const found = {};
    for (const part of text.split(",").map(one => one.trim()).filter(Boolean)) {
      const [name, value] = partition(part, "=").map(one => one.trim());
      if (!IS_NAME.test(name)) refuse(here, `${repr(part)} is no argument, such as f or s=1`);
      found[name] = value || null;
    }
    free(Object.keys(found), here);
    return found;
  }

  function free(names, here) {
    const taken = TAKEN.find(name => names.includes(name));
    if (taken) refuse(here, `${taken} is the shape that has been reached: take another name`);
  }

  /* The lines after `at` that are indented by more than `column`. */
  function below(lines, at, column) {
    let end = at + 1;
    while (end < lines.length && indent(lines[end].line) > column) end++;
    return lines.slice(at + 1, end);
  }

  function readRows(lines) {
    const rows = [];
    for (let at = 0; at < lines.length;) {
      const here = lines[at], inside = below(lines, at, indent(here.line));
      if (here.line.trim().startsWith("|")) refuse(here, "a path needs a row above it that parts, such as concat");
      rows.push(readRow(here, readPaths(inside, here)));
      at += 1 + inside.length;
    }
    return rows;
  }

  /* Each "|" starts a path; the rows written below its first word belong to it. */
  function readPaths(lines, parent) {
    const paths = [];
    for (let at = 0; at < lines.length;) {
      const here = lines[at], inside = below(lines, at, indent(here.line));
      if (!here.line.trim().startsWith("|")) refuse(here, `below ${repr(parent.line.trim())} each path starts with |`);
      const first = { ...here, line: here.line.replace("|", " ") }; // its words stay in their columns
      paths.push(readRows(first.line.trim() ? [first, ...inside] : inside));
      at += 1 + inside.length;
    }
    return paths;
  }

  function readRow(here, paths) {
    const text = here.line.trim(), labelled = LABEL.exec(text)?.groups;
    const [unconditional, condition] = partition(labelled ? labelled.row : text, " if ");
    const [row, times] = partition(unconditional, " x ");
    const items = row.split("->").map(part => readItem(part, { ...here, line: text }));
    if (paths.length && items.length > 1) refuse(here, "paths stand below a row of one word, such as add");
    return { items, number: here.number, source: here.source, label: labelled?.label ?? "", times: times.trim() || "1", condition: condition.trim(), paths };
  }

  function readItem(text, here) {
    const [word = "", ...rest] = words(text), options = {}, given = [];
    if (!IS_NAME.test(word)) refuse(here, `${repr(word)} is no word, such as conv, where one is needed`);
    for (const part of rest) {
      const option = OPTION.exec(part)?.groups;
      if (option) options[option.name] = option.value;
      else if (Object.keys(options).length) refuse(here, `${repr(part)} stands behind ${Object.keys(options).join(" ")}=; options come last`);
      else given.push(part);
    }
    return { word, arguments: given, options };
  }

  const shownItem = item => [item.word, ...item.arguments, ...Object.entries(item.options).map(([name, value]) => `${name}=${value}`)].join(" ");

  /* The text of a spec, with all that it took over from others; some settings and the size may be other ones. */
  function write(spec, { name = spec.name, size = null, settings = {} } = {}) {
    const lines = [`network ${name}`, `input ${size ? `${size[0]} ${size[1]} ${spec.input[2]}` : spec.input.join(" ")}`];
    for (const [key, value] of Object.entries({ ...spec.settings, ...settings })) lines.push(`${key} = ${value}`);
    for (const [key, block] of Object.entries(spec.blocks)) {
      const given = Object.entries(block.arguments).map(([one, value]) => (value === null ? one : `${one}=${value}`));
      lines.push(`block ${key}${given.length ? `(${given.join(", ")})` : ""}`, ...writeRows(block.rows, 4));
    }
    return [...lines, ...writeRows(spec.rows, 0)].join("\n");
  }

  function writeRows(rows, column) {
    return rows.flatMap(row => {
      const text = (row.label ? `${row.label}: ` : "") + row.items.map(shownItem).join(" -> ") +
        (row.times === "1" ? "" : `  x ${row.times}`) + (row.condition ? ` if ${row.condition}` : "");
      return [" ".repeat(column) + text, ...row.paths.flatMap(path => {
        const [first, ...rest] = writeRows(path, column + 4);
        return first === undefined ? [`${" ".repeat(column + 2)}|`] : [`${" ".repeat(column + 2)}| ${first.trimStart()}`, ...rest];
      })];
    });
  }

  Object.assign(window.cnn.architectures, { readAll, read, write, shownItem });
})();
