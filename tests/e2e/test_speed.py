"""A slip of speed is seen: what an answer costs, beside the same gunicorn with nothing or the bare model.

Processor time per answer is compared, not answers per second: whatever else the machine does hardly changes
it.
"""

import shutil
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest

from benchmarks.side_by_side.peers import BARE, BY_NAME, NO_OP, OURS, PEERS
from benchmarks.side_by_side.servers import Running, load_cores, serving
from benchmarks.side_by_side.uploads import picture_for
from benchmarks.side_by_side.wrk import Clients, load
from tests.system_parts import require_system_part

ADDED_NO_OPS = 4
"""What the service may add to a bare view, in no-ops; 1.5 to 2.6 were measured, beside trainings."""

BARE_VIEWS = 2.5
"""What an answer may cost, in bare views; 1.5 to 1.8 were measured, beside trainings."""

ROUNDS = 3
CLIENTS = Clients(connections=8, seconds=1, cores=load_cores())
PICTURE = BY_NAME[OURS].forms["png"].request(picture_for("png"))


@pytest.fixture(scope="module")
def milliseconds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """Processor time per answer of the service, the no-op and the bare view, measured in turns."""
    require_system_part("wrk", shutil.which("wrk") is not None, "apt-get install wrk")
    folder = tmp_path_factory.mktemp("speed")
    with ExitStack() as stack:
        servers = {
            peer.name: stack.enter_context(serving(peer, folder / peer.file_name))
            for peer in PEERS
            if peer.name in (OURS, NO_OP, BARE)
        }
        rounds = [
            {name: _per_answer(server, folder) for name, server in servers.items()} for _ in range(ROUNDS + 1)
        ]
    # The first warms up.
    return {name: median(each[name] for each in rounds[1:]) for name in servers}


def _per_answer(server: Running, folder: Path) -> float:
    before = server.family.processor_seconds()
    seen = load(server.port, PICTURE, CLIENTS, folder)
    assert seen.errors == 0
    return (server.family.processor_seconds() - before) / seen.answers * 1000


def test_what_the_service_adds_to_a_bare_view_costs_less_than_a_few_no_ops(
    milliseconds: dict[str, float],
) -> None:
    added = milliseconds[OURS] - milliseconds[BARE]

    assert added < ADDED_NO_OPS * milliseconds[NO_OP], milliseconds


def test_an_answer_costs_less_than_a_few_bare_views(milliseconds: dict[str, float]) -> None:
    assert milliseconds[OURS] < BARE_VIEWS * milliseconds[BARE], milliseconds
