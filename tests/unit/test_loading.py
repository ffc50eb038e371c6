"""What TensorFlow writes about itself while it is imported does not stand before a command's output."""

import os

import pytest

from training.loading import STDERR_DESCRIPTOR, hide_stderr


def test_what_c_writes_to_stderr_is_dropped_and_what_comes_after_is_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with hide_stderr():
        os.write(STDERR_DESCRIPTOR, b"I0000 port.cc:153] oneDNN custom operations are on.\n")
    os.write(STDERR_DESCRIPTOR, b"1 of 20 epochs\n")

    assert capfd.readouterr().err == "1 of 20 epochs\n"


def test_where_the_import_fails_all_of_it_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), hide_stderr():
        os.write(STDERR_DESCRIPTOR, b"F0000 this CPU lacks AVX\n")
        raise ImportError

    assert capfd.readouterr().err == "F0000 this CPU lacks AVX\n"
