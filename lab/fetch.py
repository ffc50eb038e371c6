"""Fetch the photos of the list from the repositories that have them, as a folder of tables and archives.

python -m lab.fetch OUT [--list FILE] [--host URL]

Git fetches each commit without its files, and then only the files that the list names. Photos are scaled to
the size in the list. If a run was stopped, the next one does not fetch again what is in OUT. OUT/gone.csv
names photos that are no longer there. The other commands of the lab take OUT as PHOTOS.
"""

import argparse
import csv
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import cv2
import numpy as np

from inference.contract import make_whole_picture_input
from inference.errors import UploadError
from inference.pictures.decode import MAX_PIXELS, decode_image
from inference.pictures.framing import shrink_to_edge
from lab.photos import LIST, TABLES, find_archive, read_list
from model_store.release_files import write_atomically

HOST: Final = "https://github.com"
"""Address of the repositories."""
FILES_PER_FETCH: Final = 500
"""Largest number of files that git fetches with one command."""
GIT: Final = (
    *("git", "-c", "core.askPass=true", "-c", "core.symlinks=false"),
    *("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"),
)
"""Git with options: it asks for no password, makes no links, and gives up if less than 1,000 bytes/s arrive
for a minute.
"""
FILE_MODES: Final = ("100644", "100755")
"""Modes of plain files in a commit, unlike links and repositories within it."""
DECODED_INPUT: Final = make_whole_picture_input(320, 3)
"""Input for which photos are decoded: a large JPEG is decoded at no less than twice this edge."""
JPEG_QUALITY: Final = 88
"""Quality of scaled photos, as in most of the archives."""

Row = Mapping[str, str]


class Origin(NamedTuple):
    """A repository and one of its commits; an empty commit is the head of the default branch."""

    repository: str
    commit: str


