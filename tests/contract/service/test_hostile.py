"""Every hostile file is answered with a status that its folder names, in the promised form."""

import pytest
from flask.testing import FlaskClient

from tests.hostile.corpus import Entry, entries


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_a_hostile_file_is_answered_honestly(lasting_client: FlaskClient, entry: Entry) -> None:
    expected = {"/predict": entry.statuses, "/predict/batch": entry.batch}

    for path, statuses in expected.items():
        if statuses is not None:
            answer = lasting_client.post(path, data=entry.body, content_type=entry.content_type)
            assert answer.status_code in statuses, answer.text
            assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
