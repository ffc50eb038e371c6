"""Who takes part, how each is installed, started and asked.

Commands are what each project's documentation gives, with two workers, replicas or processes, and logs of
requests off where there is a documented switch. Their code: benchmarks/peers/. Writes .venv-peers/.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.servers import WORKERS, NotServing, Running, serving
from benchmarks.side_by_side.forms import Form, ask
from benchmarks.uploads import PHOTOS, picture_for

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "benchmarks" / "peers"

OURS: Final = "wardrobe"
NO_OP: Final = "no-op"

RAW: Final = Form("raw body")
MULTIPART: Final = Form("multipart")
ROWS: Final = Form("rows in JSON")
PHOTO: Final = Form("raw body", "/photo")


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One server that takes part.

    Attributes:
        name: as the results call it.
        command: to start it, with {python}, {bin} and {port}.
        forms: for each upload that it takes, how.
        package: whose version says what was measured; None for what runs on our own libraries.
        environment: variables, with the same fields as the command.
        classifies: whether its answers hold a label.
    """

    name: str
    command: tuple[str, ...]
    forms: Mapping[str, Form]
    package: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    classifies: bool = True

    @property
    def lock(self) -> Path | None:
        """What its environment holds; None for those that run in ours."""
        return FOLDER / f"{self.file_name}.txt" if self.package else None

    @property
    def file_name(self) -> str:
        """Its name in files and folders."""
        return self.name.lower().replace(" ", "_")

    @property
    def python(self) -> Path:
        """The interpreter of its environment, or ours."""
        own = ROOT / ".venv-peers" / self.file_name / "bin" / "python"
        return own if self.lock else Path(sys.executable)

    @property
    def version(self) -> str:
        """What its lock pins, or that it is ours."""
        if self.lock is None:
            return "this checkout"
        pinned = re.search(rf"^{self.package}(?:\[\w+\])?==(\S+)", self.lock.read_text("utf-8"), re.MULTILINE)
        assert pinned, f"{self.lock} does not pin {self.package}"
        return f"{self.package} {pinned[1]}"


def _pictures(form: Form) -> dict[str, Form]:
    """The same form for every upload that is a picture alone."""
    return dict.fromkeys(("png", "jpeg", "jpeg-12mp"), form)


def _photos(form: Form) -> dict[str, Form]:
    """The same form for every upload that the network for photos answers."""
    return dict.fromkeys(PHOTOS, form)


_EVERYTHING: Final = {**_pictures(RAW), "multipart": MULTIPART, "pixels": ROWS}
_ROUTE_FOR_EACH: Final = {
    **_pictures(RAW),
    "multipart": Form("multipart", "/multipart"),
    "pixels": Form("rows in JSON", "/pixels"),
}

_GUNICORN: Final = ("{python}", "-m", "gunicorn")
_OUR_GUNICORN: Final = (*_GUNICORN, "-c", "gunicorn.conf.py")
_OURS: Final = {
    "PORT": "{port}",
    "WEB_CONCURRENCY": str(WORKERS),
    "WARDROBE_DRAIN_SECONDS": "0",
    # The peers queue without a limit, so ours queues as much as it may.
    "WARDROBE_QUEUE_LENGTH": "512",
    "WARDROBE_QUEUE_SECONDS": "60",
}

PEERS: Final = (
    Peer(
        name=OURS,
        command=(*_OUR_GUNICORN, "wsgi:app"),
        environment=_OURS,
        forms=_EVERYTHING | _photos(RAW),
    ),
    Peer(
        name=NO_OP,
        command=(*_OUR_GUNICORN, "benchmarks.side_by_side.floor:no_op()"),
        environment=_OURS,
        forms=_EVERYTHING,
        classifies=False,
    ),
    Peer(
        name="FastAPI",
        package="fastapi",
        command=(
            *("{bin}/uvicorn", "with_fastapi:app", "--port", "{port}", "--workers", str(WORKERS)),
            *("--loop", "uvloop", "--http", "httptools", "--no-access-log"),
        ),
        forms=_ROUTE_FOR_EACH | _photos(PHOTO),
    ),
)

BY_NAME: Final = MappingProxyType({peer.file_name: peer for peer in PEERS})


def install(peer: Peer) -> None:
    """Put what the peer's lock names into its environment.

    Raises:
        NotServing: it cannot be installed.
    """
    if peer.lock is None:
        return
    setup = ["scripts/setup_venv.sh", f".venv-peers/{peer.file_name}", str(peer.lock.relative_to(ROOT))]
    if subprocess.run(setup, cwd=ROOT, check=False).returncode != 0:  # noqa: S603 - our own script
        raise NotServing(f"{peer.name} could not be installed; see above.")


@contextmanager
def started(peer: Peer) -> Iterator[Running]:
    """Run an installed peer on a free port until the block ends.

    Raises:
        NotServing: it ended, or did not answer 200.
    """
    [port] = free_ports(1)
    binaries = str(peer.python.parent)
    fields = {"python": str(peer.python), "bin": binaries, "port": str(port)}
    environment = {
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": os.pathsep.join(map(str, [FOLDER] if peer.lock else [ROOT, FOLDER])),
        **{name: value.format(**fields) for name, value in peer.environment.items()},
    }
    command = [part.format(**fields) for part in peer.command]
    request = peer.forms["png"].request(picture_for("png"))
    with serving(
        command,
        port,
        FOLDER if peer.lock else ROOT,
        environment,
        lambda: ask(port, request)[0] == 200,
    ) as running:
        yield running


def free_ports(count: int) -> list[int]:
    """Ports of the loopback without a listener; held together, so that they differ."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
