"""What happens to the service during a soak: promotions and rollbacks, an S3 that breaks, workers that die.

The operator's own commands go to S3 directly; only the service has the faulty way there.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from model_store.publish import promote
from model_store.rollback import roll_back
from model_store.store import Store
from tests.fault_proxy import FAULTS, FaultProxy
from tests.service import Service

PROMOTION_SECONDS = 20
FAULT_SECONDS = 15
BROKEN_SECONDS = 7
"""Of each FAULT_SECONDS."""
KILL_SECONDS = 45

BY = "soak"


@dataclass
class Trouble:
    """Everything that goes wrong, and when.

    Attributes:
        clock: seconds since the beginning of the soak.
        versions: two releases in the store, the first one current.
        events: when, and what.
        kills: when a worker was killed.
    """

    service: Service
    proxy: FaultProxy
    store: Store
    versions: tuple[str, str]
    clock: Callable[[], float]
    events: list[tuple[float, str]] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    faults: list[tuple[float, float]] = field(default_factory=list)

    @contextmanager
    def happening(self) -> Iterator["Trouble"]:
        """While the block runs; S3 is whole again when it ends."""
        self._stopped = threading.Event()
        threads = [threading.Thread(target=run) for run in (self._promote, self._break, self._kill)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    def _promote(self) -> None:
        """Promote the other release, promote it back, and promote and roll back, in turns."""
        first, second = self.versions
        steps: Iterator[Callable[[], object]] = cycle(
            [
                lambda: promote(second, self.store, by=BY, force=True),
                lambda: promote(first, self.store, by=BY, force=True),
                lambda: promote(second, self.store, by=BY, force=True),
                lambda: roll_back(self.store, by=BY),
            ]
        )
        for step in steps:
            if self._stopped.wait(PROMOTION_SECONDS):
                return
            step()
            self._note("promotion or rollback")

    def _break(self) -> None:
        for fault in cycle(FAULTS):
            if self._stopped.wait(FAULT_SECONDS - BROKEN_SECONDS):
                return
            began = self.clock()
            self.proxy.break_by(fault)
            self._note(f"S3: {fault.value}")
            self._stopped.wait(BROKEN_SECONDS)
            self.proxy.heal()
            self.faults.append((began, self.clock()))

    def _kill(self) -> None:
        """Always the youngest worker, so that the others live long enough to show what they hold on to."""
        while not self._stopped.wait(KILL_SECONDS):
            self.kills.append(self.clock())
            self.service.kill_worker(max(self.service.worker_pids(), key=_started))
            self._note("a worker killed")

    def _note(self, what: str) -> None:
        self.events.append((self.clock(), what))


def _started(pid: int) -> int:
    """When a process began, in clock ticks since the machine did (proc(5)); process numbers begin anew."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[19])
