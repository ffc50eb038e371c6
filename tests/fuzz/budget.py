"""Search structured files of every format for one that takes more than a sound picture of its size may take.

    python -m tests.fuzz.budget --files 10000 --seed 1

A file is a sound picture whose parts (segments, chunks, boxes, fields) are repeated, dropped, moved and
changed. The budget: at most 16 bytes a pixel and 100 MB beside the process, and three times the processor
time of a sound picture of that format and size, or 0.1 s where that is more. Prints the worst file of each
format, and keeps those that break the budget under .cache/fuzz/budget/. The tests run a little of it.
"""

import argparse
import contextlib
import gc
import io
import os
import random
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from inference.decode import MAX_PIXELS, decode, prepare_decoders
from inference.errors import UploadError
from inference.opening import open_picture

KEPT = Path(".cache/fuzz/budget")
MOST_BYTES = 4_000_000
SECONDS, TIMES = 0.1, 3
TICKS = 0.05
"""Seconds by which the kernel's clock ends a process late, and a busy machine measures more."""

BYTES, PIXEL_BYTES = 100_000_000, 16
SIZES = ((1, 1), (28, 28), (97, 61), (400, 533), (1500, 1100))
SAVED: dict[str, tuple[dict[str, object], ...]] = {
    "JPEG": (
        {"quality": 90},
        {"progressive": True},
        {"subsampling": 0, "restart_marker_rows": 1},
        {"optimize": True},
    ),
    "PNG": ({}, {"compress_level": 0}, {"compress_level": 9}),
    "WEBP": ({"quality": 80}, {"lossless": True}, {"save_all": True}),
    "GIF": ({}, {"interlace": 0}, {"save_all": True}),
    "BMP": ({},),
    "TIFF": (
        {},
        {"compression": "tiff_lzw"},
        {"compression": "tiff_adobe_deflate"},
        {"compression": "packbits"},
        {"compression": "jpeg"},
    ),
    "HEIF": ({"quality": 60},),
    "AVIF": ({"quality": 60, "speed": 10},),
}
MODES = {"JPEG": ("RGB", "L", "CMYK"), "GIF": ("P", "L"), "HEIF": ("RGB",), "AVIF": ("RGB", "RGBA")}
EXTREMES = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x3FFF,
    0x7FFF,
    0xFFFF,
    0x10000,
    7000 << 16,
    0x7FFFFFFF,
    0xFFFFFFFF,
)


@dataclass(frozen=True)
class Cost:
    """What one file took: pixels that its header declares, seconds of the processor, and bytes of memory."""

    pixels: int
    seconds: float
    memory: int


@cache
def sound(kind: str, size: tuple[int, int], mode: str, variant: int) -> bytes:
    """A sound picture of half noise, half plain colour."""
    noise = Image.effect_noise(size, 60).convert("RGB")
    noise.paste((200, 30, 40), (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    options = dict(SAVED[kind][variant])
    if options.get("save_all"):
        options["append_images"] = [noise.convert(mode).rotate(90)] * 3
    noise.convert(mode).save(file, kind, **options)
    return file.getvalue()


def parts_of(kind: str, data: bytes) -> list[bytes]:
    """A file as its parts: what joins them is the file again."""
    ends = [0]
    with contextlib.suppress(struct.error):
        for _ in range(400):
            ends.append(_NEXT.get(kind, _next_field)(data, ends[-1]))
    ends = [end for end in ends if end < len(data)]
    return [data[one:other] for one, other in zip(ends, [*ends[1:], len(data)], strict=True)]


def _next_segment(data: bytes, at: int) -> int:
    if at < 2 or data[at : at + 1] != b"\xff":
        return max(2, data.find(b"\xff", at + 1) % (len(data) + 1))
    return at + 2 + int(struct.unpack_from(">H", data, at + 2)[0])


def _next_chunk(data: bytes, at: int) -> int:
    return at + 12 + int(struct.unpack_from(">I", data, at)[0]) if at else 8


def _next_riff(data: bytes, at: int) -> int:
    (size,) = struct.unpack_from("<I", data, at + 4)
    return at + 8 + size + size % 2 if at else 12


def _next_box(data: bytes, at: int) -> int:
    size, name = struct.unpack_from(">I4s", data, at)
    inside = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"iinf": 14}
    return at + inside.get(name, max(8, int(size)))


def _next_field(data: bytes, at: int) -> int:
    return at + (2 if at % 4 else 4) if at < 400 else at + 997


_NEXT: dict[str, Callable[[bytes, int], int]] = {
    "JPEG": _next_segment,
    "PNG": _next_chunk,
    "WEBP": _next_riff,
    "HEIF": _next_box,
    "AVIF": _next_box,
}


def a_file(kind: str, chance: random.Random) -> bytes:
    """A structured file of a format."""
    mode = chance.choice(MODES.get(kind, ("RGB", "L", "RGBA")))
    variant = chance.randrange(len(SAVED[kind]))
    parts = parts_of(kind, sound(kind, chance.choice(SIZES), mode, variant))
    for _ in range(chance.randint(1, 5)):
        changed(parts, chance)
    return b"".join(parts)[:MOST_BYTES]


def changed(parts: list[bytes], chance: random.Random) -> None:
    """Change one of the parts of a file, or where it stands."""
    place = chance.randrange(len(parts))
    part = parts[place]
    match chance.randrange(6):
        case 0:
            most = MOST_BYTES // (4 * max(8, len(part)))
            parts[place] = part * min(most + 1, 10 ** chance.randint(0, 5))
        case 1:
            parts.insert(chance.randrange(len(parts)), part)
        case 2 if len(parts) > 2:
            del parts[place]
        case 3:
            at, size = chance.randrange(len(part)), chance.choice((1, 2, 4))
            value = chance.choice(EXTREMES) & (1 << 8 * size) - 1
            parts[place] = (
                part[:at] + value.to_bytes(size, chance.choice(("big", "little"))) + part[at + size :]
            )
        case 4:
            at = chance.randrange(len(part))
            parts[place] = part[:at] + part[at : at + 64] * 10 ** chance.randint(0, 4) + part[at:]
        case _:
            at = chance.randrange(len(part))
            parts[place] = part[:at] + chance.randbytes(min(8, len(part) - at)) + part[at + 8 :]


def cost_of(upload: bytes) -> Cost:
    """What decoding takes, in a process of its own or in a fork of this one."""
    with contextlib.suppress(UploadError):
        if open_picture(upload, MAX_PIXELS).lane == "isolated":
            return _of_its_process(upload)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, _COST.pack(*_in_a_fork(upload)))
        os._exit(0)
    os.close(write)
    with io.FileIO(read) as file:
        record = file.read(_COST.size)
    os.waitpid(child, 0)
    return Cost(*_COST.unpack(record))


