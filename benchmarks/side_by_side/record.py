"""What is to be measured, and what has been: kept after every cell, so that a stopped run goes on.

A record that was made to another plan, or is complete, is left behind. Reads and writes benchmark.json.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results import save
from benchmarks.side_by_side.peers import BY_NAME, ROOT, Peer
from benchmarks.side_by_side.wrk import Load

NAME = "benchmark"
COMMAND = "make benchmark"


@dataclass(frozen=True)
class Cell:
    """One measurement: a peer under one load, in one round.

    Attributes:
        round: from 1.
    """

    peer: str
    upload: str
    connections: int
    round: int


@dataclass(frozen=True)
class Start:
    """What one start of a peer took.

    Attributes:
        seconds: from exec to the first 200.
        megabytes: PSS of all its processes, after the last load so far.
    """

    seconds: float
    megabytes: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be measured.

    Attributes:
        peers: keys of BY_NAME.
        uploads: some of UPLOADS.
        seconds: of each cell.
    """

    peers: tuple[str, ...]
    uploads: tuple[str, ...]
    connections: tuple[int, ...]
    rounds: int
    seconds: int

    def turn(self, number: int) -> list[Peer]:
        """The peers in the order of a round, from 1: each begins with another, so none is always last."""
        first = (number - 1) * len(self.peers) // self.rounds
        return [BY_NAME[name] for name in (*self.peers[first:], *self.peers[:first])]

    def cells(self, peer: Peer, number: int) -> Iterator[Cell]:
        """What a round measures of a peer: the uploads that it takes, fewest connections first."""
        for upload in self.uploads:
            if upload in peer.forms:
                for connections in self.connections:
                    yield Cell(peer.name, upload, connections, number)

    def all_cells(self) -> list[Cell]:
        """Everything, in order."""
        numbers = range(1, self.rounds + 1)
        return [cell for number in numbers for peer in self.turn(number) for cell in self.cells(peer, number)]

    def described(self) -> dict[str, object]:
        """The plan as JSON, with the versions and the model: what has to be alike for a run to go on."""
        model = ROOT / "model_store" / "bundled" / "model.onnx"
        return {
            "versions": {BY_NAME[name].name: BY_NAME[name].version for name in self.peers},
            "uploads": list(self.uploads),
            "connections": list(self.connections),
            "rounds": self.rounds,
            "seconds": self.seconds,
            "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        }


@dataclass
class Record:
    """What has been measured.

    Attributes:
        folder: where it is kept.
        starts: by peer and round; a round that was stopped and went on has its last.
        not_measured: for each peer that was left out, why.
        load_average: of the last minute, as the run began: whether the machine was quiet.
    """

    plan: Plan
    folder: Path
    loads: dict[Cell, Load] = field(default_factory=dict)
    starts: dict[tuple[str, int], Start] = field(default_factory=dict)
    not_measured: dict[str, str] = field(default_factory=dict)
    load_average: float = field(default_factory=lambda: os.getloadavg()[0])

    def missing(self, peer: Peer, number: int) -> list[Cell]:
        """What a round still has to measure of a peer."""
        return [cell for cell in self.plan.cells(peer, number) if cell not in self.loads]

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
    return (
        Cell(**{name: value for name, value in row.items() if name in names}),
        Load(**{name: value for name, value in row.items() if name not in names}),
    )
