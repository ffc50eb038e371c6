"""Protect the folder of a training: one training at a time works in it, and no release in it is replaced.

A training does three steps, for example in runs/mine:

1. It locks the folder (`claim_run`, `claim_next_run`). The system frees the lock when the process ends, also
   if it is killed.
2. It writes its release into a temporary folder in it (`open_unfinished_release`). If it is killed, the next
   training removes this folder.
3. It renames the temporary folder to runs/mine/release (`move_finished_release`).
"""

import fcntl
import os
import re
import secrets
import shlex
import shutil
from collections.abc import Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import Final

from labelling.errors import OutputUnusable
from model_store.errors import StoreError
from model_store.local_releases import LocalRelease, open_release
from model_store.manifest import parse_manifest
from model_store.release_files import MANIFEST_FILE, NEW_RELEASE_FOLDER, flush_folder
from reports.answers_file import OLD_PHOTO_PREDICTIONS_FILE, OLD_TEST_PREDICTIONS_FILE

UNFINISHED: Final = ".wardrobe-unfinished-"
"""Beginning of the name of a temporary folder in which a release is written. 16 hexadecimal digits follow."""

MAX_ATTEMPTS: Final = 100
"""Number of attempts to make a folder. One is not enough, because another training may remove the folder in
between. Without a limit, a folder that can never be made, as below /proc, would be tried for ever."""

_UNFINISHED_NAME: Final = re.compile(re.escape(UNFINISHED) + "[0-9a-f]{16}")


class RunBusy(OutputUnusable):
    """Another training is at work in the folder that a training wants to use."""


def check_no_release(folder: Path) -> None:
    """Check that a new release can get the name of a folder: nothing has this name yet.

    Args:
        folder: the folder that the release will have, such as `runs/mine/release`.

    Raises:
        OutputUnusable: a file, a folder or a link has this name, or the folder would lie in another release,
            which has exactly the files of its manifest. The message says what may be done.
    """
    _check_outside_releases(folder.parent)
    if not os.path.lexists(folder):
        return
    try:
        version = open_release(folder).version
    except (StoreError, OSError) as error:
        raise OutputUnusable(
            f"`{folder}` exists and is no whole release. Move it away, or name another `--run`."
        ) from error
    command = shlex.join(["wardrobe", "publish", str(folder), "STORE"])
    raise OutputUnusable(
        f"`{folder}` is release {version}. To store it: `{command}` (with `--force` after a refusal by the "
        "gate). To train again, move it away (the checkpoint is used again), or name another `--run`."
    )


def _check_outside_releases(run: Path) -> None:
    """Refuse the folder of a training that is a release, or lies in one."""
    place = run.resolve()
    if around := next(filter(_is_release, (place, *place.parents)), None):
        raise OutputUnusable(
            f"`{run}` would be written into the release `{around}`, which could not be opened with files "
            "that its manifest lacks. Name another `--run`, outside of it, or change to another folder."
        )


def _is_release(folder: Path) -> bool:
    """Tell whether a folder has the manifest of a release, whether its files are whole or not."""
    file = folder / MANIFEST_FILE
    try:
        parse_manifest(file.read_bytes(), str(file))
    except (StoreError, OSError):
        return False
    return True


def check_run_folder(run_folder: Path | None) -> None:
    """Check the folder that a person named for a training: it has no release, and lies in none.

    Args:
        run_folder: the folder; None for a new one below the working directory, which may lie in a release.

    Raises:
        OutputUnusable: it cannot be used.
    """
    if run_folder is None:
        _check_outside_releases(Path())
    else:
        check_no_release(run_folder / NEW_RELEASE_FOLDER)


@contextmanager
def claim_run(run_folder: Path) -> Iterator[Path]:
    """Lock a folder for one training in a block, and remove what killed trainings left unfinished in it.

    Args:
        run_folder: the folder of a training. It is made if it is missing, with the folders above it, and
            removed again if it stays empty.

    Raises:
        RunBusy: another training is at work in it.
        OutputUnusable: it is no folder.
    """
    # Before `_lock_folder` makes them: only folders that this training made are removed if they stay empty.
    missing = [folder for folder in (run_folder, *run_folder.parents) if not folder.exists()]
    descriptor, is_locked = _lock_folder(run_folder)
    try:
        if is_locked:
            _remove_unfinished(run_folder)
        yield run_folder
    finally:
        _remove_empty(missing)
        os.close(descriptor)


@contextmanager
def claim_new_run(run_folder: Path) -> Iterator[Path]:
    """Lock a folder for a training that will make a release in it, and check that it has none yet.

    Args:
        run_folder: the folder of a training.

    Raises:
        OutputUnusable: it has a release already, another training is at work in it, or it is no folder.
    """
    # Before the lock as well, so that the message names the release even if another training works there.
    check_no_release(run_folder / NEW_RELEASE_FOLDER)
    with claim_run(run_folder):
        check_no_release(run_folder / NEW_RELEASE_FOLDER)  # a training that has just ended may have left one
        yield run_folder


