"""Find the picture or pictures in a body, whatever form the client chose.

The bytes decide before the Content-Type does: curl's --data-binary calls everything a form. A body in,
items out: body.py reads the connection, and inference decodes.
"""

from collections.abc import Callable, Iterable, Iterator

from app.errors import BadRequest, TooLarge, without_frames
from app.payloads import archives
from app.payloads.body import Body
from app.payloads.documents import is_document, item_of, items_of
from app.payloads.forms import FORM, as_form, came_as_text, one_file, read_form
from app.payloads.items import BATCH_FORMS, FORMS, RefusedItem, RequestItem, Rows, Upload
from app.settings import Settings
from inference.contract import InputContract
from inference.inflate import Pause
from inference.signatures import format_of
from inference.zip_file import is_zip

URLENCODED = "application/x-www-form-urlencoded"
"""What curl calls any body without `-H Content-Type`."""

BODY_OVERHEAD = 64 * 1024
"""Bytes allowed around one picture for multipart headers or JSON braces."""


def max_body_bytes(settings: Settings) -> int:
    """Bytes that a request for one picture may have: base64 needs four for three."""
    return settings.max_upload_bytes * 4 // 3 + BODY_OVERHEAD


def largest_body(settings: Settings) -> int:
    """Bytes that any request may have."""
    return max(settings.max_batch_bytes, max_body_bytes(settings))


def find_one(body: Body, settings: Settings, contract: InputContract) -> Upload | Rows:
    """The one picture of a `/predict` request, for a model of this input.

    Raises:
        BadRequest: there is none or more than one, or the form or JSON cannot be read.
        TooLarge: it has more than MAX_UPLOAD_BYTES.
    """
    item = _one_of_any_form(_as_it_is(body), contract)
    if isinstance(item, Upload):
        check_size(item.data, settings.max_upload_bytes)
    return item


def _as_it_is(body: Body) -> Body:
    """The body without its coding, as the form that it may be."""
    inflated = body.inflated()
    return as_form(inflated) if b"--" in inflated.data[:32] else inflated


def _one_of_any_form(body: Body, contract: InputContract) -> Upload | Rows:
    if body.mimetype == URLENCODED and lost_by_curl(body.data):
        raise BadRequest(
            "This picture has lost its line ends and NUL bytes: curl's --data does that. "
            "Send it with --data-binary @FILE, or -F image=@FILE."
        )
    if format_of(body.data) is not None:
        return Upload(body.data)
    if body.mimetype == FORM:
        return one_file(body)
    if is_document(body):
        return item_of(body, contract)
    if not body.data:
        raise BadRequest(f"There is no picture in this request. {FORMS}")
    return Upload(body.data)


def lost_by_curl(data: bytes) -> bool:
    """Whether these are the bytes of a picture from which `curl --data @FILE` removed CR, LF and NUL.

    A file of the formats that are read has one of them in its first bytes, or soon after.
    """
    return data[:3] in _BINARY and not any(byte in data for byte in (b"\0", b"\n", b"\r"))


_BINARY = (b"\x89PN", b"\xff\xd8\xff", b"RIF", b"GIF", b"II*", b"MM*")
"""How files of pictures begin, without what curl removes."""


def find_many(body: Body, settings: Settings, contract: InputContract) -> list[RequestItem]:
    """The pictures of a `/predict/batch` request, in order, for a model of this input.

    Raises:
        BadRequest: there are none, or the form, JSON or ZIP cannot be read.
        TooLarge: they are more than MAX_BATCH, or unpack to more than MAX_BATCH_BYTES.
    """
    items: list[RequestItem] = []
    for item in _many_of_any_form(_as_it_is(body), settings, contract):
        if len(items) == settings.max_batch:
            raise too_many(settings)
        items.append(_within(item, settings.max_upload_bytes))
    if not items:
        raise BadRequest(f"There is no picture in this request. {BATCH_FORMS}")
    return items


def _many_of_any_form(body: Body, settings: Settings, contract: InputContract) -> Iterable[RequestItem]:
    if is_zip(body.data):
        return _unpacked([Upload(body.data)], settings, body.claim, body.pause)
    if body.mimetype == FORM:
        form = read_form(body, settings.max_batch)
        if form.texts and not form.files:
            raise came_as_text(form.texts[0])
        return _unpacked((upload for _, upload in form.files), settings, body.claim, body.pause)
    if is_document(body):
        return items_of(body, settings.max_batch, contract)
    raise BadRequest(f"This body is no batch. {BATCH_FORMS}")


def _unpacked(
    uploads: Iterable[Upload], settings: Settings, claim: Callable[[int], None], pause: Pause
) -> Iterator[RequestItem]:
    """The uploads, and of each that is a ZIP its pictures; what all ZIPs declare together has one limit.

    What they unpack to beyond their own bytes counts as held, as the body itself does.
    """
    total = 0
    for upload in uploads:
        if not is_zip(upload.data):
            yield upload
            continue
        archive = archives.open_archive(upload.data, settings.max_batch, settings.max_upload_bytes)
        total += archive.size
        if total > settings.max_batch_bytes:
            limit = f"{settings.max_batch_bytes:,} bytes (MAX_BATCH_BYTES)"
            raise TooLarge(f"The ZIP unpacks to more than {limit}. Send several batches.")
        claim(max(archive.size - len(upload.data), 0))
        yield from archive.items(pause)


def _within(item: RequestItem, limit: int) -> RequestItem:
    if isinstance(item, Upload):
        try:
            check_size(item.data, limit)
        except TooLarge as error:
            return RefusedItem(without_frames(error), item.name)
    return item


def too_many(settings: Settings) -> TooLarge:
    """The refusal of more pictures than MAX_BATCH."""
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
