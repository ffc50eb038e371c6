"""Files that are two things at once, files cut short, and files that are nothing."""

from collections.abc import Iterable

from tests.hostile.entry import BAD, BROKEN, READ, READ_OR_BROKEN, UNKNOWN, Entry, family, seed
from tests.hostile.jpeg_files import segment, with_segments
from tests.hostile.png_files import png
from tests.hostile.zip_files import Packed, archive
from tests.pictures import png_chunk

KILOBYTE = 1024
SCRIPT = b"<html><script>alert(1)</script></html>"

WHOLE_OR_NOT = READ_OR_BROKEN
"""GIF, BMP and TIFF are left to their decoders, some of which fill up what is missing."""

SEEDS = {
    "baseline.jpg": BROKEN,
    "progressive.jpg": BROKEN,
    "truecolour.png": BROKEN,
    "lossy.webp": BROKEN,
    "lossless.webp": BROKEN,
    "palette.gif": WHOLE_OR_NOT,
    "plain.bmp": WHOLE_OR_NOT,
    "packed.tif": WHOLE_OR_NOT,
}


def entries() -> Iterable[Entry]:
    """All of them."""
    for name, statuses in SEEDS.items():
        stem, _, suffix = name.partition(".")
        yield from family("truncated", suffix, statuses, _cut(stem, seed(name)))
    yield from family("polyglot", "bin", READ_OR_BROKEN, _polyglots())
    yield from family("polyglot", "bin", UNKNOWN, _not_ours())
    yield Entry(
        name="polyglot/png-and-zip.bin", body=png() + archive(Packed(b"a.png")), statuses=READ, batch=BAD
    )
    yield from family("nothing", "bin", UNKNOWN, _nothings())


def _cut(stem: str, whole: bytes) -> dict[str, bytes]:
    return {f"{stem}-at-{end}": whole[:end] for end in range(KILOBYTE, len(whole), KILOBYTE)}


def _polyglots() -> dict[str, bytes]:
    gif = seed("palette.gif")
    return {
        "gif-and-javascript": b"GIF89a/*" + gif[8:] + b"*/=1;alert(1)//",
        "png-and-html": png(png_chunk(b"tEXt", b"a\0" + SCRIPT)) + SCRIPT,
        "jpeg-and-html": with_segments(segment(0xFE, SCRIPT)) + SCRIPT,
        "jpeg-and-zip": seed("small.jpg") + archive(Packed(b"a.png")),
        "jpeg-and-avif": b"\xff\xd8\xff\xe0ftypavif" + seed("small.jpg")[12:],
        "jpeg-and-php": with_segments(segment(0xFE, b"<?php system($_GET['c']); ?>")),
        "bmp-and-javascript": b"BM/*" + seed("plain.bmp")[4:] + b"*/=1",
        "tiff-and-pdf": seed("packed.tif") + b"%PDF-1.4\n%%EOF",
        "png-and-elf": png() + b"\x7fELF" + bytes(60),
        "webp-and-wav": seed("lossless.webp") + b"RIFF\x04\0\0\0WAVE",
        "two-pngs": png() * 2,
    }


def _not_ours() -> dict[str, bytes]:
    return {
        "pdf-and-jpeg": b"%PDF-1.4\n1 0 obj\nstream\n" + seed("small.jpg") + b"endstream",
        "html-and-png": SCRIPT + png(),
        "zip-and-png": archive(Packed(b"a.png")) + png(),
        "svg-with-entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
        b'<svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>',
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        "imagetragick": b'push graphic-context\nimage over 0,0 0,0 "https://127.0.0.1/x|ls"\n',
        "pickle": b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
        "postscript": b"%!PS\n(/etc/passwd) (r) file",
        "riff-list": b"RIFF\x10\0\0\0AVI LIST" + bytes(20),
    }


def _nothings() -> dict[str, bytes]:
    return {
        "one-zero": b"\0",
        "zeros": bytes(5000),
        "ones": b"\xff" * 5000,
        "every-byte": bytes(range(256)) * 8,
        "newlines": b"\r\n" * 500,
        "png-mark-with-unix-newlines": b"\x89PNG\n\x1a\n" + png()[8:],
        "half-a-png-mark": b"\x89PNG",
        "half-a-gif-mark": b"GIF8",
        "headers": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n",
        "percent-s": b"%s%n%x" * 300,
    }
