"""The report on submissions that are alike: what it finds, what it leaves alone, and what it survives."""

import csv
import inspect
import json
import os
import re
import subprocess
import sys
from argparse import Namespace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from bank import ch02_convolution as bank

from cnncourse.checks import task
from cnncourse.checks.probing import limited
from cnncourse.cli import main
from cnncourse.grading.judge import untrusted
from cnncourse.grading.reports import similarity, winnowing
from cnncourse.grading.reports.similarity import drop_common, library, pairs_of, pairs_with, shared_counts
from cnncourse.grading.reports.winnowing import Released, Work, hashes_of, picked, released, runs, tokens_of, work_of

pytestmark = pytest.mark.sampled

ROOT = Path(__file__).resolve().parents[1]
SLUG = "ch02_convolution"
NOTHING = Released()

CODE = '''
def conv2d(x, kernel, bias, stride, padding, dilation):
    """A convolutional layer."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    N, H, W, C = x.shape
    KH, KW, C, F = kernel.shape
    OH = (H - dilation * (KH - 1) - 1) // stride + 1
    OW = (W - dilation * (KW - 1) - 1) // stride + 1
    y = np.zeros((N, OH, OW, F)) + bias
    for u in range(KH):
        for v in range(KW):
            rows = u * dilation + stride * np.arange(OH)
            columns = v * dilation + stride * np.arange(OW)
            y += x[:, rows][:, :, columns] @ kernel[u, v]
    return y


def conv_transpose(x, kernel, stride):
    (H, W), (KH, KW) = x.shape, kernel.shape
    y = np.zeros(((H - 1) * stride + KH, (W - 1) * stride + KW))
    for i in range(H):
        for j in range(W):
            top, left = i * stride, j * stride
            y[top : top + KH, left : left + KW] += x[i, j] * kernel
    return y


def im2col(x, KH, KW, stride):
    H, W, C = x.shape
    rows = []
    for i in range(0, H - KH + 1, stride):
        for j in range(0, W - KW + 1, stride):
            rows.append(x[i : i + KH, j : j + KW].ravel())
    return np.array(rows)
'''


def share(first, second, given=NOTHING):
    pairs = pairs_of([work_of("ada", first, given), work_of("bo", second, given)])
    return pairs[0].share if pairs else 0.0


def renamed(code):
    words = {"padding": "p", "kernel": "weights", "stride": "s", "dilation": "d", "rows": "r", "columns": "cols"}
    words |= {"x": "image", "y": "result", "KH": "kh", "KW": "kw", "OH": "out_h", "OW": "out_w", "u": "a", "v": "b"}
    return re.sub(r"\b\w+\b", lambda word: words.get(word[0], word[0]), code)


def reordered(code):
    return "\n\ndef ".join(["", *reversed(code.split("\ndef ")[1:])])


def commented(code):
    lines = [
        line + "  # und nun das" if line.strip() and '"""' not in line else "# nichts" for line in code.split("\n")
    ]
    return "\n".join(lines).replace("    return", "    'a string that nobody needs'\n\n    return")


def other_literals(code):
    return code.replace('"""A convolutional layer."""', "'Meine Schicht'").replace("1", "17").replace("0", "3.5e-2")


def other_spaces(code):
    return code.replace(" = ", "=").replace(", ", ",").replace("    ", "  ").replace("(x,", "(\n  x  ,")


def other_cells(code):
    return code.split("\n\n\n")


DISGUISES = [renamed, reordered, commented, other_literals, other_spaces, other_cells]


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_copy_in_disguise_is_found(disguise):
    copy = disguise(CODE)
    assert copy != CODE
    assert share([CODE], copy if isinstance(copy, list) else [copy]) > 0.85


def test_a_copy_in_all_disguises_at_once_is_found():
    copy = CODE
    for disguise in DISGUISES[:5]:
        copy = disguise(copy)
    assert share([CODE], [copy]) > 0.8


def sources(names):
    return [inspect.getsource(getattr(bank, name)) for name in names]


