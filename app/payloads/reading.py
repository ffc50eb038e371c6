"""Find the picture or pictures in a request, whatever form the client chose.

The bytes decide before the Content-Type does: curl's --data-binary calls everything a form. Reads the request
and nothing else; decoding is inference's. JSON is parsed in documents.py, ZIPs are unpacked in archives.py.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import IO

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length, get_input_stream

from app.errors import BadRequest, TooLarge, without_frames
from app.payloads import archives
from app.payloads.documents import is_document, item_of, items_of
from app.payloads.items import BATCH_FORMS, FORMS, Item, Rows, Unreadable, Upload
from app.settings import Settings
from inference.header import begins_as_picture

BODY_OVERHEAD = 64 * 1024
"""Bytes allowed around one picture for multipart headers or JSON braces."""

FILE_FIELDS = ("image", "file")
"""The multipart fields of `/predict`, in the order in which they are looked for."""

TEXT_FIELDS = 16
"""Parts of a form that may be none of its pictures: what browsers and client libraries add."""

NAME_LENGTH = 255
"""Characters of a name that are told back; file systems allow no more, and a name may come with megabytes."""


def read_one(request: Request, settings: Settings) -> Upload | Rows:
    """The one picture of a `/predict` request.

    Raises:
        BadRequest: there is none, or the form or JSON cannot be read.
        TooLarge: it has more than MAX_UPLOAD_BYTES.
    """
    # Base64 needs four bytes for three; the picture itself is measured below.
    body = read_body(request, settings.max_upload_bytes * 4 // 3 + BODY_OVERHEAD, "MAX_UPLOAD_BYTES")
    item = _find_one(request, body)
    if isinstance(item, Upload):
        check_size(item.data, settings.max_upload_bytes)
    return item


def read_many(request: Request, settings: Settings) -> list[Item]:
    """The pictures of a `/predict/batch` request, in order.

    Raises:
        BadRequest: there are none, or the form, JSON or ZIP cannot be read.
        TooLarge: they are more than MAX_BATCH, or more than MAX_BATCH_BYTES in all.
    """
    body = read_body(request, settings.max_batch_bytes, "MAX_BATCH_BYTES")
    request.max_form_parts = settings.max_batch + TEXT_FIELDS
    items: list[Item] = []
    for item in _find_many(request, body, settings):
        if len(items) == settings.max_batch:
            raise too_many(settings)
        items.append(_within(item, settings.max_upload_bytes))
    if not items:
        raise BadRequest(f"There is no picture in this request. {BATCH_FORMS}")
    return items


def read_body(request: Request, limit: int, setting: str) -> bytes:
    """The whole body; read before `request.form`, which would swallow a raw body that is called a form.

    Raises:
        BadRequest: it ends early, or its chunks cannot be read.
        TooLarge: it has more bytes than `limit`, which `setting` set.
    """
    length = get_content_length(request.environ)
    if length is not None and length > limit:
        raise _too_long(limit, setting)
    try:
        body: bytes = _stream(request).read(limit + 1 if length is None else length)
    except ParseException as error:  # gunicorn's; chunks are read only now
        raise BadRequest("The body's chunks cannot be read: a size, an end or a trailer is none.") from error
    except (
        OSError,
        ValueError,
        ClientDisconnected,
    ) as error:  # of the server, of a stream, of Werkzeug's guard
        raise _cut_short() from error
    if len(body) > limit:
        raise _too_long(limit, setting)
    # gunicorn ends a body quietly where its connection does.
    if len(body) < (length or 0):
        raise _cut_short()
    request.environ["wsgi.input"] = BytesIO(body)  # where a form is parsed from
    request.max_content_length = request.max_form_memory_size = limit
    return body


def _stream(request: Request) -> IO[bytes]:
    # The server's own where that ends it: Werkzeug's guard reads by way of 64 kB of zeros, twice a request.
    environ = request.environ
    return environ["wsgi.input"] if "wsgi.input_terminated" in environ else get_input_stream(environ)


def _too_long(limit: int, setting: str) -> TooLarge:
    return TooLarge(f"The body has more bytes than the {limit:,} that {setting} allows here.")


def _cut_short() -> BadRequest:
    return BadRequest("The body ended early: less came than Content-Length says, or it came too slowly.")


def _find_one(request: Request, body: bytes) -> Upload | Rows:
    if begins_as_picture(body):
        return Upload(body)
    if request.mimetype == "multipart/form-data":
        return _from_form(request)
    if is_document(request, body):
        return item_of(body)
    if not body:
        raise BadRequest(f"There is no picture in this request. {FORMS}")
    return Upload(body)


def _from_form(request: Request) -> Upload:
    for field in FILE_FIELDS:
        if (file := request.files.get(field)) is not None:
            return _from_file(file)
        if field in request.form:
            raise BadRequest(f"`{field}` came as text, not as a file. With curl, write -F {field}=@FILE.")
    # A part without a name is called None.
    found = ", ".join(sorted({str(name) for name in (*request.files, *request.form)})) or "none"
    raise BadRequest(
        f"No multipart file field is called `image` or `file`; the fields are: {found[:NAME_LENGTH]}. {FORMS}"
    )


def _from_file(file: FileStorage) -> Upload:
    return Upload(file.stream.read(), name=(file.filename or "")[:NAME_LENGTH] or None)


def _find_many(request: Request, body: bytes, settings: Settings) -> Iterable[Item]:
    if archives.is_zip(body):
        return _from_zip(body, settings)
    if request.mimetype == "multipart/form-data":
        return _from_files(request, settings)
    if is_document(request, body):
        return items_of(body)
    raise BadRequest(f"This body is no batch. {BATCH_FORMS}")


def _from_files(request: Request, settings: Settings) -> Iterator[Item]:
    try:
        files = [file for _, file in request.files.items(multi=True)]
    except RequestEntityTooLarge as error:  # the body's size has passed, so it is the number of parts
        raise too_many(settings) from error
    for file in files:
        upload = _from_file(file)
        if archives.is_zip(upload.data):
            yield from _from_zip(upload.data, settings)
        else:
            yield upload


def _from_zip(body: bytes, settings: Settings) -> Iterator[Item]:
    limits = (settings.max_batch, settings.max_upload_bytes, settings.max_batch_bytes)
    for member in archives.unpack(body, *limits):
        if isinstance(member.content, bytes):
            yield Upload(member.content, member.name[:NAME_LENGTH])
        else:
            yield Unreadable(member.content, member.name[:NAME_LENGTH])


def _within(item: Item, limit: int) -> Item:
    if isinstance(item, Upload):
        try:
            check_size(item.data, limit)
        except TooLarge as error:
            return Unreadable(without_frames(error), item.name)
    return item


def too_many(settings: Settings) -> TooLarge:
    """What is told of more pictures than MAX_BATCH."""
    return TooLarge(f"More than {settings.max_batch} pictures (MAX_BATCH). Send them in several batches.")


def check_size(data: bytes, limit: int) -> None:
    """Let a picture of at most `limit` bytes pass.

    Raises:
        TooLarge: it has more.
    """
    if len(data) > limit:
        raise TooLarge(
            f"The picture has {len(data):,} bytes; at most {limit:,} are taken (MAX_UPLOAD_BYTES)."
        )
