"""Whose name goes into the promotion log."""

import getpass

import pytest

from scripts.publish import who


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("No username set")])
def test_a_user_id_without_a_name_is_told_as_it_is(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 1234)

    assert who(None) == "user id 1234"
