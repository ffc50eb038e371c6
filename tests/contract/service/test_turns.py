"""Clients that keep asking take turns on one thread, and none of them waits for a slow one for long."""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from app.connection import Connection
from app.turns import KEEP_SECONDS, Turns
from tests.waiting import wait_for


@dataclass
class Echo:
    """A worker that sends back what came, with the thread that did.

    Attributes:
        held: who says b"wait" is answered when this is set.
        back: what was handed back, with whether it stays open.
    """

    held: threading.Event = field(default_factory=threading.Event)
    back: list[tuple[Connection, bool]] = field(default_factory=list)

    def serve(self, connection: Connection) -> bool:
        said = connection.sock.recv(100)
        if said == b"wait":
            self.held.wait()
        connection.sock.sendall(f"{threading.get_ident()}".encode())
        return bool(said)

    def hand_back(self, connection: Connection, stays: bool) -> None:
        self.back.append((connection, stays))


Join = Callable[[], socket.socket]


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def join(echo: Echo) -> Iterator[Join]:
    """Lets a client take part, and returns its end."""
    ends: list[socket.socket | Connection] = []

    def joined() -> socket.socket:
        accepted, client = socket.socketpair()
        client.settimeout(10)
        connection = Connection(SimpleNamespace(), accepted, "", "")
        ends.extend((client, connection))
        turns.add(connection)
        return client

    with ThreadPoolExecutor(max_workers=4) as threads:
        turns = Turns(threads, echo.serve, echo.hand_back)
        turns.begin()
        yield joined
        turns.end()
        echo.held.set()
    for end in ends:
        end.close()


def asked(client: socket.socket, what: bytes = b"?") -> bytes:
    client.sendall(what)
    return client.recv(100)


def test_all_clients_are_served_by_one_thread(join: Join) -> None:
    clients = [join() for _ in range(3)]

    threads = {asked(client) for client in clients * 5}

    assert len(threads) == 1


def test_while_one_client_takes_long_the_others_are_answered(join: Join, echo: Echo) -> None:
    slow, quick = join(), join()

    slow.sendall(b"wait")
    answers = [asked(quick) for _ in range(5)]
    early, _, _ = select.select([slow], [], [], 0)
    echo.held.set()
    last = slow.recv(100)

    assert all(answers)
    assert early == []
    assert last


def test_a_client_that_is_silent_is_handed_back_and_so_is_one_whose_turn_failed(
    join: Join, echo: Echo
) -> None:
    _silent, gone = join(), join()

    gone.close()  # so that it cannot be answered
    wait_for("both", lambda: len(echo.back) == 2)

    assert sorted(stays for _, stays in echo.back) == [False, True]


def test_whoever_has_asked_keeps_a_turn_however_long_it_takes_to_come(join: Join, echo: Echo) -> None:
    asking = [join() for _ in range(3)]
    holding = [join() for _ in range(4)]  # as many as there are threads
    for client in holding:
        client.sendall(b"wait")
    for client in asking:
        client.sendall(b"?")

    since = time.monotonic()
    wait_for("twice as long as the silent are kept", lambda: time.monotonic() > since + 2 * KEEP_SECONDS)
    echo.held.set()

    assert all(client.recv(100) for client in asking)
