"""What the service shows of a stored manifest or report: no paths, and null for "accepts nothing"."""

import json

import pytest

from app.releases.shown_values import hide_in_report, hide_private_values, shorten_command


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("/home/ann/.venv/bin/wardrobe train --data /home/ann/shop", "wardrobe train --data shop"),
        ("wardrobe train --photos=../../me/p.csv --epochs 2", "wardrobe train --photos=p.csv --epochs 2"),
        ("wardrobe train --publish s3://secret/prefix", "wardrobe train --publish s3://..."),
        ("wardrobe train --data '/home/my photos/shop/'", "wardrobe train --data shop"),
        (
            "wardrobe adopt ~/m.keras --labels T-shirt/top,Coat --data_licence 'CC BY/SA'",
            "wardrobe adopt m.keras --labels T-shirt/top,Coat --data_licence 'CC BY/SA'",
        ),
        ("", ""),
    ],
)
def test_a_command_shows_no_folder_and_no_address(command: str, shown: str) -> None:
    assert shorten_command(command) == shown


def test_recorded_places_and_the_mark_for_nothing_accepted_are_not_shown() -> None:
    stored = {
        "heads": [{"confidence": 2.0}, {"confidence": 0.9}],
        "decisions": {"confidence_threshold": 2.0},
        "counts": {"confidence": 2},
        "training": {
            "kind_head": {"command": "python -m lab.kind /a/b"},
            "settings": {"data": "/home/ann/shop", "corrections": ["x/y.csv"], "seed": 1},
        },
    }

    assert hide_private_values(stored) == {
        "heads": [{"confidence": None}, {"confidence": 0.9}],
        "decisions": {"confidence_threshold": None},
        "counts": {"confidence": 2},
        "training": {
            "kind_head": {"command": "python -m lab.kind b"},
            "settings": {"data": "shop", "corrections": ["y.csv"], "seed": 1},
        },
    }


@pytest.mark.parametrize("stored", [b'{ "confidence": 0.5 }', b"no JSON", b"[" * 100_000])
def test_a_report_with_nothing_to_hide_is_sent_as_it_is_stored(stored: bytes) -> None:
    assert hide_in_report(stored) == stored


def test_a_report_is_sent_without_private_values() -> None:
    stored = b'{"command": "wardrobe train --data /a/b", "accuracy": 0.123456789012345}'

    shown = json.loads(hide_in_report(stored))

    assert shown == {"command": "wardrobe train --data b", "accuracy": 0.123456789012345}
