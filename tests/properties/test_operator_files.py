"""Whatever an operator or a store hands over, the message is one of ours and names what is wrong."""

import contextlib
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.prediction.platform_categories import read_taxonomy
from app.security.api_keys import ApiKeys
from app.settings import SettingsError, list_setting_names, parse_settings
from model_store.errors import StoreError
from model_store.local_releases import open_bundled_release
from model_store.manifest import parse_manifest
from model_store.records import parse_promotion
from reports.values import parse_report
from tests.properties.mutations import nearly
from tests.properties.test_pictures import JSON_VALUES
from tests.service import ROOT

RELEASE = open_bundled_release()
MANIFEST = json.loads(RELEASE.manifest.serialize())
RECORD = {"version": RELEASE.version, "previous": None, "reason": "promote", "by": "ann"}
RECORD |= {"at": "2026-11-20T10:15:00Z", "nonce": "0"}
KEYS = f"shop:{'a' * 64}\n# comment\n\napp:{'b' * 64}\n".encode()
TAXONOMY = (ROOT / "examples" / "taxonomy.json").read_bytes()

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=20)
VALUES = (
    WORDS
    | st.integers().map(str)
    | st.floats().map(str)
    | st.sampled_from(["", "~x", "a,b", "1e999", "inf", "nan", "-0", "1_0"])
)


def read_manifest(text: bytes) -> None:
    """Whatever is read has as many golden answers as golden pictures."""
    manifest = parse_manifest(text, "here")
    network = manifest.get_network("pixels")
    pixels = network.golden.decode_pixels(network.contract.input)
    assert len(pixels) == len(network.golden.decode_answers()["label"])


def read_promotion(text: bytes) -> None:
    assert parse_promotion(text, 7, "here").number == 7


@pytest.mark.parametrize(
    ("sound", "read"),
    [
        (json.dumps(MANIFEST).encode(), read_manifest),
        ((RELEASE.folder / "report.json").read_bytes(), lambda text: parse_report(text, "here")),
        (json.dumps(RECORD).encode(), read_promotion),
    ],
    ids=["manifest", "report", "promotion"],
)
@given(data=st.data())
def test_a_document_of_the_store_is_read_or_refused(
    sound: bytes, read: Callable[[bytes], object], data: st.DataObject
) -> None:
    text = data.draw(nearly([sound]) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))

    with contextlib.suppress(StoreError):
        read(text)


SECONDS = [name for name in list_setting_names() if name.endswith("_SECONDS")]
NAMES = st.sampled_from([*list_setting_names(), *SECONDS * 4]) | WORDS.map("WARDROBE_".__add__)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_settings_are_read_or_refused_by_name(environment: dict[str, str]) -> None:
    try:
        settings = parse_settings(environment)
    except SettingsError as error:
        assert str(error).startswith("WARDROBE_")
    else:
        assert settings.format_for_log()
        assert max(settings.queue_seconds, settings.refresh_seconds) <= threading.TIMEOUT_MAX


@given(nearly([KEYS]))
def test_a_key_file_is_read_or_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "keys").write_bytes(text)

    with contextlib.suppress(SettingsError):
        assert ApiKeys(tmp_path / "keys")


@given(nearly([TAXONOMY]))
def test_a_file_of_categories_is_read_or_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "shop.json").write_bytes(text)

    with contextlib.suppress(SettingsError):
        assert all(category.id for category in read_taxonomy(tmp_path / "shop.json").classes.values())
