"""What stands in the documents: blocks of commands with their marks, links, headings and pictures.

A block of commands is fenced as `console`; each command begins with `$ `, goes on after a backslash, and may
be followed by what it prints. A line `<!-- not run here: reason; tests/... does -->` before a block says that
it is not run, and why.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.service import ROOT

PATTERNS = ("*.md", "docs/**/*.md")
DOCUMENTS = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))

_BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- not run here: (?P<mark>.*?) -->\n(?P=indent))?```(?P<language>.*)\n"
    r"(?P<body>(?:.*\n)*?) *```$",
    re.MULTILINE,
)
_COMMAND = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A command and what the page says that it prints."""

    command: str
    output: str


@dataclass(frozen=True)
class Block:
    """What is fenced in a document: its language, and the mark of what is not run."""

    document: str
    language: str
    mark: str | None
    body: str

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its commands, in order."""
        return tuple(Step(match["command"], match["output"]) for match in _COMMAND.finditer(self.body))


def blocks() -> list[Block]:
    """Every fenced block of every document, in order."""
    return [
        Block(path.relative_to(ROOT).as_posix(), match["language"], match["mark"], dedent(match["body"]))
        for path in DOCUMENTS
        for match in _BLOCK.finditer(path.read_text("utf-8"))
    ]


def prose(document: Path) -> str:
    """A document without what is fenced."""
    return _BLOCK.sub("", document.read_text("utf-8"))


def links(document: Path) -> list[str]:
    """Where a document leads to in this repository: files, anchors and pictures, as they are written."""
    text = prose(document)
    written = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'\b(?:src|srcset|href)="([^"]+)"', text)
    return [link for link in written if not re.match(r"[a-z]+:", link)]


def anchors(document: Path) -> set[str]:
    """What links may name behind a `#`: the headings, as GitHub spells them, and marks as those of terms."""
    text = prose(document)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return set(re.findall(r'<a id="([^"]+)">', text)) | {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


def reached_from(document: Path) -> set[Path]:
    """The documents that somebody finds who begins there and follows links."""
    reached: set[Path] = set()
    waiting = {document}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        found = {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
        waiting |= {path for path in found - reached if path.suffix == ".md"}
    return reached
