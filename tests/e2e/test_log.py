"""What a real gunicorn writes, from its first line to its last, is for one parser."""

import json
from pathlib import Path

from tests.service import running
from tests.uploads import a_garment, png


def test_every_line_is_json_where_that_is_asked_for(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store), LOG_FORMAT="json") as service:
        service.post("/predict", data=png(a_garment()))
        service.stop()

    lines = [json.loads(line) for line in service.log.read_text("utf-8").splitlines()]

    assert {line["logger"] for line in lines} == {"gunicorn.error", "wardrobe", "wardrobe.access"}
    assert all(line["time"] and line["level"] for line in lines)
