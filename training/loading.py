"""Load TensorFlow without the lines that it prints about itself, and check that libraries are installed.

A user who wants these lines sets TF_CPP_MIN_LOG_LEVEL, the log level of TensorFlow.
"""

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Final

from inference.sessions.keras_session import import_configured_keras
from training.errors import LibraryMissing, describe_missing_library

LOG_LEVEL_VARIABLE: Final = "TF_CPP_MIN_LOG_LEVEL"
"""Environment variable with the lowest level of messages that TensorFlow's C++ code prints."""

FATAL_ERRORS_LEVEL: Final = "3"
"""Value of LOG_LEVEL_VARIABLE with which only fatal errors are printed."""

STDERR_DESCRIPTOR: Final = 2


def require_library(module: str, name: str) -> None:
    """Check that a library is installed, before any work that needs it.

    Args:
        module: the name by which the library is imported, such as `sklearn`.
        name: the name of the library for the message, such as `scikit-learn`.

    Raises:
        LibraryMissing: the library is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise LibraryMissing(describe_missing_library(name))


def hide_retracing_warning() -> None:
    """Hide TensorFlow's warning of retracing, and no other, in commands that fit several networks.

    The warning is wrong there. Keras traces (compiles) the steps of each network once. TensorFlow takes them
    for one function that is traced again and again, and warns if the fits are short
    (https://github.com/tensorflow/tensorflow/issues/42441).
    """
    logging.getLogger("tensorflow").addFilter(_is_not_about_retracing)


def _is_not_about_retracing(record: logging.LogRecord) -> bool:
    """Tell whether a log message should be shown, because it is not the warning of retracing."""
    return "triggered tf.function retracing" not in record.getMessage()


def check_tensorflow() -> None:
    """Check that TensorFlow is installed, before any work that needs it.

    Raises:
        LibraryMissing: TensorFlow is not installed.
    """
    require_library("tensorflow", "TensorFlow")


def start_tensorflow() -> None:
    """Import TensorFlow without the lines that it prints while it loads.

    Raises:
        LibraryMissing: TensorFlow is not installed.
        ImportError: TensorFlow is installed, but cannot be loaded.
    """
    check_tensorflow()
    if LOG_LEVEL_VARIABLE in os.environ:
        _import_tensorflow()
        return
    os.environ[LOG_LEVEL_VARIABLE] = FATAL_ERRORS_LEVEL
    # The log level alone is not enough: until the import has initialised absl, C++ code writes at any level.
    with hide_stderr():
        _import_tensorflow()


def _import_tensorflow() -> None:
    # Keras first: TensorFlow imports it as well, and would read the user's settings.
    import_configured_keras()
    importlib.import_module("tensorflow")


@contextmanager
def hide_stderr() -> Iterator[None]:
    """Hide all output to stderr in a block, also that of C++ code.

    If the block raises an exception, the output is printed.
    """
    # The descriptor is replaced and not `sys.stderr`, which C++ code does not use.
    sys.stderr.flush()
    stderr = os.dup(STDERR_DESCRIPTOR)
    with os.fdopen(stderr, "wb", buffering=0) as original_stderr, TemporaryFile() as hidden_output:
        os.dup2(hidden_output.fileno(), STDERR_DESCRIPTOR)
        try:
            yield
        except BaseException:
            hidden_output.seek(0)
            original_stderr.write(hidden_output.read())
            raise
        finally:
            os.dup2(stderr, STDERR_DESCRIPTOR)
