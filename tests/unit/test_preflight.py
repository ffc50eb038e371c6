"""What is checked before the service starts: files and addresses, and no store that may be away."""

from pathlib import Path

import pytest

from app.preflight import fault_of
from app.security.api_keys import hash_of


def test_files_that_can_be_read_and_stores_that_need_not_answer_are_no_fault(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"shop:{hash_of('secret')}\n", "utf-8")

    assert fault_of({"WARDROBE_MODEL_STORE": str(tmp_path), "WARDROBE_API_KEYS_FILE": str(keys)}) == ""
    assert (
        fault_of({"WARDROBE_MODEL_STORE": "s3://bucket/prefix", "AWS_DEFAULT_REGION": "eu-central-1"}) == ""
    )


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