@contextmanager
def claim_next_run(default_folder: Path) -> Iterator[Path]:
    """Lock the first of the folders NAME, NAME-2, NAME-3, ... that has no release and no training at work.

    Args:
        default_folder: the folder NAME.

    Yields:
        The folder that is locked until the block ends.
    """
    with ExitStack() as stack:
        yield next(run for run in _list_numbered_folders(default_folder) if _can_claim(run, stack))


def _can_claim(run: Path, stack: ExitStack) -> bool:
    """Claim a folder until the stack closes, unless it has a release or another training is at work in it."""
    if os.path.lexists(run / NEW_RELEASE_FOLDER):
        return False
    try:
        stack.enter_context(claim_run(run))
    except RunBusy:
        return False
    return True


def _list_numbered_folders(usual: Path) -> Iterator[Path]:
    return chain([usual], (usual.with_name(f"{usual.name}-{number}") for number in count(2)))


def _lock_folder(run: Path) -> tuple[int, bool]:
    """Open a folder and lock it.

    Returns:
        The descriptor of the folder, and whether its file system has locks.
    """
    left = MAX_ATTEMPTS
    while True:
        try:
            run.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
        except (FileExistsError, NotADirectoryError) as error:
            raise OutputUnusable(
                f"{run} cannot be a folder: a file has this name, or that of a folder above it. Name another "
                "`--run`."
            ) from error
        except FileNotFoundError as error:
            left -= 1
            if left:  # another training has just removed its empty folder
                continue
            raise OutputUnusable(f"{run}: this folder cannot be made. Name another `--run`.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # LOCK_NB: a training that is refused says so at once.
        except BlockingIOError as error:
            os.close(descriptor)
            raise RunBusy(
                f"`{run}`: another training is at work in this folder. Wait until it has ended, or name "
                "another `--run`."
            ) from error
        except OSError:  # a network file system may lock files alone
            return descriptor, False
        # Between `open` and `flock`, another training may have removed the folder, and a third one made it
        # again. Then the lock is on a folder that has no name any more.
        if run.exists() and os.path.samestat(run.stat(), os.fstat(descriptor)):
            return descriptor, True
        os.close(descriptor)


def _remove_unfinished(run: Path) -> None:
    """Remove the temporary folders of killed trainings. The folder must be locked, so no training uses them.

    Files and links with such a name are a user's own, and stay.
    """
    with os.scandir(run) as entries:
        left = [
            entry.path
            for entry in entries
            if _UNFINISHED_NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        ]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, up to one that is not empty."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


@contextmanager
def open_unfinished_release(
    run_folder: Path, parent: LocalRelease | None = None, left_out_files: Set[str] = frozenset()
) -> Iterator[Path]:
    """Yield a new folder for a release that is being written; remove the folder if the block fails.

    Args:
        run_folder: the folder in which it is made.
        parent: the release whose files are copied into it; None for an empty folder.
        left_out_files: the names of files of the parent that are not copied.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    unfinished = run_folder / f"{UNFINISHED}{secrets.token_hex(8)}"
    unfinished.mkdir()
    try:
        if parent is not None:
            # Nothing reads the files of answers of version 1.0 any more.
            _copy_files(
                parent, unfinished, left_out_files | {OLD_TEST_PREDICTIONS_FILE, OLD_PHOTO_PREDICTIONS_FILE}
            )
        yield unfinished
    except BaseException:  # Ctrl-C as well
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _copy_files(parent: LocalRelease, folder: Path, without: Set[str]) -> None:
    for path in set(parent.manifest.files) - without:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(parent.folder / path, folder / path)


def move_finished_release(unfinished_folder: Path, folder: Path) -> None:
    """Rename the temporary folder of a sealed release to its last name, which nothing else may have.

    Raises:
        OutputUnusable: something has this name already.
    """
    check_no_release(folder)
    try:
        unfinished_folder.rename(folder)
    except OSError:
        check_no_release(folder)  # it may have appeared in the meantime
        raise
    flush_folder(folder.parent)  # the new name survives a power failure


def move_to_free_folder(unfinished_folder: Path, default_folder: Path) -> Path:
    """Move a sealed release into the first of the folders NAME, NAME-2, NAME-3, ... without a release.

    Args:
        unfinished_folder: the folder of the release.
        default_folder: the folder NAME.

    Returns:
        The folder, NAME or a numbered one, in which the release is now.
    """
    for run in _list_numbered_folders(default_folder):
        if os.path.lexists(run / NEW_RELEASE_FOLDER):
            continue
        run.mkdir(parents=True, exist_ok=True)
        with suppress(OutputUnusable):  # another release has appeared there in the meantime
            move_finished_release(unfinished_folder, run / NEW_RELEASE_FOLDER)
            return run
    raise AssertionError("the numbers never end")
