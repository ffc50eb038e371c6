"""make benchmark: this service and its peers, one after another on the same cores, in several rounds.

Prints what is measured as it goes; saves docs/results/benchmark.json after every cell, and three plots. The
same command goes on with a run that was stopped. Ctrl-C ends the server that runs.
"""

import argparse
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.results import FOLDER
from benchmarks.side_by_side.balance import is_balanced, sockets_by_process, taken_since
from benchmarks.side_by_side.conformance import DoesNotConform, check, labels_of
from benchmarks.side_by_side.peers import BY_NAME, OURS, RAW, WITH_LIGHT, Peer
from benchmarks.side_by_side.record import Cell, Entry, Plan, Record, Start, open_record
from benchmarks.side_by_side.releases import (
    BUNDLED_RELEASE,
    LIGHT,
    NoRelease,
    Release,
    light_release,
    release_in,
)
from benchmarks.side_by_side.servers import NotServing, Running, install, load_cores, serving
from benchmarks.side_by_side.telling import keep, say, tell
from benchmarks.side_by_side.uploads import CONNECTIONS, UPLOADS, picture_for
from benchmarks.side_by_side.wrk import Clients, Load, LoadFailed, load
from scripts.terminal import complain, run

WARM_UP_SECONDS = 1
WARM_UP_CONNECTIONS = 8


def main(argv: list[str] | None = None) -> int:
    """Install, measure, tell; 1 if a peer was left out."""
    options = _options().parse_args(argv)
    try:
        plan = _plan(options)
    except NoRelease as error:
        complain(str(error))
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: with the server
    record = open_record(plan, options.out)
    with tempfile.TemporaryDirectory() as name:
        try:
            measure(record, Path(name))
        except (LoadFailed, NotServing, DoesNotConform) as error:
            complain(str(error))
            return 1
    tell(record)
    return 1 if record.not_measured else 0


def _plan(options: argparse.Namespace) -> Plan:
    """What the options ask for.

    Raises:
        NoRelease: the light one is wanted, is not there, and could not be made.
        ReleaseError: --release is none.
    """
    release = release_in(options.release) if options.release else BUNDLED_RELEASE
    some_may = any(BY_NAME[name].name in WITH_LIGHT for name in options.peers) and "png" in options.uploads
    is_light = options.light and some_may and release.name != LIGHT
    return Plan(
        peers=tuple(options.peers),
        connections={upload: tuple(options.connections or CONNECTIONS[upload]) for upload in options.uploads},
        rounds=options.rounds,
        seconds=options.seconds,
        release=release,
        light=light_release() if is_light else None,
    )


def measure(record: Record, folder: Path) -> None:
    """Measure what a record still misses, and keep it cell by cell.

    Args:
        record: filled; its peers are installed first.
        folder: for logs and other passing files.

    Raises:
        LoadFailed: wrk cannot be run.
        NotServing, DoesNotConform: we ourselves do not answer, so nobody can be compared.
    """
    plan = record.plan
    for name in plan.peers:
        try:
            install(BY_NAME[name])
        except NotServing as error:
            _leave_out(record, BY_NAME[name], error)
    labels = {release: _our_labels(folder, release) for release in (plan.release, plan.light) if release}
    for number in range(1, plan.rounds + 1):
        for entry in plan.turn(number):
            if entry.peer.name in record.not_measured or not record.missing(entry, number):
                continue
            try:
                _measure_peer(record, entry, number, labels[entry.release], folder)
            except (NotServing, DoesNotConform) as error:
                _leave_out(record, entry.peer, error)


def _our_labels(folder: Path, release: Release) -> list[str]:
    """What we see in the pictures that peers are checked with."""
    ours = BY_NAME[OURS]
    with serving(ours, folder, release) as running:
        return labels_of(ours, running.ask, RAW)


def _measure_peer(record: Record, entry: Entry, number: int, labels: list[str], folder: Path) -> None:
    with serving(entry.peer, folder, entry.release) as running:
        missing = record.missing(entry, number)
        check(entry.peer, running.ask, labels, {cell.upload for cell in missing})
        warmed = ""
        for cell in missing:
            if warmed != cell.upload:
                warm_up = replace(cell, connections=WARM_UP_CONNECTIONS)
                _load(running, entry.peer, warm_up, WARM_UP_SECONDS, folder)
                warmed = cell.upload
            seen = _load(running, entry.peer, cell, record.plan.seconds, folder)
            record.loads[cell] = seen
            if entry.release == record.plan.release:
                record.starts[cell.peer, number] = Start(running.start_seconds, running.family.megabytes())
            keep(record)
            say(record, cell, seen)


def _load(running: Running, peer: Peer, cell: Cell, seconds: int, folder: Path) -> Load:
    request = peer.forms[cell.upload].request(picture_for(cell.upload))
    held: tuple[int, ...] = ()

    running.family.settle()
    before = sockets_by_process(process.pid for process in running.family.alive())

    def begun_well() -> bool:
        nonlocal held
        held = taken_since(before)
        return not peer.balanced or is_balanced(held)

    clients = Clients(cell.connections, seconds, load_cores())
    seen = load(running.port, request, clients, folder, begun_well)
    return replace(seen, held=held)


def _leave_out(record: Record, peer: Peer, error: Exception) -> None:
    complain(f"{peer.name} is left out: {error}")
    record.not_measured[peer.name] = str(error)
    keep(record)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.side_by_side",
        description="This service beside what a user would pick instead.",
    )
    parser.add_argument("--peers", nargs="+", choices=list(BY_NAME), default=list(BY_NAME))
    parser.add_argument("--uploads", nargs="+", choices=UPLOADS, default=list(UPLOADS))
    parser.add_argument(
        "--connections", nargs="+", type=int, help="by default as is worth it for each upload"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each cell")
    parser.add_argument("--release", type=Path, help="folder of the release that everybody serves (bundled)")
    parser.add_argument(
        "--light",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=f"measure with the {LIGHT} network, too, what shows what servers cost",
    )
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures and the plots")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
