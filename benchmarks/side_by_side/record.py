"""What is to be measured, and what has been: kept after every cell, so that a stopped run goes on.

A record that was made to another plan, or is complete, is left behind. Reads and writes benchmark.json.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results import save
from benchmarks.side_by_side.peers import BY_NAME, WITH_LIGHT, WORKERS, Peer
from benchmarks.side_by_side.releases import BUNDLED, BUNDLED_RELEASE, Release
from benchmarks.side_by_side.wrk import Load

NAME = "benchmark"
COMMAND = "make benchmark"

LIGHT_UPLOADS = ("png",)
"""What is sent to those with the light network: where the server is most of the cost."""


@dataclass(frozen=True)
class Cell:
    """One measurement: a peer under one load, in one round.

    Attributes:
        round: from 1.
        release: that it served, by name.
    """

    peer: str
    upload: str
    connections: int
    round: int
    release: str = BUNDLED


@dataclass(frozen=True)
class Start:
    """What one start of a peer took.

    Attributes:
        seconds: from exec to the first 200.
        megabytes: PSS of all its processes, after the last load so far.
    """

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Entry:
    """One server of a round: a peer and what it serves."""

    peer: Peer
    release: Release = BUNDLED_RELEASE


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be measured.

    Attributes:
        peers: keys of BY_NAME.
        connections: for each upload, by how many it is sent.
        seconds: of each cell.
        release: that everybody serves.
        light: that those of WITH_LIGHT serve as well; None for nothing more.
    """

    peers: tuple[str, ...]
    connections: Mapping[str, tuple[int, ...]]
    rounds: int
    seconds: int
    release: Release = BUNDLED_RELEASE
    light: Release | None = None

    def turn(self, number: int) -> list[Entry]:
        """The servers of a round, from 1, in order: each begins with another peer, so none is always last."""
        first = (number - 1) * len(self.peers) // self.rounds
        peers = [BY_NAME[name] for name in (*self.peers[first:], *self.peers[:first])]
        with_light = [peer for peer in peers if peer.name in WITH_LIGHT] if self.light else []
        return [
            *(Entry(peer, self.release) for peer in peers),
            *(Entry(peer, self.light) for peer in with_light if self.light),
        ]

    def cells(self, entry: Entry, number: int) -> Iterator[Cell]:
        """What a round measures of a server: the uploads that it takes, fewest connections first."""
        for upload, counts in self.connections.items():
            if upload in (entry.peer.forms if entry.release == self.release else LIGHT_UPLOADS):
                for connections in counts:
                    if connections >= WORKERS or not entry.peer.balanced:
                        yield Cell(entry.peer.name, upload, connections, number, entry.release.name)

    def all_cells(self) -> list[Cell]:
        """Everything, in order."""
        numbers = range(1, self.rounds + 1)
        return [
            cell for number in numbers for entry in self.turn(number) for cell in self.cells(entry, number)
        ]

    def described(self) -> dict[str, object]:
        """The plan as JSON, with versions and releases: what has to be alike for a run to go on."""
        return {
            "versions": {BY_NAME[name].name: BY_NAME[name].version for name in self.peers},
            "connections": {upload: list(counts) for upload, counts in self.connections.items()},
            "rounds": self.rounds,
            "seconds": self.seconds,
            "releases": [each.described() for each in (self.release, self.light) if each],
        }


@dataclass
class Record:
    """What has been measured.

    Attributes:
        folder: where it is kept.
        starts: by peer and round, with the release of all; a round that was stopped and went on has its last.
        not_measured: for each peer that was left out, why.
        load_average: of the last minute, as the run began: whether the machine was quiet.
    """

    plan: Plan
    folder: Path
    loads: dict[Cell, Load] = field(default_factory=dict)
    starts: dict[tuple[str, int], Start] = field(default_factory=dict)
    not_measured: dict[str, str] = field(default_factory=dict)
    load_average: float = field(default_factory=lambda: os.getloadavg()[0])

    def missing(self, entry: Entry, number: int) -> list[Cell]:
        """What a round still has to measure of a server."""
        return [cell for cell in self.plan.cells(entry, number) if cell not in self.loads]

    def keep(self, summary: Mapping[str, object]) -> Path:
        """Write it all, with a summary of it."""
        expected = [cell for cell in self.plan.all_cells() if cell.peer not in self.not_measured]
        forms = {
            name: {upload: form.way for upload, form in peer.forms.items()} for name, peer in BY_NAME.items()
        }
        figures: dict[str, object] = {
            "complete": all(cell in self.loads for cell in expected),
            "plan": self.plan.described(),
            "load_average_at_the_beginning": self.load_average,
            "forms": {BY_NAME[name].name: forms[name] for name in self.plan.peers},
            "not_measured": self.not_measured,
            "summary": summary,
            "starts": [
                {"peer": peer, "round": number, **asdict(start)}
                for (peer, number), start in self.starts.items()
            ],
            "cells": [{**asdict(cell), **asdict(load)} for cell, load in self.loads.items()],
        }
        return save(NAME, COMMAND, figures, self.folder)


def open_record(plan: Plan, folder: Path) -> Record:
    """The record of a run that was stopped, if it had the same plan; else an empty one."""
    record = Record(plan, folder)
    path = folder / f"{NAME}.json"
    if path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if not kept["complete"] and kept["plan"] == plan.described():
            record.loads = dict(_measured(row) for row in kept["cells"])
            record.starts = {
                (row["peer"], row["round"]): Start(row["seconds"], row["megabytes"]) for row in kept["starts"]
            }
            record.load_average = kept["load_average_at_the_beginning"]
    return record


def _measured(row: dict[str, Any]) -> tuple[Cell, Load]:
    names = Cell.__dataclass_fields__.keys()
    row["held"] = tuple(row["held"])
    return (
        Cell(**{name: value for name, value in row.items() if name in names}),
        Load(**{name: value for name, value in row.items() if name not in names}),
    )
