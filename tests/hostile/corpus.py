"""Hostile files, each in a folder that is named after the statuses that may answer it; README.md has more.

files/FORMAT/STATUSES/NAME                   posted to /predict
files/FORMAT/STATUSES/batch-STATUSES/NAME    posted to /predict/batch as well
"""

from dataclasses import dataclass
from pathlib import Path

FILES = Path(__file__).with_name("files")
SEEDS = Path(__file__).with_name("seeds")
"""Sound pictures, from which many of the files were made."""

FORM = "multipart/form-data; boundary=edge"
CONTENT_TYPES = {".json": "application/json", ".multipart": FORM}


@dataclass(frozen=True)
class Entry:
    """A body to post.

    Attributes:
        name: its format and file name.
        statuses: what `/predict` may answer.
        batch: what `/predict/batch` may answer; None where it is not sent there.
    """

    name: str
    body: bytes
    content_type: str
    statuses: frozenset[int]
    batch: frozenset[int] | None


def entries() -> list[Entry]:
    """Every file, in a fixed order."""
    return [_entry(path) for path in sorted(FILES.rglob("*.*"))]


def body_of(name: str) -> bytes:
    """The content of one file, by its format and file name."""
    kind, _, file = name.partition("/")
    (path,) = (FILES / kind).rglob(file)
    return path.read_bytes()


def _entry(path: Path) -> Entry:
    kind, statuses, *batch, name = path.relative_to(FILES).parts
    return Entry(
        name=f"{kind}/{name}",
        body=path.read_bytes(),
        content_type=CONTENT_TYPES.get(path.suffix, "application/octet-stream"),
        statuses=_statuses(statuses),
        batch=_statuses(batch[0].removeprefix("batch-")) if batch else None,
    )


def _statuses(folder: str) -> frozenset[int]:
    return frozenset(map(int, folder.split("-")))
