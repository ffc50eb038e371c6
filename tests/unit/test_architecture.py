"""The house rules that a reader cannot see in one file: who may import whom, and how long things grow.

Reads the syntax trees of our own code; imports none of it.
"""

import ast
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "inference", "lab", "labelling", "model_store", "reports", "scripts", "training")
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

HOMES = {
    "PIL": ("inference/child_decoder.py", "inference/decode.py", "inference/isolated_decoder.py"),
    "boto3": ("model_store/s3.py",),
    "cryptography": ("model_store/signing.py",),
    "flask": ("app/", "wsgi.py"),
    "gevent": ("app/bounded_body.py", "app/native_threads.py", "app/worker.py"),
    "keras": ("training/", "inference/keras_session.py"),
    "onnxruntime": ("inference/onnx_session.py", "training/"),
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


@dataclass(frozen=True)
class Import:
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


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax tree of each file of ours, by its path."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
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
    for child in ast.iter_child_nodes(node):
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_types_only(node)
        yield from _imports_of(file, child, eager=eager and not lazy)


def _is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def home_of(file: str) -> str:
    return file.partition("/")[0]


@dataclass(frozen=True)
class Function:
    name: str
    node: ast.FunctionDef
    lines: int


@cache
def functions() -> tuple[Function, ...]:
    return tuple(
        Function(f"{file}:{node.name}", node, _code_lines(node))
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    )


def _code_lines(node: ast.FunctionDef) -> int:
    """Lines on which something of the function's body begins or ends, its signature included."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    inside = [part for statement in body for part in ast.walk(statement)]
    signature = range(node.lineno, node.body[0].lineno)
    placed = [part for part in inside if isinstance(part, ast.stmt | ast.expr)]
    lines = {line for part in placed for line in (part.lineno, part.end_lineno)}
    return len(lines | set(signature))


def test_dependencies_between_our_packages_point_one_way() -> None:
    against = [
        f"{found.file} imports {found.module}"
        for found in imports()
        if found.package in ARROWS
        and home_of(found.file) in ARROWS
        and found.package != home_of(found.file)
        and found.package not in ARROWS[home_of(found.file)]
    ]

    assert against == []


def test_no_files_of_a_package_import_each_other_in_a_circle() -> None:
    files = {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in trees()}
    uses: dict[str, set[str]] = {file: set() for file in trees()}
    for found in imports():
        for module in {found.module, *found.names}:
            if files.get(module, found.file) != found.file:
                uses[found.file].add(files[module])

    assert list(_circles(uses)) == []


def test_no_two_folders_of_training_import_each_other() -> None:
    uses = {
        (_folder(found.file), _folder(module.replace(".", "/")))
        for found in imports()
        for module in {found.module, *found.names}
        if found.file.startswith("training/") and module.startswith("training.")
    }

    assert {(one, other) for one, other in uses if one != other and (other, one) in uses} == set()


def _folder(path: str) -> str:
    """`training/heads` of whatever is below it; a file directly in `training` is its own."""
    return "/".join(path.split("/")[:2])


def _circles(uses: dict[str, set[str]]) -> Iterator[str]:
    """The files that are left when those that use no other one are taken away, again and again."""
    left = dict(uses)
    while done := {file for file, used in left.items() if not used & left.keys()}:
        left = {file: used for file, used in left.items() if file not in done}
    while idle := {file for file in left if not any(file in used for used in left.values())}:
        left = {file: used for file, used in left.items() if file not in idle}
    yield from sorted(left)


def test_eight_libraries_stay_in_their_homes() -> None:
    strays = [
        f"{found.file} imports {found.package}"
        for found in imports()
        if found.package in HOMES
        and home_of(found.file) != "lab"
        and not found.file.startswith(HOMES[found.package])
    ]

    assert strays == []


def test_serving_never_imports_what_only_training_installs() -> None:
    eager = [
        f"{found.file} imports {found.package}"
        for found in imports()
        if found.eager and found.package in ONLY_FOR_TRAINING and home_of(found.file) in (*SERVING, "scripts")
    ]

    assert eager == []


def test_a_service_that_sees_no_heic_does_not_load_its_decoder() -> None:
    assert [found.file for found in imports() if found.eager and found.package == "pillow_heif"] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_has_a_name_that_says_nothing(package: str) -> None:
    names = {path.stem for path in (ROOT / package).rglob("*")}

    assert names & NO_NAMES == set()


def test_no_function_is_too_long_to_be_seen_at_once() -> None:
    long = [
        f"{function.name} ({function.lines})" for function in functions() if function.lines > LONGEST_FUNCTION
    ]

    assert long == []


def test_most_functions_are_small() -> None:
    assert statistics.median(function.lines for function in functions()) < MEDIAN_FUNCTION
