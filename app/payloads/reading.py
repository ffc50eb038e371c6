"""Find the picture or the pictures in the body of a request, in whatever form the client sent them.

The first bytes of a body decide before its Content-Type does, because `curl --data-binary` calls everything a
form. The pictures are not decoded here.
"""

from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType

from app.errors import BadRequest, RequestTooLarge, drop_traceback
from app.payloads import zip_archives
from app.payloads.body import RequestBody
from app.payloads.forms import FORM_TYPE, create_text_error, get_only_file, parse_form
from app.payloads.json_bodies import is_json_body, parse_image_list, parse_json_object, parse_picture_object
from app.payloads.limits import RequestLimits
from app.payloads.request_items import BATCH_FORMS, SINGLE_FORMS, PixelRows, RefusedItem, RequestItem, Upload
from app.payloads.request_title import (
    REFUSED_FIELDS,
    FieldValues,
    PictureTitle,
    check_no_list_of_titles,
    check_no_title_fields,
    read_title,
)
from inference.pictures.signatures import find_picture_format
from inference.sessions.zip_file import is_zip


def read_single_picture(
    body: RequestBody, query: FieldValues = MappingProxyType({})
) -> tuple[Upload | PixelRows, PictureTitle | None]:
    """Return the only picture in the body of a `/predict` request, and the title that was sent with it.

    Args:
        query: the values of `title` and `language` in the query string.

    Returns:
        The picture, and the title of the shop for it; None without a title.

    Raises:
        BadRequest: there is no picture or more than one, the form or JSON cannot be read, or the title is
            wrong.
        RequestTooLarge: the picture has more than MAX_UPLOAD_BYTES.
    """
    item, fields = _find_one_in_body(body)
    check_no_list_of_titles(fields)
    if isinstance(item, Upload):
        check_upload_size(item.data, body.limits)
    return item, read_title(query, fields) if query or fields else None


def read_untitled_picture(body: RequestBody) -> Upload | PixelRows:
    """Return the only picture in a body that must not have a title, because the protocol has no answer to it.

    Raises:
        BadRequest: there is no picture or more than one, the form or JSON cannot be read, or there is a
            title.
        RequestTooLarge: the picture has more than MAX_UPLOAD_BYTES.
    """
    item, fields = _find_one_in_body(body)
    check_no_title_fields(fields)
    if isinstance(item, Upload):
        check_upload_size(item.data, body.limits)
    return item


def _find_one_in_body(body: RequestBody) -> tuple[Upload | PixelRows, FieldValues]:
    """Return the picture of a body, and the values of title and language in it."""
    # The bytes decide first, since `curl --data-binary` sends a picture with the Content-Type of a form.
    if find_picture_format(body.data) is not None:
        return Upload(body.data), {}
    if body.mimetype == FORM_TYPE:
        form = parse_form(body)
        return get_only_file(form), form.fields
    if is_json_body(body):
        document = parse_json_object(body)
        fields: FieldValues = {name: [document[name]] for name in REFUSED_FIELDS if name in document}
        return parse_picture_object(document, SINGLE_FORMS), fields
    if not body.data:
        raise BadRequest(f"There is no picture in this request. {SINGLE_FORMS}")
    return Upload(body.data), {}  # no picture; the error when it is opened will name its format


def read_picture_batch(body: RequestBody) -> list[RequestItem]:
    """Return the pictures in the body of a `/predict/batch` request, in order.

    Raises:
        BadRequest: there are no pictures, there is a title, or the form, JSON or ZIP cannot be read.
        RequestTooLarge: there are more pictures than MAX_BATCH, or their ZIPs unpack to more than
            MAX_BATCH_BYTES.
    """
    items = [
        _refuse_if_too_large(item, body.limits)
        for item in limit_picture_count(body.limits, _find_many_in_body(body))
    ]
    if not items:
        raise BadRequest(f"There is no picture in this request. {BATCH_FORMS}")
    return items


def _find_many_in_body(body: RequestBody) -> Iterable[RequestItem]:
    if is_zip(body.data):  # whatever the Content-Type: browsers have several names for a ZIP
        return _unpack_zips([Upload(body.data)], body.limits, body.reserve_memory)
    if body.mimetype == FORM_TYPE:
        form = parse_form(body)
        if form.texts and not form.files:
            raise create_text_error(form.texts[0])
        check_no_title_fields(form.fields)
        return _unpack_zips((upload for _, upload in form.files), body.limits, body.reserve_memory)
    if is_json_body(body):
        return parse_image_list(body)
    raise BadRequest(f"This body is no batch. {BATCH_FORMS}")


def _unpack_zips(
    uploads: Iterable[Upload], limits: RequestLimits, reserve_memory: Callable[[int], None]
) -> Iterator[RequestItem]:
    """Yield the uploads, but in place of a ZIP the pictures in it. All ZIPs of a request share one limit."""
    total = 0
    for upload in uploads:
        if not is_zip(upload.data):
            yield upload
            continue
        archive = zip_archives.open_zip_archive(upload.data, limits.pictures, limits.picture_bytes)
        total += archive.size
        if total > limits.bytes:
            raise RequestTooLarge(
                f"The ZIP unpacks to more than {limits.bytes:,} bytes ({limits.bytes_setting}). "
                "Send several batches."
            )
        reserve_memory(max(archive.size - len(upload.data), 0))  # the ZIP itself is reserved already
        yield from archive.iterate_items()


def _refuse_if_too_large(item: RequestItem, limits: RequestLimits) -> RequestItem:
    if isinstance(item, Upload):
        try:
            check_upload_size(item.data, limits)
        except RequestTooLarge as error:
            return RefusedItem(drop_traceback(error), item.name)
    return item


def limit_picture_count(limits: RequestLimits, items: Iterable[RequestItem]) -> Iterator[RequestItem]:
    """Yield the pictures of a request, and raise an error if there are more than allowed.

    They are taken one by one, so that pictures beyond the limit cost nothing.

    Raises:
        RequestTooLarge: there are more pictures than MAX_BATCH.
    """
    for place, item in enumerate(items):
        if place == limits.pictures:
            raise RequestTooLarge(
                f"More than {limits.pictures} pictures (WARDROBE_MAX_BATCH). Send them in several batches."
            )
        yield item


def check_upload_size(data: bytes, limits: RequestLimits) -> None:
    """Raise an error if the file of a picture has more bytes than allowed.

    Raises:
        RequestTooLarge: the picture has more bytes.
    """
    if len(data) > limits.picture_bytes:
        raise RequestTooLarge(
            f"The picture has {len(data):,} bytes; at most {limits.picture_bytes:,} are taken "
            "(WARDROBE_MAX_UPLOAD_BYTES)."
        )
