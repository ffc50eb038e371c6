"""Workers on Ray, on one machine or many: the one file that knows Ray, which it imports on demand.

Without RAY_ADDRESS a cluster is started on this machine, for this run alone: it listens on loopback, asks for
a random token, and ends with this process. The bytes of the release and of pictures travel, since another
machine has neither; a bucket's pictures are fetched where they are labelled.
"""

import os
import secrets
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import inference
import labelling
import model_store
import reports
from inference.cores import usable_cores
from inference.errors import InferenceError
from labelling.errors import EngineUnusable, LabellingError
from labelling.items import Item, Read, Source
from labelling.row import Row
from labelling.workers.labeller import Labeller, Setup, open_labeller
from labelling.workers.pool import Chunk, ChunkResult, Ended, Fatal
from model_store.errors import StoreError
from model_store.local import BUNDLED

ADDRESS: Final = "RAY_ADDRESS"
"""Ray's own variable: where a cluster is, host:port of its head, or `auto` for the one of this machine."""

LOCAL: Final = "local"
"""Ray's own word for a cluster that is started on this machine."""

LOCAL_STORE_BYTES: Final = 256 << 20
"""Ray's memory for what travels, on this machine: a worker has two chunks of at most 24 MB there."""

CONNECT_SECONDS: Final = 10

REPLACING_SECONDS: Final = 120
"""For a worker in place of a lost one: Ray takes a while to notice that a machine is gone."""

PAUSE_SECONDS: Final = 1.0

FETCHED: Final = 16
"""Pictures that are read at a time, as many as go through the model at once."""


class _Remote(NamedTuple):
    """A worker somewhere, and what it still has to answer, the oldest first."""

    actor: Any
    answers: deque[Any]


