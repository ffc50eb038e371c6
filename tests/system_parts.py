"""Parts of the system that some tests need: absent, they skip with the reason and are counted.

With CI=true an absent part is a failure, so that nothing goes untested unseen. The count is printed by
tests/conftest.py.
"""

import os

import pytest

PREFIX = "system part missing"


def require_system_part(name: str, found: bool, reason: str) -> None:
    """Go on, or end the test here.

    Args:
        name: what the part is called, such as a Debian package.
        found: whether it is there.
        reason: what was looked for, and how to get it.
    """
    if found:
        return
    told = f"{PREFIX}: {name}: {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(told, pytrace=False)
    pytest.skip(told)


def missing_parts(reasons: list[str]) -> dict[str, int]:
    """Count the tests that ended for each absent part.

    Args:
        reasons: of skipped tests, as pytest reports them.
    """
    counts: dict[str, int] = {}
    for reason in reasons:
        if PREFIX in reason:
            name = reason.split(f"{PREFIX}: ")[1].split(":")[0]
            counts[name] = counts.get(name, 0) + 1
    return counts
