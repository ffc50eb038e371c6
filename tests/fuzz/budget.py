"""Search structured files for one that takes more than a sound file of its kind and size may take.

    python -m tests.fuzz.budget --files 10000 --seed 1

A file is a sound picture or archive whose parts (segments, chunks, boxes, members, headers) are repeated,
dropped, moved and changed. The budget: three times the processor time of the slowest sound file of the kind,
for each of its pixels or of its bytes, packed and unpacked, or 0.1 s where that is more; of memory 16 bytes a
pixel or a byte, and 100 MB. Prints the worst file of each kind, and keeps those that break the budget under
.cache/fuzz/budget/. The tests run a little of it.
"""

import argparse
import bz2
import contextlib
import gc
import gzip
import io
import lzma
import math
import mmap
import os
import random
import re
import signal
import struct
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path

from PIL import Image

from app.errors import RequestError
from app.payloads.archives import open_archive
from app.payloads.body import Body
from app.payloads.items import Upload
from app.payloads.limits import limits_of_many
from app.settings import Settings
from inference.decode import MAX_PIXELS, decode, prepare_decoders
from inference.errors import InferenceError, UploadError
from inference.keras_file import check_keras_file
from inference.opening import open_picture
from inference.zip_file import DIRECTORY_ENTRY, MEMBER
from labelling.archives import Tar, Zip
from labelling.errors import LabellingError
from tests.uploads import zipped

KEPT = Path(".cache/fuzz/budget")
MOST_BYTES = 4_000_000
SECONDS, TIMES = 0.1, 3
TICKS = 0.05
"""Seconds by which the kernel's clock ends a process late, and a busy machine measures more."""

BYTES, EACH_BYTES = 100_000_000, 16
ENDLESS_SECONDS = 20

PICTURES: dict[str, tuple[str, tuple[dict[str, object], ...]]] = {
    "JPEG": ("RGB L CMYK", ({"quality": 90}, {"progressive": True}, {"restart_marker_rows": 1})),
    "PNG": ("RGB L RGBA", ({}, {"compress_level": 0})),
    "WEBP": ("RGB RGBA", ({"quality": 80}, {"lossless": True}, {"save_all": True})),
    "GIF": ("P L", ({}, {"interlace": 0}, {"save_all": True})),
    "BMP": ("RGB L", ({},)),
    "TIFF": ("RGB L RGBA", ({}, {"compression": "tiff_lzw"}, {"compression": "packbits"})),
    "HEIF": ("RGB", ({"quality": 60},)),
    "AVIF": ("RGB RGBA", ({"quality": 60, "speed": 10},)),
}
"""The modes and options by which Pillow saves each format."""

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": partial(gzip.compress, compresslevel=1),
    "tar.bz2": bz2.compress,
    "tar.xz": partial(lzma.compress, preset=0),
}
ARCHIVES = ("zip", "label.zip", "keras", "gzip", *PACKERS)
TAR_BLOCK = 512
TAR_FIELDS = (0, 124, 156, 345, 482)
TAR_VALUES = (b"\xff" * 12, b"\x80" + bytes(10) + b"\x09", b"7" * 11, bytes(12), b"x", b"g", b"L", b"S", b"1")
"""Places of a header (name, size, type, prefix, sparse map), and what they may say: sizes, and types."""

BOXES = rb"....(?:ftyp|meta|iloc|iinf|infe|iprp|ipco|ispe|ipma|hvcC|av1C|irot|iref|idat|mdat)"
MARKS = {
    "JPEG": rb"\xff[\xc0-\xfe]",
    "PNG": rb"....(?:IHDR|PLTE|tRNS|IDAT|IEND)",
    "WEBP": rb"RIFF|VP8[ LX]|ALPH|ANIM|ANMF",
    "HEIF": BOXES,
    "AVIF": BOXES,
    "gzip": rb"\x1f\x8b\x08|\0\0\0\xff\xff",
    **dict.fromkeys(("zip", "label.zip", "keras"), rb"PK(?:\x01\x02|\x03\x04|\x05\x06)"),
}
"""Where the parts of a file begin; those of other formats are fields and blocks of one size."""

EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x3FFF, 0x7FFF, 0xFFFF, 0x10000, 7000 << 16, 0x7FFFFFFF, 0xFFFFFFFF)


@dataclass(frozen=True)
class Cost:
    """What one file took: pixels or bytes that it holds, seconds of the processor, and bytes of memory."""

    size: int
    seconds: float
    memory: int


