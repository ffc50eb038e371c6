"""What a report says about where it was made is true, and gives no host away."""

import platform
import socket
from importlib.metadata import version

import keras

from training.export.environment import git_commit, hardware, libraries


def test_the_hardware_is_named_with_its_cores_and_without_the_host() -> None:
    told = hardware()

    assert told.endswith(("core", "cores"))
    assert socket.gethostname() not in told


def test_versions_are_those_that_ran() -> None:
    backend, told = keras.backend.backend(), libraries()

    assert (told[backend], told["keras"]) == (version(backend), keras.__version__)
    assert told["python"] == platform.python_version()


def test_the_backend_that_did_not_run_is_not_named() -> None:
    assert {"tensorflow", "jax"} & set(libraries()) == {keras.backend.backend()}


def test_the_commit_is_a_full_one_or_none() -> None:
    commit = git_commit()

    assert commit is None or len(commit) == 40
