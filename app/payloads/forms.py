"""Find the files of a multipart form (RFC 7578), in memory: uploads are never written to disk.

Werkzeug's parser does the work. Each of a part's headers is parsed by regular expressions, so their size and
their number are bounded here. Bytes in, files out.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import IO

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from app.errors import BadRequest, TooLarge
from app.payloads.body import Body
from app.payloads.items import FORMS, Upload

FILE_FIELDS = ("image", "file")
"""The file fields of `/predict`."""

TEXT_FIELDS = 16
"""Parts of a form that may be none of its pictures: what browsers and client libraries add."""

MAX_HEADER_BYTES = 8192
"""What the headers of one part may have; real ones have some hundred bytes."""

CHUNK_BYTES = 4096
"""What the parser is given at a time."""

NAME_LENGTH = 255
"""Characters of a name that an answer repeats; file systems allow no more."""


@dataclass(frozen=True)
class Form:
    """A parsed form.

    Attributes:
        files: each file with the name of its field, in order.
        texts: the names of the fields that hold text.
    """

    files: list[tuple[str, Upload]]
    texts: list[str]


def one_file(body: Body) -> Upload:
    """The one file of a `/predict` form.

    Raises:
        BadRequest: there is none or more than one, or the form cannot be read.
        TooLarge: as `read_form`.
    """
    form = read_form(body, max_files=len(FILE_FIELDS))
    uploads = [upload for field, upload in form.files if field in FILE_FIELDS]
    if len(uploads) == 1:
        return uploads[0]
    if uploads:
        raise BadRequest(
            f"The form has {len(uploads)} pictures, and one is classified here. "
            "Send one `image`, or all of them to /predict/batch."
        )
    for field in FILE_FIELDS:
        if field in form.texts:
            raise BadRequest(f"`{field}` came as text, not as a file. With curl, write -F {field}=@FILE.")
    found = ", ".join(sorted({*(field for field, _ in form.files), *form.texts})) or "none"
    raise BadRequest(
        f"No multipart file field is called `image` or `file`; the fields are: {found[:NAME_LENGTH]}. {FORMS}"
    )


def read_form(body: Body, max_files: int) -> Form:
    """Parse a form of at most `max_files` files and some fields of text.

    Raises:
        BadRequest: it cannot be read.
        TooLarge: it has more parts, or one with more than MAX_HEADER_BYTES of headers or as much text.
    """
    parser = MultiPartParser(
        stream_factory=_in_memory,
        max_form_memory_size=MAX_HEADER_BYTES + CHUNK_BYTES,
        max_form_parts=max_files + TEXT_FIELDS,
        buffer_size=CHUNK_BYTES,
    )
    try:
        texts, files = parser.parse(BytesIO(body.data), body.boundary.encode("ascii"), len(body.data))
    except RequestEntityTooLarge as error:
        raise TooLarge(
            f"The form has more than {max_files} files and {TEXT_FIELDS} fields of text, or a part with more "
            f"than {MAX_HEADER_BYTES:,} bytes of headers or text. Send pictures as files."
        ) from error
    except ValueError as error:
        raise BadRequest(f"The multipart form cannot be read: {error}. {FORMS}") from error
    uploads = [(str(field), _upload(file)) for field, file in files.items(multi=True)]
    return Form(uploads, [str(field) for field in texts])


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> IO[bytes]:
    return BytesIO()


def _upload(file: FileStorage) -> Upload:
    return Upload(file.stream.read(), name=(file.filename or "")[:NAME_LENGTH] or None)
