"""Docstrings make sense without the text around them; ruff's D401 checks the mood of their first verb."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

FINISHED = ("app", "inference", "lab", "labelling", "model_store", "reports", "scripts", "training")
"""Packages whose docstrings are read here. benchmarks is not rewritten; see D401's exception in
pyproject.toml."""

UNCLEAR = re.compile(r"(What|Those|These|Of|Where|The same|Likewise|By(?! default))\b")
"""Beginnings that refer to something outside of the docstring."""

NO_VERB = re.compile(
    r"(The|An?|What|Whether|Which|How|Why|Where|Those|These|All|Each|Some|None|No|One|It|Its)\b"
)
"""Beginnings of a docstring that does not say what its function does."""

ENTRY = re.compile(r"^ +\*{0,2}(\w+(?:, \*{0,2}\w+)*): +(.*)$", re.MULTILINE)

NO_NOUN = re.compile(
    r"(?i)(of|by|in|at|for|from|with|under|to|on|as|between|beside|beyond|against|without|what|that|which|how|where)\b"
)
"""Beginnings of an entry under `Args:` that is no noun phrase, such as "labels: of the release"."""

FILLERS = re.compile(
    "(an?|the|of|to|in|by|for|from|with|on|at|as|is|are|be|its?|that|which|this|these|those|and|or|if|each|every"
    "|all|one|has|have|into|than|not?|none|own|whose|whether|only|was|were|will|can|may|must|given|values?|object"
    "|instance|returns?|number|text)"
)
"""Words of an entry under `Args:` that add nothing to a name and a type."""


class Docstring(NamedTuple):
    """A docstring with its place.

    Attributes:
        line: the line of the definition, counted from 1.
        text: the docstring; empty if there is none.
        is_function: whether it belongs to a function that is not a property.
    """

    line: int
    text: str
    is_function: bool


def docstrings(file: Path) -> Iterator[Docstring]:
    """Yield the docstrings of a file, including those below constants and fields."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        decorators = [ast.unparse(mark) for mark in getattr(node, "decorator_list", ())]
        is_property = any("property" in mark or mark.endswith(".setter") for mark in decorators)
        is_function = not isinstance(node, ast.Module | ast.ClassDef) and not is_property
        yield Docstring(getattr(node, "lineno", 1), ast.get_docstring(node) or "", is_function)
        for before, text in pairwise(node.body):
            if not isinstance(before, ast.Assign | ast.AnnAssign) or not isinstance(text, ast.Expr):
                continue
            if isinstance(text.value, ast.Constant):
                yield Docstring(text.lineno, str(text.value.value), is_function=False)


def entries(docstring: str) -> list[tuple[str, str]]:
    """Return the names and texts under `Args:` and `Attributes:`."""
    sections = re.split(r"^(\w+):$", docstring, flags=re.MULTILINE)
    bodies = [body for title, body in pairwise(sections) if title in {"Args", "Attributes"}]
    return [(name, text) for body in bodies for name, text in ENTRY.findall(body)]


def lines_of(package: str) -> Iterator[tuple[str, Docstring]]:
    """Yield each docstring of a package, with its place and first line for messages."""
    for file in sorted((ROOT / package).rglob("*.py")):
        for docstring in docstrings(file):
            first = docstring.text.partition("\n")[0]
            yield f"{file.relative_to(ROOT)}:{docstring.line} {first}", docstring


def stem(word: str) -> str:
    """Return a word in small letters, without the ending of a plural or participle."""
    small = word.lower()
    for ending in ("ings", "ing", "ies", "ied", "es", "ed", "s"):
        if small.endswith(ending) and len(small) - len(ending) >= 3:
            return small.removesuffix(ending)
    return small


def find_words(text: str) -> set[str]:
    """Return the stems of the words in a text, a name or an annotation."""
    parted = re.sub("([a-z])([A-Z])", r"\1 \2", text.replace("_", " "))
    return {stem(word) for word in re.findall("[A-Za-z]+", parted)}


def repeated_arguments(file: Path) -> Iterator[str]:
    """Yield each entry under `Args:` whose words stand in the argument, its type or the function's name."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        types = {each.arg: ast.unparse(each.annotation) if each.annotation else "" for each in arguments}
        for name, text in whole_entries(ast.get_docstring(node) or ""):
            known = find_words(f"{name} {node.name} {types.get(name, '')}")
            said = {
                stem(word) for word in re.findall("[A-Za-z]+", text) if not FILLERS.fullmatch(word.lower())
            }
            if said <= known:
                yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}: {name}: {text}"


def whole_entries(docstring: str) -> list[tuple[str, str]]:
    """Return the names and texts under `Args:`, with the further lines of each text."""
    section = re.search(r"^Args:\n(.*?)(?=^\w|\Z)", docstring, re.DOTALL | re.MULTILINE)
    parts = re.split(r"^    (\w+): ", section[1] if section else "", flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("package", FINISHED)
def test_a_docstring_makes_sense_without_its_neighbours(package: str) -> None:
    assert [place for place, docstring in lines_of(package) if UNCLEAR.match(docstring.text)] == []


@pytest.mark.parametrize("package", FINISHED)
def test_the_docstring_of_a_function_says_what_it_does(package: str) -> None:
    unclear = [
        place
        for place, docstring in lines_of(package)
        if docstring.is_function and NO_VERB.match(docstring.text)
    ]

    assert unclear == []


@pytest.mark.parametrize("package", FINISHED)
def test_an_argument_is_described_by_a_noun(package: str) -> None:
    unclear = [
        f"{place}: {name}: {text}"
        for place, docstring in lines_of(package)
        for name, text in entries(docstring.text)
        if NO_NOUN.match(text)
    ]

    assert unclear == []


@pytest.mark.parametrize("package", (*FINISHED, "benchmarks"))
def test_an_argument_is_described_only_if_its_name_and_type_leave_a_question_open(package: str) -> None:
    repeated = [
        entry for file in sorted((ROOT / package).rglob("*.py")) for entry in repeated_arguments(file)
    ]

    assert repeated == []
