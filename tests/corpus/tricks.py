"""Trickery in Python: the tests, the numbers that are compared, and everything around them in the student's process."""
# ruff: noqa: E501 - the students' sources keep their long lines

import hashlib

import numpy as np

from cnncourse.checks import task as task_named
from cnncourse.checks.probing import try_cases
from corpus import POINTS, answer, blank, check, solution, with_cell, with_work, without_work

EVERY = tuple(POINTS)
SHAPED = {  # answers that are wrong, but of the right shape, so that only the comparison of numbers rejects them
    "ch02.pad": "def pad(x, padding):\n    return np.full((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding), 7.5)",
    "ch02.window_sum": "def window_sum(x, kernel, row, column, stride):\n    return 7.5",
    "ch02.edge_kernel": "def edge_kernel():\n    return np.full((3, 3), 7.5)",
    "ch02.convolve": (
        "def convolve(x, kernel):\n"
        "    return np.full((x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1), 7.5)"
    ),
}


def all_answers(notebook, body):
    """The same body for the answer to every task."""
    for task in POINTS:
        head = solution(notebook, task).source.splitlines()[0]
        solution(notebook, task).source = "\n".join([head, *("    " + line for line in body.splitlines())])


def shaped(notebook):
    for task, source in SHAPED.items():
        answer(notebook, task, source)


# The cell that checks


@without_work()
def input_transformer_that_fakes_success(notebook, folder):
    """A later cell that calls `check` prints the sentence of success instead."""
    source = """
    def instead(lines):
        text = "".join(lines)
        if not text.startswith("check("):
            return lines
        return [f"print({text.split(chr(34))[1]!r} + ': right, on 12 cases (zeros around an image).')\\n"]
    get_ipython().input_transformers_post.append(instead)
    """
    with_cell(notebook, source)


@without_work()
def own_check(notebook, folder):
    """The name `check` means a function that is always content, in the notebook and among the builtins."""
    source = """
    import builtins, sys
    def check(name, answer=None):
        print(f"{name}: right, on 12 cases.")
    builtins.check = check
    for module in list(sys.modules.values()):
        if getattr(module, "check", None) is not None and module.__name__.startswith("cnncourse"):
            module.check = check
    """
    with_cell(notebook, source)


@without_work()
def patched_judge(notebook, folder):
    """The modules that judge are patched, wherever they are, to find no difference."""
    source = """
    import importlib, sys
    for name in ("cnncourse.checks", "cnncourse.checks.verdict", "cnncourse.checks.plain", "cnncourse.checks.probing"):
        try:
            importlib.import_module(name)
        except Exception:
            pass
    nothing = lambda *a, **k: None
    for name, module in list(sys.modules.items()):
        if name.startswith("cnncourse"):
            for each in ("difference", "complaint", "_array_difference", "_close", "judge", "diagnose"):
                if hasattr(module, each):
                    setattr(module, each, nothing)
            for each in ("examine", "examine_closely"):
                if hasattr(module, each):
                    setattr(module, each, lambda *a, **k: type("V", (), {"passed": True, "finding": None})())
            for each in ("try_case",):
                if hasattr(module, each):
                    getattr(module, each).__code__ = (lambda task, answer, case, seconds: None).__code__
    """
    with_cell(notebook, source)


@without_work()
def run_cell_always_succeeds(notebook, folder):
    """The shell and the kernel say "ok" for whatever they were asked to run."""
    source = """
    shell = get_ipython()
    good = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    async def fine(*a, **k):
        return good
    type(shell.kernel).do_execute = fine
    shell.kernel.do_execute = fine
    shell.run_cell = lambda *a, **k: None
    """
    with_cell(notebook, source)


@without_work()
def output_is_cleared_after_each_cell(notebook, folder):
    """The error of a check disappears because a hook clears the output after each cell."""
    source = """
    from IPython.display import clear_output
    get_ipython().events.register("post_execute", lambda: clear_output())
    get_ipython().events.register("post_run_cell", lambda result: clear_output())
    """
    with_cell(notebook, source)


@without_work()
def partial_credit_from_an_output(notebook, folder):
    """A number as the result of a check cell counts as points in nbgrader; the answer displays a million."""
    source = """
    import builtins
    class Million:
        def __repr__(self): return "1000000"
    get_ipython().events.register("post_execute", lambda: display(Million()))
    get_ipython().displayhook.compute_format_data = lambda *a: ({"text/plain": "1000000.0"}, {})
    """
    with_cell(notebook, source)
    for task in EVERY:
        solution(notebook, task).source += "\n1000000.0"
        check(notebook, task).source = "1000000.0"


