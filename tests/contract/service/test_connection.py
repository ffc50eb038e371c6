"""Fewer calls, the same bytes: what a connection joins, and when it says that there is more."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from app.connection import AnsweringSocket, Connection


@pytest.fixture
def pair() -> Iterator[tuple[AnsweringSocket, socket.socket]]:
    """Our end of a connection, and the client's."""
    accepted, client = socket.socketpair()
    ours = AnsweringSocket.of(accepted)
    with ours, client:
        client.settimeout(5)
        yield ours, client


def test_head_and_body_reach_the_client_in_one_piece(pair: tuple[AnsweringSocket, socket.socket]) -> None:
    ours, client = pair

    with ours.joined():
        ours.sendall(b"head ")
        ours.sendall(b"body")

    assert client.recv(100) == b"head body"


def test_a_long_answer_arrives_in_order(pair: tuple[AnsweringSocket, socket.socket]) -> None:
    ours, client = pair

    with ours.joined():
        for part in (b"head ", b"one ", b"two ", b"three"):
            ours.sendall(part)
    ours.close()

    assert client.makefile("rb").read() == b"head one two three"


def test_an_answer_without_a_body_is_sent(pair: tuple[AnsweringSocket, socket.socket]) -> None:
    ours, client = pair

    with ours.joined():
        ours.sendall(b"head")

    assert client.recv(100) == b"head"


def test_nothing_is_sent_of_an_answer_that_failed_before_its_body(
    pair: tuple[AnsweringSocket, socket.socket],
) -> None:
    ours, client = pair

    with pytest.raises(ZeroDivisionError), ours.joined():
        ours.sendall(b"head")
        raise ZeroDivisionError
    ours.sendall(b"another")

    assert client.recv(100) == b"another"


def test_a_client_that_says_nothing_is_given_up_and_one_that_goes_is_noticed() -> None:
    accepted, client = socket.socketpair()
    connection = Connection(SimpleNamespace(), accepted, "", "")

    silent = connection.wait_for_data(0.01)
    client.close()
    gone = connection.wait_for_data(5)
    connection.close()

    assert (silent, gone) == (False, True)
