"""`make measure ARGS=side_by_side`: this service and its peers in turn on the same cores, in several rounds.

Prints each cell as it is measured; saves docs/results/benchmark.json at the end.
Ctrl-C ends the server that runs, and saves nothing.
"""

import argparse
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.processes import family, megabytes, settle
from benchmarks.results import FOLDER, save
from benchmarks.servers import NotServing
from benchmarks.side_by_side.conformance import DoesNotConform, check, labels_of
from benchmarks.side_by_side.peers import BY_NAME, OURS, RAW, Peer, install, started
from benchmarks.side_by_side.summary import Cell, Start, costs, rows
from benchmarks.uploads import CONNECTIONS, UPLOADS, picture_for
from benchmarks.wrk import Load, LoadFailed, load
from scripts.console import print_message
from scripts.terminal import run_main

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
    try:
        measured = measure(options)
    except (LoadFailed, NotServing, DoesNotConform) as error:
        print_message(str(error))
        return 1
    versions = {BY_NAME[name].name: BY_NAME[name].version for name in options.peers}
    figures = {
        "plan": {"rounds": options.rounds, "seconds": options.seconds, "versions": versions},
        "load_average_at_the_beginning": busy,
        "not_measured": measured.left_out,
        "summary": {
            "rows": [asdict(row) for row in rows(measured.loads)],
            "costs": [asdict(cost) for cost in costs(measured.starts)],
        },
        "cells": [{**asdict(cell), **asdict(seen)} for cell, seen in measured.loads.items()],
    }
    print(f"Saved {save('benchmark', 'make measure ARGS=side_by_side', figures, options.out)}")
    return 1 if measured.left_out else 0


def measure(options: argparse.Namespace) -> Measured:
    """Every peer in every round; each round begins with another peer, so that none is always last.

    Raises:
        LoadFailed: wrk cannot be run.
        NotServing, DoesNotConform: we ourselves do not answer, so there is nothing to compare with.
    """
    with started(BY_NAME[OURS]) as ours:
        measured = Measured(labels_of(BY_NAME[OURS], ours.port, RAW))
    for number in range(options.rounds):
        first = number * len(options.peers) // options.rounds
        for name in (*options.peers[first:], *options.peers[:first]):
            peer = BY_NAME[name]
            if peer.name in measured.left_out:
                continue
            try:
                if number == 0:
                    install(peer)
                _measure_peer(measured, peer, number + 1, options)
            except (NotServing, DoesNotConform) as error:
                print_message(f"{peer.name} is left out: {error}")
                measured.left_out[peer.name] = str(error)
    return measured


def _measure_peer(measured: Measured, peer: Peer, number: int, options: argparse.Namespace) -> None:
    uploads = [upload for upload in options.uploads if upload in peer.forms]
    with started(peer) as running:
        check(peer, running.port, measured.labels, uploads)
        for upload in uploads:
            counts = options.connections or CONNECTIONS[upload]
            request = peer.forms[upload].request(picture_for(upload))
            load(running.port, request, max(counts), WARM_UP_SECONDS)
            for count in counts:
                settle(running.pid)
                seen = load(running.port, request, count, options.seconds)
                measured.loads[Cell(peer.name, upload, count, number)] = seen
                print(f"{number}: {peer.name}, {upload}, {count} connections: {_shown(seen)}", flush=True)
        held = megabytes(family(running.pid))
        measured.starts[peer.name, number] = Start(running.start_seconds, held)


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
    sys.exit(run_main(main))
