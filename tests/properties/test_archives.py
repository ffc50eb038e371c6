"""Whatever bytes come as an archive, the package's own errors are all that comes back, and they come soon."""

import contextlib
import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RequestError
from app.payloads.body import RequestBody
from app.payloads.limits import make_batch_limits
from app.settings import Settings
from inference.errors import InferenceError
from inference.sessions.keras_file import check_keras_file
from labelling.errors import LabellingError
from labelling.sources.source_opening import open_source
from tests.properties.mutations import nearly
from tests.uploads import zipped

LIMITS = make_batch_limits(Settings())
MEMBERS = {"in/a.png": random.Random(0).randbytes(2000), "zeros.png": bytes(5000), "none.png": b""}


def label(path: Path) -> None:
    source = open_source(str(path))
    list(source.open_reader()([item.place for item in source.iterate_pictures()]))


ZIP, KERAS = zipped(**MEMBERS), {"metadata.json": b'{"keras_version": "3.12.0"}', "config.json": b"{}"}
READERS: dict[str, tuple[st.SearchStrategy[bytes], Callable[[Path], object]]] = {
    "body.gz": (
        nearly([gzip.compress(ZIP)]),
        lambda path: RequestBody(path.read_bytes(), LIMITS, coding="gzip").decompress(),
    ),
    "shop.zip": (nearly([ZIP]), label),
    "model.keras": (nearly([zipped(**KERAS, **MEMBERS)]), check_keras_file),
}


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_an_archive_is_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    archives, read = READERS[name]
    (tmp_path / name).write_bytes(data.draw(archives))

    with contextlib.suppress(RequestError, InferenceError, LabellingError):
        read(tmp_path / name)
