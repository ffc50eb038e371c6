"""Decode a HEIC or AVIF in a process of its own, whose memory and time the system bounds.

A file of 140 kB can ask libheif or libavif for ten seconds and for gigabytes, and Pillow has no limit for it.
decode.py starts this file as `python -I isolated_decoder.py MEGABYTES FACTOR`: the upload comes on standard
input; to standard output go mode, width and height in a line, then the samples, upright, reduced by FACTOR.
Imports Pillow alone.
"""

import contextlib
import io
import resource
import sys

from PIL import AvifImagePlugin, Image, ImageOps

CPU_SECONDS = 2
"""Processor time of one picture. A telephone's 48 megapixels take half of it."""


def main() -> None:
    """Write the samples, or end with MemoryError, another exception, or SIGXCPU."""
    megabytes, factor = map(int, sys.argv[1:])
    upload = io.BytesIO(sys.stdin.buffer.read())
    _prepare(megabytes << 20)
    image: Image.Image = Image.open(upload, formats=[name for name in ("HEIF", "AVIF") if name in Image.OPEN])
    image.load()
    with contextlib.suppress(Exception):  # metadata that cannot be read turn nothing
        ImageOps.exif_transpose(image, in_place=True)
    if factor > 1 and not image.mode.startswith("I"):  # grey of more than 8 bits
        image = image.reduce(factor)
    sys.stdout.buffer.write(f"{image.mode} {image.width} {image.height}\n".encode() + image.tobytes())


def _prepare(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = None  # decode.py has compared the size with its limit
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with contextlib.suppress(ImportError):
        import pillow_heif  # noqa: PLC0415 - may be left out

        pillow_heif.register_heif_opener(decode_threads=1)


if __name__ == "__main__":
    main()
