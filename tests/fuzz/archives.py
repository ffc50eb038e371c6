"""Search archives for one that takes more than a sound archive of as many bytes may take.

    python -m tests.fuzz.archives --files 10000 --seed 1

An archive is a sound one whose parts (members, headers, entries of a directory) are repeated, dropped, moved
and changed, as budget.py does it. The budget: three times the processor time of the slowest sound archive of
as many bytes, packed and unpacked together, or 0.1 s where that is more. Prints the worst archive of each
kind, and keeps those that break the budget under .cache/fuzz/archives/. The tests run a little of it.
"""

import argparse
import bz2
import contextlib
import gzip
import io
import lzma
import random
import re
import signal
import struct
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from pathlib import Path
from types import FrameType

from app.errors import RequestError
from app.payloads.archives import open_archive
from app.payloads.body import Body
from app.payloads.items import Upload
from app.payloads.limits import limits_of_many
from app.settings import Settings
from inference.errors import InferenceError
from inference.keras_file import check_keras_file
from inference.zip_file import DIRECTORY_ENTRY, MEMBER
from labelling.archives import Tar, Zip
from labelling.errors import LabellingError
from tests.fuzz.budget import TICKS, changed

KEPT = Path(".cache/fuzz/archives")
MOST_BYTES = 4_000_000
SECONDS, TIMES = 0.1, 3
ENDLESS_SECONDS = 20

BOUNDARIES = {
    "ZIP": re.compile(rb"PK(?:\x01\x02|\x03\x04|\x05\x06|\x06\x06|\x06\x07)"),
    "gzip": re.compile(rb"\x1f\x8b\x08|\0\0\0\xff\xff"),
}
"""Where parts of an archive begin; a TAR has one in each 512 bytes."""


