"""deploy/compose.yaml without an engine: its commands, with its environment, as processes of this machine.

S3 is another server than its MinIO, and every address is one of the loopback. What the file says is held to
its specification in tests/contract/deploy/test_compose.py.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.commands import done
from tests.load import under_load
from tests.nginx import fleet
from tests.s3_servers import S3Server, moto
from tests.service import PATIENCE_SECONDS, ROOT
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy"


LARGE = UPLOAD + b"\0" * 3_000_000
"""More than nginx keeps in memory; decoders stop at the picture's end."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[S3Server]:
    """What stands for MinIO, with the bucket that its folder makes."""
    with moto(tmp_path / "s3") as server:
        server.client.create_bucket(Bucket="models")
        yield server


def test_of_what_compose_starts_a_service_is_killed_the_other_renewed_and_no_request_fails(
    store: S3Server, tmp_path: Path
) -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    first, serving = services["first-release"], environment_of(services["wardrobe-1"], store)
    [python, *publish] = first["command"]

    published = [done([sys.executable, *publish], **environment_of(first, store)) for _ in range(2)]
    with (
        fleet(
            tmp_path, **{name.removeprefix("WARDROBE_"): value for name, value in serving.items()}
        ) as behind,
        under_load(behind.url, UPLOAD, clients=2, pause=0.01) as record,
    ):
        wait_for("answers of both", lambda: min(each.predictions() for each in behind.services) > 20)
        before = [service.predictions() for service in behind.services]
        behind.services[0].kill()
        since = record.answered
        wait_for("answers of the other alone", lambda: record.answered > since + 50)
        large = {
            requests.post(f"{behind.url}/predict", data=LARGE, timeout=PATIENCE_SECONDS).status_code
            for _ in range(4)
        }
        again = behind.start_again(0)
        cut_by_the_kill = len(record.cut)
        wait_for("answers of the one that is back", lambda: again.predictions() > 20)
        status = behind.services[1].stop()
        renewed = behind.start_again(1)
        wait_for("answers of the renewed one", lambda: renewed.predictions() > 20)
        ready = requests.get(f"{behind.url}/readyz", timeout=PATIENCE_SECONDS).json()

    assert (python, [each.returncode for each in published]) == ("python", [0, 0]), published
    assert min(before) > sum(before) / 4, "nginx spreads requests over both"
    # What nginx has begun to pass on it cannot ask the other service for.
    assert [cut for cut in record.cut[:cut_by_the_kill] if "IncompleteRead" not in cut] == []
    assert record.cut[cut_by_the_kill:] == []
    assert (set(record.statuses), large, status) == ({200}, {200}, 0)
    assert (ready["status"], ready["store"]["status"]) == ("ready", "ok")


def environment_of(service: dict[str, Any], store: S3Server) -> dict[str, str]:
    """The variables of a container, with the address of the store that is there."""
    lines = (DEPLOY / service["env_file"]).read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    environment: dict[str, str] = service["environment"]
    return given | environment | {"AWS_ENDPOINT_URL_S3": store.endpoint}
