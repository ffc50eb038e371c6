"""The stamps of pictures under an S3 prefix, by which a table notices another content."""

import pytest

from labelling.buckets import Bucket
from tests.contract.store.conftest import use
from tests.s3_servers import S3Server


def test_an_object_overwritten_with_as_many_bytes_has_another_stamp(
    moto_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(moto_server, monkeypatch)
    name, stamps = moto_server.new_bucket(), []

    for content in (b"one", b"two"):
        etag = moto_server.client.put_object(Bucket=name, Key="photos/a.png", Body=content)["ETag"]
        [item] = Bucket(f"s3://{name}/photos").items()
        stamps.append(item.stamp)

        assert etag in item.stamp  # size and time may both be the same

    assert stamps[0] != stamps[1]
