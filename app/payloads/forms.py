"""Find the pictures in a multipart form (RFC 7578). Uploads stay in memory, and are never written to disk.

Werkzeug's decoder does the work. It parses the headers of each part with regular expressions, which take long
for long headers, so this file limits their size and number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NoReturn

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData, State

from app.errors import BadRequest, RequestTooLarge
from app.payloads.body import RequestBody
from app.payloads.request_items import MAX_NAME_LENGTH, SINGLE_FORMS, Upload
from app.payloads.request_title import REFUSED_FIELDS, TITLE, TITLE_FIELDS

FILE_FIELDS = ("image", "file")
"""Names of the form field in which `/predict` expects a picture."""

FILE_TYPES = ("image/", "application/octet-stream")
"""Beginnings of the Content-Type of a part that is a file even without a filename."""

MAX_TEXT_FIELDS = 16
"""Largest number of parts besides the pictures. Browsers and client libraries add fields of their own."""

MAX_HEADER_BYTES = 8192
"""Largest size in bytes of the headers of a part, and of a field of text. Usual ones have a few hundred."""

PARSER_BYTES = 4096
"""Number of bytes that the form parser gets at a time."""

BOUNDARY_ADVICE = (
    "Let the library that makes the form set Content-Type, which then ends in `; boundary=...`: a header "
    "that is set by hand has none. Or send the picture itself as the body."
)
"""Advice for the most frequent mistake with a form: a client sets the Content-Type itself, and so without the
boundary that fetch or axios would add."""

FORM_TYPE = "multipart/form-data"
"""Content-Type of a multipart form, without its parameters."""


@dataclass(frozen=True)
class ParsedForm:
    """The files and texts of a multipart form.

    Attributes:
        files: the name of the field and the file of each picture, in the order of the form.
        texts: the names of all fields of text.
        fields: the texts of the fields of REFUSED_FIELDS (the title and its language), by the name of the
            field.
    """

    files: list[tuple[str, Upload]]
    texts: list[str]
    fields: dict[str, list[str]]


def get_only_file(form: ParsedForm) -> Upload:
    """Return the only picture of a form for `/predict`.

    Raises:
        BadRequest: the form has no picture or more than one, or its title came as a file.
    """
    if name := next((name for name, _ in form.files if name in TITLE_FIELDS), ""):
        raise BadRequest(f"The part `{name}` is a file. Send it as a field of text: without a filename.")
    uploads = [upload for name, upload in form.files if name in FILE_FIELDS]
    if len(uploads) == 1:
        return uploads[0]
    if uploads:
        raise BadRequest(
            f"The form has {len(uploads)} pictures, and one is classified here. "
            "Send one `image`, or all of them to /predict/batch."
        )
    for name in FILE_FIELDS:
        if name in form.texts:
            raise create_text_error(name)
    fields = ", ".join(sorted({*(name for name, _ in form.files), *form.texts})) or "none"
    raise BadRequest(
        "No multipart file field is called `image` or `file`; the fields are: "
        f"{fields[:MAX_NAME_LENGTH]}. {SINGLE_FORMS}"
    )


def parse_form(body: RequestBody) -> ParsedForm:
    """Parse a multipart form into its files and its fields of text.

    Args:
        body: the body of the request, with the limits for its parts.

    Raises:
        BadRequest: the form cannot be read, or the field of a picture is a long text.
        RequestTooLarge: the form has more parts, or a part with more than MAX_HEADER_BYTES of headers or
            text.
    """
    if not body.boundary:
        raise BadRequest(f"The form's Content-Type names no boundary. {BOUNDARY_ADVICE}")
    form = ParsedForm([], [], {})
    for number, part in enumerate(_iterate_parts(body)):
        if number > body.limits.pictures + MAX_TEXT_FIELDS:
            raise RequestTooLarge(
                f"The form has more than {body.limits.pictures} files and {MAX_TEXT_FIELDS} fields of text. "
                "/predict takes one picture, /predict/batch as many as WARDROBE_MAX_BATCH says: send the "
                "others in further requests."
            )
        if part.is_file:
            name = (part.filename or "")[:MAX_NAME_LENGTH] or None
            form.files.append((part.name, Upload(b"".join(part.pieces), name)))
        else:
            form.texts.append(part.name)
            if part.name in REFUSED_FIELDS:
                form.fields.setdefault(part.name, []).append(b"".join(part.pieces).decode(errors="replace"))
    return form


@dataclass
class _Part:
    """A part of a form, as far as it has been read.

    Attributes:
        name: the name of its field.
        filename: the name of its file; None without one.
        is_file: whether the part is a file.
        pieces: the bytes so far, as they arrived.
        size: the number of bytes so far.
    """

    name: str
    filename: str | None
    is_file: bool
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, piece: bytes) -> None:
        """Add bytes to the content. Of a long title, only the first bytes are kept.

        Raises:
            BadRequest, RequestTooLarge: the part is not a file, and is longer than a text may be.
        """
        self.size += len(piece)
        is_short = self.is_file or self.size <= MAX_HEADER_BYTES
        if is_short:
            self.pieces.append(piece)
        if is_short or self.name == TITLE:
            return
        if self.name in FILE_FIELDS:
            raise create_text_error(self.name)
        raise RequestTooLarge(
            f"The part `{self.name[:MAX_NAME_LENGTH]}` has no filename and more than {MAX_HEADER_BYTES:,} "
            "bytes of text. Send a picture as a file: with a filename, or a Content-Type of an image."
        )


def create_text_error(field_name: str) -> BadRequest:
    """Return the error for a picture that came as a field of text, without a filename and a type."""
    name = field_name[:MAX_NAME_LENGTH]
    return BadRequest(
        f"`{name}` came as text, not as a file. With curl, write -F {name}=@FILE; in code, give the part a "
        "filename, or a Content-Type of an image."
    )


def _iterate_parts(body: RequestBody) -> Iterator[_Part]:
    """Yield the parts of a form, each when it is complete."""
    # In pieces, because the decoder limits the bytes that it has not parsed yet. These are then headers
    # alone.
    starts = range(0, len(body.data), PARSER_BYTES)
    chunks = chain((body.data[start : start + PARSER_BYTES] for start in starts), (None,))
    part = _Part("", None, is_file=False)
    try:
        decoder = MultipartDecoder(body.boundary.encode("ascii"), MAX_HEADER_BYTES + PARSER_BYTES)
        for chunk in chunks:
            decoder.receive_data(chunk)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                if isinstance(event, Field | File):
                    part = _create_part(event)
                elif isinstance(event, Data):
                    part.add(event.data)
                    if not event.more_data:
                        yield part
            if decoder.state is State.EPILOGUE:
                return
    except (RequestEntityTooLarge, ValueError) as error:
        _raise_form_error(error, decoder.state)


def _create_part(event: Field | File) -> _Part:
    filename = event.filename if isinstance(event, File) else None
    is_typed = event.headers.get("content-type", "").lower().startswith(FILE_TYPES)
    return _Part(event.name or "", filename, is_file=filename is not None or is_typed)


def _raise_form_error(error: Exception, state: State) -> NoReturn:
    """Raise an error that says what is wrong with a form.

    Args:
        error: the error of Werkzeug's decoder.
        state: the part of the form in which the decoder failed.
    """
    if state is State.PREAMBLE:
        raise BadRequest(
            f"The multipart form cannot be read: the boundary of its Content-Type is not in it. "
            f"{BOUNDARY_ADVICE}"
        ) from error
    if isinstance(error, RequestEntityTooLarge):
        raise RequestTooLarge(
            f"A part of the form has more than {MAX_HEADER_BYTES:,} bytes of headers."
        ) from error
    if isinstance(error, UnicodeDecodeError):
        raise BadRequest(
            "A part of the form has headers that are not UTF-8, such as its filename."
        ) from error
    fault = "it ends before its last boundary" if str(error).startswith("Invalid form-data") else str(error)
    raise BadRequest(f"The multipart form cannot be read: {fault}. {SINGLE_FORMS}") from error
