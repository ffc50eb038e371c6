"""The key file as an operator changes it: one line at a time, all of it or nothing."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from app.security.api_keys import ApiKeys, hash_key, read_api_keys
from scripts.terminal import run_main
from tests.commands import done, wardrobe

main = partial(wardrobe, "keys")

SHOP = f"shop:{hash_key('secret')}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the key of the shop."""
    (tmp_path / "keys").write_text(SHOP, "utf-8")
    return tmp_path / "keys"


def names(file: Path) -> list[str]:
    return [key.name for key in read_api_keys(file)]


def test_a_new_key_is_accepted_and_stands_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "keys"

    code = main(["add", "shop", "--file", str(file)])

    printed = capsys.readouterr()
    key = printed.out.strip()
    assert "shown this once" in printed.err
    assert "Authorization: Bearer" in printed.err
    assert key not in printed.err
    assert (code, file.stat().st_mode & 0o777) == (0, 0o600)
    assert len(key) >= 43
    assert file.read_text("utf-8") == f"shop:{hash_key(key)}\n"
    assert ApiKeys(file).check_key(f"Bearer {key}") == "shop"


def test_what_an_operator_wrote_beside_the_keys_and_who_may_read_them_stays(file: Path) -> None:
    file.write_text(f"# of the shop\n\nold:{hash_key('old')}\nnew:{hash_key('new')}", "utf-8")
    file.chmod(0o640)

    main(["add", "third", "--file", str(file)])
    main(["remove", "old", "--file", str(file)])

    assert file.read_text("utf-8").startswith("# of the shop\n\nnew:")
    assert names(file) == ["new", "third"]
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_many_who_add_at_the_same_time_lose_nothing_and_get_different_keys(file: Path) -> None:
    with ThreadPoolExecutor(8) as operators:
        codes = list(operators.map(lambda name: main(["add", name, "--file", str(file)]), "abcdefghijklmnop"))

    assert codes == [0] * 16
    assert sorted(names(file)) == [*"abcdefghijklmnop", "shop"]
    assert len({key.sha256 for key in read_api_keys(file)}) == 17


def test_a_disk_that_is_full_is_one_line_with_the_file_and_changes_nothing(file: Path) -> None:
    limited = 'ulimit -f 0; exec "$@"'  # no process may write a byte to a file
    command = [sys.executable, "-m", "scripts", "keys", "add", "new", "--file", str(file)]

    ended = done(["sh", "-c", limited, "sh", *command])

    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(rf"wardrobe: {file.parent}/\.keys-\w+: File too large\.\n", ended.stderr)
    assert file.read_text("utf-8") == SHOP


def test_a_list_names_keys_and_cannot_be_used_as_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "--file", str(file)])

    assert capsys.readouterr().out == f"shop  {hash_key('secret')[:12]}...\n"


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (SHOP, ["add", "shop"], "has a key called shop"),
        (SHOP, ["remove", "shopp"], "has no key called shopp"),
        (SHOP, ["remove", "shop"], "shop is the last key"),
        (SHOP + SHOP, ["remove", "shop"], "shop is the last key"),
        ("my-own-secret\n", ["add", "b"], "line 1: not `name:sha256`"),
        ("my-own-secret\n", ["list"], "line 1: not `name:sha256`"),
        ("my-own-secret\n", ["remove", "a"], "line 1: not `name:sha256`"),
    ],
)
def test_a_change_that_makes_no_sense_or_a_damaged_file_changes_and_reveals_nothing(
    file: Path, capsys: pytest.CaptureFixture[str], content: str, arguments: list[str], message: str
) -> None:
    file.write_text(content, "utf-8")

    code = run_main(lambda: main([*arguments, "--file", str(file)]))

    printed = capsys.readouterr()
    assert (code, printed.out) == (1, "")
    assert message in printed.err
    assert "secret" not in printed.err
    assert file.read_text("utf-8") == content


@pytest.mark.parametrize("form", ["{}", "\ufeff{}", "\ufeff# keys\r\n{}\u00a0", " {}\u200b", "{}\r\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_with_unseen_characters_is_read_and_changed_as_any_other(
    form: str, encoding: str, file: Path
) -> None:
    text = form.format(SHOP.strip())
    file.write_bytes((text if encoding == "utf-8" else text.lstrip("\ufeff")).encode(encoding))

    assert names(file) == ["shop"]
    assert main(["add", "other", "--file", str(file)]) == 0
    assert main(["remove", "shop", "--file", str(file)]) == 0

    assert names(file) == ["other"]