# The numbers that are compared


@without_work()
def patched_numpy(notebook, folder):
    """Whoever compares with NumPy is told that everything is equal."""
    shaped(notebook)
    source = """
    yes = lambda *a, **k: True
    for name in ("allclose", "array_equal", "array_equiv"):
        setattr(np, name, yes)
    np.isclose = lambda a, b, *r, **k: np.ones(np.shape(a), bool)
    for name in dir(np.testing):
        if name.startswith("assert"):
            setattr(np.testing, name, lambda *a, **k: None)
    np.argwhere = lambda a: np.zeros((0, 1), int)
    """
    with_cell(notebook, source)


@without_work()
def numbers_equal_to_everything(notebook, folder):
    """The answer is a float, an int or a string by inheritance, with an equality of its own."""
    source = """
    import numbers
    def always(kind, value):
        body = {"__eq__": lambda s, o: True, "__ne__": lambda s, o: False, "__hash__": lambda s: 0,
                "__float__": lambda s: s, "__repr__": lambda s: "1", "item": lambda s: s}
        return type("numpy." + kind.__name__, (kind,), body)(value)
    @numbers.Real.register
    class Number:
        __eq__ = lambda s, o: True
    """
    with_cell(notebook, source)
    for task, value in zip(EVERY, ["always(int, 1)", "always(float, 1.0)", "always(str, 'x')", "Number()"] * 3):
        head = solution(notebook, task).source.splitlines()[0]
        answer(notebook, task, f"{head}\n    return {value}")


@without_work()
def array_that_lies(notebook, folder):
    """An array by inheritance says that it has any shape, and that it is close to everything."""
    source = """
    class Lie(np.ndarray):
        __eq__ = lambda s, o: np.True_
        __ne__ = lambda s, o: np.False_
        __array_ufunc__ = lambda self, ufunc, method, *a, **k: np.zeros((), bool)
        __array_function__ = lambda self, function, types, a, k: True
        def tobytes(self, *a): return bytes(8)
        def copy(self, *a): return self
        shape = property(lambda self: AnyShape((1,)))
        dtype = property(lambda self: np.dtype("float64"))
    class AnyShape(tuple):
        __eq__ = lambda s, o: True
        __ne__ = lambda s, o: False
        __hash__ = tuple.__hash__
    """
    with_cell(notebook, source)
    all_answers(notebook, "return np.zeros((2, 2)).view(Lie)")


@without_work()
def pretends_to_be_an_array(notebook, folder):
    """An object says that its class is ndarray, and describes itself as it likes."""
    source = """
    class Pretender:
        __class__ = property(lambda self: np.ndarray)
        shape, ndim, size, nbytes, itemsize, strides = (-1, 4), 2, -4, 1 << 40, 8, (8, 8)
        dtype = np.dtype("float64")
        flags = {"C_CONTIGUOUS": True, "F_CONTIGUOUS": True}
        def tobytes(self, *a): return b"\\0" * 64
        def copy(self, *a): return self
        astype = reshape = ravel = view = copy
        def __array__(self, *a, **k): return self
        def __buffer__(self, flags): return memoryview(bytes(64))
        data = memoryview(bytes(64))
    """
    with_cell(notebook, source)
    all_answers(notebook, "return Pretender()")


@without_work()
def array_interface_beyond_its_memory(notebook, folder):
    """An array is laid over memory that is not its own, to send the grader whatever lies there."""
    source = """
    class Window:
        __array_interface__ = {"shape": (1 << 28,), "typestr": "<f8", "data": (4096, True), "version": 3}
    """
    with_cell(notebook, source)
    all_answers(notebook, "return np.lib.stride_tricks.as_strided(np.zeros(2), (4, 1 << 20), (1 << 30, 8))")
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return np.asarray(Window())")


@without_work()
def not_a_number(notebook, folder):
    """Comparisons with NaN are never true, so that nothing is ever found wrong."""
    shaped(notebook)
    for task in SHAPED:
        each = solution(notebook, task)
        each.source = each.source.replace("7.5", "np.nan")
    answer(notebook, "ch02.edge_kernel", "def edge_kernel():\n    return np.full((3, 3), np.inf)")


