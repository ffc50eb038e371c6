"""Every hostile file is answered with a status that its folder names, in the promised form."""

import pytest
from flask.testing import FlaskClient

from tests.hostile.corpus import Entry, entries

SINGLE = [("/predict", entry, entry.statuses) for entry in entries()]
BATCH = [("/predict/batch", entry, entry.batch) for entry in entries() if entry.batch]


@pytest.mark.parametrize(
    ("path", "entry", "statuses"), SINGLE + BATCH, ids=lambda value: getattr(value, "name", "")
)
def test_a_hostile_file_is_answered_honestly(
    client: FlaskClient, path: str, entry: Entry, statuses: frozenset[int]
) -> None:
    answer = client.post(path, data=entry.body, content_type=entry.content_type)

    assert answer.status_code in statuses, answer.text
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
