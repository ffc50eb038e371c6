"""JSON and forms: depth, size, numbers that are none, texts that are none (RFC 8259; RFC 7578)."""

import base64
import json
from collections.abc import Iterable

from tests.hostile.entry import BAD, BROKEN, JSON, READ, TOO_LARGE, UNKNOWN, Entry
from tests.hostile.png_files import ihdr, png

FORM = "multipart/form-data; boundary=edge"
ROW = "[" + ",".join(["0"] * 28) + "]"
PICTURE = base64.b64encode(png()).decode()
LONG = b"a" * 20_000
READ_OR_BAD = READ | BAD


def pixels(value: str) -> bytes:
    """A document of black pixels but for one value, written as it is."""
    first = "[" + ",".join([value, *["0"] * 27]) + "]"
    return f'{{"pixels": [{",".join([first, *[ROW] * 27])}]}}'.encode()


def entries() -> Iterable[Entry]:
    """All of them."""
    yield from _documents("pixel", BROKEN, {name: pixels(value) for name, value in _NO_PIXELS.items()})
    yield from _documents("json", BAD, _no_documents())
    yield from _documents("json", BROKEN | BAD | UNKNOWN, _no_pictures())
    yield from _documents("json", READ, _odd_but_sound())
    yield from _batches()
    yield from _forms()


_NO_PIXELS = {
    "nan": "NaN",
    "infinity": "Infinity",
    "minus-infinity": "-Infinity",
    "overflowing": "1e999",
    "400-digits": "9" * 400,
    "256": "256",
    "minus-one": "-1",
    "fraction": "12.5",
    "denormal": "5e-324",
    "true": "true",
    "null": "null",
    "text": '"0"',
    "list": "[0]",
    "object": "{}",
    "surrogate": '"\\ud800"',
}


def _documents(prefix: str, statuses: frozenset[int], bodies: dict[str, bytes]) -> Iterable[Entry]:
    for name, body in bodies.items():
        yield Entry(name=f"json/{prefix}-{name}.json", body=body, statuses=statuses, content_type=JSON)


def _no_documents() -> dict[str, bytes]:
    return {
        "20000-deep": b"[" * 20_000,
        "4000-deep-objects": b'{"a":' * 4_000,
        "5000-digits": b'{"pixels": ' + b"9" * 5000 + b"}",
        "truncated": b'{"image": "' + PICTURE.encode()[:100],
        "empty": b"",
        "spaces": b" " * 5000,
        "two-documents": b"{}{}",
        "not-utf-8": b'{"image": "\xff\xfe\x80"}',
        "utf-8-mark-only": b"\xef\xbb\xbf",
        "utf-16-cut-in-half": '{"image": "a"}'.encode("utf-16")[:-1],
        "single-quotes": b"{'image': 'a'}",
        "list": b"[]",
        "number": b"1e400",
        "null": b"null",
        "both": b'{"image": "a", "pixels": []}',
        "neither": b'{"url": "http://127.0.0.1/a.png"}',
        "image-list": b'{"image": []}',
        "image-object": b'{"image": {"__class__": "os.system"}}',
        "image-null": b'{"image": null}',
        "image-not-base64": b'{"image": "***"}',
        "image-surrogate": b'{"image": "\\ud800\\udfff\\ud800"}',
        "image-url": b'{"image": "http://169.254.169.254/latest/meta-data/"}',
        "image-nul": b'{"image": "a\\u0000b"}',
        "control-character": b'{"image": "a\x01"}',
        "comment": b'{"image": "a" /* here */}',
    }


def _no_pictures() -> dict[str, bytes]:
    return {
        "pixels-deep": b'{"pixels": ' + b"[" * 400 + b"]" * 400 + b"}",
        "pixels-number": b'{"pixels": 1e999}',
        "pixels-text": b'{"pixels": "' + b"0" * 784 + b'"}',
        "pixels-27-rows": f'{{"pixels": [{",".join([ROW] * 27)}]}}'.encode(),
        "pixels-10000-rows": f'{{"pixels": [{",".join(["[]"] * 10000)}]}}'.encode(),
        "pixels-ragged": f'{{"pixels": [[0],{",".join([ROW] * 27)}]}}'.encode(),
        "image-empty": b'{"image": ""}',
        "image-file-url": b'{"image": "file:///etc/passwd"}',
        "image-path": b'{"image": "../../../../etc/passwd"}',
        "data-url-without-comma": b'{"image": "data:image/png;base64"}',
        "data-url-svg": b'{"image": "data:image/svg+xml;base64,PHN2Zy8+"}',
        "image-is-json": json.dumps({"image": base64.b64encode(b'{"image": "a"}').decode()}).encode(),
    }


