"""The house rules that a reader cannot see in one file: who may import whom, and how long things grow.

Reads the syntax trees of our own code; imports none of it.
"""

import ast
import statistics
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SERVING = ("app", "inference", "model_store", "reports")

ARROWS = {
    "inference": set[str](),
    "model_store": {"inference"},
    "reports": {"inference", "model_store"},
    "app": {"inference", "model_store", "reports"},
    "labelling": {"inference", "model_store", "reports"},
    "training": {"inference", "labelling", "model_store", "reports"},
    "lab": {"inference", "labelling", "model_store", "reports", "training"},
    "scripts": {"app", "inference", "labelling", "model_store", "reports", "training"},
}
"""Who may import which other package of ours."""

APART_IN_INFERENCE = {"words", "pictures", "text"}
"""Folders of `inference` that do not import each other. The files at the top join them."""

FOLDERS_OF_LABELLING = ("lists", "sources", "workers", "journal", "decide", "write", "review")
"""The folders of `labelling`; each may import those that stand before it."""

FILES_OF_LABELLING = {"errors": set[str](), "rows": set[str](), "run_settings": {"lists"}}
"""The folders that files beside them may import. Other files may import all."""

HOMES = {
    "PIL": (
        "inference/pictures/child_decoder.py",
        "inference/pictures/decode.py",
        "inference/pictures/isolated_decoder.py",
        "inference/pictures/samples.py",
    ),
    "boto3": ("model_store/s3.py",),
    "cryptography": ("model_store/signing.py",),
    "flask": ("app/", "wsgi.py"),
    "gevent": ("app/bounded_body.py", "app/native_threads.py", "app/worker.py"),
    "keras": ("training/", "inference/sessions/keras_session.py", "inference/sessions/keras_hdf5.py"),
    "onnxruntime": ("inference/sessions/onnx_session.py", "training/"),
    "tensorflow": ("training/",),
}
"""Where libraries may be imported that other files would soon rest on."""

ONLY_FOR_TRAINING = {
    "keras",
    "matplotlib",
    "onnx",
    "optuna",
    "scipy",
    "sklearn",
    "tensorboard",
    "tensorflow",
    "tf2onnx",
    "threadpoolctl",
    "torch",
}
"""Not installed where the service runs."""

NO_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base"}

LONGEST_FUNCTION = 50
MEDIAN_FUNCTION = 12
"""Code lines: without blank lines, comments and docstrings."""


class Import(NamedTuple):
    """One imported module of one file; `eager` when it happens as the file is imported.

    Attributes:
        names: of what is taken from it, as modules would be named.
    """

    file: str
    module: str
    eager: bool
    names: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    @property
    def home(self) -> str:
        return self.file.partition("/")[0]


FORBIDDEN: dict[str, Callable[[Import], bool]] = {
    "an arrow between our packages that points back": lambda one: (
        one.package in ARROWS.keys() - {one.home} - ARROWS.get(one.home, ARROWS.keys())
    ),
    "a library outside its home": lambda one: (
        one.home != "lab" and not one.file.startswith(HOMES.get(one.package, ("",)))
    ),
    "what only training installs, where services start": lambda one: (
        one.eager and one.package in ONLY_FOR_TRAINING and one.home in (*SERVING, "scripts")
    ),
    "the decoder of HEIC, before a picture needs it": lambda one: one.eager and one.package == "pillow_heif",
}


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax tree of each file of ours, by its path."""
    paths = [path for package in ARROWS for path in sorted((ROOT / package).rglob("*.py"))]
    paths += [ROOT / "wsgi.py", ROOT / "gunicorn.conf.py"]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in paths}


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for file, tree in trees().items() for found in _imports_of(file, tree, eager=True))


def _imports_of(file: str, node: ast.AST, *, eager: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(file, name.name, eager) for name in node.names)
    if isinstance(node, ast.ImportFrom):
        names = tuple(f"{node.module}.{name.name}" for name in node.names)
        yield Import(file, node.module or "", eager, names)
    lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_types_only(node)
    for child in ast.iter_child_nodes(node):
        yield from _imports_of(file, child, eager=eager and not lazy)


def _is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_imports(what: str) -> None:
    assert [f"{one.file}: {one.module}" for one in imports() if FORBIDDEN[what](one)] == []


def between_files() -> Iterator[tuple[str, str]]:
    """Which file of ours imports which."""
    files = {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in trees()}
    for found in imports():
        yield from ((found.file, files[name]) for name in {found.module, *found.names} & files.keys())


def between_folders_of_training() -> Iterator[tuple[str, str]]:
    """The same of `training/heads` and the like."""
    for edge in between_files():
        one, other = (path.split("/") for path in edge)
        if one[0] == other[0] == "training" and min(len(one), len(other)) > 2:
            yield one[1], other[1]


@pytest.mark.parametrize("edges", [between_files, between_folders_of_training])
def test_nothing_imports_itself_in_a_circle(edges: Callable[[], Iterable[tuple[str, str]]]) -> None:
    uses: dict[str, set[str]] = {}
    for one, other in edges():
        uses.setdefault(one, set()).update({other} - {one})

    assert uses
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_a_folder_of_labelling_imports_folders_that_stand_before_it() -> None:
    wrong = list[str]()
    for one, other in between_files():
        (home, *place), (package, *used) = one.split("/"), other.split("/")
        if home != "labelling" or package != "labelling" or used == ["__init__.py"]:
            continue
        name = Path(used[0]).stem
        if len(place) > 1:
            order = FOLDERS_OF_LABELLING.index(place[0])
            allowed = {*FOLDERS_OF_LABELLING[: order + 1], *FILES_OF_LABELLING}
        else:
            folders = FILES_OF_LABELLING.get(Path(place[0]).stem, {*FOLDERS_OF_LABELLING, "job"})
            allowed = {*folders, *FILES_OF_LABELLING}
        wrong += [f"{one} imports {other}"] if name not in allowed else []

    assert wrong == []


def test_words_pictures_and_text_do_not_import_each_other() -> None:
    wrong = list[str]()
    for one, other in between_files():
        parts = one.split("/")
        used = other.split("/")
        if parts[0] == used[0] == "inference" and {parts[1], used[1]} <= APART_IN_INFERENCE:
            wrong += [f"{one} imports {other}"] if parts[1] != used[1] else []

    assert (ROOT / "inference" / "words" / "words.py").exists()
    assert wrong == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    parts = {(part, file) for file in trees() for part in Path(file).with_suffix("").parts}

    assert [file for part, file in parts if part in NO_NAMES] == []


def test_functions_are_seen_at_once_and_most_are_small() -> None:
    lengths = {
        f"{file}:{node.lineno} {node.name}": _code_lines(node)
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }

    assert [(name, lines) for name, lines in lengths.items() if lines > LONGEST_FUNCTION] == []
    assert statistics.median(lengths.values()) < MEDIAN_FUNCTION


def _code_lines(node: ast.FunctionDef) -> int:
    """Lines on which something of the function's body begins or ends, its signature included."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    inside = [part for statement in body for part in ast.walk(statement)]
    placed = [part for part in inside if isinstance(part, ast.stmt | ast.expr)]
    lines = {line for part in placed for line in (part.lineno, part.end_lineno)}
    return len(lines | set(range(node.lineno, node.body[0].lineno)))
