"""Load TensorFlow, without the lines that it writes about itself.

Its C++ writes some of them before any setting of its own counts, and where no GPU answers an error among
them, which looks like a failure and is none. A user who sets
TF_CPP_MIN_LOG_LEVEL sees all that this level lets through.
"""

import importlib
import importlib.util
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from training.errors import NotInstalled, not_installed

LOG_LEVEL: Final = "TF_CPP_MIN_LOG_LEVEL"
ERRORS_ONLY: Final = "3"
"""What C++ says, as far as it is fatal."""


def require(module: str, name: str) -> None:
    """Check that a library of the training requirements is there, before any work.

    Raises:
        NotInstalled: it is not; the message names it.
    """
    if importlib.util.find_spec(module) is None:
        raise NotInstalled(not_installed(name))


def allow_many_networks() -> None:
    """Drop TensorFlow's warning of retracing, and no other, where a command fits several networks.

    Keras traces the steps of each network once. TensorFlow takes them for one function that is traced again
    and again, and warns where the fits are short (https://github.com/tensorflow/tensorflow/issues/42441).
    """
    logging.getLogger("tensorflow").addFilter(_is_of_no_retracing)


def _is_of_no_retracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()


def check_tensorflow() -> None:
    """Check, before any work, that TensorFlow is installed.

    Raises:
        NotInstalled: it is not.
    """
    require("tensorflow", "TensorFlow")


def start_tensorflow() -> None:
    """Load TensorFlow, and let it look for GPUs.

    Raises:
        NotInstalled: it is not there.
        ImportError: it is, and cannot be loaded.
    """
    check_tensorflow()
    if LOG_LEVEL in os.environ:
        importlib.import_module("tensorflow")
        return
    os.environ[LOG_LEVEL] = ERRORS_ONLY
    with stderr_held_back():
        tensorflow = importlib.import_module("tensorflow")
        tensorflow.config.list_physical_devices()  # whose lines would come with the first network


@contextmanager
def stderr_held_back() -> Iterator[None]:
    """Let nothing reach file 2, where C++ writes, while a block runs; all of it does if that fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            held.seek(0)
            with os.fdopen(os.dup(2), "wb") as stderr:
                shutil.copyfileobj(held, stderr)
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
