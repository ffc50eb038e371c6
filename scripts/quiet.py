"""Start TensorFlow without its greetings.

A dozen lines about processors and absent accelerators come from C++ before any logging can be set up. They
are kept back while TensorFlow loads, and shown only when loading fails. For commands alone: nothing else here
changes the process.
"""

import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from training.errors import NotInstalled

ERRORS_ONLY = "3"
"""Of TF_CPP_MIN_LOG_LEVEL: what C++ says later than the start, as far as it is fatal."""


def start_tensorflow() -> None:
    """Load TensorFlow and its devices quietly; whoever sets a lower TF_CPP_MIN_LOG_LEVEL hears them.

    Raises:
        NotInstalled: it is not there.
        ImportError: it is, and cannot be loaded.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise NotInstalled("TensorFlow is not installed. `make train` installs it, or pip: requirements.txt.")
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", ERRORS_ONLY) != ERRORS_ONLY:
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
