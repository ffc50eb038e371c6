"""Label pictures in several processes of this machine, the usual engine of `wardrobe label`.

Processes can end unexpectedly, mostly because the memory is full. Then all of them are started again, and
only a process that ends again and again ends the run.
"""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from itertools import chain
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from threading import Thread

from inference.cores import count_usable_cores
from labelling.errors import WorkersFailed
from labelling.rows import PictureAnswers
from labelling.sources.items import PictureItem
from labelling.workers.labeller import (
    CHUNKS_PER_WORKER,
    MAX_LOST_WORKERS,
    Chunk,
    LabelledChunks,
    Say,
    WorkerSetup,
    convert_failures,
    group_into_chunks,
    label_chunks,
    open_labeller,
)


def label_on_processes(
    setup: WorkerSetup, items: Iterator[PictureItem], workers: int | None, say: Say
) -> LabelledChunks:
    """Label pictures in several processes of this machine, and yield each chunk with its answers.

    Args:
        setup: the source and the release that every process opens.
        workers: the number of processes; None for one per core.
        say: called with a sentence for each process that ended unexpectedly.

    Raises:
        WorkersFailed: MAX_LOST_WORKERS processes have ended, or an error stops all of them.
    """
    size = workers or count_usable_cores()
    chunks = group_into_chunks(items)
    for lost_count in range(1, MAX_LOST_WORKERS + 1):
        pending_chunks = dict[Future[list[PictureAnswers]], Chunk]()
        try:
            with _open_pool(size) as pool:
                submit = partial(_submit_chunk, pool, setup)
                yield from label_chunks(submit, chunks, pending_chunks, CHUNKS_PER_WORKER * size)
                return
        except BrokenProcessPool as error:
            unfinished_chunks = list(pending_chunks.values())
            count = sum(map(len, unfinished_chunks))
            first = unfinished_chunks[0][0]
            place_text = f"at one of {count} pictures from {first.name} on"
            if lost_count == MAX_LOST_WORKERS:
                raise WorkersFailed(
                    f"{MAX_LOST_WORKERS} worker processes have ended, as where the memory is full: the last "
                    f"{place_text}. What was labelled before is kept."
                ) from error
            say(f"a worker process has ended {place_text}. Another one does them again.")
            chunks = chain(unfinished_chunks, chunks)


@contextmanager
def _open_pool(size: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of worker processes, all of which have ended when the block is left."""
    pool = ProcessPoolExecutor(size, get_context("spawn"), _watch_parent)
    # Python unblocks Ctrl-C when it starts this helper process. If the first worker started it, that would
    # undo the block in `_submit_chunk`.
    resource_tracker.ensure_running()
    try:
        yield pool
    except BaseException:
        # Without this, `shutdown` would wait for the chunks in work.
        for process in active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _submit_chunk(
    pool: ProcessPoolExecutor, setup: WorkerSetup, chunk: Chunk
) -> Future[list[PictureAnswers]]:
    """Send a chunk to the pool, and return the future of its answers. The first chunks start processes."""
    # The terminal sends Ctrl-C to all processes of the command. Children inherit the blocked signal, so that
    # the parent alone decides what it means.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_label_chunk, setup, chunk)
    except BrokenProcessPool as error:
        # A process has ended since the last answer. The caller gets the error where it waits for answers.
        failed = Future[list[PictureAnswers]]()
        failed.set_exception(error)
        return failed
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch_parent() -> None:
    """Start a thread that ends this worker process when its parent ends, even if the parent was killed."""
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
    os._exit(1)  # the other thread may be in the middle of a picture


def _label_chunk(setup: WorkerSetup, chunk: Chunk) -> list[PictureAnswers]:
    with convert_failures():
        return _open_labeller_once(setup).label_pictures(chunk)


_open_labeller_once = cache(open_labeller)
"""Function that returns the labeller of this process, and opens it for the first chunk. An error before the
first chunk would not reach the user, because a pool does not report why a process cannot begin."""
