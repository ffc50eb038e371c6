"""Which commands there are: the files of this folder that have a `main`, and what each says of itself.

Reads the files; imports a command only when it is asked for. The container leaves some out, and they are
then not there.
"""

import ast
import importlib
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from scripts.command_line import summary

FOLDER = Path(__file__).parent


class Command(Protocol):
    """The module of a verb."""

    EXAMPLES: Sequence[str]
    main: Callable[[list[str] | None], int]
    build_parser: Callable[[], ArgumentParser]


@dataclass(frozen=True)
class Verb:
    """A command as it is listed.

    Attributes:
        name: of its file, without the ending.
        summary: the first line of its docstring.
    """

    name: str
    summary: str

    def load(self) -> Command:
        """Import it."""
        return cast("Command", importlib.import_module(f"scripts.{self.name}"))


def verbs() -> tuple[Verb, ...]:
    """Every command, by name. What sets up a checkout (`setup_...`) is called by other files alone."""
    trees = {
        path.stem: ast.parse(path.read_text("utf-8"))
        for path in sorted(FOLDER.glob("*.py"))
        if not path.name.startswith(("_", "setup_"))
    }
    return tuple(Verb(name, summary(ast.get_docstring(tree))) for name, tree in trees.items() if _runs(tree))


def _runs(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
