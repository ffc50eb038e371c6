"""Label the pictures in a ZIP, which is read member by member and never unpacked to the disk."""

from collections.abc import Iterator
from contextlib import closing
from functools import cache
from zipfile import ZipFile, ZipInfo

from inference.errors import ArchiveUnreadable, MemberUnreadable
from inference.pictures.decode import MAX_BYTES
from inference.sessions.zip_file import open_zip, read_member, read_member_name
from inference.text.file_names import is_picture_member
from labelling.errors import PictureUnreadable, SourceUnusable
from labelling.sources.items import (
    LocalSource,
    PictureItem,
    ReadPictures,
    check_byte_count,
    read_bytes_or_error,
)


class ZipSource(LocalSource):
    """A source whose pictures are the files in a ZIP, in its order, without folders and hidden files.

    Names of members are never used as paths, so a member `../../x.jpg` reaches no file of this machine.
    """

    def iterate_pictures(self) -> Iterator[PictureItem]:
        with closing(self._open_archive()) as archive:
            members = archive.infolist()
            # Members that share their bytes make a bomb: a small ZIP with terabytes of pictures.
            if sum(member.compress_size for member in members) > archive.start_dir:
                raise SourceUnusable(f"{self.place}: no whole ZIP (its members overlap).")
            for member in members:
                if is_picture_member(name := read_member_name(member)):
                    stamp = f"{member.file_size} {member.CRC:08x}"
                    yield PictureItem(name, member, stamp, member.file_size, list_cells=())

    def _open_archive(self) -> ZipFile:
        try:
            return open_zip(self.place)
        except (ArchiveUnreadable, OSError) as error:
            raise SourceUnusable(f"{self.place}: no whole ZIP ({error}).") from error

    def open_reader(self) -> ReadPictures:
        # Opened for the first picture, and kept open: reading the directory of a large ZIP takes time.
        open_once = cache(self._open_archive)

        def read_one(member: ZipInfo) -> bytes:
            check_byte_count(member.file_size)
            try:
                return read_member(open_once(), member, MAX_BYTES)
            except MemberUnreadable as error:
                raise PictureUnreadable(str(error)) from error

        return lambda members: (read_bytes_or_error(read_one, member) for member in members)
