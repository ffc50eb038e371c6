"""Open and decode a HEIC or AVIF in a process of its own, whose memory and time the system bounds.

A file of 140 kB can ask libheif or libavif for ten seconds and for gigabytes, its header alone included, and
Pillow has no limit for it. decode.py starts this file as `python -I isolated_decoder.py MEGABYTES MAX_PIXELS
EDGE FORMATS`: the upload comes on standard input. To standard output go the format, width and height in a
line, once the header is read; then mode, width and height of the result, and its samples: 8 bits, upright,
reduced to below twice EDGE. Imports Pillow alone.
"""

import contextlib
import io
import resource
import sys

from PIL import AvifImagePlugin, ExifTags, Image

CPU_SECONDS = 2
"""Processor time of one picture. A telephone's 48 megapixels take half of it."""

TOO_MANY_PIXELS, OUT_OF_MEMORY = 3, 4
"""Exit codes, beyond those of Python itself: the header declares too much; the limit of memory was met."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation (CIPA DC-008, section 4.6.4)."""


def main() -> int:
    """Write header and samples; an exit code, another exception, or SIGXCPU says why there are none."""
    megabytes, max_pixels, edge = map(int, sys.argv[1:4])
    upload = io.BytesIO(sys.stdin.buffer.read())
    _prepare(megabytes << 20)
    try:
        image: Image.Image = Image.open(upload, formats=sys.argv[4].split(","))
        _write(f"{image.format} {image.width} {image.height}\n".encode())
        if image.width * image.height > max_pixels:
            return TOO_MANY_PIXELS
        image.load()
        image = in_8_bits(upright(image))
        if (factor := max(image.size) // edge) > 1:
            image = image.reduce(factor)
    except Exception as error:
        if isinstance(error, MemoryError) or "memory" in str(error).lower():
            return OUT_OF_MEMORY
        raise
    _write(f"{image.mode} {image.width} {image.height}\n".encode() + image.tobytes())
    return 0


def upright(image: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF says, which stays as it is: writing it again takes seconds for 8 MB."""
    orientation = None
    with contextlib.suppress(Exception):  # metadata that cannot be read turn nothing
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def in_8_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 bits in 8, rounded to nearest (65535 / 257 = 255); others as they are."""
    if not image.mode.startswith("I;16"):
        return image
    return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _prepare(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = None  # `max_pixels` is what counts
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with contextlib.suppress(ImportError):
        import pillow_heif  # noqa: PLC0415 - may be left out

        pillow_heif.register_heif_opener(
            decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
        )


if __name__ == "__main__":
    sys.exit(main())