@without_work()
def enormous_whole_numbers(notebook, folder):
    """A whole number too large for a float, or for being printed, stops the judge in the middle of its comparison."""
    all_answers(notebook, "return 10**400")
    answer(notebook, "ch02.correlate", "def correlate(*_):\n    return 10**6000")
    answer(notebook, "ch02.conv2d", "def conv2d(*_):\n    return -float('inf'), 10**4299")
    answer(notebook, "ch02.pad", "def pad(*_):\n    return [[-(10**30000)]]")
    answer(notebook, "ch02.output_size", "def output_size(*_):\n    return 10**100000")


@without_work()
def endless_nesting(notebook, folder):
    """A list inside a list, a hundred thousand deep, or inside itself, is more than the judge can walk down."""
    source = """
    deep = 0.0
    for _ in range(100_000):
        deep = (deep,)
    within = []
    within.append(within)
    wide = {}
    wide["again"] = wide
    """
    with_cell(notebook, source)
    all_answers(notebook, "return deep")
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return within")
    answer(notebook, "ch02.conv2d", "def conv2d(*_):\n    return wide")


@without_work()
def nested_just_below_the_limit(notebook, folder):
    """The kernel can still write this nesting down, but whoever reads it has less of its stack left."""
    source = """
    import sys
    sys.setrecursionlimit(100_000)
    deep = 0.0
    for _ in range(3_000):
        deep = [deep]
    """
    with_cell(notebook, source)
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return deep")
    answer(notebook, "ch02.conv2d", "def conv2d(*_):\n    return deep")


@without_work()
def strange_dtypes(notebook, folder):
    """Arrays of objects, dates, texts, records and complex numbers break or avoid the comparison."""
    values = [
        "np.array([[equal, equal]], object)",
        "np.zeros((3, 3), 'M8[s]')",
        "np.zeros((3, 3), 'U1000')",
        "np.zeros((3, 3), [('a', 'f8'), ('b', 'O')])",
        "np.zeros((3, 3), complex)",
        "np.zeros((3, 3), np.longdouble)",
        "np.zeros((3, 3), 'V16')",
        "np.zeros((0, 0, 0, 0), 'f2')",
        "np.zeros((1,) * 64)",
    ]
    with_cell(notebook, "class Equal:\n    __eq__ = lambda s, o: True\nequal = Equal()")
    for task, value in zip(EVERY, values):
        head = solution(notebook, task).source.splitlines()[0]
        answer(notebook, task, f"{head}\n    return {value}")


@without_work()
def text_that_no_file_can_hold(notebook, folder):
    """Lone surrogates, zero bytes and a megabyte of text break what the judge writes into the notebook."""
    with_cell(notebook, 'print("\\ud800 \\x00 \\x1b[2J"); display("\\udfff")')
    all_answers(notebook, 'return "\\ud800\\x00" + "x" * 1_000_000')
    answer(notebook, "ch02.pad", 'def pad(x, padding):\n    raise ValueError("\\udc80\\x00")')
    answer(notebook, "ch02.im2col", 'def im2col(*_):\n    return {"\\ud800": 1, "\\x00": 2}')


@without_work()
def data_that_look_like_the_letter_of_the_judge(notebook, folder):
    """A dictionary that is written like an encoded array is taken for one, and names a buffer of another case."""
    source = """
    def letters():
        for mark in ("__ndarray__", "__array__", "array", "ndarray", "$array", "buffer", "kind", "type", "t", "_"):
            yield {mark: 0, "buffer": 0, "dtype": "float64", "shape": [3, 3], "index": 0, "value": 0}
            yield {mark: "array", "dtype": "<f8", "shape": [3, 3], "buffer": 0}
            yield {mark: True, "error": "", "passed": True, "outcomes": [], "status": "ok"}
            yield [mark, "float64", [3, 3], 0]
    letters = list(letters())
    turn = iter(range(10**9))
    """
    with_cell(notebook, source)
    all_answers(notebook, "return letters[next(turn) % len(letters)]")


@without_work()
def unpickling_runs_code(notebook, folder):
    """Whoever unpickles the answer runs a command of the student's with the rights of the instructor."""
    source = f"""
    import os
    class Payload:
        def __reduce__(self):
            return os.system, ("touch {folder.parents[2]}/unpickled",)
    """
    with_cell(notebook, source)
    all_answers(notebook, "return np.array([Payload()], object)")
    answer(notebook, "ch02.pad", "def pad(x, padding):\n    return Payload()")


# What the student's process knows, or could know


