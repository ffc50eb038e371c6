"""Keep-alive connections are spread over the workers."""

from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from benchmarks.side_by_side.balance import connections_by_process
from tests.service import Service, running
from tests.waiting import wait_for

CLIENTS = 16
MOST = 12
"""Of them in one worker: 8 to 11 were seen, and 15 where each worker accepts as fast as it can."""


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


def spread_of_new(service: Service) -> tuple[int, ...]:
    """How many of the new connections each worker has."""
    with ExitStack() as held:
        ask(connected(service, held))
        return connections(service)


def connected(service: Service, held: ExitStack) -> list[HTTPConnection]:
    """Clients that connect all at once."""
    port = int(service.url.rpartition(":")[2])
    clients = [HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(CLIENTS)]
    for client in clients:
        held.callback(client.close)
        client.connect()
    return clients


def ask(clients: list[HTTPConnection]) -> None:
    """Send a request on each connection, so that a worker has accepted it."""
    for client in clients:
        client.request("GET", "/healthz")
        client.getresponse().read()


def connections(service: Service) -> tuple[int, ...]:
    """How many each worker holds that holds any."""
    port = int(service.url.rpartition(":")[2])
    return connections_by_process(port, service.worker_pids())
