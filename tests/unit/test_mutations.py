"""The tool that judges a suite: which places of a file it draws, and what takes their place."""

import pytest

from tests.mutations import changed, mutants


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("a = b < c\n", ["a = (b <= c)\n"]),
        ("if b:\n    a = 1\n", ["if (not (b)):\n    a = 1\n"]),
        ("a = [b for b in c if b]\n", ["a = [b for b in c if (True)]\n"]),
        ("a('é'); b(\n    1\n)\n", ["pass; b(\n    1\n)\n", "a('é'); pass\n"]),
        ("raise a\n", ["pass\n"]),
        ("def a():\n    return b\n", ["def a():\n    return None\n"]),
        ("def a():\n    return None\n", []),
        ("a = f'{b < c}'\n", []),
    ],
)
def test_each_place_is_changed_by_itself(source: str, becomes: list[str]) -> None:
    drawn = list(mutants(source.encode()))

    assert [changed(source.encode(), mutant).decode() for mutant in drawn] == becomes
