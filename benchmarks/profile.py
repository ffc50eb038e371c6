"""make profile: where the time of a small request goes, here, in a no-op, in a bare view and in FastAPI.

Loads each as `make benchmark` does: first to see what an answer costs in processor time, then again with
py-spy looking. Prints a table; saves docs/results/profile.json and profile.png. py-spy needs root, or a
kernel that lets it look (ptrace_scope 0).
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure
from rich.table import Table

from benchmarks.profile_parts import shares
from benchmarks.results import FOLDER, save
from benchmarks.side_by_side.peers import BY_NAME, Peer
from benchmarks.side_by_side.releases import BUNDLED_RELEASE, NoRelease, Release, light_release
from benchmarks.side_by_side.servers import NotServing, Running, install, load_cores, serving
from benchmarks.side_by_side.uploads import picture_for
from benchmarks.side_by_side.wrk import Clients, Load, LoadFailed, load
from scripts.terminal import complain, console, run

PROFILED = ("wardrobe", "bare_view", "fastapi_balanced", "no-op")
CONNECTIONS = 8
WARM_UP_SECONDS = 1
RATE = 200
"""Samples of each process in a second."""

PY_SPY = Path(sys.executable).parent / "py-spy"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Where one server's time goes.

    Attributes:
        processor: microseconds of all cores together for one answer, while nobody looks.
        parts: of these, by part. Threads that are ready and wait for a core or for the interpreter's lock
            count as if they ran, so with many threads "sockets", where they wait, takes from the others.
    """

    server: str
    release: str
    per_second: float
    processor: float
    parts: dict[str, float]


class NotSampled(Exception):
    """py-spy saw nothing; the message is its own."""


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save."""
    options = _options().parse_args(argv)
    try:
        releases = (BUNDLED_RELEASE, light_release())
        install(BY_NAME["fastapi"])
        with tempfile.TemporaryDirectory() as name:
            profiles = [
                _profile(BY_NAME[peer], release, options.seconds, Path(name))
                for release in releases
                for peer in PROFILED
            ]
    except (NoRelease, NotServing, NotSampled, LoadFailed) as error:
        complain(str(error))
        return 1
    _print(profiles)
    figures = {
        "connections": CONNECTIONS,
        "seconds": options.seconds,
        "releases": [release.described() for release in releases],
        "profiles": [asdict(profile) for profile in profiles],
    }
    print(f"Saved {save('profile', 'make profile', figures, options.out)}")
    _draw(profiles, options.out / "profile.png")
    return 0


def _profile(peer: Peer, release: Release, seconds: int, folder: Path) -> Profile:
    """Load twice: undisturbed, and while py-spy looks.

    Raises:
        NotServing: it does not start.
        NotSampled: py-spy could not look.
        LoadFailed: wrk cannot be run.
    """
    with serving(peer, folder, release) as running, ThreadPoolExecutor(1) as beside:
        _load(running, peer, WARM_UP_SECONDS, folder)
        running.family.settle()
        before = running.family.processor_seconds()
        seen = _load(running, peer, seconds, folder)
        processor = (running.family.processor_seconds() - before) / seen.answers * 1e6
        loading = beside.submit(_load, running, peer, seconds + 2, folder)
        folded = _folded(running.family.first, seconds, folder / "folded.txt")
        loading.result()
    print(f"{peer.name}, {release.name}: {processor:.0f} microseconds for an answer", flush=True)
    return Profile(
        server=peer.name,
        release=release.name,
        per_second=seen.per_second,
        processor=processor,
        parts={part: share * processor for part, share in shares(folded).items()},
    )


def _load(running: Running, peer: Peer, seconds: int, folder: Path) -> Load:
    request = peer.forms["png"].request(picture_for("png"))
    return load(running.port, request, Clients(CONNECTIONS, seconds, load_cores()), folder)


def _folded(pid: int, seconds: int, path: Path) -> str:
    """What py-spy saw of a process and its children.

    Raises:
        NotSampled: it could not look.
    """
    # Stopping the process to look, which is the default, makes threads that wait in the kernel seem to run.
    command = [
        *(str(PY_SPY), "record", "--pid", str(pid), "--subprocesses", "--format", "raw", "--rate", str(RATE)),
        *("--duration", str(seconds), "--nolineno", "--nonblocking", "--output", str(path)),
    ]
    path.unlink(missing_ok=True)
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - all ours
    except OSError as error:
        raise NotSampled(f"{PY_SPY}: {error.strerror}. `make profile` installs it.") from error
    if not path.is_file():
        raise NotSampled(ran.stderr.strip()[-300:])
    return path.read_text("utf-8")


def _print(profiles: Sequence[Profile]) -> None:
    names = parts_of(profiles)
    table = Table("network", "server", "answers/s", "processor us", *names)
    for profile in profiles:
        table.add_row(
            profile.release,
            profile.server,
            *(f"{value:.0f}" for value in (profile.per_second, profile.processor)),
            *(f"{profile.parts.get(name, 0):.0f}" for name in names),
        )
    console().print(table)


def parts_of(profiles: Sequence[Profile]) -> list[str]:
    """Every part that there is, the dearest first."""
    names = {name for profile in profiles for name in profile.parts}
    return sorted(names, key=lambda name: -sum(profile.parts.get(name, 0) for profile in profiles))


def _draw(profiles: Sequence[Profile], path: Path) -> None:
    figure = Figure(figsize=(8.5, 1 + 0.3 * len(profiles)), layout="constrained")
    axes = figure.subplots()
    names = [f"{profile.server}, {profile.release}" for profile in profiles]
    ends = [0.0] * len(profiles)
    for part in parts_of(profiles):
        widths = [profile.parts.get(part, 0.0) for profile in profiles]
        axes.barh(names, widths, left=ends, label=part)
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("microseconds of processor time for an answer", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=6, fontsize=8)
    figure.savefig(path, dpi=100)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile", description="Where the time of a small request goes."
    )
    parser.add_argument("--seconds", type=int, default=6, help="of each load")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures and the plot")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
