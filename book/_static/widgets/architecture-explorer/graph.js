/* A spec with all its rows written out as nodes, as cnncourse/architectures/graph.py and vocabulary.py have it. */
(() => {
  "use strict";
  const { SpecError, repr, wholeNumber, perAxis, evaluate } = window.cnn.architectures;

  const DEEPEST = 20, LARGEST = 20000, LONGEST = 500000; // blocks in blocks; nodes; words that are looked at, for a page must not hang
  const PADDINGS = ["same", "valid"];
  const product = shape => shape.reduce((all, n) => all * n, 1);
  const thousands = n => n.toLocaleString("en-US");
  function refuse(text) {
    throw new SpecError(text);
  }

  /* --- the words: what each needs to be told, and the shape that it makes of a shape --- */

  /* How many zeros come before and after each axis. */
  function padAmounts(padding, size, kernel, stride, dilation) {
    return size.map((n, axis) => {
      if (padding === "valid") return [0, 0];
      if (padding !== "same") return [padding, padding];
      const span = dilation * (kernel[axis] - 1) + 1, total = Math.max((Math.ceil(n / stride[axis]) - 1) * stride[axis] + span - n, 0);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
  }

  function sizeAfter(size, kernel, stride, padding, dilation) {
    const pads = padAmounts(padding, size, kernel, stride, dilation);
    const padded = size.map((n, axis) => n + pads[axis][0] + pads[axis][1]), spans = kernel.map(k => dilation * (k - 1) + 1);
    const missing = Math.max(...spans.map((span, axis) => span - padded[axis]));
    if (missing > 0) {
      const holes = dilation > 1 ? ` (it spans ${spans.join("x")} with dilation ${dilation}x${dilation})` : "";
      refuse(`kernel is ${kernel.join("x")}${holes} but the padded input is ${padded.join("x")}: ` +
        `add padding >= ${Math.ceil(missing / 2)} or use a smaller kernel`);
    }
    return padded.map((n, axis) => Math.floor((n - spans[axis]) / stride[axis]) + 1);
  }

  function image(shape, word) {
    if (shape.length !== 3) refuse(`${word} needs an image (H, W, C), but the shape ${repr(shape)} came`);
  }

  /* What convolutions and pooling share; kernel and stride become pairs. */
  function window_(shape, o, word) {
    image(shape, word);
    o.kernel = perAxis(o.kernel, 2, "kernel");
    o.stride = perAxis(Number(o.stride) === 0 ? o.kernel : o.stride, 2, "stride"); // 0: as far as it is wide
    o.dilation ??= 1;
    if (!PADDINGS.includes(o.padding)) o.padding = wholeNumber(o.padding, "padding", 0);
    return sizeAfter(shape.slice(0, 2), o.kernel, o.stride, o.padding, wholeNumber(o.dilation, "dilation"));
  }

  function yesOrNo(o, name) {
    if (typeof o[name] !== "boolean") refuse(`${name} is ${repr(o[name])}, but yes or no is needed`);
  }

  function conv(shape, o) {
    const size = window_(shape, o, "conv"), filters = wholeNumber(o.filters, "filters"), groups = wholeNumber(o.groups, "groups");
    if (shape[2] % groups || filters % groups) refuse(`groups is ${groups}, which must divide C = ${shape[2]} channels and ${filters} filters`);
    yesOrNo(o, "bias");
    return [...size, filters];
  }

  function sparseConv(shape, o) {
    const size = window_(shape, o, "sparse_conv"), maps = String(o.maps).split(",");
    o.maps = maps.map(one => (/^\d+$/.test(one) ? [...one].map(Number) : []));
    maps.forEach((text, k) => {
      const channels = o.maps[k];
      if (!channels.length || Math.max(...channels) >= shape[2] || new Set(channels).size < channels.length) {
        refuse(`maps has ${repr(text)}, but the digits of channels 0 ... ${shape[2] - 1} are needed, each once`);
      }
    });
    yesOrNo(o, "bias");
    return [...size, maps.length];
  }

  function depthwise(shape, o) {
    const size = window_(shape, o, "depthwise_conv");
    yesOrNo(o, "bias");
    return [...size, shape[2] * wholeNumber(o.multiplier, "multiplier")];
  }

  function averagePool(shape, o) {
    if (!PADDINGS.includes(o.padding)) refuse(`padding is ${repr(o.padding)}, but avg_pool takes same or valid: zeros would count`);
    return [...window_(shape, o, "avg_pool"), shape[2]];
  }

  function globalAverage(shape) {
    if (shape.length === 1) refuse(`global_avg_pool needs positions to average over, but the shape ${repr(shape)} came`);
    return shape.slice(-1);
  }

  function dense(shape, o) {
    yesOrNo(o, "bias");
    return [...shape.slice(0, -1), wholeNumber(o.units, "units")];
  }

  function rbf(shape, o) {
    if (shape.length !== 1) refuse(`rbf needs a vector (C,), but the shape ${repr(shape)} came: flatten first`);
    return [wholeNumber(o.units, "units")];
  }

  function dropout(shape, { rate }) {
    if (!(rate >= 0 && rate < 1)) refuse(`rate is ${repr(rate)}, but a number in [0, 1) is needed`);
    return shape;
  }

  /* `o[name]`, a whole number, must divide the channels. */
  function divides(shape, o, name) {
    if (shape.at(-1) % wholeNumber(o[name], name)) refuse(`${name} is ${o[name]}, which must divide C = ${shape.at(-1)} channels`);
    return shape;
  }

  function rowOfTokens(shape, word) {
    if (shape.length !== 2) refuse(`${word} needs tokens (T, C), but the shape ${repr(shape)} came: write tokens before it`);
    return shape;
  }

  const same = shape => shape;
  const norm = (shape, o) => { if ("scale" in o) yesOrNo(o, "scale"); return shape; };
  const LOOKING = { stride: 1, padding: "same" }, POOLING = { stride: 0, padding: "same" };
  const WORDS = { // the shape that comes out; what has to be told, in this order; what may be told, and what is usual
    conv: [conv, ["kernel", "filters"], { ...LOOKING, dilation: 1, groups: 1, bias: true }],
    sparse_conv: [sparseConv, ["kernel"], { maps: "", ...LOOKING, bias: true }],
    depthwise_conv: [depthwise, ["kernel"], { ...LOOKING, dilation: 1, multiplier: 1, bias: true }],
    max_pool: [(shape, o) => [...window_(shape, o, "max_pool"), shape[2]], ["kernel"], POOLING],
    avg_pool: [averagePool, ["kernel"], POOLING],
    global_avg_pool: [globalAverage],
    flatten: [shape => [product(shape)]],
    dense: [dense, ["units"], { bias: true }],
    rbf: [rbf, ["units"]],
    dropout: [dropout, ["rate"]],
    batch_norm: [norm, [], { epsilon: 0.001, scale: true }],
    layer_norm: [norm, [], { epsilon: 0.000001 }],
    local_response_norm: [(shape, o) => { image(shape, "local_response_norm"); wholeNumber(o.size, "size"); return shape; }, ["size"], { alpha: 0.0001, beta: 0.75, bias: 2 }],
    scale: [(shape, o) => { yesOrNo(o, "bias"); return shape; }, [], { bias: false, start: 1 }],
    shuffle: [(shape, o) => divides(shape, o, "groups"), ["groups"]],
    tokens: [shape => { image(shape, "tokens"); return [shape[0] * shape[1], shape[2]]; }],
    class_token: [shape => { rowOfTokens(shape, "class_token"); return [shape[0] + 1, shape[1]]; }],
    first_token: [shape => rowOfTokens(shape, "first_token").slice(1)],
    positions: [shape => rowOfTokens(shape, "positions")],
    attention: [(shape, o) => divides(rowOfTokens(shape, "attention"), o, "heads"), ["heads"]],
    identity: [same],
  };
  for (const name of ["relu", "relu6", "sigmoid", "tanh", "silu", "gelu", "hard_sigmoid", "hard_silu", "softmax"]) WORDS[name] = [same];
  const JOINS = ["add", "concat", "multiply"];

  /* Each word with what it needs to be told, and what it may be told with what is usual. */
  const words = () => Object.entries(WORDS).map(([word, [, needs = [], may = {}]]) => ({ word, needs, may: Object.entries(may) }));

  /* The shape that paths come together in. A vector multiplies an image channel by channel. */
  function joined(word, shapes) {
    const [first, ...others] = shapes, shown = shapes.map(repr).join(" and "), equal = (a, b) => String(a) === String(b);
    if (word === "concat") {
      if (others.some(shape => !equal(shape.slice(0, -1), first.slice(0, -1)))) refuse(`concat needs paths that agree in all but the channels, but ${shown} came`);
      return [...first.slice(0, -1), shapes.reduce((sum, shape) => sum + shape.at(-1), 0)];
    }
    if (others.some(shape => !equal(shape, first) && (word === "add" || !equal(shape, first.slice(-1))))) {
      refuse(`${word} needs paths of one shape${word === "multiply" ? " (or, after the first, a vector of its channels)" : ""}, but ${shown} came`);
    }
    return first;
  }

  /* --- the rows --- */

  /* {name, nodes, outputs}: each node {name, op, inputs, shape, options, row} stands behind its inputs, which are places
     in `nodes`. `size` is [height, width]; `settings` are values instead of those of the spec. */
  function build(spec, size = null, settings = {}) {
    const nodes = [], outputs = {}, counts = new Map(), names = {};
    let here = 0, row = "input", depth = 0, looks = 0;

    const unknown = Object.keys(settings).filter(name => !Object.hasOwn(spec.settings, name)).sort();
    if (unknown.length) refuse(`${spec.name} has no setting ${unknown.join(", ")}; it has ${Object.keys(spec.settings).join(", ") || "none"}`);
    for (const [name, text] of Object.entries(spec.settings)) {
      names[name] = name in settings ? settings[name] : value(text, names, { text: `${name} = ${text}`, line: spec.places[name] ?? null });
    }
    const start = { text: "input", line: spec.places.input ?? null };
    let shape = spec.input.map(text => value(text, names, start));
    if (size) shape = [...perAxis(size, 2, "size"), shape[2]];
    within(start, () => { shape = perAxis(shape, 3, "input"); }, false);
    nodes.push({ name: "input", op: "input", inputs: [], shape, options: {}, row });
    for (const line of spec.rows) walk(line, names, true);
    outputs.main = here;
    return { name: spec.name, nodes, outputs };

    /* Whatever is wrong is told with the place where it is. */
    function within(where, act, told = true) {
      try {
        return act();
      } catch (error) {
        if (!(error instanceof SpecError)) throw error;
        throw new SpecError(told ? `${where.text}: ${error.message}` : error.message, where.line);
      }
    }

    function unique(word) {
      const count = (counts.get(word) ?? 0) + 1;
      counts.set(word, count);
      return count === 1 ? word : `${word}_${count}`;
    }

    /* The names that an expression may use: settings, arguments, and the shape that has been reached. */
    function now(known) {
      const { shape } = nodes[here];
      return { ...known, C: shape.at(-1), ...(shape.length === 3 ? { H: shape[0], W: shape[1] } : {}) };
    }

    function value(text, known, where) {
      return PADDINGS.includes(text) ? text : within(where, () => evaluate(text, known));
    }

    function walk(line, known, top = false) {
      const words = line.items.map(cnn.architectures.shownItem).join(" -> ");
      const where = { text: `${spec.name}, line ${line.number}, ${repr(words)}`, line: line.source === spec.source ? line.number : null };
      const no = what => { throw new SpecError(`${where.text}: ${what}`, where.line); };
      if (line.condition) {
        const holds = value(line.condition, now(known), where);
        if (!Array.isArray(holds) && !holds) return;
      }
      const times = Number(value(line.times, now(known), where));
      if (!(Number.isInteger(times) && times >= 0 && times <= LARGEST)) no(`repeated ${repr(value(line.times, now(known), where))} times, but a whole number up to ${thousands(LARGEST)} is needed`);
      if (top && times) row = unique(line.label || line.items[0].word);
      for (let k = 0; k < times; k++) {
        if ((looks += line.items.length) > LONGEST) no(`the rows of ${spec.name} go on for more than ${thousands(LONGEST)} words`);
        if (line.paths.length) part(line, known, where, no);
        else for (const item of line.items) one(item, known, where, no);
      }
    }

    function one(item, known, where, no) {
      if (Object.hasOwn(spec.blocks, item.word)) call(item, known, where, no);
      else if (Object.hasOwn(WORDS, item.word)) {
        const [shapeOf, needed = [], usual = {}] = WORDS[item.word];
        const options = bound(item, needed, usual, known, where, no);
        add(item.word, [here], within(where, () => shapeOf(nodes[here].shape, options)), options);
      } else if ([...JOINS, "output"].includes(item.word)) no(`the paths of ${item.word} stand below it, each with | in front`);
      else no(`there is no word or block ${repr(item.word)}; there are ${[...Object.keys(spec.blocks), ...Object.keys(WORDS), ...JOINS, "output"].join(", ")}`);
    }

    function call(item, known, where, no) {
      const block = spec.blocks[item.word], inner = { ...names };
      if (depth >= DEEPEST) no(`blocks stand ${DEEPEST} deep in each other here; does one of them call itself?`);
      const needed = Object.keys(block.arguments).filter(name => block.arguments[name] === null);
      const given = bound(item, Object.keys(block.arguments), {}, known, where, no, needed);
      for (const [name, text] of Object.entries(block.arguments)) inner[name] = Object.hasOwn(given, name) ? given[name] : value(text, now(inner), where);
      depth++;
      for (const line of block.rows) walk(line, inner);
      depth--;
    }

    function part(line, known, where, no) {
      const [item] = line.items, start = here, isOutput = item.word === "output";
      if (!isOutput && !JOINS.includes(item.word)) no(`paths can stand below ${JOINS.join(", ")} or output, not below ${repr(item.word)}`);
      if (Object.keys(item.options).length || item.arguments.length !== Number(isOutput)) no(`this should be ${item.word}${isOutput ? " and a name" : ""} alone`);
      const ends = line.paths.map(path => {
        here = start;
        for (const below of path) walk(below, known);
        return here;
      });
      if (isOutput) {
        if (ends.length !== 1 || ends[0] === start) no("an output has one path, which is not empty");
        outputs[item.arguments[0]] = ends[0];
        here = start;
        return;
      }
      if (ends.length < 2) no(`${item.word} needs at least two paths, but there is one`);
      add(item.word, ends, within(where, () => joined(item.word, ends.map(end => nodes[end].shape))), {});
    }

    /* name -> value, from what a row says, what the word takes, and what is usual. */
    function bound(item, takes, usual, known, where, no, needed = takes) {
      const texts = {};
      if (item.arguments.length > takes.length) no(`${item.word} takes ${takes.join(" ") || "no arguments"}, but ${item.arguments.join(" ")} came`);
      item.arguments.forEach((text, k) => { texts[takes[k]] = text; });
      for (const [name, text] of Object.entries(item.options)) {
        if (!takes.includes(name) && !Object.hasOwn(usual, name)) no(`${item.word} has no ${name}=; it has ${[...takes, ...Object.keys(usual)].join(", ")}`);
        if (Object.hasOwn(texts, name)) no(`${item.word} is told ${name} twice`);
        texts[name] = text;
      }
      const missing = needed.filter(name => !Object.hasOwn(texts, name));
      if (missing.length) no(`${item.word} needs ${missing.join(" and ")}`);
      const values = { ...usual }, reached = now(known);
      for (const [name, text] of Object.entries(texts)) values[name] = name === "maps" ? text : value(text, reached, where); // maps are digits, no expression
      return values;
    }

    function add(op, inputs, shape, options) {
      if (op === "identity") return; // it only says that a path is empty
      if (nodes.length >= LARGEST) refuse(`${spec.name} has more than ${thousands(LARGEST)} nodes`);
      nodes.push({ name: unique(`${row}.${op}`), op, inputs, shape, options, row });
      here = nodes.length - 1;
    }
  }

  /* The network without the heads that only training uses. */
  function main(graph) {
    const wanted = new Set([graph.outputs.main]), places = new Map();
    for (let at = graph.nodes.length - 1; at >= 0; at--) if (wanted.has(at)) graph.nodes[at].inputs.forEach(input => wanted.add(input));
    const nodes = graph.nodes.filter((node, at) => wanted.has(at) && places.set(at, places.size))
      .map(node => ({ ...node, inputs: node.inputs.map(input => places.get(input)) }));
    return { name: graph.name, nodes, outputs: { main: places.get(graph.outputs.main) } };
  }

  Object.assign(window.cnn.architectures, { build, main, words, padAmounts, product });
})();
