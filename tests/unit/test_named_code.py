"""Names of code in docstrings and comments exist, so that whoever renames something mends its explanation."""

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

PACKAGES = (
    "app",
    "benchmarks",
    "inference",
    "lab",
    "labelling",
    "model_store",
    "reports",
    "scripts",
    "training",
)

NAME = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(\))?`")
CODE = re.compile(r"[._]|[a-z][A-Z]")
"""A sign of code in a name. A plain word in backticks may be a cell of a list, such as `Farbe`."""

FOREIGN = {
    "MISSED",  # an output of tests/mutations.py
    "SSL_CERT_FILE",  # OpenSSL
    "X_hat",  # a label as an example
    "X_scarf",  # a folder as an example
    "__MACOSX",  # archives of macOS
    "batch_input_shape",  # Keras 2
    "colour_confidence",  # a column as an example
    "keras.Model.predict",
    "dresses_skirts",  # a category as an example
    "label_colour",  # an output as an example
    "lining_color",  # a heading of a list as an example
    "logging.config.dictConfig",
    "onnx.ModelProto",
    "pa_gender",  # an attribute of WooCommerce as an example
    "pa_",  # beginning of the headings that WooCommerce gives to attributes
    "post_request",  # gunicorn
    "suggest_on_error",  # argparse of Python 3.14
}
"""Names of other programs and formats, and names in examples."""

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
NAMED_FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|js|json|html|md))`")
FILES_TO_BE_WRITTEN = {"scripts/VERB.py"}


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of each file of the packages, by its path."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in files}


def docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield the texts that stand alone as a statement: docstrings, also of constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def names_of(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node of code defines or uses."""
    match node:
        case ast.Name():
            yield node.id
        case ast.Attribute():
            yield node.attr
        case ast.arg() | ast.keyword() if node.arg:
            yield node.arg
        case ast.FunctionDef() | ast.ClassDef():
            yield node.name
        case ast.alias():
            yield from node.name.split(".")
        case ast.Constant() if isinstance(node.value, str):
            yield from re.findall(r"\w+", node.value)


@cache
def known_names() -> frozenset[str]:
    """Return all names in the code, all words in its texts without docstrings, and the names of files."""
    known = {*dir(builtins), *(Path(file).stem for file in trees())}
    for tree in trees().values():
        explained = {id(text) for text in docstrings(tree)}
        known |= {name for node in ast.walk(tree) if id(node) not in explained for name in names_of(node)}
    return frozenset(known)


def members_of(definition: ast.ClassDef) -> Iterator[str]:
    """Yield the names of the methods, fields and attributes of a class."""
    for node in ast.walk(definition):
        match node:
            case ast.FunctionDef():
                yield node.name
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(value=ast.Name(id="self")):
                yield node.attr


@cache
def members_by_class() -> dict[str, frozenset[str]]:
    """Return the members of each class that has no base class; others may inherit some."""
    return {
        node.name: frozenset(members_of(node))
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.bases
    }


def is_known(name: str) -> bool:
    """Tell whether a name, perhaps with the class before it, is in the code."""
    first, _, last = name.rpartition(".")
    members = members_by_class().get(first)
    return last in (known_names() if members is None else members)


def texts_of(file: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring and comment of a file."""
    yield from ((text.lineno, str(text.value)) for text in docstrings(trees()[file]))
    for number, line in enumerate((ROOT / file).read_text("utf-8").splitlines(), start=1):
        yield number, line.partition("# ")[2]


def test_a_name_in_backticks_is_a_name_of_the_code() -> None:
    unknown = [
        f"{file}:{line} {name}"
        for file in trees()
        for line, text in texts_of(file)
        for name in NAME.findall(text)
        if CODE.search(name) and name not in FOREIGN and not is_known(name)
    ]

    assert unknown == []


def test_a_file_that_contributors_are_sent_to_exists() -> None:
    folders = (*PACKAGES, "docs", "tests")
    files = [f"/{path.relative_to(ROOT)}" for folder in folders for path in (ROOT / folder).rglob("*.*")]
    files += [f"/{path.name}" for path in ROOT.iterdir()]

    named = {*NAMED_FILE.findall(CONTRIBUTING)} - FILES_TO_BE_WRITTEN

    assert len(named) > 80
    assert [name for name in sorted(named) if not any(file.endswith(f"/{name}") for file in files)] == []


def test_a_name_that_contributors_are_sent_to_is_a_name_of_the_code() -> None:
    scripts = "".join(path.read_text("utf-8") for path in (ROOT / "app/web/page").glob("*.js"))
    of_page = {*re.findall(r"\w+", scripts)}

    named = {name for name in NAME.findall(CONTRIBUTING) if CODE.search(name) or name.isupper()}
    named -= {name for name in named if NAMED_FILE.fullmatch(f"`{name}`")}

    assert len(named) > 30
    assert [name for name in sorted(named) if name not in of_page | FOREIGN and not is_known(name)] == []
