"""What an audit makes of the answers that it gets."""

import json

import pytest

from scripts.audit import read_answer


def answer(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_vulnerable_package_is_told_with_what_mends_it() -> None:
    found = {"id": "PYSEC-1", "fix_versions": ["9.1"]}
    known: dict[str, object] = {"name": "pillow", "version": "9.0", "vulns": [found]}

    audit = read_answer(answer(known, {"name": "flask", "version": "3.1", "vulns": []}))

    assert audit.asked == 2
    assert audit.vulnerable == ("pillow 9.0: PYSEC-1 (mended in 9.1)",)


def test_a_package_that_nobody_was_asked_about_is_not_taken_for_sound() -> None:
    audit = read_answer(answer({"name": "flask", "skip_reason": "not found on PyPI"}))

    assert (audit.asked, audit.unknown, audit.vulnerable) == (0, ("flask",), ())


def test_no_answer_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        read_answer("")
