"""Clients that keep their connections are spread over the workers, also when a worker came later."""

from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from app.worker import SHED_EVERY
from benchmarks.side_by_side.balance import connections_by_process
from tests.service import Service, running
from tests.waiting import wait_for

CLIENTS = 16
MOST = 12
"""Of them in one worker: 8 to 10 were seen, and up to all 16 where workers know nothing of each other."""


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The bundled release, on two workers."""
    with running(tmp_path_factory.mktemp("spread"), WEB_CONCURRENCY="2") as service:
        wait_for("both workers", lambda: len(spread_of_new(service)) == 2)
        yield service


def test_no_worker_holds_nearly_all_connections(two_workers: Service) -> None:
    spread = spread_of_new(two_workers)

    assert sum(spread) == CLIENTS
    assert max(spread) <= MOST


def test_a_worker_that_took_anothers_place_gets_its_share(two_workers: Service) -> None:
    victim = two_workers.worker_pids()[0]
    two_workers.kill_worker(victim)
    with ExitStack() as held:
        clients = connected(two_workers, held)
        ask(clients)
        two_workers.wait_for_workers(2, other_than=victim)

        before = max(connections(two_workers))
        wait_for("a share", lambda: ask(clients, SHED_EVERY) and max(connections(two_workers)) <= MOST)

    assert before == CLIENTS


def spread_of_new(service: Service) -> tuple[int, ...]:
    """How clients that have just come lie on the workers."""
    with ExitStack() as held:
        ask(connected(service, held))
        return connections(service)


def connected(service: Service, held: ExitStack) -> list[HTTPConnection]:
    """Clients that have come all at once."""
    port = int(service.url.rpartition(":")[2])
    clients = [HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(CLIENTS)]
    for client in clients:
        held.callback(client.close)
        client.connect()
    return clients


def ask(clients: list[HTTPConnection], times: int = 1) -> bool:
    """Have each of them ask, on the connection it has, or a new one if it was told to close that."""
    for _ in range(times):
        for client in clients:
            client.request("GET", "/healthz")
            client.getresponse().read()
    return True


def connections(service: Service) -> tuple[int, ...]:
    """How many each worker holds that holds any."""
    port = int(service.url.rpartition(":")[2])
    return connections_by_process(port, service.worker_pids())
