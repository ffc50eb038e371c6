"""Who takes part, how each is started, and how each is asked. servers.py starts them.

Commands are what each project's documentation gives, with two workers, replicas or processes, and logs of
requests off where there is a documented switch. Their code: benchmarks/peers/.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.side_by_side.forms import Form

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "benchmarks" / "peers"
ENVIRONMENTS: Final = ROOT / ".venv-peers"

WORKERS: Final = 2

OURS: Final = "wardrobe"
NO_OP: Final = "no-op"
BARE: Final = "bare view"

RAW: Final = Form("raw body")
MULTIPART: Final = Form("multipart")
ROWS: Final = Form("rows in JSON")

ANY_PICTURE: Final = ("png", "jpeg", "jpeg-12mp")


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One server that takes part.

    Attributes:
        name: as the results call it.
        command: to start it, with {python}, {bin}, {port}; {port_2} and {port_3} for those that need more.
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
    def home(self) -> Path:
        """Where its environment is, if it has one."""
        return ENVIRONMENTS / self.file_name

    @property
    def file_name(self) -> str:
        """Its name in files and folders."""
        return self.name.lower().replace(" ", "_")

    @property
    def version(self) -> str:
        """What its lock pins, or that it is ours."""
        if self.lock is None:
            return "this checkout"
        pinned = re.search(rf"^{self.package}(?:\[\w+\])?==(\S+)", self.lock.read_text("utf-8"), re.MULTILINE)
        assert pinned, f"{self.lock} does not pin {self.package}"
        return f"{self.package} {pinned[1]}"


def _same_form(form: Form, *uploads: str) -> dict[str, Form]:
    return dict.fromkeys(uploads, form)


_EVERYTHING: Final = {**_same_form(RAW, *ANY_PICTURE), "multipart": MULTIPART, "pixels": ROWS}

_ROUTE_FOR_EACH: Final = {
    **_same_form(RAW, *ANY_PICTURE),
    "multipart": Form("multipart", "/multipart"),
    "pixels": Form("rows in JSON", "/pixels"),
}

_GUNICORN: Final = ("{python}", "-m", "gunicorn")
_OUR_GUNICORN: Final = (*_GUNICORN, "-c", "gunicorn.conf.py")
_PATIENT: Final = {"PORT": "{port}", "WARDROBE_QUEUE_LENGTH": "512", "WARDROBE_QUEUE_SECONDS": "60"}
"""The peers queue without a limit, so ours queues as much as it may."""

PEERS: Final = (
    Peer(
        name=OURS,
        command=(*_OUR_GUNICORN, "wsgi:app"),
        environment={**_PATIENT, "WEB_CONCURRENCY": str(WORKERS)},
        forms=_EVERYTHING,
    ),
    Peer(
        name=NO_OP,
        command=(*_OUR_GUNICORN, "benchmarks.side_by_side.floor:no_op()"),
        environment={**_PATIENT, "WEB_CONCURRENCY": str(WORKERS)},
        forms=_EVERYTHING,
        classifies=False,
    ),
    Peer(
        name=BARE,
        command=(*_OUR_GUNICORN, "benchmarks.side_by_side.floor:bare_view()"),
        environment={**_PATIENT, "WEB_CONCURRENCY": str(WORKERS)},
        forms=_same_form(RAW, *ANY_PICTURE),
    ),
    Peer(
        name="naive",
        package="tensorflow",
        command=(*_GUNICORN, "--workers", str(WORKERS), "--bind", "127.0.0.1:{port}", "with_naive_flask:app"),
        forms=_EVERYTHING,
    ),
    Peer(
        name="FastAPI",
        package="fastapi",
        command=(
            *("{bin}/uvicorn", "with_fastapi:app", "--port", "{port}", "--workers", str(WORKERS)),
            *("--loop", "uvloop", "--http", "httptools", "--no-access-log"),
        ),
        forms=_ROUTE_FOR_EACH,
    ),
    Peer(
        name="LitServe",
        package="litserve",
        command=("{python}", "with_litserve.py", "{port}"),
        forms={**_same_form(Form("base64 in JSON"), *ANY_PICTURE), "pixels": ROWS},
    ),
    Peer(
        name="BentoML",
        package="bentoml",
        command=(
            *("{bin}/bentoml", "serve", "with_bentoml:Clothing", "--host", "127.0.0.1", "--port", "{port}"),
        ),
        environment={"BENTOML_DO_NOT_TRACK": "true"},
        forms=_ROUTE_FOR_EACH,
    ),
    Peer(
        name="MLServer",
        package="mlserver",
        command=("{bin}/mlserver", "start", "mlserver_settings"),
        environment={
            "MLSERVER_HTTP_PORT": "{port}",
            "MLSERVER_GRPC_PORT": "{port_2}",
            "MLSERVER_METRICS_PORT": "{port_3}",
        },
        forms={
            **_same_form(Form("V2 BYTES", "/v2/models/clothing/infer"), *ANY_PICTURE),
            "pixels": Form("V2 UINT8", "/v2/models/clothing/infer"),
        },
    ),
    Peer(
        name="Ray Serve",
        package="ray",
        command=("{python}", "with_ray_serve.py", "{port}"),
        environment={"RAY_USAGE_STATS_ENABLED": "0"},
        forms=_EVERYTHING,
    ),
)

BY_NAME: Final = MappingProxyType({peer.file_name: peer for peer in PEERS})


def placeholders(peer: Peer, ports: tuple[int, int, int]) -> dict[str, str]:
    """What stands for the fields of a peer's command and environment."""
    folder = Path(sys.executable).parent if peer.lock is None else peer.home / "bin"
    python = sys.executable if peer.lock is None else str(folder / "python")
    first, second, third = (str(port) for port in ports)
    return {"python": python, "bin": str(folder), "port": first, "port_2": second, "port_3": third}
