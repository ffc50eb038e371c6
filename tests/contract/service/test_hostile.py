"""Every hostile file is answered with a status that its folder names, in the promised form, without leaks."""

import pytest
from flask.testing import FlaskClient

from tests.hostile.corpus import Entry, entries
from tests.service import ROOT

SINGLE = [("/predict", entry, entry.statuses) for entry in entries()]
BATCH = [("/predict/batch", entry, entry.batch) for entry in entries() if entry.batch]

PROBLEM = "application/problem+json"

FORBIDDEN = ("Traceback", 'File "', ".py", str(ROOT), "site-packages", "/etc/", "root:x:")
"""What no answer may contain: code, places on the server, files of the server."""

REPEATED = ("form/absolute.multipart",)
"""Where the sender's own name for a file looks like a place on the server."""


@pytest.mark.parametrize(
    ("path", "entry", "statuses"), SINGLE + BATCH, ids=lambda value: getattr(value, "name", "")
)
def test_a_hostile_file_is_answered_honestly(
    client: FlaskClient, path: str, entry: Entry, statuses: frozenset[int]
) -> None:
    answer = client.post(path, data=entry.body, content_type=entry.content_type)

    assert answer.status_code in statuses, answer.text
    assert answer.mimetype == ("application/json" if answer.status_code == 200 else PROBLEM)
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    assert [word for word in FORBIDDEN if word in answer.text and entry.name not in REPEATED] == []
