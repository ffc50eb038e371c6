"""Bytes that are nearly right: what a random string never reaches, a few changes to a real file do."""

from functools import reduce

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

EXTREMES = (b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1", b"\xff\xd9")
"""What lengths, counts and offsets go wrong at."""


def nearly(seeds: list[bytes]) -> SearchStrategy[bytes]:
    """Real files with up to eight changes, and some that are no files at all."""
    changes = st.lists(st.tuples(st.floats(0, 1), _patches()), max_size=8)
    changed = st.builds(_change, st.sampled_from(seeds), changes)
    return st.one_of(changed, st.builds(_cut, changed, st.floats(0, 1)), st.binary(max_size=300))


def _patches() -> SearchStrategy[bytes]:
    return st.one_of(st.sampled_from(EXTREMES), st.binary(min_size=1, max_size=6))


def _change(whole: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    return reduce(_overwrite, changes, whole)


def _overwrite(whole: bytes, change: tuple[float, bytes]) -> bytes:
    # Squared, because what decides stands at the beginning.
    place = int(change[0] ** 2 * len(whole))
    return whole[:place] + change[1] + whole[place + len(change[1]) :]


def _cut(whole: bytes, share: float) -> bytes:
    return whole[: int(share * len(whole))]