class Clone:
    """One commit of a repository, without its files until `read_files` fetches them.

    Attributes:
        commit: the full hash of the fetched commit.
    """

    def __init__(self, folder: Path, url: str, commit: str) -> None:
        """Fetch the commit into an empty folder.

        Raises:
            subprocess.CalledProcessError: git failed; the error's `stderr` says why.
        """
        self._folder = folder
        self._run_git("init", "--template=")
        self._run_git("config", "remote.origin.url", url)
        self._run_git("fetch", "--depth=1", "--no-tags", "--filter=blob:none", "origin", commit or "HEAD")
        self.commit = self._run_git("rev-parse", "FETCH_HEAD").decode().strip()

    def _run_git(self, *words: str, given: bytes = b"") -> bytes:
        command = [*GIT, "-C", str(self._folder), *words]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout  # noqa: S603 - git

    @cached_property
    def _entries(self) -> dict[str, bytes]:
        """The lines with which each file of the commit can be put into git's index, by path."""
        entries = self._run_git("ls-tree", "-r", "-z", "FETCH_HEAD").split(b"\0")
        split = [entry.partition(b"\t") for entry in entries if entry]
        return {
            path.decode(errors="surrogateescape"): about + b"\t" + path
            for about, _, path in split
            if about.decode().startswith(FILE_MODES)
        }

    def find_path(self, path: str) -> str | None:
        """Return the path if the commit has this file.

        If it ends in `*`, return the only path that begins so. None if there is none, or several.
        """
        if not path.endswith("*"):
            return path if path in self._entries else None
        names = [name for name in self._entries if name.startswith(path[:-1])]
        return names[0] if len(names) == 1 else None

    def read_files(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the path and the content of files, all of which git fetches together."""
        self._run_git("read-tree", "--empty")
        self._run_git(
            "update-index", "-z", "--index-info", given=b"\0".join(map(self._entries.__getitem__, paths))
        )
        tree = self._run_git("write-tree", "--missing-ok").decode().strip()
        self._run_git("read-tree", "--reset", "-u", tree)
        for path in paths:
            yield path, (self._folder / path).read_bytes()


def locate_photo(out: Path, row: Row) -> Path:
    """Return the path at which the photo of a row of the list is stored."""
    return out / Path(find_archive(row)).stem / row["file"]


def fetch_photos(rows: Sequence[Row], out: Path, host: str = HOST) -> list[tuple[Row, str]]:
    """Fetch the photos that are not in `out` yet, and return those that are gone, each with the reason."""
    wanted = defaultdict[Origin, list[Row]](list)
    gone = list[tuple[Row, str]]()
    for row in rows:
        if row["file"] and not locate_photo(out, row).exists():
            wanted[Origin(row["repository"], row["commit"])].append(row)
    for number, (origin, some) in enumerate(wanted.items(), 1):
        _print_line(f"{number} of {len(wanted)}: {origin.repository}, {len(some):,} photos")
        try:
            with TemporaryDirectory(prefix=".clone-", dir=out) as folder:
                clone = Clone(Path(folder), f"{host}/{origin.repository}", origin.commit)
                gone += _write_commit_photos(clone, some, out)
        except subprocess.CalledProcessError as error:
            why = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["git failed"]
            gone += [(row, why[0]) for row in some if not locate_photo(out, row).exists()]
    return gone


def _write_commit_photos(clone: Clone, rows: Sequence[Row], out: Path) -> Iterator[tuple[Row, str]]:
    """Write the photos of one commit, and yield those that the commit does not have, with the reason."""
    of_paths = defaultdict[str, list[Row]](list)
    for row in rows:
        if path := clone.find_path(row["path"]):
            of_paths[path].append(row)
        else:
            yield row, f"no such file in {clone.commit}"
    paths = list(of_paths)
    for start in range(0, len(paths), FILES_PER_FETCH):
        for path, content in clone.read_files(paths[start : start + FILES_PER_FETCH]):
            for row in of_paths[path]:
                place = locate_photo(out, row)
                place.parent.mkdir(parents=True, exist_ok=True)
                try:
                    write_atomically(place, scale_photo(content, int(row["width"]), int(row["height"])))
                except UploadError as error:
                    yield row, str(error)
        _print_line(f"  {min(start + FILES_PER_FETCH, len(paths)):,} of {len(paths):,}")


def scale_photo(content: bytes, width: int, height: int) -> bytes:
    """Return the file of a photo in the size of the archives; the same file if it has this size.

    Raises:
        UploadError: the file is no picture.
    """
    picture = decode_image(content, MAX_PIXELS, DECODED_INPUT).picture
    small = shrink_to_edge(picture, max(width, height))
    # Other programs round the shorter edge otherwise.
    if max(abs(small.shape[0] - height), abs(small.shape[1] - width)) == 1:
        small = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if small.shape == picture.shape and content.startswith(b"\xff\xd8"):
        return content
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return cv2.imencode(".jpg", small[..., ::-1], quality)[1].tobytes()


def write_folder(rows: Sequence[Row], out: Path) -> None:
    """Write the tables and archives of the photos that were fetched."""
    there = [row for row in rows if row["file"] and locate_photo(out, row).exists()]
    ids = {row["id"] for row in there}
    archives = defaultdict[str, list[Row]](list)
    for row in there:
        archives[find_archive(row)].append(row)
    for name, some in archives.items():
        if name:
            with zipfile.ZipFile(out / name, "w") as archive:
                for row in some:
                    archive.write(locate_photo(out, row), row["file"])
    for table, columns in TABLES.items():
        of_table = [
            {**row, "origin": f"{row['commit']}:{row['path']}"}
            for row in rows
            if row["table"] == table and row["id"] in ids
        ]
        with (out / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            written = csv.writer(file, lineterminator="\n")
            written.writerow(columns)
            written.writerows([row[ours] for ours in columns.values()] for row in of_table)


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write_gone_photos(rows: Sequence[tuple[Row, str]], path: Path) -> None:
    """Write a table of photos that are gone, and print how many there are in each repository."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("id", "table", "repository", "commit", "path", "why"))
        names = ("id", "table", "repository", "commit", "path")
        table.writerows((*(row[name] for name in names), why) for row, why in rows)
    counts = defaultdict[tuple[str, str], int](int)
    for row, why in rows:
        counts[row["repository"], why] += 1
    for (repository, why), count in counts.items():
        _print_line(f"gone: {count:,} of {repository}: {why}")


def main(argv: list[str] | None = None) -> int:
    """Fetch the photos that are missing, write tables and archives, and name what is gone."""
    parser = argparse.ArgumentParser(prog="python -m lab.fetch", description=main.__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder of tables and archives")
    parser.add_argument("--list", type=Path, default=LIST, metavar="FILE", help="of lab.photos")
    parser.add_argument("--host", default=HOST, metavar="URL", help="of the repositories (%(default)s)")
    given = parser.parse_args(argv)
    rows = read_list(given.list)
    given.out.mkdir(parents=True, exist_ok=True)
    gone = fetch_photos(rows, given.out, given.host)
    _write_gone_photos(gone, given.out / "gone.csv")
    write_folder(rows, given.out)
    _print_line(f"{sum(bool(row['file']) for row in rows) - len(gone):,} photos are in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