class RemoteLabeller:
    """What Ray runs in a process of its own, wherever there is a core."""

    def __init__(self, setup: Setup, release: dict[str, bytes]) -> None:
        """Nothing is opened yet, so that what goes wrong is an answer.

        Args:
            setup: its release is a folder on another machine.
            release: the content of that folder, by name.
        """
        self._setup = setup
        self._release = release
        self._labeller: Labeller | None = None

    def label(self, items: Chunk) -> list[Row] | Fatal:
        """Label some pictures."""
        try:
            if self._labeller is None:
                self._labeller = self._opened()
            return self._labeller.label(items)
        except (InferenceError, StoreError, LabellingError) as error:
            return Fatal(str(error))

    def _opened(self) -> Labeller:
        with TemporaryDirectory() as folder:
            for name, content in self._release.items():
                file = Path(folder, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            labeller = open_labeller(replace(self._setup, release=Path(folder)))
        if _is_read_anywhere(self._setup.source):
            return labeller
        return replace(labeller, read=iter)  # the bytes have come along


class OnRay(AbstractContextManager["OnRay"]):
    """An engine on the machines of a Ray cluster; see pool.py."""

    def __init__(self, setup: Setup, size: int | None) -> None:
        """Nothing is started yet, and Ray not imported.

        Args:
            setup: what each worker starts with.
            size: how many, at least 1; None is one per core of the cluster.
        """
        self._setup = setup
        self._wanted = size
        self._size = 0
        self._workers: dict[int, _Remote] = {}
        self._numbers = count()

    def __enter__(self) -> Self:
        address = os.environ.get(ADDRESS) or LOCAL
        with ExitStack() as undo:
            if address == LOCAL:
                temporary = TemporaryDirectory(prefix="wardrobe-ray-", ignore_cleanup_errors=True)
                folder = undo.enter_context(temporary)
                _isolate()
            else:
                _check_reachable(address)
            self._ray = _imported()
            undo.callback(self._ray.shutdown)
            if address == LOCAL:
                self._start_cluster(folder)
            else:
                self._join(address)
            self._release = self._ray.put(_content(self._setup.release))
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    @property
    def size(self) -> int:
        return self._size

    def carried(self, items: Iterator[Item]) -> Iterator[Item]:
        if _is_read_anywhere(self._setup.source):
            return items
        return _with_bytes(items, self._setup.source.reader())

    def start(self) -> int:
        number = next(self._numbers)
        actor = self._new_actor() if number < self._size else self._replacement()
        self._workers[number] = _Remote(actor, deque())
        return number

    def _new_actor(self, cores: int = 1) -> Any:  # noqa: ANN401 - see _imported
        remote = self._ray.remote(RemoteLabeller).options(num_cpus=cores)
        return remote.remote(self._setup, self._release)

    def _replacement(self) -> Any:  # noqa: ANN401 - see _imported
        """A worker that is known to run: until Ray notices that a machine is gone, it starts workers there.

        It takes no core of Ray's account, since where a machine is gone none may be free.

        Raises:
            EngineUnusable: none started within REPLACING_SECONDS, or the cluster has ended: Ray ends this
                process a minute later.
        """
        _check_reachable(os.environ.get(ADDRESS) or self._ray.get_runtime_context().gcs_address)
        deadline = time.monotonic() + REPLACING_SECONDS
        while True:
            actor = self._new_actor(cores=0)
            try:
                self._ray.get(actor.__ray_ready__.remote(), timeout=max(1.0, deadline - time.monotonic()))
            except self._ray.exceptions.RayError as error:
                self._ray.kill(actor)
                if time.monotonic() > deadline:
                    raise EngineUnusable(f"Ray starts no more workers: {_briefly(error)}") from error
                time.sleep(PAUSE_SECONDS)
            else:
                return actor

    def give(self, worker: int, chunk: Chunk) -> None:
        remote = self._workers[worker]
        remote.answers.append(remote.actor.label.remote(chunk))

    def answers(self) -> list[tuple[int, ChunkResult]]:
        oldest = {remote.answers[0]: number for number, remote in self._workers.items() if remote.answers}
        ready, _ = self._ray.wait(list(oldest))
        return [(oldest[answer], self._answer(oldest[answer])) for answer in ready]

    def _answer(self, number: int) -> ChunkResult:
        remote = self._workers[number]
        try:
            answer: ChunkResult = self._ray.get(remote.answers[0])
        except self._ray.exceptions.RayTaskError:
            raise  # a bug of ours, with its traceback
        except self._ray.exceptions.RayError as error:
            self._ray.kill(self._workers.pop(number).actor)  # it may only have been out of reach
            return Ended(f"was lost ({_briefly(error)})")
        remote.answers.popleft()
        return answer

    def _start_cluster(self, folder: str) -> None:
        """Start Ray on this machine, for this run alone.

        Args:
            folder: for its sockets and logs.

        Raises:
            EngineUnusable: it cannot be started, as where the folder's name is too long for a socket.
        """
        self._size = self._wanted or usable_cores()
        self._connect(
            "Ray on this machine",
            address="local",
            num_cpus=self._size,
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=LOCAL_STORE_BYTES,
            _temp_dir=folder,
        )

    def _join(self, address: str) -> None:
        """Join a cluster that is there, and send it our code.

        Raises:
            EngineUnusable: it does not answer, or has fewer cores than workers are wanted.
        """
        packages = (inference, labelling, model_store, reports)
        code = [str(Path(package.__file__ or "").parent) for package in packages]
        sent = {"py_modules": code, "excludes": [f"{BUNDLED.name}/"]}  # the release travels by itself
        self._connect(_named(address), address=address, runtime_env=sent)
        cores = int(self._ray.cluster_resources().get("CPU", 0))
        self._size = self._wanted or cores
        if not 1 <= self._size <= cores:
            raise EngineUnusable(
                f"{_named(address)}: has {cores} cores, and {self._size} workers are wanted."
            )

    def _connect(self, what: str, **options: object) -> None:
        try:
            self._ray.init(log_to_driver=False, configure_logging=False, **options)
        except Exception as error:  # Ray raises this very class where it cannot start in time
            raise EngineUnusable(f"{what}: refuses this run. {_briefly(error)}") from error


def _isolate() -> None:
    """Set what Ray reads from the environment alone, in this process and those that it starts."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # on Linux too, this keeps it on loopback
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # or Ray leaves one in the user's home


def _imported() -> Any:  # noqa: ANN401 - Ray need not be installed where types are checked
    """Ray itself.

    Raises:
        EngineUnusable: it is not installed.
    """
    try:
        import ray  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise EngineUnusable(
            "--engine ray needs Ray, which is not installed here: pip install -r requirements/scale.txt. "
            "Without --engine, processes of this machine label."
        ) from error
    return ray


def _check_reachable(address: str) -> None:
    """Find out in seconds that there is no cluster, which takes Ray a minute.

    Raises:
        EngineUnusable: it is no address, or nothing answers there.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise EngineUnusable(f"{_named(address)}: no address. Say host:port of the cluster's head, or auto.")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise EngineUnusable(
            f"{_named(address)}: does not answer ({error}). Say host:port of the cluster's head, or unset "
            f"{ADDRESS} to label on this machine."
        ) from error


def _named(address: str) -> str:
    return f"{ADDRESS}={address}"


def _briefly(error: Exception) -> str:
    """The first line of Ray's message, which may have twenty."""
    return str(error).strip().partition("\n")[0]


def _content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _is_read_anywhere(source: Source) -> bool:
    from labelling.sources.buckets import Bucket  # noqa: PLC0415 - boto3 takes 0.3 s to import

    return isinstance(source, Bucket)


def _with_bytes(items: Iterator[Item], read: Read) -> Iterator[Item]:
    while batch := list(islice(items, FETCHED)):
        uploads = read([item.place for item in batch])
        for item, upload in zip(batch, uploads, strict=True):
            weight = len(upload) if isinstance(upload, bytes) else 0  # that of the web is known only now
            yield item._replace(place=upload, weight=weight)
