"""A test that lacks a part of the system says so, and never passes unseen where everything has to run."""

import pytest

from tests.system_parts import missing_parts, require_system_part


def test_an_absent_part_skips_with_its_name_and_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="system part missing: podman: apt-get install podman"):
        require_system_part("podman", False, "apt-get install podman")


def test_an_absent_part_is_a_failure_on_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="system part missing: podman"):
        require_system_part("podman", False, "apt-get install podman")


def test_a_part_that_is_there_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    require_system_part("podman", True, "apt-get install podman")


def test_absent_parts_are_counted_by_name_beside_other_skips() -> None:
    reasons = [
        "('test_a.py', 3, 'Skipped: system part missing: podman: apt-get install podman')",
        "('test_b.py', 9, 'Skipped: system part missing: podman: apt-get install podman')",
        "('test_c.py', 1, 'Skipped: not on this platform')",
        "('test_d.py', 1, 'Skipped: system part missing: .venv-s3: make test installs it')",
    ]

    assert missing_parts(reasons) == {"podman": 2, ".venv-s3": 1}
