"""A public name has one meaning: two packages do not share the name of a function, class or module."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "inference", "labelling", "model_store", "reports", "scripts", "training")
"""The packages that are compared. `lab` holds experiments, whose names stay as their reports give them."""

PERMITTED_FUNCTIONS = {
    "main",  # the start of a program
}
"""Names of functions and classes that do the same thing in every package that has them."""

PERMITTED_MODULES = {
    "adopt",  # a command beside the module that does its work; the same for the following ones
    "errors",  # the tree of a package's errors
    "evaluate",
    "improve",
    "predict",
    "publish",
    "signing",
}
"""File names that several packages may have."""

NOT_RENAMED_YET = {"corrections", "picture_files", "train"}
"""File names that two packages share although the files hold different things. No name may be added."""


def public_names() -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """Return the packages of each public function or class, and of each module, by name."""
    definitions, modules = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            if not file.stem.startswith("__"):
                modules[file.stem].add(package)
            for node in ast.parse(file.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                    definitions[node.name].add(package)
    return definitions, modules


def shared(names: Mapping[str, set[str]]) -> set[str]:
    """Return the names that more than one package has."""
    return {name for name, packages in names.items() if len(packages) > 1}


def test_a_function_or_class_of_another_package_has_another_name() -> None:
    definitions, _ = public_names()

    assert shared(definitions) == PERMITTED_FUNCTIONS


def test_a_module_of_another_package_has_another_name() -> None:
    _, modules = public_names()

    assert shared(modules) - NOT_RENAMED_YET == PERMITTED_MODULES
