/* The arithmetic of a spec, and the checks of numbers, as cnncourse/architectures/expressions.py and
   cnncourse/arguments.py have them. The files of this folder are loaded before architecture-explorer.js; they are also
   what tests/test_architectures_in_the_browser.py runs under node. */
(() => {
  "use strict";

  /* What is wrong with a text, and in which of its lines, if it is known. */
  class SpecError extends Error {
    constructor(message, line = null) {
      super(message);
      this.line = line;
    }
  }

  /* A value as Python writes it, so that both say the same: 'conv', (8, 8, 3), (192,), True. */
  function repr(value) {
    if (typeof value === "string") {
      const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
      return quote + value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`) + quote;
    }
    if (Array.isArray(value)) return `(${value.map(repr).join(", ")}${value.length === 1 ? "," : ""})`;
    if (typeof value === "boolean") return value ? "True" : "False";
    return Math.abs(value) === Infinity ? (value < 0 ? "-inf" : "inf") : String(value);
  }

  /* A number, if it is whole and at least `minimum`. */
  function wholeNumber(value, name, minimum = 1) {
    if (Number.isSafeInteger(value) && value >= minimum) return value;
    const like = Number.isFinite(Number(value)) && !Array.isArray(value) && typeof value !== "string"
      ? Math.max(Math.trunc(Number(value)), minimum) : minimum;
    throw new SpecError(`${name} is ${repr(value)}, but a whole number >= ${minimum} is needed, such as ${like}`);
  }

  /* One whole number for each axis; a single one stands for all of them. */
  function perAxis(value, rank, name, minimum = 1) {
    if (!Array.isArray(value)) return Array(rank).fill(wholeNumber(value, name, minimum));
    if (value.length !== rank) throw new SpecError(`${name} is ${repr(value)}, but one whole number or ${rank} of them are needed`);
    return value.map(one => wholeNumber(one, name, minimum));
  }

  function round8(value) {
    const rounded = Math.max(8, Math.floor(Math.trunc(value + 4) / 8) * 8);
    return rounded < 0.9 * value ? rounded + 8 : rounded;
  }

  const FUNCTIONS = { // how many arguments each takes, and what it does
    ceil: [1, 1, Math.ceil], int: [1, 1, Math.trunc], round8: [1, 1, round8],
    max: [2, Infinity, Math.max], min: [2, Infinity, Math.min],
  };
  const notZero = b => { if (!Number(b)) throw new SpecError("division by zero"); return b; };
  const same = (a, b) => (Array.isArray(a) && Array.isArray(b) ? String(a) === String(b) : !Array.isArray(a) && !Array.isArray(b) && Number(a) === Number(b));
  const OPERATORS = {
    "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / notZero(b),
    "//": (a, b) => Math.floor(a / notZero(b)), "%": (a, b) => a - notZero(b) * Math.floor(a / b),
    "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  };
  const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)(?![\p{L}_])|([\p{L}_][\p{L}\p{N}_]*)|(\/\/|[=!<>]=|[-+*\/%<>(),]))/uy;

  /* What stands in an expression, piece by piece; null where it is none. */
  function pieces(text) {
    const found = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const match = TOKEN.exec(text);
      if (!match) return null;
      const [, number, name, sign] = match;
      found.push(number ? { number: Number(number) } : name ? { name } : { sign });
    }
    return found;
  }

  const parsed = new Map();

  /* The expression as a function of the names that it may use. What is weakest comes first: or, and, not, < ==, + -, * /. */
  function parse(text) {
    if (parsed.has(text)) return parsed.get(text);
    const all = pieces(text);
    let at = 0;
    const refuse = () => { throw new SpecError(`${repr(text)} is no expression, such as 64, 3x3 or 4*f`); };
    const sign = (...signs) => (at < all.length && signs.includes(all[at].sign) ? all[at++].sign : null);
    const word = name => at < all.length && all[at].name === name && Boolean(++at);
    const truth = value => Array.isArray(value) || Boolean(value);

    function apply(operation, parts) {
      return names => {
        const values = parts.map(part => part(names));
        const wrong = why => { throw new SpecError(`${repr(text)} with ${values.map(repr).join(", ")}: ${why}`); };
        if (values.some(Array.isArray)) wrong("there is no such arithmetic with a pair");
        let result;
        try {
          result = operation(...values.map(value => (typeof value === "boolean" ? Number(value) : value)));
        } catch (error) {
          wrong(error.message);
        }
        return Number.isNaN(result) || Math.abs(result) === Infinity ? wrong("the result is no number") : result;
      };
    }
    function either() {
      const parts = [both()];
      while (word("or")) parts.push(both());
      return parts.length > 1 ? names => parts.some(part => truth(part(names))) : parts[0];
    }
    function both() {
      const parts = [not()];
      while (word("and")) parts.push(not());
      return parts.length > 1 ? names => parts.every(part => truth(part(names))) : parts[0];
    }
    function not() {
      if (!word("not")) return compared();
      const part = not();
      return names => !truth(part(names));
    }
    function compared() {
      const left = sum(), found = sign("==", "!=", "<", "<=", ">", ">=");
      if (!found) return left;
      const right = sum();
      if (found === "==") return names => same(left(names), right(names));
      if (found === "!=") return names => !same(left(names), right(names));
      return apply(OPERATORS[found], [left, right]);
    }
    function chain(below, ...signs) {
      let left = below();
      for (let found = sign(...signs); found; found = sign(...signs)) left = apply(OPERATORS[found], [left, below()]);
      return left;
    }
    const sum = () => chain(product, "+", "-");
    const product = () => chain(single, "*", "/", "//", "%");
    function single() {
      if (sign("-")) return apply(a => -a, [single()]);
      if (sign("(")) {
        const inside = either();
        return sign(")") ? inside : refuse();
      }
      const piece = all[at++];
      if (piece?.number !== undefined) return () => piece.number;
      if (piece?.name === undefined || ["and", "or", "not"].includes(piece.name)) refuse();
      return sign("(") ? call(piece.name) : names => value(piece.name, names);
    }
    function call(name) {
      const parts = [];
      while (!sign(")")) {
        if (parts.length && !sign(",")) refuse();
        parts.push(either());
      }
      const [least, most, operation] = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : refuse();
      return parts.length < least || parts.length > most ? refuse() : apply(operation, parts);
    }
    function value(name, names) {
      if (Object.hasOwn(names, name)) return names[name];
      if (name === "yes" || name === "no") return name === "yes";
      const known = Object.keys(names).sort().join(", ") || "no names";
      throw new SpecError(`${repr(name)} is not known here; known are ${known}`);
    }

    if (!all?.length) refuse();
    const result = either();
    if (at < all.length) refuse();
    parsed.set(text, result);
    return result;
  }

  /* The value of an expression such as 4*f: a number, a pair, or true and false. */
  function evaluate(text, names = {}) {
    if (/^\d+x\d+$/.test(text)) return text.split("x").map(Number);
    return parse(text.trim())(names);
  }

  window.cnn.architectures = { ...window.cnn.architectures, SpecError, repr, wholeNumber, perAxis, round8, evaluate };
})();
