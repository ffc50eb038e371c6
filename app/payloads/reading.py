"""Find the picture or pictures in a body, whatever form the client chose.

The bytes decide before the Content-Type does: curl's --data-binary calls everything a form. A body in,
items out: body.py reads the connection, and inference decodes.
"""

from collections.abc import Iterable, Iterator

from app.errors import BadRequest, TooLarge, without_frames
from app.payloads import archives
from app.payloads.body import Body
from app.payloads.documents import is_document, item_of, items_of
from app.payloads.forms import NAME_LENGTH, one_file, read_form
from app.payloads.items import BATCH_FORMS, FORMS, Item, Rows, Unreadable, Upload
from app.settings import Settings
from inference.contract import InputContract
from inference.header import begins_as_picture

FORM = "multipart/form-data"

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
    item = _one_of_any_form(body, contract)
    if isinstance(item, Upload):
        check_size(item.data, settings.max_upload_bytes)
    return item


def _one_of_any_form(body: Body, contract: InputContract) -> Upload | Rows:
    if begins_as_picture(body.data):
        return Upload(body.data)
    if body.mimetype == FORM:
        return one_file(body)
    if is_document(body):
        return item_of(body.data, contract)
    if not body.data:
        raise BadRequest(f"There is no picture in this request. {FORMS}")
    return Upload(body.data)


def find_many(body: Body, settings: Settings, contract: InputContract) -> list[Item]:
    """The pictures of a `/predict/batch` request, in order, for a model of this input.

    Raises:
        BadRequest: there are none, or the form, JSON or ZIP cannot be read.
        TooLarge: they are more than MAX_BATCH, or unpack to more than MAX_BATCH_BYTES.
    """
    items: list[Item] = []
    for item in _many_of_any_form(body, settings, contract):
        if len(items) == settings.max_batch:
            raise too_many(settings)
        items.append(_within(item, settings.max_upload_bytes))
    if not items:
        raise BadRequest(f"There is no picture in this request. {BATCH_FORMS}")
    return items


def _many_of_any_form(body: Body, settings: Settings, contract: InputContract) -> Iterable[Item]:
    if archives.is_zip(body.data):
        return _from_zip(body.data, settings)
    if body.mimetype == FORM:
        return _from_form(body, settings)
    if is_document(body):
        return items_of(body.data, settings.max_batch, contract)
    raise BadRequest(f"This body is no batch. {BATCH_FORMS}")


def _from_form(body: Body, settings: Settings) -> Iterator[Item]:
    for _, upload in read_form(body, settings.max_batch).files:
        if archives.is_zip(upload.data):
            yield from _from_zip(upload.data, settings)
        else:
            yield upload


def _from_zip(body: bytes, settings: Settings) -> Iterator[Item]:
    limits = (settings.max_batch, settings.max_upload_bytes, settings.max_batch_bytes)
    for member in archives.unpack(body, *limits):
        name = member.name[:NAME_LENGTH]
        if isinstance(member.content, bytes):
            yield Upload(member.content, name)
        else:
            yield Unreadable(member.content, name)


def _within(item: Item, limit: int) -> Item:
    if isinstance(item, Upload):
        try:
            check_size(item.data, limit)
        except TooLarge as error:
            return Unreadable(without_frames(error), item.name)
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
