"""What an instructor should know about a submission beside its score: read from the text, nothing is run."""

import ast
import re
import textwrap

# What no exercise needs, and what an attempt to get around the judge often needs
UNUSUAL_MODULES = {
    "ctypes",
    "gc",
    "multiprocessing",
    "os",
    "pickle",
    "signal",
    "socket",
    "subprocess",
    "threading",
    "zmq",
}
UNUSUAL_NAMES = {
    "ast_transformers",
    "input_transformers_cleanup",
    "input_transformers_post",
    "user_ns",
    "__subclasses__",
}
PROMPT = re.compile(r"\s*(>>>|\.\.\.:?|In \[\d+\]:) ")
# %magic, !command, ?help, value = %magic, value = !command, help?
MAGIC = re.compile(r"\s*([%!?]|[\w.,\[\]() ]+=\s*[%!]|%{0,2}[\w.*]+\?{1,2}\s*$)")


def tree_of(source):
    """The syntax tree of a cell, without IPython's own lines; None if it is no Python.

    >>> ast.unparse(tree_of("%matplotlib inline" + chr(10) + "x = 1"))
    'pass\\nx = 1'
    """
    lines = [line[match.end() :] if (match := PROMPT.match(line)) else line for line in re.split(r"\r\n?|\n", source)]
    lines = [re.sub(r"\S.*", "pass", line) if MAGIC.match(line) else line for line in lines]
    try:
        return ast.parse(textwrap.dedent("\n".join(lines)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def imports(source):
    """The modules that a cell imports, with their full names.

    >>> sorted(imports("import numpy as np" + chr(10) + "from scipy.signal import convolve2d"))
    ['numpy', 'scipy.signal']
    """
    found, tree = set(), tree_of(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "cnncourse"}
            found.discard("cnncourse")
    return found


def unusual(source):
    """What a cell does that no exercise asks for, as sentences.

    >>> unusual("import ctypes")
    ['imports ctypes']
    """
    tree = tree_of(source)
    if tree is None:
        return []
    modules = {name.split(".")[0] for name in imports(source)} & UNUSUAL_MODULES
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & UNUSUAL_NAMES
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    found = [f"imports {name}" for name in sorted(modules)] + [f"uses {name}" for name in sorted(names)]
    return found + [f"calls {name}" for name in sorted(called & {"eval", "exec", "open", "__import__"})]
