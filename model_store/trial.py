"""Try a release that the cache does not know yet, in a process whose processor time and memory are bounded.

The first process on this host that wants the release starts inference/isolated_graph.py on its golden
pictures, under the cache's lock. What came of it is noted in the cache as trial-<version>.json, for other
processes and later starts. Only the limits refuse a release. Whatever else ends the process is tried again,
with growing pauses. What is wrong with a graph or its answers finds the caller, which runs the same again.
"""

import hashlib
import json
import math
import os
import posix
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Final, Literal

import numpy as np
from pydantic import ValidationError

from inference.arrays import PixelsBatch
from inference.classifier import MAX_RUN
from inference.isolated_graph import OUT_OF_MEMORY, Order
from model_store.cache import alone
from model_store.deadlines import check_time, seconds_left
from model_store.errors import ReleaseTooCostly, TrialEnded
from model_store.files import MANIFEST, write_whole
from model_store.local import LocalRelease
from model_store.manifest import Frozen

CPU_SECONDS: Final = 10
"""Processor time of a trial; that of the bundled release takes .4 s."""

MEMORY_BYTES: Final = 1 << 30
"""Memory of a trial beyond what its libraries map."""

WALL_SECONDS: Final = 600
"""How long a trial is waited for where no start is under way: a container may be throttled."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds after a trial that something else ended; each further one doubles the pause."""

POLL_SECONDS: Final = 0.01


class _Note(Frozen):
    """The content of trial-<version>.json.

    Attributes:
        manifest: sha256 of the manifest that was tried.
        ended: how often something else ended a trial.
        at: when this was written, in seconds of the system's clock.
    """

    manifest: str
    outcome: Literal["passed", "too costly", "ended"]
    reason: str
    ended: int
    at: float


def try_release(release: LocalRelease, cache: Path) -> None:
    """Return once a release's golden answers have been run within the limits, here or in another process.

    Args:
        release: in the cache, verified.
        cache: its folder.

    Raises:
        ReleaseTooCostly: they take more processor time or memory.
        TrialEnded: something else ended their process, now or within the last pause.
        OutOfTime: another process holds the cache.
    """
    place = cache / f"trial-{release.version}.json"
    manifest = hashlib.sha256((release.folder / MANIFEST).read_bytes()).hexdigest()
    if _is_passed(_noted(place, manifest), release):
        return
    with alone(cache):
        before = _noted(place, manifest)  # by the process that held the lock
        if _is_passed(before, release):
            return
        check_time(str(release.folder))
        outcome, reason = _tried(release)
        ended = 0 if outcome != "ended" else 1 + (before.ended if before else 0)
        note = _Note(manifest=manifest, outcome=outcome, reason=reason, ended=ended, at=time.time())
        write_whole(place, note.as_bytes())
    _is_passed(note, release)


def _noted(place: Path, manifest: str) -> _Note | None:
    try:
        note = _Note.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None
    return note if note.manifest == manifest else None


def _is_passed(note: _Note | None, release: LocalRelease) -> bool:
    """Whether no trial is needed any more; raises what is known, as long as it holds."""
    if note is None or note.outcome == "passed":
        return note is not None
    if note.outcome == "too costly":
        raise ReleaseTooCostly(f"{release.version}: its golden answers take more than {note.reason}.")
    pause = min(FIRST_PAUSE * 2 ** min(note.ended - 1, 20), LONGEST_PAUSE)
    if 0 <= time.time() - note.at < pause:
        raise TrialEnded(
            f"{release.version}: the process that tries its golden answers {note.reason}, for the "
            f"{note.ended}. time. It is tried again {pause:.0f} s later. Look at this machine's memory "
            "and processor time."
        )
    return False


def _tried(release: LocalRelease) -> tuple[Literal["passed", "too costly", "ended"], str]:
    """Run a trial to its end; the outcome, and what it took too much of, or what ended it."""
    try:
        code = _run(release)
    except OSError as error:
        return "ended", f"cannot be started ({error.strerror})"
    if code == -signal.SIGXCPU:
        return "too costly", f"{CPU_SECONDS} s of the processor"
    if code == OUT_OF_MEMORY:
        return "too costly", f"{MEMORY_BYTES >> 20} MiB of memory"
    if code is None:
        return "ended", "got too little of the processor"
    if code < 0:
        return "ended", f"was ended by {signal.Signals(-code).name}"
    return ("ended", f"ended with code {code}") if code else ("passed", "")


def _run(release: LocalRelease) -> int | None:
    """The exit code, negative for a signal; None where it was killed since the time for it was over.

    Python's own ways to start a process are gevent's in a worker, which know its main thread alone.
    """
    paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    null = [(os.POSIX_SPAWN_OPEN, end, os.devnull, os.O_WRONLY, 0) for end in (1, 2)]
    with tempfile.TemporaryFile(dir=release.folder.parent) as order:
        _write_order(release, order)
        pid = posix.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "inference.isolated_graph"],
            {"PYTHONPATH": paths, "MALLOC_ARENA_MAX": "1"},  # an arena of glibc takes 64 MB of address space
            file_actions=[(os.POSIX_SPAWN_DUP2, order.fileno(), 0), *null],
            setpgroup=0,  # an interrupt from a terminal is for the process that asks
        )
    return _waited_for(pid)


def _write_order(release: LocalRelease, file: IO[bytes]) -> None:
    graphs, batches = list[tuple[str, list[int]]](), list[PixelsBatch]()
    for path, pixels in _golden_pictures(release):
        most = max(1, MAX_RUN // math.prod(pixels.shape[1:]))
        for start in range(0, len(pixels), most):
            batches.append(pixels[start : start + most])
            graphs.append((str(path), list(batches[-1].shape)))
    file.write(json.dumps(asdict(Order(CPU_SECONDS, MEMORY_BYTES, graphs))).encode() + b"\n")
    file.writelines(np.ascontiguousarray(batch).tobytes() for batch in batches)
    file.flush()
    file.seek(0)


def _golden_pictures(release: LocalRelease) -> Iterator[tuple[Path, PixelsBatch]]:
    """Each graph with its golden pictures.

    Raises:
        ManifestInvalid: they are unusable.
    """
    for network in release.manifest.networks.values():
        yield release.folder / network.graph, network.golden.inputs(network.contract.input)


def _waited_for(pid: int) -> int | None:
    end = time.monotonic() + min(seconds_left(), WALL_SECONDS)
    try:
        while time.monotonic() < end:
            ended, status = posix.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(POLL_SECONDS)
        os.kill(pid, signal.SIGKILL)
        posix.waitpid(pid, 0)
    except ChildProcessError:
        return 1  # another part of this process has waited for it
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    return None
