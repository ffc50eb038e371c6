"""Workers tell each other how many connections they hold, and let the one with fewest go first."""

from app.shares import PLACES, Shares


def test_a_worker_alone_is_never_above_its_share() -> None:
    shares = Shares()

    shares.tell(1, 100)

    assert shares.excess(1) == 0


def test_a_worker_is_above_its_share_by_what_it_has_more_than_the_least() -> None:
    shares = Shares()

    for worker, connections in ((1, 7), (2, 1), (3, 4)):
        shares.tell(worker, connections)

    assert [shares.excess(worker) for worker in (1, 2, 3)] == [6, 0, 3]


def test_a_worker_that_leaves_draws_no_connections_any_more() -> None:
    shares = Shares()
    shares.tell(1, 7)
    shares.tell(2, 0)

    shares.leave(2)

    assert shares.excess(1) == 0


def test_a_worker_that_took_a_dead_ones_place_is_counted_anew() -> None:
    shares = Shares()
    shares.tell(1, 3)
    shares.tell(2, 9)

    shares.tell(2 + PLACES, 1)

    assert shares.excess(1) == 2
