"""make benchmark: this service and its peers, one after another on the same cores, in several rounds.

Prints each cell as it is measured; saves docs/results/benchmark.json at the end. page.py writes the page.
Ctrl-C ends the server that runs, and saves nothing.
"""

import argparse
import os
import signal
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.results import FOLDER, save
from benchmarks.side_by_side.conformance import DoesNotConform, check, labels_of
from benchmarks.side_by_side.peers import BY_NAME, OURS, RAW, Peer
from benchmarks.side_by_side.servers import NotServing, Running, install, load_cores, serving
from benchmarks.side_by_side.summary import Cell, Start, costs, rows
from benchmarks.side_by_side.uploads import CONNECTIONS, UPLOADS, picture_for
from benchmarks.side_by_side.wrk import Clients, Load, LoadFailed, load
from scripts.terminal import complain, run

WARM_UP_SECONDS = 1


@dataclass
class Measured:
    """What a run has seen.

    Attributes:
        labels: what we see in the pictures that peers are checked with.
        left_out: why a peer was not measured.
    """

    labels: list[str]
    loads: dict[Cell, Load] = field(default_factory=dict)
    starts: dict[tuple[str, int], Start] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def main(argv: list[str] | None = None) -> int:
    """Install, measure, save; 1 if a peer was left out."""
    options = _options().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: with the server
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        try:
            measured = measure(options, Path(name))
        except (LoadFailed, NotServing, DoesNotConform) as error:
            complain(str(error))
            return 1
    figures = {
        "plan": {
            "rounds": options.rounds,
            "seconds": options.seconds,
            "versions": {BY_NAME[name].name: BY_NAME[name].version for name in options.peers},
        },
        "load_average_at_the_beginning": busy,
        "not_measured": measured.left_out,
        "summary": {
            "rows": [asdict(row) for row in rows(measured.loads)],
            "costs": [asdict(cost) for cost in costs(measured.starts)],
        },
        "cells": [{**asdict(cell), **asdict(seen)} for cell, seen in measured.loads.items()],
    }
    print(f"Saved {save('benchmark', 'make benchmark', figures, options.out)}")
    return 1 if measured.left_out else 0


def measure(options: argparse.Namespace, folder: Path) -> Measured:
    """Every peer in every round; each round begins with another peer, so that none is always last.

    Raises:
        LoadFailed: wrk cannot be run.
        NotServing, DoesNotConform: we ourselves do not answer, so there is nothing to compare with.
    """
    with serving(BY_NAME[OURS], folder) as ours:
        measured = Measured(labels_of(BY_NAME[OURS], ours.ask, RAW))
    for number in range(options.rounds):
        first = number * len(options.peers) // options.rounds
        for name in (*options.peers[first:], *options.peers[:first]):
            peer = BY_NAME[name]
            if peer.name in measured.left_out:
                continue
            try:
                install(peer)
                _measure_peer(measured, peer, number + 1, options, folder)
            except (NotServing, DoesNotConform) as error:
                complain(f"{peer.name} is left out: {error}")
                measured.left_out[peer.name] = str(error)
    return measured


def _measure_peer(
    measured: Measured,
    peer: Peer,
    number: int,
    options: argparse.Namespace,
    folder: Path,
) -> None:
    uploads = [upload for upload in options.uploads if upload in peer.forms]
    with serving(peer, folder) as running:
        check(peer, running.ask, measured.labels, uploads)
        for upload in uploads:
            counts = options.connections or CONNECTIONS[upload]
            _load(running, peer, upload, Clients(max(counts), WARM_UP_SECONDS, load_cores()), folder)
            for count in counts:
                clients = Clients(count, options.seconds, load_cores())
                seen = _load(running, peer, upload, clients, folder)
                measured.loads[Cell(peer.name, upload, count, number)] = seen
                print(f"{number}: {peer.name}, {upload}, {count} connections: {_shown(seen)}", flush=True)
        measured.starts[peer.name, number] = Start(running.start_seconds, running.family.megabytes())


def _load(running: Running, peer: Peer, upload: str, clients: Clients, folder: Path) -> Load:
    running.family.settle()
    return load(running.port, peer.forms[upload].request(picture_for(upload)), clients, folder)


def _shown(seen: Load) -> str:
    errors = f", {seen.errors} ERRORS" if seen.errors else ""
    return f"{seen.per_second:.0f}/s, p50 {seen.p50:.2f} ms, p99 {seen.p99:.2f} ms{errors}"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.side_by_side",
        description="This service beside what a user would pick instead.",
    )
    parser.add_argument("--peers", nargs="+", choices=list(BY_NAME), default=list(BY_NAME))
    parser.add_argument("--uploads", nargs="+", choices=UPLOADS, default=list(UPLOADS))
    parser.add_argument("--connections", nargs="+", type=int, help="by default what suits each upload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each cell")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
