"""What each worker holds over time: memory, descriptors, threads; read from /proc once a second."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.service import Service

EVERY_SECONDS = 1.0
PAGE_BYTES = 4096


@dataclass(frozen=True)
class Sample:
    """One worker at one time; `descriptors` without those of clients, which come and go with the clients."""

    at: float
    megabytes: float
    descriptors: int
    threads: int


@dataclass
class Watch:
    """Samples of every worker that there was.

    Attributes:
        clock: seconds since the beginning of the soak.
        samples: by process.
    """

    service: Service
    clock: Callable[[], float]
    samples: dict[int, list[Sample]] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator["Watch"]:
        """While the block runs."""
        stopped = threading.Event()
        thread = threading.Thread(target=self._run, args=(stopped,))
        thread.start()
        try:
            yield self
        finally:
            stopped.set()
            thread.join()

    def _run(self, stopped: threading.Event) -> None:
        port = urlsplit(self.service.url).port or 0
        while not stopped.wait(EVERY_SECONDS):
            for pid in self.service.worker_pids():
                with suppress(OSError):  # it has just been killed
                    self.samples.setdefault(pid, []).append(_sample(self.clock(), Path(f"/proc/{pid}"), port))


def _sample(at: float, process: Path, port: int) -> Sample:
    pages = int((process / "statm").read_text("ascii").split()[1])
    held = [_leads_to(descriptor) for descriptor in (process / "fd").iterdir()]
    of_clients = _sockets_of_clients(process, port)
    return Sample(
        at=round(at, 1),
        megabytes=round(pages * PAGE_BYTES / 1e6, 1),
        descriptors=sum(bool(name) and name not in of_clients for name in held),
        threads=len(list((process / "task").iterdir())),
    )


def _leads_to(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # closed since it was listed
        return ""


def _sockets_of_clients(process: Path, port: int) -> set[str]:
    """What the descriptors of connections to the service are called (proc(5), /proc/net/tcp)."""
    lines = (process / "net" / "tcp").read_text("ascii").splitlines()[1:]
    fields = [line.split() for line in lines]
    return {f"socket:[{each[9]}]" for each in fields if each[1].endswith(f":{port:04X}")}
