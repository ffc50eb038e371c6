"""What a command has listed and read: each place once, each file hashed once, each content decoded once.

Several data sets of one command may share it: the pictures and their corrections, or what `wardrobe improve`
looks at and then trains on. Reads the files that it is asked for. Decoding: files.py; what counts of the
files: prepare.py.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from inference.contract import GREY_28
from labelling.lists import Reading
from model_store.files import hash_of
from training.data.files import (
    AT_ONCE,
    PictureFile,
    content_of,
    look,
    on_all_cores,
    read_file,
    watch_part,
)
from training.data.listing import Listing
from training.data.near_copies import Hash
from training.progress import Watch


@dataclass(frozen=True, eq=False)
class FilesRead:
    """What a command has read: data sets that share it list, hash and decode nothing again.

    Attributes:
        listings: of data sets, by place, how a table is read, and attributes.
        sha256: hex digest of each that may be a picture, by absolute path.
        perceptual: hash of each content that was asked for, by its sha256; None where it is no picture.
        pixels: files in the form of Fashion-MNIST, by path, until they are learnt or measured.
    """

    listings: dict[tuple[str, Reading, tuple[str, ...]], Listing | None] = field(default_factory=dict)
    sha256: dict[Path, str] = field(default_factory=dict)
    perceptual: dict[str, Hash | None] = field(default_factory=dict)
    pixels: dict[Path, PictureFile] = field(default_factory=dict)

    def shows_photo(self, paths: Iterable[Path], watch: Watch) -> bool:
        """Whether one of some files is a picture in another form than Fashion-MNIST's.

        Args:
            paths: which.
            watch: called after each file that is read.
        """
        new, read = [path for path in dict.fromkeys(paths) if path not in self.pixels], 0
        while read < len(new):
            # In most folders of photos the first file is a photo.
            some = new[read : read + AT_ONCE] if read else new[:1]
            pictures = on_all_cores(_read_pixels, some, partial(watch_part, watch, read, len(new)))
            files = [picture for picture in pictures if isinstance(picture, PictureFile)]
            if not all(file.is_pixels for file in files):
                return True
            self.pixels.update((file.path, file) for file in files)
            read += len(some)
        return False

    def sha256_of(self, path: str) -> str | None:
        """The digest of a file that people answered, whatever it holds; None where it cannot be read."""
        file = Path(path).absolute()
        if file not in self.sha256:
            sha256, why = _hashed(file)
            if why:
                return hash_of(path)
            self.sha256[file] = sha256
        return self.sha256[file]

    def perceptual_of(self, files: Mapping[str, Path]) -> dict[str, Hash]:
        """The perceptual hash of each content that is a picture.

        Args:
            files: one that has the content, by its sha256.
        """
        new = [content for content in files if content not in self.perceptual]
        hashes = on_all_cores(_perceptual_hash, [files[content] for content in new], lambda *_: None)
        self.perceptual.update(zip(new, hashes, strict=True))
        every = {content: self.perceptual[content] for content in files}
        return {content: hash_ for content, hash_ in every.items() if hash_ is not None}


@dataclass(frozen=True)
class Hashed:
    """Files whose bytes were read.

    Attributes:
        sha256: hex digest of each that can be read.
        unreadable: why another one cannot.
        read: what the command knows of these and of others.
    """

    sha256: Mapping[Path, str]
    unreadable: Mapping[Path, str]
    read: FilesRead = field(default_factory=FilesRead)


def hash_files(paths: Iterable[Path], read: FilesRead | None = None) -> Hashed:
    """Hash files, each once.

    Args:
        paths: which.
        read: of the command, which is added to; None where it reads nothing else.
    """
    read, every = FilesRead() if read is None else read, {path: path.absolute() for path in paths}
    new = [path for path, absolute in every.items() if absolute not in read.sha256]
    contents = dict(zip(new, on_all_cores(_hashed, new, lambda *_: None), strict=True))
    read.sha256.update((every[path], sha256) for path, (sha256, why) in contents.items() if not why)
    unreadable = {path: why for path, (_, why) in contents.items() if why}
    sha256 = {path: read.sha256[absolute] for path, absolute in every.items() if path not in unreadable}
    return Hashed(sha256, unreadable, read)


def _hashed(path: Path) -> tuple[str, str]:
    """The digest, or why there is none."""
    content = content_of(path)
    return ("", content) if isinstance(content, str) else (hashlib.sha256(content).hexdigest(), "")


def _perceptual_hash(path: Path) -> Hash | None:
    """The hash of the picture in a file; None where it cannot be read."""
    looked = look(path)
    return None if isinstance(looked, str) else looked[0].hash


def _read_pixels(path: Path) -> PictureFile | str:
    """A file in the form of Fashion-MNIST with its pixels, another picture, or why it cannot be read."""
    read = read_file(path, GREY_28)
    return read if isinstance(read, str) else replace(read[0], pixels=read[1])
