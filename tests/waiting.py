"""Wait for an event instead of for a while. The only place in the tests that sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PAUSE_SECONDS = 0.02


class Expired(AssertionError):
    """What was waited for did not happen in time."""


def wait_for(what: str, attempt: Callable[[], Value | None], seconds: float = 120) -> Value:
    """Call `attempt` until it answers something true.

    Raises:
        Expired: it did not within `seconds`; the message says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := attempt():
            return value
        time.sleep(PAUSE_SECONDS)
    raise Expired(f"{what} did not happen within {seconds:g} s")