ALL_TASKS = {
    "loops": [
        "size_by_counting",
        "pad_by_hand",
        "window_by_loops",
        "correlate_lists",
        "convolve_by_indices",
        "conv2d_loops",
        "im2col_lists",
        "transposed_by_matrix",
    ],
    "views": [
        "size_by_numpy",
        "pad_by_stacking",
        "window_by_view",
        "correlate_by_view",
        "convolve_by_view",
        "conv2d_einsum",
        "im2col_by_view",
        "transposed_by_spreading",
    ],
    "others": [
        "size_by_steps",
        "pad_lists",
        "window_by_einsum",
        "correlate_by_shifts",
        "convolve_by_fft",
        "conv2d_keras",
        "im2col_by_strides",
        "transposed_by_shifts",
    ],
}


@pytest.mark.parametrize(("one", "other"), list(combinations(ALL_TASKS, 2)))
def test_right_answers_that_were_found_independently_are_not_flagged_high(one, other):
    assert share(sources(ALL_TASKS[one]), sources(ALL_TASKS[other])) < 0.15


@pytest.mark.parametrize("name", sorted(ALL_TASKS))
def test_each_of_them_is_all_alike_with_a_renamed_copy_of_itself(name):
    assert share(sources(ALL_TASKS[name]), [renamed(code) for code in sources(ALL_TASKS[name])]) == 1.0


def test_released_code_is_ignored_as_it_is_and_with_other_names():
    given = released([CODE])
    own = "def mine(a):\n    return [a[i + 1] - a[i] for i in range(len(a) - 1) if a[i] > 0 and i % 2 == 1]"
    assert share([CODE], [CODE]) == 1.0
    assert share([CODE, own], [CODE], given) == 0.0
    assert share([renamed(CODE)], [renamed(CODE)], given) == 0.0
    assert share([CODE, own], [own, CODE], given) == 1.0  # only what they did not get


def test_the_untouched_release_leaves_nothing_to_compare():
    cells = similarity.notebooks_in(ROOT / "exercises" / SLUG)
    assert len(cells) > 15
    assert work_of("ada", cells, released(cells)).places == {}


def test_what_a_large_part_of_the_class_writes_is_forgotten_but_not_in_a_small_class():
    def class_of(size, copies):
        works = [Work(f"s{i:02}", [], places={1000 + i: [(0, 0)]}) for i in range(size)]
        for work in works[:copies]:
            work.places[1] = [(0, 0)]
        drop_common(works, share=0.3, students=10)
        return sum(1 in work.places for work in works)

    assert class_of(40, 12) == 12
    assert class_of(40, 13) == 0
    assert class_of(12, 10) == 10
    assert class_of(12, 11) == 0


def test_the_shares_of_a_pair_are_those_of_the_smaller_work_and_the_order_is_fixed():
    works = [
        Work(name, [], places={key: [] for key in keys})
        for name, keys in {"d": range(8), "c": range(4, 12), "b": range(8), "a": range(100, 103)}.items()
    ]
    found = [(pair.first.name, pair.second.name, pair.shared, pair.share) for pair in pairs_of(works)]
    assert found == [("d", "b", 8, 1.0), ("c", "b", 4, 0.5), ("d", "c", 4, 0.5)]


def test_the_counts_are_those_of_the_sets(rng):
    works = [
        Work(str(i), [], places={int(key): [] for key in rng.choice(20_000, 900, replace=False)}) for i in range(9)
    ]
    expected = [[len(a.places.keys() & b.places.keys()) for b in works] for a in works]
    assert shared_counts(works).tolist() == expected
    assert expected[0][1] > 0


def test_a_copy_of_the_library_is_pointed_out_with_its_file():
    copy = renamed((ROOT / "cnncourse" / "unfolding.py").read_text())
    works = [work_of("copied", [copy], NOTHING), work_of("own", sources(ALL_TASKS["views"]), NOTHING)]
    found = {pair.first.name: pair for pair in pairs_with(works, library(NOTHING))}
    assert found["copied"].share > 0.9
    assert found["copied"].second.name == "cnncourse/unfolding.py"
    assert "own" not in found or found["own"].share < 0.3


def test_the_courses_own_answers_are_pointed_out_with_their_files():
    for name in ("ch02.conv2d", "ch03.winners", "ch05.cross_entropy"):
        pasted = renamed(inspect.getsource(task(name).reference))
        (pair,) = pairs_with([work_of("copied", [pasted], NOTHING)], library(NOTHING))
        assert pair.share > 0.9
        assert pair.second.name.startswith(f"cnncourse/checks/{name[:4]}")


# Winnowing


