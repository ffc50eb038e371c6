"""How many connections each worker holds, in memory that all of them see, so that none holds most of them.

Workers accept from one socket, and whoever comes first gets a connection for as long as the client keeps it:
of 8 connections, two workers were seen to hold 4 and 4 as rarely as 8 and 0. Used by worker.py.
"""

import mmap

PLACES = 256
"""Workers that can be told apart; beyond them, two may share a place and balance a little worse."""

ABSENT = -1

INTEGER_BYTES = 4


class Shares:
    """One number for each worker. Made before they are forked, since that is how they share it."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, PLACES * INTEGER_BYTES)).cast("i")
        for place in range(PLACES):
            self._counts[place] = ABSENT

    def tell(self, worker: int, connections: int) -> None:
        """Say how many connections a worker holds.

        Args:
            worker: gunicorn's age of it, which no other has.
            connections: >= 0.
        """
        self._counts[worker % PLACES] = connections

    def leave(self, worker: int) -> None:
        """Say that a worker takes no connections any more."""
        self._counts[worker % PLACES] = ABSENT

    def excess(self, worker: int) -> int:
        """By how many connections a worker is above the one that holds the fewest."""
        mine = self._counts[worker % PLACES]
        return mine - min((count for count in self._counts if count != ABSENT), default=mine)