def picture(kind: str, size: tuple[int, int], mode: str, options: dict[str, object]) -> bytes:
    """A sound picture of half noise, half plain colour."""
    noise = Image.effect_noise(size, 60).convert("RGB")
    noise.paste((200, 30, 40), (0, 0, size[0] // 2, size[1]))
    frames = [noise.convert(mode).rotate(90)] * 3 if options.get("save_all") else []
    file = io.BytesIO()
    noise.convert(mode).save(file, kind, append_images=frames, **options)
    return file.getvalue()


def archive(kind: str, members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A sound archive; a TAR is not packed yet."""
    if kind == "gzip":
        return gzip.compress(b"".join(members.values()), 1)
    if kind not in PACKERS:
        model = {"metadata.json": b'{"keras_version": "3.12.0"}', "config.json": b"{}"}
        return zipped(**(model if kind == "keras" else {}), **members)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def a_file(kind: str, chance: random.Random) -> bytes:
    """A structured file: up to five changes of the parts of a sound one."""
    if kind in PICTURES:
        modes, saved = PICTURES[kind]
        size = chance.choice(((1, 1), (28, 28), (97, 61), (400, 533), (1500, 1100)))
        sound = picture(kind, size, chance.choice(modes.split()), chance.choice(saved))
        return b"".join(mutated(cut(kind, sound), chance))[:MOST_BYTES]
    fills: list[Callable[[int], bytes]] = [chance.randbytes, bytes, lambda size: b"words " * (size // 6)]
    names = [f"{'folder/' * chance.randint(0, 30)}{number}.png" for number in range(chance.randint(1, 12))]
    sizes = (0, 1, 600, 20_000, 300_000)
    members = {name: chance.choice(fills)(chance.choice(sizes)) for name in names}
    parts = cut(kind, archive(kind, members, chance.randrange(3)))
    if kind in PACKERS and chance.random() < 0.5:
        place = chance.choice([place for place, block in enumerate(parts) if block[257:262] == b"ustar"])
        at, value = chance.choice(TAR_FIELDS), chance.choice(TAR_VALUES)
        parts[place] = parts[place][:at] + value + parts[place][at + len(value) :]
    parts = mutated(parts, chance)
    if kind not in PACKERS:
        whole = with_sound_end(parts) if kind != "gzip" and chance.random() < 0.7 else b"".join(parts)
        return whole[:MOST_BYTES]
    packed = PACKERS[kind](b"".join(map(with_sum, cut("tar", b"".join(parts)[:MOST_BYTES]))))
    return b"".join(mutated(cut("tar", packed), chance)) if chance.random() < 0.3 else packed


def cut(kind: str, data: bytes) -> list[bytes]:
    """The parts of a file, up to 2,000: what joins them is the file again."""
    if kind in MARKS:
        starts = [found.start() for found in re.finditer(MARKS[kind], data, re.DOTALL)]
    elif kind in PACKERS:
        starts = list(range(0, len(data), TAR_BLOCK))
    else:
        starts = [*range(0, min(400, len(data)), 4), *range(400, len(data), 997)]
    starts = [0, *(start for start in starts[:2000] if start)]
    return [data[one:other] for one, other in zip(starts, [*starts[1:], len(data)], strict=True)]


def mutated(parts: list[bytes], chance: random.Random) -> list[bytes]:
    """Change up to five of the parts, or where they stand."""
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(parts))
        part = parts[place]
        at, size = chance.randrange(len(part) + 1), chance.choice((1, 2, 4))
        value = chance.choice(EXTREMES) & (1 << 8 * size) - 1
        match chance.randrange(6):
            case 0:
                most = MOST_BYTES // (4 * max(8, len(part)))
                parts[place] = part * min(most + 1, 10 ** chance.randint(0, 5))
            case 1:
                parts.insert(chance.randrange(len(parts)), part)
            case 2 if len(parts) > 2:
                del parts[place]
            case 3:
                number = value.to_bytes(size, chance.choice(("big", "little")))
                parts[place] = part[:at] + number + part[at + size :]
            case 4:
                parts[place] = part[:at] + part[at : at + 64] * 10 ** chance.randint(0, 4) + part[at:]
            case _:
                parts[place] = part[:at] + chance.randbytes(min(8, len(part) - at)) + part[at + 8 :]
    return parts


def with_sound_end(parts: list[bytes]) -> bytes:
    """A ZIP of changed members and entries whose end counts them, so that its reader goes on to them."""
    content = b"".join(one for one in parts if one.startswith(MEMBER))[: MOST_BYTES // 2]
    directory = b"".join(one for one in parts if one.startswith(DIRECTORY_ENTRY))[: MOST_BYTES // 4]
    count = min(directory.count(DIRECTORY_ENTRY), 0xFFFF)
    end = struct.pack("<4s4xHHIIH", b"PK\5\6", count, count, len(directory), len(content), 0)
    return content + directory + end


def with_sum(block: bytes) -> bytes:
    """A block of a TAR with the checksum of a header, if it is one."""
    if block[257:262] != b"ustar" or len(block) < TAR_BLOCK:
        return block
    total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
    return block[:148] + b"%06o\0 " % total + block[156:]


def read(kind: str, data: bytes) -> int:
    """Read a file as the service, `label` or `adopt` does; the pixels or bytes that it holds."""
    size = 0 if kind in PICTURES else len(data)
    with contextlib.suppress(RequestError, InferenceError, LabellingError):
        if kind in PICTURES:
            size = open_picture(data, MAX_PIXELS).pixels
            decode(data, MAX_PIXELS)
        elif kind == "gzip":
            size += len(Body(data, limits_of_many(Settings()), coding="gzip").inflated().data)
        elif kind == "zip":
            opened = open_archive(data, 256, 20_000_000)
            if opened.size <= 50_000_000:  # as MAX_BATCH_BYTES has it
                size += sum(len(one.data) for one in opened.items() if isinstance(one, Upload))
        else:
            size += _read_from_disk(kind, data)
    return size


def _read_from_disk(kind: str, data: bytes) -> int:
    size = 0
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
        file.write(data)
        file.flush()
        if kind == "keras":
            check_keras_file(Path(file.name))
            return 0
        source = Zip(file.name) if kind == "label.zip" else Tar(file.name)
        reader, items = source.reader(), source.items()
        while places := [item.place for item in islice(items, 64)]:
            size += sum(len(one) for one in reader(places) if isinstance(one, bytes))
    return size


def cost_of(kind: str, data: bytes) -> Cost:
    """What reading a file takes, in a fork of this process, or in a picture's own process."""
    with contextlib.suppress(UploadError):
        if kind in PICTURES and open_picture(data, MAX_PIXELS).lane == "isolated":
            return _of_its_process(data)
    told = mmap.mmap(-1, _TOLD.size)
    child = os.fork()
    if not child:
        signal.alarm(ENDLESS_SECONDS)
        held = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * mmap.PAGESIZE
        _TOLD.pack_into(told, 0, 0, held)
        _TOLD.pack_into(told, 0, read(kind, data), held)
        os._exit(0)
    _, status, usage = os.wait4(child, 0)
    size, held = _TOLD.unpack(told)
    seconds = (
        math.inf if status else usage.ru_utime + usage.ru_stime
    )  # it was ended, or no error of ours rose
    return Cost(size, seconds, max(0, 1024 * usage.ru_maxrss - held))


_TOLD = struct.Struct("<QQ")
"""What the fork of a file tells: the pixels or bytes that the file holds, and its own memory before."""


def _of_its_process(upload: bytes) -> Cost:
    spent = [(0, 0.0)]
    began = time.process_time()
    with contextlib.suppress(UploadError):
        decode(upload, MAX_PIXELS, spent=lambda *took: spent.append(took))
    pixels, seconds = spent[-1]
    return Cost(pixels, seconds + time.process_time() - began, 0)  # RLIMIT_AS bounds its memory


@cache
def sound_seconds(kind: str) -> float:
    """Processor time for each pixel or byte of the slowest sound file of a kind."""
    if kind in PICTURES:
        modes, saved = PICTURES[kind]
        files = [picture(kind, (1500, 1100), modes.split()[-1], options) for options in saved]
    else:  # many little members, or few large ones
        noise = random.Random(kind).randbytes
        each = [
            {f"{number}.png": noise(size) for number in range(count)}
            for count, size in ((4_000, 20), (250, 500), (250, 8_000))
        ]
        files = [PACKERS.get(kind, bytes)(archive(kind, members)) for members in each]
    costs = [min((cost_of(kind, file) for _ in range(3)), key=lambda cost: cost.seconds) for file in files]
    return max(cost.seconds / cost.size for cost in costs)


def breaks(kind: str, cost: Cost) -> bool:
    """Whether a file of a kind takes more than it may."""
    seconds = cost.seconds - TICKS
    is_slow = seconds > SECONDS and seconds > TIMES * cost.size * sound_seconds(kind)
    return is_slow or cost.memory > BYTES + EACH_BYTES * cost.size


def search(kind: str, files: int, seed: int) -> tuple[list[Cost], list[bytes]]:
    """What so many files cost, and all that break the budget twice in turn."""
    chance = random.Random(f"{kind} {seed}")
    costs, broken = list[Cost](), list[bytes]()
    for _ in range(files):
        data = a_file(kind, chance)
        costs.append(cost_of(kind, data))
        if breaks(kind, costs[-1]) and breaks(kind, cost_of(kind, data)):
            broken.append(data)
    return costs, broken


def main() -> int:
    """Search every kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.budget", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=[*PICTURES, *ARCHIVES])
    options = parser.parse_args()
    prepare()
    found = 0
    KEPT.mkdir(parents=True, exist_ok=True)
    for kind in options.kinds:
        costs, broken = search(kind, options.files, options.seed)
        slowest, largest = max(one.seconds for one in costs), max(one.memory for one in costs)
        sys.stdout.write(
            f"{kind}: at most {slowest:.3f} s, {largest:,} bytes, {len(broken)} beyond the budget\n"
        )
        sys.stdout.flush()
        for number, data in enumerate(broken):
            (KEPT / f"{options.seed}-{number}.{kind}").write_bytes(data)
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
