"""Find pictures by their content that were renamed or moved since a person answered. Reads pictures alone."""

import os
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path

from inference.file_names import is_clutter, is_picture_name


@lru_cache(4)  # one command asks several times
def find_moved(
    wanted: frozenset[str], roots: tuple[Path, ...], sha256_of: Callable[[str], str | None]
) -> dict[str, str]:
    """The paths of pictures with these contents.

    Args:
        wanted: sha256 of each.
        roots: folders to look below, one after another, until all are found.
        sha256_of: digest of a file; None where it cannot be read.

    Returns:
        an absolute path by sha256, of those that are there.
    """
    paths: dict[str, str] = {}
    for path in _pictures(roots):
        if len(paths) == len(wanted):
            break
        if (sha256 := sha256_of(path)) in wanted:
            paths.setdefault(sha256, path)
    return paths


def where_to_look(lost: Collection[str], lists: Collection[Path]) -> tuple[Path, ...]:
    """The nearest folder that is there above each lost picture, then those of the lists that name them.

    A home folder or a whole disk is none: it may hold millions of files.
    """
    nearest = {next(folder for folder in Path(path).parents if folder.is_dir()) for path in lost}
    beside = {Path(os.path.abspath(folder)).parent for folder in lists}  # noqa: PTH100 - a link keeps its own name
    home = Path.home()
    return tuple(
        folder
        for folder in (*sorted(nearest), *sorted(beside - nearest))
        if folder not in {home, *home.parents}
    )


def _pictures(roots: Collection[Path]) -> Iterator[str]:
    for root in roots:
        for folder, inner, names in os.walk(root):
            inner[:] = sorted(name for name in inner if not is_clutter(name))
            yield from (
                os.path.join(folder, name)  # noqa: PTH118 - as above
                for name in sorted(names)
                if not is_clutter(name) and is_picture_name(name)
            )
