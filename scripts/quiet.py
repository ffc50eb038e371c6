"""Start what Keras trains on: TensorFlow, or JAX with KERAS_BACKEND=jax.

A dozen lines about processors and absent accelerators come from C++ before any logging can be set up. They
are kept back while TensorFlow loads, and shown only when loading fails. JAX fits and TensorFlow makes the
release of it, so a command may have to go on there. For commands alone: nothing else here changes the
process.
"""

import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from training.errors import NotInstalled

LOG_LEVEL: Final = "TF_CPP_MIN_LOG_LEVEL"
ERRORS_ONLY: Final = "3"
"""What C++ says later than the start, as far as it is fatal."""

BACKEND: Final = "KERAS_BACKEND"
TENSORFLOW: Final = "tensorflow"
JAX: Final = "jax"


def on_tensorflow() -> bool:
    """Whether this command runs on TensorFlow, on which alone a release is made."""
    return os.environ.get(BACKEND, TENSORFLOW) == TENSORFLOW


def start_backend() -> None:
    """Load TensorFlow; with KERAS_BACKEND=jax, check that JAX is installed, which Keras loads itself.

    Raises:
        NotInstalled: one is missing, or KERAS_BACKEND names another.
        ImportError: TensorFlow cannot be loaded.
    """
    if (name := os.environ.get(BACKEND, TENSORFLOW)) not in {TENSORFLOW, JAX}:
        raise NotInstalled(f"{BACKEND}={name}: expected {TENSORFLOW} or {JAX}.")
    if name == JAX and importlib.util.find_spec(JAX) is None:
        raise NotInstalled(
            f"{BACKEND}={JAX}, and JAX is not installed. `make train` installs it, or pip: requirements.txt."
        )
    # With JAX too: TensorFlow feeds the pictures and makes the release.
    start_tensorflow()


def continue_on_tensorflow(*, without: Collection[str] = ()) -> NoReturn:
    """Give the same command again on TensorFlow, in this process' place; what is on disk is not done again.

    Args:
        without: options that must not be given twice.
    """
    sys.stdout.flush()
    again = [word for word in sys.orig_argv[1:] if word not in without]
    os.execve(sys.executable, [sys.executable, *again], {**os.environ, BACKEND: TENSORFLOW})  # noqa: S606 - our own words


def start_tensorflow() -> None:
    """Load TensorFlow and its devices quietly; a lower TF_CPP_MIN_LOG_LEVEL shows their messages.

    Raises:
        NotInstalled: it is not there.
        ImportError: it is, and cannot be loaded.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise NotInstalled("TensorFlow is not installed. `make train` installs it, or pip: requirements.txt.")
    if os.environ.setdefault(LOG_LEVEL, ERRORS_ONLY) != ERRORS_ONLY:
        importlib.import_module("tensorflow")
        return
    with _kept_back():
        # Asking for the devices makes TensorFlow look for accelerators now, not in the middle of the output.
        importlib.import_module("tensorflow").config.list_logical_devices()


@contextmanager
def _kept_back() -> Iterator[None]:
    """Collect what is written to stderr, by C++ too, and pass it on only if the block fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
