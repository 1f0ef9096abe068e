/* What can be read off a graph: counts, fields of view, memory and the table, as counting.py, receptive_fields.py,
   storage.py and tables.py of cnncourse/architectures/ have them. */
(() => {
  "use strict";
  const { padAmounts, product } = window.cnn.architectures;

  /* --- parameters and work: {trainable, fixed, macs, flops} --- */

  const FOR_EACH = { // operations for each number that comes out
    relu: 1, relu6: 2, sigmoid: 4, tanh: 1, silu: 5, gelu: 5, hard_sigmoid: 4, hard_silu: 5, softmax: 3,
    batch_norm: 2, layer_norm: 7, positions: 1, multiply: 1,
    dropout: 0, flatten: 0, shuffle: 0, tokens: 0, class_token: 0, first_token: 0, concat: 0, input: 0,
  };
  const count = (trainable, fixed, macs, flops) => ({ trainable, fixed, macs, flops });
  const plus = (a, b) => count(a.trainable + b.trainable, a.fixed + b.fixed, a.macs + b.macs, a.flops + b.flops);
  const NOTHING = count(0, 0, 0, 0);

  /* `units` sums of `length` products at each of `positions`, and the weights that are shared among them. */
  function products(positions, length, units, bias) {
    return count(units * (length + bias), 0, positions * units * length, positions * units * (2 * length - 1 + bias));
  }

  function attention([tokens, channels], heads) {
    const dense = products(tokens, channels, channels, 1), pairs = tokens * tokens;
    const scores = count(0, 0, pairs * channels, pairs * (2 * channels - heads));
    const softmax = count(0, 0, 0, pairs * heads * (FOR_EACH.softmax + 1)); // and the scale
    const mixing = count(0, 0, pairs * channels, tokens * channels * (2 * tokens - 1));
    return [dense, dense, dense, dense, scores, softmax, mixing].reduce(plus);
  }

  function countOf(node, before) {
    const { op, options: o } = node, size = product(node.shape), channels = node.shape.at(-1), positions = size / channels;
    const bias = Number(o.bias ?? 0), taps = o.kernel ? product(o.kernel) : 0;
    switch (op) {
      case "conv": return products(positions, taps * before.at(-1) / o.groups, channels, bias);
      case "sparse_conv": return o.maps.map(map => products(positions, taps * map.length, 1, bias)).reduce(plus);
      case "depthwise_conv": return products(positions, taps, channels, bias);
      case "dense": return products(positions, before.at(-1), channels, bias);
      case "rbf": return count(0, channels * before.at(-1), channels * before.at(-1), channels * (3 * before.at(-1) - 1));
      case "attention": return attention(node.shape, o.heads);
      case "scale": return count(channels * (1 + bias), 0, size, size * (1 + bias));
      case "batch_norm": return count(channels * (1 + Number(o.scale)), 2 * channels, 0, size * FOR_EACH.batch_norm);
      case "layer_norm": return count(2 * channels, 0, 0, size * FOR_EACH.layer_norm);
      case "class_token": return count(channels, 0, 0, 0);
      case "positions": return count(size, 0, 0, size);
      case "max_pool": return count(0, 0, 0, size * (taps - 1));
      case "avg_pool": return count(0, 0, 0, size * taps);
      case "global_avg_pool": return count(0, 0, 0, product(before));
      case "local_response_norm": return count(0, 0, 0, size * (o.size + 4));
      case "add": return count(0, 0, 0, size * (node.inputs.length - 1));
      default: return count(0, 0, 0, size * FOR_EACH[op]);
    }
  }

  /* The count of each node, in the order of the graph. */
  const counts = ({ nodes }) => nodes.map(node => countOf(node, node.inputs.length ? nodes[node.inputs[0]].shape : null));

  /* --- what is seen: {widest, narrowest}, each two of {size, jump, start}, or null for the whole image --- */

  const EVERYTHING = ["global_avg_pool", "flatten", "rbf", "attention", "first_token", "class_token"];

  /* The field of each node, in the order of the graph. */
  function fields({ nodes }) {
    const found = [];
    for (const node of nodes) {
      const sources = node.inputs.map(at => found[at]);
      if (node.op === "input") {
        const pixel = [0, 1].map(() => ({ size: 1, jump: 1, start: 0 }));
        found.push({ widest: pixel, narrowest: pixel });
      } else if (EVERYTHING.includes(node.op)) found.push({ widest: null, narrowest: null });
      else if (node.options.kernel) {
        const { kernel, stride, padding, dilation } = node.options;
        const pads = padAmounts(padding, nodes[node.inputs[0]].shape.slice(0, 2), kernel, stride, dilation);
        const through = path => path && path.map(({ size, jump, start }, axis) => {
          const reach = dilation * (kernel[axis] - 1);
          return { size: size + reach * jump, jump: jump * stride[axis], start: start + (reach / 2 - pads[axis][0]) * jump };
        });
        found.push({ widest: through(sources[0].widest), narrowest: through(sources[0].narrowest) });
      } else found.push({ widest: union(sources.map(field => field.widest)), narrowest: smallest(sources.map(field => field.narrowest)) });
    }
    return found;
  }

  /* The smallest field that holds all of them; null where one sees everything. */
  function union(paths) {
    if (paths.includes(null)) return null;
    return [0, 1].map(axis => {
      const along = paths.map(path => path[axis]);
      const first = Math.min(...along.map(({ start, size }) => start - size / 2)), last = Math.max(...along.map(({ start, size }) => start + size / 2));
      return { size: last - first, jump: Math.max(...along.map(({ jump }) => jump)), start: (first + last) / 2 };
    });
  }

  const area = path => path[0].size * path[1].size;
  const smallest = paths => paths.reduce((best, path) => (path && (!best || area(path) < area(best)) ? path : best), null);

  /* --- memory, in numbers of one image and in bytes --- */

  const VIEWS = ["flatten", "tokens", "dropout", "first_token"]; // at inference: the same numbers, or a part of them
  const NEEDS_INPUT = ["conv", "sparse_conv", "depthwise_conv", "dense", "rbf", "attention", "batch_norm", "layer_norm", "scale",
    "local_response_norm", "max_pool", "multiply", "silu", "gelu", "hard_sigmoid", "hard_silu"];
  const NEEDS_OUTPUT = ["relu", "relu6", "sigmoid", "tanh", "softmax"];

  /* For each node the one whose numbers it shows: its own, but for a view. */
  function owners(nodes, views) {
    const owner = [];
    nodes.forEach((node, at) => owner.push(views.includes(node.op) ? owner[node.inputs[0]] : at));
    return owner;
  }

  /* How many numbers of one image are kept at the fullest moment of a forward pass, and at which node that is. */
  function mostAtOnce({ nodes, outputs }) {
    const owner = owners(nodes, VIEWS), last = nodes.map((node, at) => at), going = nodes.map(() => []);
    for (const at of Object.values(outputs)) last[owner[at]] = nodes.length - 1; // until the end
    nodes.forEach((node, at) => { for (const input of node.inputs) last[owner[input]] = Math.max(last[owner[input]], at); });
    nodes.forEach((node, at) => { if (owner[at] === at) going[last[at]].push(at); });
    let now = 0, most = 0, peak = "";
    nodes.forEach((node, at) => {
      if (owner[at] === at) now += product(node.shape);
      if (now > most) [most, peak] = [now, node.name];
      for (const gone of going[at]) now -= product(nodes[gone].shape);
    });
    return { most, peak };
  }

  /* In training: how many numbers of each node's output wait for the backward pass. */
  function kept({ nodes }) {
    const owner = owners(nodes, ["flatten", "tokens"]), numbers = nodes.map(() => 0);
    nodes.forEach((node, at) => {
      for (const needed of NEEDS_INPUT.includes(node.op) ? node.inputs : NEEDS_OUTPUT.includes(node.op) ? [at] : []) {
        numbers[owner[needed]] = Math.max(numbers[owner[needed]], product(nodes[needed].shape));
      }
    });
    nodes.forEach(({ op, shape: [tokens, channels], options }, at) => {
      if (op === "attention") numbers[at] += 4 * tokens * channels + options.heads * tokens * tokens;
    });
    return numbers;
  }

  /* Bytes, at four a number and with Adam's two numbers for each weight; as memory() of storage.py names them. */
  function memory(graph, batch = 1, bytes = 4, slots = 2) {
    const total = counts(graph).reduce(plus, NOTHING), { most, peak } = mostAtOnce(graph);
    const weights = (total.trainable + total.fixed) * bytes, activations = most * batch * bytes;
    const waiting = kept(graph).reduce((sum, n) => sum + n, 0) * batch * bytes;
    return {
      weights, activations, peak, inference: weights + activations, kept: waiting,
      training: weights + total.trainable * (1 + slots) * bytes + waiting,
    };
  }

  /* --- the table: one row for each row of the spec, or for each node --- */

  function table(graph, byNode = false) {
    const counted = counts(graph), seen = fields(graph), waiting = kept(graph), rows = new Map();
    graph.nodes.forEach((node, at) => {
      const name = byNode ? node.name : node.row, row = rows.get(name) ?? { name, ...NOTHING, outputs: 0, kept: 0, ops: [] };
      row.ops.push(node.op);
      rows.set(name, { ...row, ...plus(row, counted[at]), shape: node.shape, outputs: row.outputs + product(node.shape),
        kept: row.kept + waiting[at], ...seen[at] });
    });
    return [...rows.values()];
  }

  /* All rows together. */
  const total = rows => rows.reduce(plus, NOTHING);

  Object.assign(window.cnn.architectures, { counts, fields, memory, table, total });
})();