_COST = struct.Struct("<QdQ")


def _in_a_fork(upload: bytes) -> tuple[int, float, int]:
    began, pixels, held = time.process_time(), 0, _kilobytes("VmRSS")
    with contextlib.suppress(UploadError):
        pixels = open_picture(upload, MAX_PIXELS).pixels
        decode(upload, MAX_PIXELS)
    return pixels, time.process_time() - began, max(0, 1024 * (_kilobytes("VmHWM") - held))


def _kilobytes(name: str) -> int:
    """The memory of this process, or the most that it had."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition(f"{name}:")[2].split()[0])


def _of_its_process(upload: bytes) -> Cost:
    spent = [(0, 0.0)]
    began = time.process_time()
    with contextlib.suppress(UploadError):
        decode(upload, MAX_PIXELS, spent=lambda *took: spent.append(took))
    pixels, seconds = spent[-1]
    return Cost(pixels, seconds + time.process_time() - began, 0)  # RLIMIT_AS bounds its memory


def _sound_seconds(kind: str, pixels: int) -> float:
    """Processor time of a sound picture of so many pixels, from the slowest of 1500 x 1100."""
    return pixels * _sound_pixel(kind)


@cache
def _sound_pixel(kind: str) -> float:
    size = SIZES[-1]
    files = [sound(kind, size, MODES.get(kind, ("RGB",))[-1], each) for each in range(len(SAVED[kind]))]
    return max(min(cost_of(file).seconds for _ in range(3)) for file in files) / (size[0] * size[1])


def breaks(kind: str, cost: Cost) -> bool:
    """Whether a file of a format takes more than it may."""
    seconds = max(SECONDS, TIMES * _sound_seconds(kind, cost.pixels)) + TICKS
    return cost.seconds > seconds or cost.memory > BYTES + PIXEL_BYTES * cost.pixels


def search(kind: str, files: int, seed: int) -> tuple[Cost, Cost, list[bytes]]:
    """The slowest and the largest of so many files, and all that break the budget twice in turn."""
    chance = random.Random(f"{kind} {seed}")
    slowest = largest = Cost(0, 0.0, 0)
    broken = list[bytes]()
    for _ in range(files):
        upload = a_file(kind, chance)
        cost = cost_of(upload)
        slowest, largest = max(slowest, cost, key=_seconds), max(largest, cost, key=_memory)
        if breaks(kind, cost) and breaks(kind, cost_of(upload)):
            broken.append(upload)
    return slowest, largest, broken


def _seconds(cost: Cost) -> float:
    return cost.seconds


def _memory(cost: Cost) -> int:
    return cost.memory


def main() -> int:
    """Search every format."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.budget", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000, help="of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=list(SAVED))
    options = parser.parse_args()
    prepare()
    found = 0
    for kind in options.kinds:
        slowest, largest, broken = search(kind, options.files, options.seed)
        sys.stdout.write(f"{kind}: slowest {slowest}, largest {largest}, {len(broken)} beyond the budget\n")
        sys.stdout.flush()
        KEPT.mkdir(parents=True, exist_ok=True)
        for number, upload in enumerate(broken):
            (KEPT / f"{kind}-{options.seed}-{number}").write_bytes(upload)
        found += len(broken)
    return int(found > 0)


def prepare() -> None:
    """Load what the search needs, before it forks."""
    import pillow_heif  # noqa: PLC0415 - writes the sound HEIC

    pillow_heif.register_heif_opener()
    prepare_decoders()
    gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