def naive(hashes, size):
    kept = set()
    for start in range(max(1, len(hashes) - size + 1)):
        window = [(value, -(start + i)) for i, value in enumerate(hashes[start : start + size])]
        kept.add(-min(window)[1])
    return sorted(kept)


def test_the_kept_hashes_are_those_of_the_definition(rng):
    for count in (1, 3, winnowing.WINDOW, 50, 400):
        hashes = rng.integers(0, 30, count)
        assert picked(hashes.astype(np.uint64)).tolist() == naive(hashes.tolist(), winnowing.WINDOW)
    assert picked(np.zeros(0, np.uint64)).tolist() == []


def test_a_run_of_the_guaranteed_length_is_always_found_and_one_shorter_than_k_never(rng):
    letters = np.array(sorted(winnowing.FIXED))
    for _ in range(30):
        common = " ".join(rng.choice(letters, winnowing.K + winnowing.WINDOW - 1))
        first, second = (
            work_of(
                name, [f"{' '.join(rng.choice(letters, 70))} ; {common} , {' '.join(rng.choice(letters, 40))}"], NOTHING
            )
            for name in ("ada", "bo")
        )
        assert first.places.keys() & second.places.keys()
        short = " ".join(rng.choice(letters, winnowing.K - 1))
        first, second = (work_of(name, [f"{a} {short} {a}"], NOTHING) for name, a in (("ada", "1 +"), ("bo", "'s' -")))
        assert not first.places.keys() & second.places.keys()


def test_hashes_are_the_same_in_every_process():
    script = f"from cnncourse.grading.reports.winnowing import *; print(hashes_of(tokens_of({CODE!r})).sum())"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert int(done.stdout) == hashes_of(tokens_of(CODE)).sum()


def test_hashes_of_random_tokens_do_not_collide(rng):
    tokens = [winnowing.Token(str(kind), "", 0) for kind in rng.integers(0, 40, 20_000)]
    assert len(np.unique(hashes_of(tokens))) == 20_000 - winnowing.K + 1


def test_the_passages_that_are_shown_are_those_that_are_shared():
    middle = CODE.split("\n\n\n")[1]
    first = work_of("ada", ["a = 1\nb = a", middle], NOTHING)
    second = work_of("bo", ["print('hello')\n\n" + renamed(middle) + "\nprint(2)"], NOTHING)
    found = runs(first, second)
    assert len(found) == 1
    assert found[0].size == len(tokens_of(middle))
    assert found[0].first == (1, 0)
    assert found[0].second == (0, len(tokens_of("print('hello')")))


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("x = 'it''s' # no", "n = s s"),
        ("%timeit f(1)\n!ls\n?help\nx", "n"),
        ("%%bash\nrm -rf /", ""),
        ("%%time\nx = 1", "n = 0"),
        ("f'''a {b}\n# c''' + rb\"\\\"\"", "s + s"),
        ("1.5e-3j + 0xFF + .5", "0 + 0 + 0"),
        ("x.shape[0].sum()", "n . shape [ 0 ] . sum ( )"),
        ("def größe(é): pass", "def n ( n ) : pass"),
        ('"""doc"""\nx = (\n"a"\n)\n"alone"', "n = ( s )"),
        ("x = 1 \\\n  'a'", "n = 0 s"),
        ("while x >= 1 and not None:", "while n >= 0 and not None :"),
    ],
)
def test_tokens(source, kinds):
    assert " ".join(token.kind for token in tokens_of(source)) == kinds


@pytest.mark.parametrize(
    "broken",
    ["def f(:\n  x = (1", "x = '", "'''\\", 'f"""{', "\\", "if True:\n\tx\n  y\n z", "\x00\ud800é", "`$?!", "'\\"],
)
def test_broken_python_is_read_as_far_as_it_goes(broken):
    whole = [token.kind for token in tokens_of(CODE)]
    assert [token.kind for token in tokens_of(CODE + "\n" + broken)][: len(whole)] == whole
    for token in tokens_of(broken):
        hash(token.kind.encode("utf-8", "replace"))
    hashes_of(tokens_of((broken + " ") * 20))


