"""Load TensorFlow with few of the lines that it writes about itself.

A user who sets TF_CPP_MIN_LOG_LEVEL sees all that this level lets through.
"""

import importlib
import importlib.util
import logging
import os
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
    """Load TensorFlow.

    Raises:
        NotInstalled: it is not there.
        ImportError: it is, and cannot be loaded.
    """
    check_tensorflow()
    os.environ.setdefault(LOG_LEVEL, ERRORS_ONLY)
    importlib.import_module("tensorflow")
