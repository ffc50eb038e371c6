"""How many machines, how long, how much is asked of the store. Pure: arithmetic on what was measured.

A machine is one like that which was measured. Requests come when they like (Poisson): nobody measured that.
"""

from dataclasses import dataclass
from math import ceil, factorial, log

DAY = 86_400

POLL_GETS = 1
"""Of one poll that finds nothing: promotion N + 1, which is a 404."""
START_REQUESTS = 3
"""Of one worker that starts: a listing of the promotions, the newest one, and N + 1."""
FOLLOWED_GETS = 2
"""Of one worker's poll that finds a promotion: N + 1, and N + 2."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a machine fetches of it, once, whatever the number of its workers; nothing of what it has.

    Attributes:
        size: bytes of all files, the manifest's included.
        files: how many, the manifest included.
    """

    size: int
    files: int


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Machines that follow one store.

    Attributes:
        refresh: seconds between two polls of a worker.
        jitter: share of that by which a poll may come earlier or later.
    """

    machines: int
    workers: int
    refresh: float
    jitter: float

    @property
    def gets_per_day(self) -> float:
        """Of polls that find nothing."""
        return self.machines * self.workers * POLL_GETS * DAY / self.refresh

    @property
    def gets_per_second(self) -> float:
        """The mean of them."""
        return self.gets_per_day / DAY

    @property
    def gets_per_second_in_step(self) -> float:
        """Of the first polls after all have started at once: these fall in a window of twice the jitter."""
        return self.machines * self.workers * POLL_GETS / (2 * self.jitter * self.refresh)

    @property
    def seconds_to_follow(self) -> float:
        """From a promotion until the last worker has asked, if the store answers at once."""
        return self.refresh * (1 + self.jitter)

    def requests_of_a_start(self, release: Release) -> int:
        """Of everybody together, with empty caches."""
        return self.machines * (self.workers * START_REQUESTS + release.files)

    def requests_of_a_change(self, release: Release) -> int:
        """Of everybody together, until the last one serves the release."""
        return self.machines * (self.workers * FOLLOWED_GETS + release.files)

    def bytes_of_a_change(self, release: Release) -> int:
        """One release for each machine."""
        return self.machines * release.size

    def megabits_of_a_change(self, release: Release) -> float:
        """A second, while all of them fetch it: the first worker of each to ask, within one period."""
        return self.bytes_of_a_change(release) * 8 / 1e6 / self.seconds_to_follow


def machines_for(rate: float, of_one: float, utilisation: float) -> int:
    """How many answer `rate` requests a second, each kept at a share of what it can.

    Raises:
        ValueError: that share is not between 0 and 1.
    """
    if not 0 < utilisation < 1:
        raise ValueError(f"A utilisation of {utilisation} is not between 0 and 1.")
    return ceil(rate / (of_one * utilisation))


def p99_wait(servers: int, utilisation: float) -> float:
    """What 99 of 100 wait at most before they are served, in mean service times (Erlang's C, M/M/c).

    Args:
        servers: that serve one queue.
        utilisation: of them, in [0, 1).
    """
    waits = _waits(servers, utilisation)
    return max(0.0, log(waits / 0.01) / (servers * (1 - utilisation))) if waits > 0 else 0.0


def _waits(servers: int, utilisation: float) -> float:
    """The share that has to wait at all."""
    offered = servers * utilisation
    full = offered**servers / factorial(servers) / (1 - utilisation)
    return full / (sum(offered**busy / factorial(busy) for busy in range(servers)) + full)


def hours_for(labels: float, of_one_per_second: float, machines: int) -> float:
    """Of so many machines that share them evenly and never wait for each other."""
    return labels / of_one_per_second / machines / 3600


def core_hours_per_million(microseconds: float) -> float:
    """Of something that takes so much processor time each."""
    return microseconds / 3600