@without_work()
def table_of_the_visible_cases(notebook, folder):
    """The results for the cases that `check` shows at home are looked up in a table; no function was written."""
    lines = ["import hashlib", "def key(*case):", "    parts = (np.asarray(part) for part in case)"]
    lines += [
        "    return hashlib.md5(b'|'.join(p.tobytes() + str(p.shape).encode() for p in parts)).hexdigest()",
        "table = {",
    ]
    for name in ("ch02.output_size", "ch02.window_sum"):
        task = task_named(name)
        for seed in (0, 1, 2, [0, 1], [0, 2]):
            cases = list(task.cases(np.random.default_rng(seed)))
            for case, outcome in zip(cases, try_cases(task, task.reference, cases)):
                lines.append(f"    {_key(*case)!r}: {outcome.value!r},")
    with_cell(notebook, "\n".join([*lines, "}"]))
    answer(notebook, "ch02.output_size", "def output_size(*case):\n    return table.get(key(*case), 0)")
    answer(notebook, "ch02.window_sum", "def window_sum(*case):\n    return table.get(key(*case), 0.0)")


def _key(*case):
    parts = (np.asarray(part) for part in case)
    return hashlib.md5(b"|".join(p.tobytes() + str(p.shape).encode() for p in parts)).hexdigest()


@without_work()
def looks_up_the_stack(notebook, folder):
    """The answer searches the callers' frames for whatever is named expected, reference or solution."""
    source = """
    import sys
    def found():
        frame = sys._getframe(1)
        while frame is not None:
            for space in (frame.f_locals, frame.f_globals):
                for name, value in list(space.items()):
                    if any(word in name.lower() for word in ("expect", "refer", "solution", "wanted", "right")):
                        print("found", name, str(value)[:200])
                        return value
                    if hasattr(value, "reference"):
                        return value.reference
            frame = frame.f_back
        return None
    """
    with_cell(notebook, source)
    for task in EVERY:
        head = solution(notebook, task).source.splitlines()[0]
        arguments = head.split("(")[1].split(")")[0]
        body = f"    value = found()\n    return value({arguments}) if callable(value) else value"
        answer(notebook, task, f"{head}\n{body}")


@without_work()
def searches_the_memory(notebook, folder):
    """Every object of the process is searched for tasks with their references, and for functions of the right name."""
    source = """
    import gc, types
    def hunt(task, name):
        for each in gc.get_objects():
            try:
                if type(each).__name__ == "Task" and each.id == task:
                    return each.reference
                if isinstance(each, types.FunctionType) and each.__name__ == name and each.__module__ != "__main__":
                    return each
                if isinstance(each, dict) and task in each and not isinstance(each[task], (int, str)):
                    print("found", str(each[task])[:200])
                    return getattr(each[task], "reference", None)
            except Exception:
                pass
        return None
    """
    with_cell(notebook, source)
    for task in EVERY:
        name = task.split(".")[1]
        answer(notebook, task, f'{name} = hunt("{task}", "{name}") or (lambda *case: -1)')


@without_work()
def traces_the_probe(notebook, folder):
    """A trace function changes the variables of whatever function of the course runs."""
    source = """
    import ctypes, sys
    def trace(frame, event, argument):
        if frame.f_globals.get("__name__", "").startswith(("cnncourse", "ipykernel")):
            for name in ("wrong", "found", "findings", "error", "message", "changed", "outcomes", "cases"):
                if name in frame.f_locals:
                    value = frame.f_locals[name]
                    frame.f_locals[name] = type(value)() if isinstance(value, (list, tuple, str)) else None
                    ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
        return trace
    sys.settrace(trace)
    import threading
    threading.settrace(trace)
    """
    with_cell(notebook, source)


@without_work()
def patched_builtins(notebook, folder):
    """With `zip`, `all`, `len` and others replaced, a loop over the cases sees none of them."""
    source = """
    import builtins, copy, json, itertools
    keep = builtins.zip
    def patch():
        builtins.all = lambda *a: True
        builtins.any = lambda *a: False
        builtins.zip = lambda *a, **k: iter(())
        builtins.enumerate = lambda *a, **k: iter(())
        builtins.isinstance = lambda *a: True
        builtins.callable = lambda *a: True
        copy.deepcopy = lambda value, *a: value
    get_ipython().events.register("post_execute", patch)
    """
    with_cell(notebook, source)


