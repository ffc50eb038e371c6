"""Pictures under an S3 prefix; what S3 is asked is in model_store/s3.py.

The listing comes a page at a time, in S3's own order, which is that of the keys' bytes.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, NamedTuple

from labelling.errors import Unreadable
from labelling.sources import MAX_BYTES, Item, Read, attempt, is_hidden, is_picture_name, too_large
from model_store.errors import NotFound
from model_store.s3 import S3Store

AT_ONCE: Final = 16
"""Objects that one process fetches at a time: each costs a round trip, and hardly any processor."""


class Key(NamedTuple):
    """An object, and its size when it was listed."""

    key: str
    size: int


@dataclass(frozen=True)
class Bucket:
    """What lies under `s3://bucket/prefix` and may be a picture by its name."""

    word: str

    @property
    def address(self) -> str:
        return self._store().address

    def stamp(self) -> str:
        return ""

    def items(self) -> Iterator[Item]:
        store = self._store()
        for entry in store.listing(""):
            folders, _, last = entry.key.rpartition("/")
            if is_picture_name(last) and not any(map(is_hidden, folders.split("/"))):
                yield Item(f"{store.address}/{entry.key}", Key(entry.key, entry.size))

    def reader(self) -> Read:
        store, pool = self._store(), ThreadPoolExecutor(AT_ONCE)

        def read_all(places: Sequence[Key]) -> Iterator[bytes | Unreadable]:
            return pool.map(lambda place: attempt(lambda key: _read(store, key), place), places)

        return read_all

    def count(self) -> int | None:
        return None  # a million keys are a thousand requests

    def _store(self) -> S3Store:
        return S3Store(self.word)


def _read(store: S3Store, place: Key) -> bytes:
    """The bytes of an object; a store that fails in other ways would fail for the next ones too.

    Raises:
        Unreadable: it is too large, or gone.
        StoreError: it cannot be had for another reason.
    """
    if place.size > MAX_BYTES:
        raise Unreadable(too_large(place.size))
    try:
        return store.read(place.key)
    except NotFound as error:
        raise Unreadable("It is not there any more.") from error
