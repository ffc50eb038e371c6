"""Unpack a ZIP of pictures in memory, within the limits of a request."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from zipfile import ZipFile, ZipInfo

from app.errors import BadRequest, RequestError, RequestTooLarge
from app.payloads.request_items import MAX_NAME_LENGTH, RefusedItem, Upload
from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable
from inference.sessions.zip_file import ENTRY_SIGNATURE, open_zip, read_member, read_member_name
from inference.text.file_names import is_archive_folder, is_system_path

ENTRIES_PER_PICTURE, FILES_PER_PICTURE = 16, 4
"""Largest numbers of entries in a ZIP for each allowed picture. The first one limits all entries, with those
that a system adds, such as thumbnails. The second one limits the entries that a person made, such as folders
and texts."""


@dataclass(frozen=True)
class ZipArchive:
    """The files in a ZIP that may be pictures, in the order of the archive; none of them is unpacked yet.

    Attributes:
        zip_file: the open archive.
        files: the entries of the files, without folders and hidden files.
        max_file_bytes: the largest size in bytes of an unpacked file. A larger file is not unpacked.
    """

    zip_file: ZipFile
    files: list[ZipInfo]
    max_file_bytes: int

    @property
    def size(self) -> int:
        """Largest total size in bytes of the unpacked files, as the directory of the ZIP declares it."""
        return sum(file.file_size for file in self.files if file.file_size <= self.max_file_bytes)

    def iterate_items(self) -> Iterator[Upload | RefusedItem]:
        """Unpack and yield the files one by one; a RefusedItem for a file that is too large or damaged."""
        for file in self.files:
            name = read_member_name(file)[:MAX_NAME_LENGTH]
            content = self._read_content(file)
            yield Upload(content, name) if isinstance(content, bytes) else RefusedItem(content, name)

    def _read_content(self, file: ZipInfo) -> bytes | RequestError:
        try:
            return read_member(self.zip_file, file, self.max_file_bytes)
        except MemberTooLarge:
            return RequestTooLarge(
                f"Unpacked it has more than {self.max_file_bytes:,} bytes (WARDROBE_MAX_UPLOAD_BYTES)."
            )
        except MemberUnreadable as error:
            return BadRequest(str(error))


def open_zip_archive(body: bytes, max_files: int, max_file_bytes: int) -> ZipArchive:
    """Open a ZIP of pictures from memory, without unpacking its files.

    Args:
        max_files: the number of pictures that the request may have. Only an archive with far more files is
            refused here; the caller counts them.
        max_file_bytes: the largest size in bytes of an unpacked file.

    Raises:
        BadRequest: the archive cannot be read.
        RequestTooLarge: the archive lists far more than `max_files`.
    """
    # Counted before the archive is opened, because Python makes an object of every entry: 200 MB of entries
    # would take gigabytes of memory and half a minute.
    if body.count(ENTRY_SIGNATURE) > max_files * ENTRIES_PER_PICTURE:
        raise _create_too_many_error(max_files)
    try:
        opened = open_zip(io.BytesIO(body))
    except ArchiveUnreadable as error:
        raise BadRequest(f"The ZIP cannot be read: {error}. Was it cut short?") from error
    names_of_files = [(file, read_member_name(file)) for file in opened.infolist()]
    members = [(file, name) for file, name in names_of_files if not is_system_path(name)]
    if len(members) > max_files * FILES_PER_PICTURE:
        raise _create_too_many_error(max_files)
    return ZipArchive(opened, [file for file, name in members if not is_archive_folder(name)], max_file_bytes)


def _create_too_many_error(max_files: int) -> RequestTooLarge:
    return RequestTooLarge(
        f"The ZIP lists far more than {max_files} pictures (WARDROBE_MAX_BATCH). Send several."
    )
