"""`.env.example`: what a person copies is what the service reads."""

import re
from pathlib import Path

from app.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_every_setting_of_the_example_is_one_that_the_service_knows() -> None:
    named = re.findall(r"^# WARDROBE_(\w+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)

    assert "MODEL_STORE" in named
    assert {name.lower() for name in named} <= set(Settings.model_fields)