def _odd_but_sound() -> dict[str, bytes]:
    return {
        "duplicate-keys": f'{{"pixels": 1, "pixels": [{",".join([ROW] * 28)}]}}'.encode(),
        "proto-keys": f'{{"__proto__": {{"a": 1}}, "constructor": 1, "image": "{PICTURE}"}}'.encode(),
        "utf-16": f'{{"image": "{PICTURE}"}}'.encode("utf-16"),
        "utf-32": f'{{"image": "{PICTURE[:400]}{PICTURE[400:]}"}}'.encode("utf-32"),
        "base64-with-newlines": json.dumps({"image": "\n".join(PICTURE)}).encode(),
        "key-of-20-kb": f'{{"{"k" * 20_000}": 1, "image": "{PICTURE}"}}'.encode(),
        "1000-keys": json.dumps({**{str(key): key for key in range(1000)}, "image": PICTURE}).encode(),
    }


def _batches() -> Iterable[Entry]:
    bomb = base64.b64encode(png(header=ihdr(65535, 65535))).decode()
    bodies: dict[str, tuple[object, frozenset[int]]] = {
        "of-everything": ([PICTURE, "", 7, None, [], {}, {"image": 1}, {"pixels": 1}, bomb], READ),
        "of-257": (["a"] * 257, TOO_LARGE),
        "of-3000": ([0] * 3000, TOO_LARGE),
        "of-nothing": ([], BAD),
        "no-list": ({"0": PICTURE}, BAD),
        "nested-lists": ([[[[PICTURE]]]], READ),
        "surrogates": (["\ud800", {"image": "\udfff"}, {"\ud800": 1}], READ),
    }
    for name, (images, expected) in bodies.items():
        body = json.dumps({"images": images}).encode()
        yield Entry(
            name=f"json/batch-{name}.json", body=body, statuses=BAD, batch=expected, content_type=JSON
        )


def _part(disposition: bytes, data: bytes = png()) -> bytes:
    return b"--edge\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n" + data + b"\r\n"


def _forms() -> Iterable[Entry]:
    end = b"--edge--\r\n"
    image = _part(b'name="image"; filename="a.png"')
    bodies: dict[str, tuple[bytes, frozenset[int], frozenset[int]]] = {
        "slip": (_part(b'name="image"; filename="../../../../tmp/slipped.png"') + end, READ, READ),
        "absolute": (_part(b'name="image"; filename="/etc/passwd"') + end, READ, READ),
        "name-of-20-kb": (_part(b'name="image"; filename="%s"' % LONG) + end, TOO_LARGE, TOO_LARGE),
        "field-of-20-kb": (_part(b'name="%s"; filename="a"' % LONG) + end, TOO_LARGE, TOO_LARGE),
        "name-not-utf-8": (_part(b'name="image"; filename="\xff\xfe"') + end, READ_OR_BAD, READ_OR_BAD),
        "name-encoded": (
            _part(b"name=image; filename*=UTF-8''%00%2e%2e%2f%ff") + end,
            READ_OR_BAD,
            READ_OR_BAD,
        ),
        "no-filename": (_part(b'name="image"') + end, BAD, BAD),
        "no-name": (_part(b'filename="a.png"') + end, BAD, READ),
        "no-disposition": (b"--edge\r\n\r\ndata\r\n" + end, BAD, BAD),
        "no-end": (image, READ_OR_BAD, READ_OR_BAD),
        "no-parts": (end, BAD, BAD),
        "other-boundary": (image.replace(b"edge", b"brim") + end, BAD, BAD),
        "truncated-headers": (b"--edge\r\nContent-Disposition: form-da", BAD, BAD),
        "headers-without-end": (b"--edge\r\n" + b"X-A: b\r\n" * 5000, BAD | TOO_LARGE, BAD | TOO_LARGE),
        "1100-parts": (_part(b'name="image"; filename="a"', b"") * 1100 + end, TOO_LARGE, TOO_LARGE),
        "1100-text-parts": (_part(b'name="image"', b"") * 1100 + end, TOO_LARGE, TOO_LARGE),
        "nested": (_part(b'name="image"; filename="a"', image + end) + end, UNKNOWN | BAD, READ_OR_BAD),
        "empty-file": (_part(b'name="image"; filename="a.png"', b"") + end, UNKNOWN, READ),
        "bare-newlines": (image.replace(b"\r\n", b"\n") + end, BAD | UNKNOWN, READ_OR_BAD),
        "base64-transfer": (
            image.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1) + end,
            READ,
            READ,
        ),
    }
    for name, (body, single, batch) in bodies.items():
        yield Entry(name=f"form/{name}.multipart", body=body, statuses=single, batch=batch, content_type=FORM)
