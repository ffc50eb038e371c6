"""Label pictures on the machines of a Ray cluster, for catalogues that are too large for one machine.

Without RAY_ADDRESS, a cluster is started on this machine for this run alone. It listens on loopback, asks for
a random token, and ends with this process. The bytes of the release and of pictures are sent, since another
machine has neither; pictures of a bucket are fetched where they are labelled. If a process or a machine is
lost, Ray labels its chunks elsewhere. Ray is imported when it is used, because few machines have it.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import inference
import labelling
import model_store
import reports
from inference.cores import count_usable_cores
from labelling.errors import EngineUnusable, WorkersFailed
from labelling.rows import PictureAnswers
from labelling.sources.items import PictureItem, ReadPictures, Source
from labelling.workers.labeller import (
    CHUNKS_PER_WORKER,
    MAX_LOST_WORKERS,
    Chunk,
    LabelledChunks,
    Labeller,
    Say,
    WorkerSetup,
    convert_failures,
    group_into_chunks,
    label_chunks,
    open_labeller,
)
from model_store.local_releases import BUNDLED_FOLDER

ADDRESS_VARIABLE: Final = "RAY_ADDRESS"
"""Environment variable of Ray that names the cluster: `host:port`, or `auto` for one on this machine."""

LOCAL_ADDRESS: Final = "local"
"""Value of RAY_ADDRESS, defined by Ray, that stands for a new cluster on this machine."""

LOCAL_STORE_BYTES: Final = 256 << 20
"""Bytes of memory for pictures that are sent through a Ray cluster on this machine, which keeps two chunks of
at most 24 MB for each worker."""

CONNECT_SECONDS: Final = 10
"""Seconds to wait for a connection to a Ray cluster."""

PICTURES_PER_READ: Final = 16
"""Number of pictures whose bytes are read together before they are sent to Ray."""


def label_on_ray(
    setup: WorkerSetup, items: Iterator[PictureItem], workers: int | None, _: Say
) -> LabelledChunks:
    """Label pictures on the machines of a Ray cluster, and yield each chunk with its answers.

    The cluster is the one that RAY_ADDRESS names, or a new one on this machine.

    Args:
        setup: the source and the release, which is sent to the workers.
        workers: the number of workers; None for one per core of the cluster.
        _: a function for sentences about lost workers, which is not used: Ray replaces lost workers itself.

    Raises:
        EngineUnusable: Ray is not installed, or the cluster does not answer, or has ended.
        WorkersFailed: MAX_LOST_WORKERS processes have ended over one chunk, or an error stops all workers.
    """
    with _join_or_start_cluster(workers) as (ray, max_pending):
        release = ray.put(_read_files(setup.release))
        remote = ray.remote(_label_chunk).options(num_cpus=1, max_retries=MAX_LOST_WORKERS - 1)

        def submit(chunk: Chunk) -> Future[list[PictureAnswers]]:
            answer: Future[list[PictureAnswers]] = remote.remote(setup, [release], chunk).future()
            return answer

        head_address = os.environ.get(ADDRESS_VARIABLE) or ray.get_runtime_context().gcs_address
        chunks = group_into_chunks(attach_picture_bytes(items, setup.source))
        try:
            yield from label_chunks(submit, chunks, {}, max_pending, lambda: _check_reachable(head_address))
        except ray.exceptions.RayTaskError as error:
            if not isinstance(error.cause, WorkersFailed):
                raise  # a mistake in our code, whose traceback should be seen
            raise WorkersFailed(str(error.cause)) from error
        except ray.exceptions.RayError as error:
            _check_reachable(head_address)
            raise WorkersFailed(
                f"{MAX_LOST_WORKERS} worker processes were lost over the same pictures "
                f"({_shorten_message(error)}). What was labelled before is kept."
            ) from error


def attach_picture_bytes(items: Iterator[PictureItem], source: Source) -> Iterator[PictureItem]:
    """Yield pictures in a form that any machine of a cluster can use.

    Pictures of an S3 bucket pass unchanged, because every machine can fetch them. Any other picture is read
    here, and its bytes, or the error of reading, stand in place of its path.

    Args:
        items: the pictures of the source.
        source: the source, whose reader reads them.
    """
    return items if _can_read_anywhere(source) else _read_items(items, source.open_reader())


@contextmanager
def _join_or_start_cluster(workers: int | None) -> Iterator[tuple[Any, int]]:
    """Join the cluster that RAY_ADDRESS names, or start one on this machine; leave it at the block's end.

    Yields:
        The module `ray`, and the largest number of unfinished chunks.
    """
    address = os.environ.get(ADDRESS_VARIABLE) or LOCAL_ADDRESS
    with ExitStack() as undo:
        if address == LOCAL_ADDRESS:
            temporary = TemporaryDirectory(prefix="wardrobe-ray-", ignore_cleanup_errors=True)
            folder = undo.enter_context(temporary)
            _set_environment()
        else:
            _check_reachable(address)
        ray = _import_ray()
        undo.callback(ray.shutdown)
        yield (
            ray,
            _start_cluster(ray, folder, workers)
            if address == LOCAL_ADDRESS
            else _join_cluster(ray, address, workers),
        )


def _label_chunk(setup: WorkerSetup, release: list[Any], chunk: Chunk) -> list[PictureAnswers]:
    """Label a chunk in a process of Ray, on any core of the cluster.

    Args:
        setup: the source and the release, whose folder is on the machine that began the run.
        release: a list with Ray's reference to the files of the release, by name. Without the list, Ray would
            replace the reference by the content for each chunk.
    """
    with convert_failures():
        return _open_labeller(setup, *release).label_pictures(chunk)


@cache
def _open_labeller(setup: WorkerSetup, release: Any) -> Labeller:  # noqa: ANN401 - see _import_ray
    with TemporaryDirectory() as folder:
        for name, content in _import_ray().get(release).items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        # It has the networks in memory, and does not need the folder any more.
        labeller = open_labeller(replace(setup, release=Path(folder)))
    # Other pictures were sent as bytes, so that their reader has nothing to read.
    return labeller if _can_read_anywhere(setup.source) else replace(labeller, read=iter)


def _start_cluster(ray: Any, folder: str, workers: int | None) -> int:  # noqa: ANN401 - see _import_ray
    """Start Ray on this machine for this run alone, and return the largest number of unfinished chunks.

    Args:
        folder: the folder for the sockets and logs of Ray.
        workers: the number of workers; None for one per core.

    Raises:
        EngineUnusable: Ray cannot be started, for example because the folder's name is too long for a socket.
    """
    size = workers or count_usable_cores()
    _connect_to_ray(
        ray,
        "Ray on this machine",
        address="local",
        num_cpus=size,
        num_gpus=0,
        include_dashboard=False,
        object_store_memory=LOCAL_STORE_BYTES,
        _temp_dir=folder,
    )
    return CHUNKS_PER_WORKER * size


def _join_cluster(ray: Any, address: str, workers: int | None) -> int:  # noqa: ANN401 - see _import_ray
    """Join a running cluster, send it our code, and return the largest number of unfinished chunks.

    Raises:
        EngineUnusable: the cluster does not answer, or has fewer cores than workers are wanted.
    """
    packages = (inference, labelling, model_store, reports)
    code = [str(Path(package.__file__ or "").parent) for package in packages]
    # Without the bundled release, since the release that labels is sent by itself.
    runtime_environment = {"py_modules": code, "excludes": [f"{BUNDLED_FOLDER.name}/"]}
    _connect_to_ray(ray, _name_cluster(address), address=address, runtime_env=runtime_environment)
    cores = int(ray.cluster_resources().get("CPU", 0))
    size = workers or cores
    if not 1 <= size <= cores:
        raise EngineUnusable(f"{_name_cluster(address)}: has {cores} cores, and {size} workers are wanted.")
    # If the cluster has more cores than workers are wanted, a waiting chunk would run on one of these cores.
    return CHUNKS_PER_WORKER * size if size == cores else size


def _connect_to_ray(ray: Any, cluster_name: str, **options: object) -> None:  # noqa: ANN401 - see _import_ray
    try:
        # Ray's workers look for modules in the folder that is the current one now. It has to be the folder of
        # our packages, since the user's may have modules with the same names.
        with chdir(Path(labelling.__file__ or "").parent.parent):
            ray.init(log_to_driver=False, configure_logging=False, **options)
    except Exception as error:  # Ray raises this very class if it cannot start in time
        raise EngineUnusable(f"{cluster_name}: refuses this run. {_shorten_message(error)}") from error


def _set_environment() -> None:
    """Set environment variables so that Ray sends no statistics, and no other user reaches its cluster."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # In spite of its name, this keeps Ray on loopback on Linux, too.
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    os.environ["RAY_AUTH_MODE"] = "token"
    # Without a token of ours, Ray writes one into the user's home and leaves it there.
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _import_ray() -> Any:  # noqa: ANN401 - Ray need not be installed where types are checked
    """Import Ray and return the module.

    Raises:
        EngineUnusable: Ray is not installed. The message says how to install it.
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
    """Check that a cluster accepts connections, since Ray itself would try for a minute.

    Raises:
        EngineUnusable: the text is no address, or nothing answers there.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise EngineUnusable(
            f"{_name_cluster(address)}: no address. Say host:port of the cluster's head, or auto."
        )
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise EngineUnusable(
            f"{_name_cluster(address)}: does not answer ({error}). Say host:port of the cluster's head, or "
            f"unset {ADDRESS_VARIABLE} to label on this machine."
        ) from error


def _name_cluster(address: str) -> str:
    return f"{ADDRESS_VARIABLE}={address}"


def _shorten_message(error: Exception) -> str:
    """Return the first line of Ray's message, which may have twenty."""
    return str(error).strip().partition("\n")[0]


def _read_files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _can_read_anywhere(source: Source) -> bool:
    from labelling.sources.buckets import BucketSource  # noqa: PLC0415 - boto3 takes 0.3 s to import

    return isinstance(source, BucketSource)


def _read_items(items: Iterator[PictureItem], read_pictures: ReadPictures) -> Iterator[PictureItem]:
    while batch := list(islice(items, PICTURES_PER_READ)):
        uploads = read_pictures([item.place for item in batch])
        for item, upload in zip(batch, uploads, strict=True):
            # The size of a picture on the web is known only now.
            weight = len(upload) if isinstance(upload, bytes) else 0
            yield item._replace(place=upload, byte_weight=weight)