@pytest.mark.parametrize("bomb", ["'''\\", '"""', "'\\", "(", "\\\n", "a.", "0e-", "#", "rb'", "%%", "\n'a'\n", " \\"])
def test_no_text_makes_it_hang(bomb):
    text = bomb * (similarity.MOST_CODE // len(bomb)) + "\\"
    with limited(120):  # one that grows with the square of the text takes an hour
        assert tokens_of(text) is not None


# The command


def write(folder, student, *cells, name=SLUG, text=None):
    place = folder / "submitted" / student / SLUG
    place.mkdir(parents=True, exist_ok=True)
    notebook = {
        "cells": [{"cell_type": "code", "metadata": {}, "source": cell, "outputs": []} for cell in cells],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (place / f"{name}.ipynb").write_text(json.dumps(notebook) if text is None else text)
    return place / f"{name}.ipynb"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with the release and the answers of chapter 2; the tests run in its folder."""
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.source_directory = 'solutions'\n"
        "c.CourseDirectory.release_directory = 'exercises'\n"
    )
    for kind in ("exercises", "solutions"):
        place = tmp_path / kind / SLUG
        place.mkdir(parents=True)
        (place / f"{SLUG}.ipynb").write_bytes((ROOT / kind / SLUG / f"{SLUG}.ipynb").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(course):
    assert main(["similar", SLUG, "--to", "out"]) == 0
    with (course / "out" / f"{SLUG}-similarity.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    return rows, (course / "out" / f"{SLUG}-similarity.html").read_text(encoding="utf-8")


def test_the_report_names_the_pair_with_both_passages_and_nobody_else(course):
    write(course, "ada", CODE)
    write(course, "bo", renamed(CODE))
    write(course, "cy", *sources(ALL_TASKS["views"]))
    rows, page = report(course)
    among = [row for row in rows if row["with"] == "submission"]
    assert [(row["first"], row["second"]) for row in among if float(row["share"]) > 0.25] == [("ada", "bo")]
    assert float(among[0]["share"]) > 0.85
    assert int(among[0]["shared"]) > 20
    assert '<h3 id="pair-1">ada and bo' in page
    assert "kernel[u, v]" in page
    assert "weights[a, b]" in page
    assert "Likeness is no proof" in page


def test_the_answers_of_the_course_are_recognised(course):
    write(course, "ada", *similarity.notebooks_in(course / "solutions" / SLUG))
    write(course, "bo", (ROOT / "cnncourse" / "shapes.py").read_text())
    rows, _ = report(course)
    best = {row["first"]: (row["second"], float(row["share"])) for row in rows if row["with"] == "course"}
    assert best["ada"][0] == f"solutions/{SLUG}"
    assert best["ada"][1] == 1.0
    assert best["bo"][0] == "cnncourse/shapes.py"
    assert best["bo"][1] > 0.95


def test_what_half_a_large_class_copied_from_the_library_is_still_found_there(course):
    for i in range(24):
        write(course, f"s{i:02}", (ROOT / "cnncourse" / "shapes.py").read_text() if i % 2 else f"x = {i}")
    rows, _ = report(course)
    assert not [row for row in rows if row["with"] == "submission"]
    assert len([row for row in rows if row["second"] == "cnncourse/shapes.py"]) == 12


def test_nothing_in_a_submission_is_run_and_nothing_in_it_is_markup(course):
    evil = "<script>alert(1)</script>"
    trap = "open('ran', 'w').write('x')\nimport os; os.system('touch ran')\n__import__('pathlib').Path('ran').touch()\n"
    trap += f"text = '{evil}\u202e'\n!touch ran\n" + CODE
    write(course, f"a{evil.replace('/', '|')}", trap)
    write(course, "=bo", "%%python\n" + trap)
    rows, page = report(course)
    assert not list(course.rglob("ran"))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    assert {rows[0]["first"], rows[0]["second"]} == {"'=bo", f"a{evil.replace('/', '|')}"}


BROKEN = {
    "empty": ("", "the file is empty"),
    "cut": ('{"cells": [', "it holds no JSON"),
    "deep": ("[" * 100_000, "it holds no JSON"),
    "list": ("[1, 2]", "it holds a list or a single value"),
    "text": ('"cells"', "it holds a list or a single value"),
    "odd": ('{"cells": [1, null, {"cell_type": "code"}, {"cell_type": "code", "source": [3]}]}', "there is no code"),
    "digits": ("9" * 10_000, "it holds no JSON"),
}


def test_a_broken_notebook_costs_its_student_a_line_and_nobody_else_anything(course):
    for student, (text, _) in BROKEN.items():
        write(course, student, text=text)
    write(course, "large", text=" " * (untrusted.LARGEST + 1))
    os.remove(write(course, "link"))
    (course / "submitted" / "link" / SLUG / "a.ipynb").symlink_to(course / "nbgrader_config.py")
    os.mkfifo(course / "submitted" / "link" / SLUG / "b.ipynb")
    (course / "submitted" / "none" / SLUG).mkdir(parents=True)
    write(course, "ada", CODE)
    write(course, "bo", renamed(CODE))
    rows, page = report(course)
    assert (rows[0]["first"], rows[0]["second"]) == ("ada", "bo")
    for student, (_, said) in BROKEN.items():
        line = next(line for line in page.split("<li>") if line.startswith(f"{student}: "))
        assert said in line
    assert "large: ch02_convolution.ipynb has 31 MB, and 31 MB are the most: left out" in page
    assert "link: a.ipynb is a link to another file: left out" in page
    assert "link: b.ipynb is no file: left out" in page
    assert "none: there is no code to compare" in page


def test_old_notebooks_and_several_notebooks_of_one_student_are_read(course):
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": CODE.splitlines(True)}]}]}
    write(course, "old", text=json.dumps(old))
    parts = CODE.split("\n\n\n")
    write(course, "two", parts[0], name="a")
    write(course, "two", *parts[1:], name="b")
    rows, _ = report(course)
    assert (rows[0]["first"], rows[0]["second"]) == ("old", "two")
    assert float(rows[0]["share"]) > 0.9


def test_code_beyond_the_most_that_is_compared_is_said(course, monkeypatch):
    monkeypatch.setattr(similarity, "MOST_CODE", 1000)
    write(course, "ada", CODE)
    assert "ada: only the first 1000 characters of code were compared" in report(course)[1]


@pytest.mark.parametrize("name", ["..", "a/b", "", "*", "ch02_nothing"])
def test_what_is_no_assignment_here_is_said(course, name):
    said = main(["similar", name])
    assert ("nobody has handed in" if name == "ch02_nothing" else "is no name of an assignment") in said


def test_the_report_is_the_same_every_time(course):
    for student, code in {"ada": CODE, "bo": renamed(CODE), "cy": reordered(CODE)}.items():
        write(course, student, code)
    assert report(course) == report(course)


def generated(rng, functions=9):
    """Code as long as an assignment, of random statements."""
    names, calls = ["x", "y", "kernel", "rows", "H", "W", "stride"], ["np.sum", "np.pad", "len", "range", "max", "abs"]

    def expression(depth=0):
        if depth > 2 or rng.random() < 0.3:
            return str(rng.choice(names))
        sign = rng.choice(["+", "-", "*", "//", "@"])
        return f"{rng.choice(calls)}({expression(depth + 1)} {sign} {expression(depth + 1)}, {rng.choice(names)})"

    blocks = []
    for i in range(functions):
        lines = [f"    {rng.choice(names)} = {expression()}" for _ in range(14)]
        blocks.append(f"def f{i}(x, y):\n" + "\n".join(lines) + f"\n    return {expression()}")
    return "\n\n".join(blocks)


@pytest.mark.slow
def test_a_class_of_300_takes_little_memory_and_shows_who_copied(course, rng):
    release = similarity.notebooks_in(course / "exercises" / SLUG)
    for i in range(300):
        write(course, f"s{i:03}", *release, *generated(rng).split("\n\n"))
    copied = similarity.code_cells(course / "submitted" / "s123" / SLUG / f"{SLUG}.ipynb")
    write(course, "s777", *release, *map(renamed, copied))
    script = f"from cnncourse.cli import main; main(['similar', '{SLUG}', '--to', 'out'])\n"
    script += "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    done = subprocess.run([sys.executable, "-c", script], cwd=course, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 400e3  # kilobytes, all libraries included
    with (course / "out" / f"{SLUG}-similarity.csv").open(newline="", encoding="utf-8-sig") as file:
        first = next(csv.DictReader(file))
    assert (first["first"], first["second"]) == ("s123", "s777")
    assert float(first["share"]) > 0.9


def test_the_command_takes_its_folder(course):
    assert similarity.command(Namespace(assignment=SLUG, to="reports")).startswith(f"nobody has handed in {SLUG}")
