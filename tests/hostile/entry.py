"""One hostile file, and what an honest service may answer to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SEEDS = Path(__file__).with_name("seeds")

READ = frozenset({200})
READ_OR_BROKEN = frozenset({200, 422})
"""Decoders may make sense of it or not; both are honest."""
BROKEN = frozenset({422})
UNKNOWN = frozenset({415})
TOO_LARGE = frozenset({413})
BAD = frozenset({400})

BYTES = "application/octet-stream"
JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A body to post.

    Attributes:
        name: its path below files/.
        statuses: what `/predict` may answer.
        batch: what `/predict/batch` may answer; None where it is not sent there.
        word: stands in the text of the most specific answer: the batch's, if there is one.
    """

    name: str
    body: bytes
    statuses: frozenset[int]
    batch: frozenset[int] | None = None
    word: str = ""
    content_type: str = BYTES


def family(
    prefix: str, suffix: str, statuses: frozenset[int], bodies: dict[str, bytes], word: str = ""
) -> Iterable[Entry]:
    """Files of one kind with the same expectation, by name."""
    for name, body in bodies.items():
        yield Entry(name=f"{prefix}/{name}.{suffix}", body=body, statuses=statuses, word=word)


def seed(name: str) -> bytes:
    """One of the pictures that the corpus starts from."""
    return (SEEDS / name).read_bytes()
