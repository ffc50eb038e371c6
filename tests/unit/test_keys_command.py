"""The key file as an operator changes it: one line at a time, all of it or nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.security.api_keys import ApiKeys, hash_of, read_keys
from scripts.keys import main


def command(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def names(file: Path) -> list[str]:
    return [key.name for key in read_keys(file)]


def test_a_new_key_opens_the_door_and_stands_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys"

    assert command("add", "shop", "--file", file) == 0

    key = capsys.readouterr().out.strip()
    assert len(key) >= 43
    assert file.read_text("utf-8") == f"shop:{hash_of(key)}\n"
    assert ApiKeys(file).check(f"Bearer {key}") == "shop"


def test_no_two_keys_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b", "c"):
        command("add", name, "--file", tmp_path / "keys")

    assert len(set(capsys.readouterr().out.split())) == 3


def test_what_an_operator_wrote_beside_the_keys_stays(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# of the shop\n\nold:{hash_of('old')}\nnew:{hash_of('new')}", "utf-8")

    command("add", "third", "--file", file)
    command("remove", "old", "--file", file)

    assert file.read_text("utf-8").startswith("# of the shop\n\nnew:")
    assert names(file) == ["new", "third"]


def test_who_may_read_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"old:{hash_of('old')}\n", "utf-8")
    file.chmod(0o640)

    command("add", "new", "--file", file)

    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_two_who_add_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys"

    with ThreadPoolExecutor(8) as operators:
        codes = list(operators.map(lambda number: command("add", f"k{number}", "--file", file), range(20)))

    assert codes == [0] * 20
    assert sorted(names(file)) == sorted(f"k{number}" for number in range(20))


def test_a_list_names_keys_and_cannot_be_used_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys"
    file.write_text(f"shop:{hash_of('secret')}\n", "utf-8")

    command("list", "--file", file)

    assert capsys.readouterr().out == f"shop  {hash_of('secret')[:12]}...\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "shop"), "has a key called shop"),
        (("remove", "shopp"), "has no key called shopp"),
        (("remove", "shop"), "shop is the last key"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], message: str
) -> None:
    file = tmp_path / "keys"
    file.write_text(f"shop:{hash_of('secret')}\n", "utf-8")

    code = command(*arguments, "--file", file)

    assert code == 1
    assert message in capsys.readouterr().err
    assert names(file) == ["shop"]


def test_a_file_that_is_damaged_is_said_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys"
    file.write_text("my-own-secret\n", "utf-8")

    codes = [command(*what, "--file", file) for what in (("add", "b"), ("list",), ("remove", "a"))]

    said = capsys.readouterr().err
    assert codes == [1, 1, 1]
    assert "line 1: not `name:sha256`" in said
    assert "my-own-secret" not in said
    assert file.read_text("utf-8") == "my-own-secret\n"


def test_a_name_that_would_break_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        command("add", "a:b", "--file", tmp_path / "keys")

    assert ended.value.code == 2
