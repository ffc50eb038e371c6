"""Find the files of a multipart form (RFC 7578), in memory: uploads are never written to disk.

Werkzeug's decoder does the work. Each of a part's headers is parsed by regular expressions, so their size and
their number are bounded here. Bytes in, files out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NoReturn

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData, State

from app.errors import BadRequest, TooLarge
from app.payloads.body import Body
from app.payloads.request_items import MAX_NAME_LENGTH, SINGLE_FORMS, Upload
from app.payloads.titles import OF_TITLES, TITLE

FILE_FIELDS = ("image", "file")
"""The file fields of `/predict`."""

FILE_TYPES = ("image/", "application/octet-stream")
"""Content-Types of a part that is a file though it has no filename."""

MAX_TEXT_FIELDS = 16
"""Parts of a form that may be none of its pictures: what browsers and client libraries add."""

MAX_HEADER_BYTES = 8192
"""What the headers of one part may have, and its text; real ones have some hundred bytes."""

PARSER_BYTES = 4096
"""What the parser is given at a time."""

BOUNDARY_ADVICE = (
    "Let the library that makes the form set Content-Type, which then ends in `; boundary=...`: a header "
    "that is set by hand has none. Or send the picture itself as the body."
)
"""The way out of the most frequent fault of a form: fetch and axios add the boundary by themselves."""

FORM_TYPE = "multipart/form-data"


@dataclass(frozen=True)
class ParsedForm:
    """A parsed form.

    Attributes:
        files: each file with the name of its field, in order.
        texts: the names of the fields that hold text.
        fields: the texts of OF_TITLES, by name.
    """

    files: list[tuple[str, Upload]]
    texts: list[str]
    fields: dict[str, list[str]]


def get_only_file(form: ParsedForm) -> Upload:
    """The one file of a `/predict` form.

    Raises:
        BadRequest: there is none or more than one, or a title is a file.
    """
    if name := next((name for name, _ in form.files if name in OF_TITLES), ""):
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


def parse_form(body: Body) -> ParsedForm:
    """Parse a form of files, as many as the limits say and one more, and some fields of text.

    A part is a file if it has a filename, or a Content-Type of FILE_TYPES.

    Raises:
        BadRequest: it cannot be read, or a picture's field is a long text.
        TooLarge: it has more parts, or one with more than MAX_HEADER_BYTES of headers or of text.
    """
    if not body.boundary:
        raise BadRequest(f"The form's Content-Type names no boundary. {BOUNDARY_ADVICE}")
    form = ParsedForm([], [], {})
    for number, part in enumerate(_iterate_parts(body)):
        if number > body.limits.pictures + MAX_TEXT_FIELDS:
            raise TooLarge(
                f"The form has more than {body.limits.pictures} files and {MAX_TEXT_FIELDS} fields of text. "
                "/predict takes one picture, /predict/batch as many as MAX_BATCH says: send the others in "
                "further requests."
            )
        if part.is_file:
            name = (part.filename or "")[:MAX_NAME_LENGTH] or None
            form.files.append((part.name, Upload(b"".join(part.pieces), name)))
        else:
            form.texts.append(part.name)
            if part.name in OF_TITLES:
                form.fields.setdefault(part.name, []).append(b"".join(part.pieces).decode(errors="replace"))
    return form


@dataclass
class _Part:
    """A part of a form, as far as it has been read."""

    name: str
    filename: str | None
    is_file: bool
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, piece: bytes) -> None:
        """Take more of its content; of a title only as much as a text may have.

        Raises:
            BadRequest, TooLarge: it is no file, and longer than a text may be.
        """
        self.size += len(piece)
        is_short = self.is_file or self.size <= MAX_HEADER_BYTES
        if is_short:
            self.pieces.append(piece)
        if is_short or self.name == TITLE:
            return
        if self.name in FILE_FIELDS:
            raise create_text_error(self.name)
        raise TooLarge(
            f"The part `{self.name[:MAX_NAME_LENGTH]}` has no filename and more than {MAX_HEADER_BYTES:,} "
            "bytes of text. Send a picture as a file: with a filename, or a Content-Type of an image."
        )


def create_text_error(field_name: str) -> BadRequest:
    """The refusal of a part that should be a picture and has neither a filename nor a type."""
    name = field_name[:MAX_NAME_LENGTH]
    return BadRequest(
        f"`{name}` came as text, not as a file. With curl, write -F {name}=@FILE; in code, give the part a "
        "filename, or a Content-Type of an image."
    )


def _iterate_parts(body: Body) -> Iterator[_Part]:
    """The parts of a form, each when it is complete."""
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
    """Say what is wrong with a form, by how far it was read."""
    if state is State.PREAMBLE:
        raise BadRequest(
            f"The multipart form cannot be read: the boundary of its Content-Type is not in it. "
            f"{BOUNDARY_ADVICE}"
        ) from error
    if isinstance(error, RequestEntityTooLarge):
        raise TooLarge(f"A part of the form has more than {MAX_HEADER_BYTES:,} bytes of headers.") from error
    if isinstance(error, UnicodeDecodeError):
        raise BadRequest(
            "A part of the form has headers that are not UTF-8, such as its filename."
        ) from error
    what = "it ends before its last boundary" if str(error).startswith("Invalid form-data") else str(error)
    raise BadRequest(f"The multipart form cannot be read: {what}. {SINGLE_FORMS}") from error
