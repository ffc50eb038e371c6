"""`make measure ARGS=answer_cost`: the processor time of an answer, beside that of a small FastAPI app.

Both serve the bundled release, with two workers each. They are loaded in turn, in several rounds. Unlike a
rate, processor time hardly depends on what else the machine does. Saves docs/results/answer-cost.json.
"""

import argparse
import sys
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from statistics import median

from benchmarks.processes import family, processor_seconds, settle
from benchmarks.results import FOLDER, save
from benchmarks.servers import Running
from benchmarks.side_by_side.conformance import check, labels_of
from benchmarks.side_by_side.peers import BY_NAME, OURS, RAW, install, started
from benchmarks.uploads import PHOTOS, picture_for
from benchmarks.wrk import load
from scripts.terminal import run_main

FASTAPI = "fastapi"
UPLOADS = ("png", *PHOTOS)
CONNECTIONS = 1
MILLISECONDS = 1000.0


def main(argv: list[str] | None = None) -> int:
    """Measure every cell in each round, print it, and save all at the end."""
    options = _options().parse_args(argv)
    install(BY_NAME[FASTAPI])
    costs = measure_costs(options.rounds, options.seconds)
    figures = {
        "plan": {"rounds": options.rounds, "seconds": options.seconds, "connections": CONNECTIONS},
        "milliseconds": {
            upload: {name: _summarize(cells) for name, cells in cells_by_server.items()}
            for upload, cells_by_server in costs.items()
        },
    }
    print(f"Saved {save('answer-cost', 'make measure ARGS=answer_cost', figures, options.out)}")
    return 0


def measure_costs(rounds: int, seconds: int) -> dict[str, dict[str, list[float]]]:
    """Return the milliseconds of processor time of an answer in each round, by upload and server."""
    costs: dict[str, dict[str, list[float]]] = {upload: {OURS: [], FASTAPI: []} for upload in UPLOADS}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(started(BY_NAME[name])) for name in (OURS, FASTAPI)}
        labels = labels_of(BY_NAME[OURS], servers[OURS].port, RAW)
        check(BY_NAME[FASTAPI], servers[FASTAPI].port, labels, UPLOADS)
        for upload, (name, server) in product(list(UPLOADS) * rounds, servers.items()):
            costs[upload][name].append(_measure_cost(name, server, upload, seconds))
            print(f"{upload}, {name}: {costs[upload][name][-1]:.2f} ms", flush=True)
    return costs


def _measure_cost(name: str, server: Running, upload: str, seconds: int) -> float:
    """Return the processor time of an answer in milliseconds, the mean over some seconds of requests."""
    request = BY_NAME[name].forms[upload].request(picture_for(upload))
    settle(server.pid)
    before = processor_seconds(family(server.pid))
    answers = load(server.port, request, CONNECTIONS, seconds).answers
    # wrk leaves without its last answer, which takes processor time, too.
    settle(server.pid)
    return MILLISECONDS * (processor_seconds(family(server.pid)) - before) / answers


def _summarize(cells: list[float]) -> dict[str, float]:
    return {"median": median(cells), "least": min(cells), "most": max(cells)}


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.answer_cost", description="The processor time of an answer."
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of each cell")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(run_main(main))