@without_work()
def patched_codec(notebook, folder):
    """What turns results into plain data, or into bytes, turns them into an empty list of outcomes."""
    source = """
    import gc, json, struct, sys, types
    for name, module in list(sys.modules.items()):
        if name.startswith(("cnncourse", "__main__", "inside", "probe", "child")) or "cnncourse" in str(getattr(module, "__file__", "")):
            for each, value in list(vars(module).items()):
                if isinstance(value, types.FunctionType) and name != "__main__":
                    if any(word in each for word in ("plain", "encode", "pack", "probe", "outcome", "try_case", "letter", "write")):
                        setattr(module, each, lambda *a, **k: [])
    dumps = json.dumps
    def emptied(value, *a, **k):
        if isinstance(value, dict) and "outcomes" in value:
            value = {**value, "outcomes": []}
        return dumps(value, *a, **k)
    json.dumps = emptied
    """
    with_cell(notebook, source)


@without_work()
def modules_from_a_hook(notebook, folder):
    """An import hook hands out modules of the student's own for NumPy, JSON and the course."""
    source = """
    import importlib.abc, importlib.machinery, sys, types
    class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in ("cnncourse", "numpy", "json", "copy"):
                return importlib.machinery.ModuleSpec(name, self, is_package=True)
        def create_module(self, spec): return None
        def exec_module(self, module):
            module.__getattr__ = lambda name: (lambda *a, **k: True)
    sys.meta_path.insert(0, Hook())
    for name in list(sys.modules):
        if name.split(".")[0] in ("cnncourse", "json", "copy"):
            del sys.modules[name]
    """
    with_cell(notebook, source)


@without_work()
def function_that_is_not_one(notebook, folder):
    """Names, signatures and code of the answer are properties that raise, lie or carry HTML."""
    source = """
    class Answer:
        __name__ = property(lambda self: 1 / 0)
        __signature__ = property(lambda self: 1 / 0)
        __qualname__ = "<script>window.pwned = 1</script>"
        __module__ = "cnncourse.checks"
        __code__ = property(lambda self: 1 / 0)
        __wrapped__ = property(lambda self: self)
        def __call__(self, *case): return case
        def __getattr__(self, name): raise RuntimeError(name)
        def __repr__(self): raise RuntimeError("no repr")
        def __bool__(self): raise RuntimeError("no truth")
        def __del__(self): print("ch02.pad: right, on 6 cases")
    """
    with_cell(notebook, source)
    for task in EVERY:
        answer(notebook, task, f"{task.split('.')[1]} = Answer()")


@without_work()
def errors_that_are_not_as_they_seem(notebook, folder):
    """An error has a text that raises, a huge text, HTML in its name, or the name of the grader's own."""
    source = """
    class Worse(Exception):
        def __str__(self): raise Worse()
        __repr__ = __str__
    class Long(Exception):
        def __str__(self): return "x" * 30_000_000
    Html = type("<img src=x onerror=window.pwned=1>", (Exception,), {})
    TooSlow = type("TooSlow", (BaseException,), {})
    class Again(BaseException):
        pass
    class NotAvailable(Exception):
        pass
    """
    with_cell(notebook, source)
    raised = [
        "Worse()",
        "Long()",
        "Html('<script>window.pwned=1</script>')",
        "TooSlow()",
        "Again()",
        "NotAvailable('<script>window.pwned=1</script>\\x1b[2J x')",
    ]
    raised += ["GeneratorExit()", "BaseExceptionGroup('many', [ValueError()] * 9)", "KeyboardInterrupt()"]
    for task, error in zip(EVERY, raised):
        head = solution(notebook, task).source.splitlines()[0]
        answer(notebook, task, f"{head}\n    raise {error}")


@with_work(
    earns=set(POINTS) - {"ch02.correlate", "ch02.convolve"}, keeps=set(POINTS) - {"ch02.correlate", "ch02.convolve"}
)
def arguments_are_overwritten(notebook, folder):
    """The arguments become the result, in case the judge compares what it sent with what came back."""
    answer(
        notebook,
        "ch02.correlate",
        "def correlate(x, kernel, stride):\n    x[:] = 0\n    kernel[:] = 0\n    return x[:1, :1]",
    )
    answer(notebook, "ch02.convolve", "def convolve(x, kernel):\n    x.resize((1, 1), refcheck=False)\n    return x")


@without_work()
def rebinds_what_the_judge_calls(notebook, folder):
    """The name of a task is bound to an object that answers with another object at each use."""
    source = """
    class Space(dict):
        def __getitem__(self, name): return lambda *case: True
        get = __getitem__
    try:
        get_ipython().user_ns.__class__ = Space
    except TypeError:
        pass
    shell = get_ipython()
    shell.user_ns = Space(shell.user_ns)
    """
    with_cell(notebook, source)


@without_work()
def blank_page(notebook, folder):
    """Nothing was changed but the stubs, each of which gives back a wrong number: the least that can be handed in."""
    blank(notebook)
