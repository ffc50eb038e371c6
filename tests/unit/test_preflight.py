"""What is checked before the service starts: files and addresses, and no store that may be away."""

import os
from pathlib import Path

import pytest

from app.__main__ import main
from app.preflight import fault_of
from app.security.api_keys import hash_of
from tests.service import free_port


def test_files_that_can_be_read_and_stores_that_need_not_answer_are_no_fault(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"shop:{hash_of('secret')}\n", "utf-8")

    assert fault_of({"WARDROBE_MODEL_STORE": str(tmp_path), "WARDROBE_API_KEYS_FILE": str(keys)}) == ""
    assert (
        fault_of({"WARDROBE_MODEL_STORE": "s3://bucket/prefix", "AWS_DEFAULT_REGION": "eu-central-1"}) == ""
    )


def test_a_start_names_the_store_before_it_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = str(tmp_path / "hangs")

    fault_of({"WARDROBE_MODEL_STORE": address})
    fault_of({"WARDROBE_MODEL_STORE": "bundled"})

    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(f" info    Opening {address}.")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("API_KEYS_FILE", "secret", "line 1: not `name:sha256`"),
        ("TAXONOMY", "{", "it is no JSON"),
        ("TRUSTED_KEYS", "", "no key is in it"),
        ("MODEL_STORE", "a file", "is a file, and neither a store nor a release"),
    ],
)
def test_a_file_of_the_wrong_form_is_named_with_what_is_wrong(
    tmp_path: Path, name: str, content: str, why: str
) -> None:
    file = tmp_path / "given"
    file.write_text(content, "utf-8")

    fault = fault_of({f"WARDROBE_{name}": str(file), "WARDROBE_CACHE_DIR": str(tmp_path / "cache")})

    assert str(file) in fault
    assert why in fault


def test_a_file_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    assert fault_of({"WARDROBE_TAXONOMY": f"{tmp_path}/no"}) == (
        f"WARDROBE_TAXONOMY: {tmp_path}/no: No such file or directory."
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("WEB_CONCURRENCY", "two", "WEB_CONCURRENCY=two: expected 1 to 1024, how many workers to start"),
        ("PORT", "70000", "PORT=70000: expected 1 to 65535, the port to listen on"),
        ("BIND", "192.0.2.1", "192.0.2.1:"),
        ("WARDROBE_MODEL_STORE", "/nowhere/at/all", "/nowhere/at/all"),
        ("WARDROBE_MODEL_STORE", "s3://", "s3://"),
        ("WARDROBE_MODEL_STORE", "ftp://models", "ftp://models"),
        ("WARDROBE_API_KEYS_FILE", __file__, f"{__file__}, line 1: not `name:sha256`"),
        ("WARDROBE_TAXONOMY", __file__, f"WARDROBE_TAXONOMY: {__file__}"),
        ("WARDROBE_TRUSTED_KEYS", "/nowhere/keys", "/nowhere/keys"),
    ],
)
def test_a_typed_mistake_ends_the_start_before_there_is_a_server(
    name: str, value: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("gunicorn would start"))
    monkeypatch.setenv("WARDROBE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as ended:
        main()

    assert str(ended.value).startswith("wardrobe: ")
    assert message in str(ended.value)
