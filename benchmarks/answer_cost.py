"""`make measure ARGS=answer_cost`: the processor time of an answer, beside that of a small FastAPI app.

Both serve the bundled release, with two workers each. They are loaded in turn, in several rounds. Unlike a
rate, processor time hardly depends on what else the machine does. Saves docs/results/answer-cost.json.
"""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.processes import family, processor_seconds, settle
from benchmarks.results import FOLDER, save
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
    with ExitStack() as stack:
        servers = {name: stack.enter_context(started(BY_NAME[name])) for name in (OURS, FASTAPI)}
        labels = labels_of(BY_NAME[OURS], servers[OURS].port, RAW)
        check(BY_NAME[FASTAPI], servers[FASTAPI].port, labels, UPLOADS)
        costs: dict[str, dict[str, list[float]]] = {
            upload: {name: [] for name in servers} for upload in UPLOADS
        }
        for _ in range(options.rounds):
            for upload in UPLOADS:
                for name, server in servers.items():
                    request = BY_NAME[name].forms[upload].request(picture_for(upload))
                    settle(server.pid)
                    before = processor_seconds(family(server.pid))
                    answers = load(server.port, request, CONNECTIONS, options.seconds).answers
                    settle(server.pid)
                    spent = processor_seconds(family(server.pid)) - before
                    costs[upload][name].append(MILLISECONDS * spent / answers)
                    print(f"{upload}, {name}: {costs[upload][name][-1]:.2f} ms", flush=True)
    figures = {
        "plan": {"rounds": options.rounds, "seconds": options.seconds, "connections": CONNECTIONS},
        "milliseconds": {
            upload: {
                name: {"median": median(cells), "least": min(cells), "most": max(cells)}
                for name, cells in each.items()
            }
            for upload, each in costs.items()
        },
    }
    print(f"Saved {save('answer-cost', 'make measure ARGS=answer_cost', figures, options.out)}")
    return 0


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