def contents(chance: random.Random) -> dict[str, bytes]:
    """Members of noise, of zeros, and empty ones."""
    kinds: list[Callable[[int], bytes]] = [chance.randbytes, bytes, lambda size: b"words " * (size // 6)]
    names = [f"{'folder/' * chance.randint(0, 30)}{number}.png" for number in range(chance.randint(1, 12))]
    return {name: chance.choice(kinds)(chance.choice((0, 1, 600, 20_000, 300_000))) for name in names}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def as_keras(members: dict[str, bytes]) -> dict[str, bytes]:
    return {"metadata.json": b'{"keras_version": "3.12.0"}', "config.json": b"{}", **members}


def mutated(parts: list[bytes], chance: random.Random) -> list[bytes]:
    """Parts with up to five changes."""
    for _ in range(chance.randint(0, 5) if parts else 0):
        changed(parts, chance)
    return parts


def cut(archive: bytes, mark: re.Pattern[bytes]) -> list[bytes]:
    """The parts of an archive that begin with a mark."""
    starts = [0, *(found.start() for found in mark.finditer(archive) if found.start())][:2000]
    return [archive[one:other] for one, other in zip(starts, [*starts[1:], len(archive)], strict=True)]


def a_zip(members: dict[str, bytes], chance: random.Random) -> bytes:
    """A ZIP of changed members and entries, with a sound end, or of changed parts."""
    archive = zipped(members, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    parts = cut(archive, BOUNDARIES["ZIP"])
    if chance.random() < 0.3:
        return b"".join(mutated(parts, chance))[:MOST_BYTES]
    entries = [one for one in parts if one.startswith(DIRECTORY_ENTRY)]
    content = b"".join(mutated([one for one in parts if one.startswith(MEMBER)], chance))[:MOST_BYTES]
    entries = mutated(entries, chance)
    directory = b"".join(entries)[: MOST_BYTES // 4]
    count = min(directory.count(DIRECTORY_ENTRY), 0xFFFF)
    end = struct.pack("<4s4xHHIIH", b"PK\5\6", count, count, len(directory), len(content), 0)
    return content + directory + end


def a_tar(members: dict[str, bytes], chance: random.Random) -> bytes:
    """A TAR of changed blocks, whose headers have sound checksums more often than not."""
    plain = tarred(members, chance.choice(FORMS))
    blocks = [plain[at : at + 512] for at in range(0, len(plain), 512)]
    heads = [place for place, block in enumerate(blocks) if block[257:262] == b"ustar"]
    place = chance.choice(heads)
    if chance.random() < 0.5:  # what its header says
        field, size = chance.choice(((124, 12), (156, 1), (0, 100), (345, 155), (482, 1)))
        value = chance.choice(
            (b"\xff" * 12, b"\x80" + bytes(10) + b"\x09", b"7" * 11, b"x", b"g", b"L", b"S", b"1", bytes(12))
        )[:size]
        blocks[place] = blocks[place][:field] + value + blocks[place][field + len(value) :]
    changed_blocks = b"".join(mutated(blocks, chance))[:MOST_BYTES]
    if chance.random() < 0.2:
        return changed_blocks
    return b"".join(with_sum(changed_blocks[at : at + 512]) for at in range(0, len(changed_blocks), 512))


def with_sum(block: bytes) -> bytes:
    """A block with the checksum of a header, if it is one."""
    if block[257:262] != b"ustar" or len(block) < 512:
        return block
    total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
    return block[:148] + b"%06o\0 " % total + block[156:]


FORMS = (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar.gz": partial(gzip.compress, compresslevel=1),
    "tar.bz2": bz2.compress,
    "tar.xz": partial(lzma.compress, preset=0),
}


def an_archive(kind: str, chance: random.Random) -> bytes:
    """A structured archive of a kind."""
    members = contents(chance)
    if kind in {"zip", "label.zip", "keras"}:
        return a_zip(as_keras(members) if kind == "keras" else members, chance)
    if kind == "gzip":
        parts = cut(gzip.compress(b"".join(members.values()), 1), BOUNDARIES["gzip"])
        return b"".join(mutated(parts, chance))[:MOST_BYTES]
    plain = a_tar(members, chance)
    if kind == "tar":
        return plain
    packed = PACKERS[kind](plain)
    if chance.random() < 0.6:
        return packed
    parts = (
        [packed] if chance.random() < 0.5 else [packed[at : at + 512] for at in range(0, len(packed), 512)]
    )
    return b"".join(mutated(parts, chance))[:MOST_BYTES]


def read(kind: str, archive: bytes, path: Path) -> int:
    """Read an archive as the service, `label` or `adopt` does; bytes that it unpacked to."""
    size = 0
    with contextlib.suppress(RequestError, InferenceError, LabellingError):
        if kind == "zip":
            opened = open_archive(archive, 256, 20_000_000)
            if opened.size <= 50_000_000:  # as MAX_BATCH_BYTES has it
                size = sum(len(one.data) for one in opened.items() if isinstance(one, Upload))
        elif kind == "gzip":
            size = len(Body(archive, limits_of_many(Settings()), coding="gzip").inflated().data)
        elif kind == "keras":
            check_keras_file(path)
        else:
            source = Zip(str(path)) if kind == "label.zip" else Tar(str(path))
            reader = source.reader()
            items = source.items()
            while places := [item.place for item in islice(items, 64)]:
                size += sum(len(one) for one in reader(places) if isinstance(one, bytes))
    return size


def cost_of(kind: str, archive: bytes) -> tuple[float, int]:
    """Seconds of the processor that reading takes, and the bytes of the archive, packed and unpacked."""
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
        file.write(archive)
        file.flush()
        signal.alarm(ENDLESS_SECONDS)
        began, size = time.process_time(), 0
        try:
            size = read(kind, archive, Path(file.name))
        except TimeoutError:
            pass
        finally:
            signal.alarm(0)
        return time.process_time() - began, size + len(archive)


def _stop(_: int, __: FrameType | None) -> None:
    raise TimeoutError


@cache
def sound_seconds(kind: str) -> float:
    """Processor time a byte of the slowest sound archive: many little members, or few large ones."""
    chance = random.Random(kind)
    each = [
        {f"{number}.png": chance.randbytes(size) for number in range(count)}
        for count, size in ((4_000, 20), (250, 500), (250, 8_000))
    ]
    archives = list[bytes]()
    for members in each:
        if kind in PACKERS:
            archives.append(PACKERS[kind](tarred(members)))
        elif kind == "tar":
            archives.append(tarred(members))
        elif kind == "gzip":
            archives.append(gzip.compress(b"".join(members.values())))
        else:
            archives.append(zipped(as_keras(members) if kind == "keras" else members))
    costs = [min(cost_of(kind, one) for _ in range(3)) for one in archives]
    return max(seconds / size for seconds, size in costs)


def breaks(kind: str, seconds: float, size: int) -> bool:
    """Whether an archive of so many bytes takes more than it may."""
    return seconds > max(SECONDS, TIMES * size * sound_seconds(kind)) + TICKS


KINDS = ("zip", "label.zip", "tar", *PACKERS, "keras", "gzip")


def search(kind: str, files: int, seed: int) -> tuple[tuple[float, int], list[bytes]]:
    """The slowest of so many archives, with its bytes, and all that break the budget twice in turn."""
    chance, slowest, broken = random.Random(f"{kind} {seed}"), (0.0, 0), list[bytes]()
    for _ in range(files):
        archive = an_archive(kind, chance)
        cost = cost_of(kind, archive)
        slowest = max(slowest, cost)
        if breaks(kind, *cost) and breaks(kind, *cost_of(kind, archive)):
            broken.append(archive)
    return slowest, broken


def main() -> int:
    """Search every kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.archives", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=KINDS)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _stop)
    found = 0
    for kind in options.kinds:
        (seconds, size), broken = search(kind, options.files, options.seed)
        sys.stdout.write(
            f"{kind}: slowest {seconds:.3f} s of {size:,} bytes, {len(broken)} beyond the budget\n"
        )
        sys.stdout.flush()
        KEPT.mkdir(parents=True, exist_ok=True)
        for number, archive in enumerate(broken):
            (KEPT / f"{options.seed}-{number}.{kind}").write_bytes(archive)
        found += len(broken)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
