"""Whatever an operator or a store hands over, the message is one of ours and names what is wrong."""

import contextlib
import json
import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.prediction.categories import read_categories
from app.security.api_keys import ApiKeys
from app.settings import SettingsError, parse_settings, setting_names
from model_store.errors import StoreBroken, StoreError
from model_store.local import bundled
from model_store.manifest import manifest_bytes, parse_manifest
from model_store.promotions import parse_promotion
from model_store.report import parse_report
from tests.properties.mutations import nearly
from tests.properties.test_pictures import JSON_VALUES

RELEASE = bundled()
MANIFEST = manifest_bytes(RELEASE.manifest)
REPORT = (RELEASE.folder / "report.json").read_bytes()
RECORD = json.dumps(
    {
        "version": RELEASE.version,
        "previous": None,
        "reason": "promote",
        "by": "ann",
        "at": "2026-11-20T10:15:00Z",
        "nonce": "0",
    }
).encode()
KEYS = f"shop:{'a' * 64}\n# comment\n\napp:{'b' * 64}\n".encode()
EXAMPLES = Path(__file__).parents[2] / "examples"
TAXONOMY_JSON, TAXONOMY_CSV = ((EXAMPLES / f"taxonomy.{kind}").read_bytes() for kind in ("json", "csv"))

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=20)
VALUES = (
    WORDS
    | st.integers().map(str)
    | st.floats().map(str)
    | st.sampled_from(["", "~x", "a,b", "1e999", "inf", "nan", "-0", "1_0"])
)


@given(nearly([MANIFEST]) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_manifest_is_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(StoreError):
        manifest = parse_manifest(text, "here")
        assert len(manifest.golden.inputs()) == len(manifest.golden.answers())


@given(st.sampled_from(sorted(json.loads(MANIFEST))), JSON_VALUES)
def test_a_manifest_with_one_odd_value_is_read_or_refused(key: str, value: object) -> None:
    with contextlib.suppress(StoreError):
        manifest = parse_manifest(json.dumps({**json.loads(MANIFEST), key: value}).encode(), "here")
        assert len(manifest.golden.inputs()) == len(manifest.golden.answers())


@given(st.lists(st.lists(st.floats(), max_size=4), max_size=4), st.text(max_size=12))
def test_golden_answers_of_any_shape_are_read_or_refused(rows: list[list[float]], pixels: str) -> None:
    golden = {"pixels": pixels, "probabilities": rows}
    with contextlib.suppress(StoreError):
        manifest = parse_manifest(json.dumps({**json.loads(MANIFEST), "golden": golden}).encode(), "here")
        assert len(manifest.golden.inputs()) == len(manifest.golden.answers())


@given(nearly([REPORT]) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_report_is_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(StoreError):
        parse_report(text, "here")


@given(nearly([RECORD]) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_promotion_is_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(StoreBroken):
        assert parse_promotion(text, 7, "here").number == 7


SECONDS = [name for name in setting_names() if name.endswith("_SECONDS")]


@given(
    st.dictionaries(
        st.sampled_from([*setting_names(), *SECONDS * 4]) | WORDS.map("WARDROBE_".__add__), VALUES, max_size=4
    )
)
def test_settings_are_read_or_refused_by_name(environment: dict[str, str]) -> None:
    try:
        settings = parse_settings(environment)
    except SettingsError as error:
        assert str(error).startswith("WARDROBE_")
    else:
        assert settings.described()
        assert threading.Event().wait(min(settings.queue_seconds, settings.refresh_seconds, 0)) is False
        assert max(settings.queue_seconds, settings.refresh_seconds) <= threading.TIMEOUT_MAX


@given(nearly([KEYS]), st.text(max_size=30))
def test_a_key_file_is_read_or_refused(tmp_path: Path, text: bytes, offered: str) -> None:
    path = tmp_path / "keys"
    path.write_bytes(text)

    with contextlib.suppress(SettingsError):
        assert ApiKeys(path)


@given(nearly([TAXONOMY_JSON, TAXONOMY_CSV]), st.sampled_from(["shop.json", "shop.csv"]))
def test_a_file_of_categories_is_read_or_refused(tmp_path: Path, text: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(text)

    with contextlib.suppress(SettingsError):
        assert all(category.id for category in read_categories(path).values())
