"""deploy/compose.yaml without an engine: its commands, with its environment, as processes of this machine.

S3 is another server than its MinIO, and every address is one of the loopback. What the file says is held to
its specification in tests/contract/deploy/test_compose.py.
"""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.commands import done
from tests.load import under_load
from tests.nginx import Fleet, fleet
from tests.s3_servers import S3Server, moto
from tests.service import ROOT
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy"


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    """Each container by its name."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))[
        "services"
    ]
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[S3Server]:
    """What stands for MinIO, with the bucket that its folder makes."""
    with moto(tmp_path / "s3") as server:
        server.client.create_bucket(Bucket="models")
        yield server


def test_of_what_compose_starts_one_service_is_killed_and_no_request_fails(
    services: dict[str, dict[str, Any]], store: S3Server, tmp_path: Path
) -> None:
    first, serving = services["first-release"], services["wardrobe-1"]
    [python, *publish] = first["command"]

    published = [done([sys.executable, *publish], **environment_of(first, store)) for _ in range(2)]
    with (
        behind_nginx(tmp_path, serving, store) as running,
        under_load(running.url, UPLOAD, clients=2) as record,
    ):
        wait_for("answers of both", lambda: min(each.predictions() for each in running.services) > 20)
        running.services[0].kill()
        since = record.answered
        wait_for("answers of the other alone", lambda: record.answered > since + 50)
        again = running.start_again(0)
        wait_for("answers of the one that is back", lambda: again.predictions() > 20)
        ready = requests.get(f"{running.url}/readyz", timeout=120).json()

    assert (python, [each.returncode for each in published]) == ("python", [0, 0]), published
    assert set(record.statuses) == {200}
    # What nginx has begun to pass on it cannot ask the other service for.
    assert [cut for cut in record.cut if "IncompleteRead" not in cut] == []
    assert (ready["status"], ready["store"]["status"]) == ("ready", "ok")


def behind_nginx(folder: Path, service: dict[str, Any], store: S3Server) -> AbstractContextManager[Fleet]:
    """Two services as the file has them, behind its nginx."""
    given = environment_of(service, store)
    return fleet(folder, **{name.removeprefix("WARDROBE_"): value for name, value in given.items()})


def environment_of(service: dict[str, Any], store: S3Server) -> dict[str, str]:
    """The variables of a container, with the address of the store that is there."""
    lines = (DEPLOY / service["env_file"]).read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    environment: dict[str, str] = service["environment"]
    return given | environment | {"AWS_ENDPOINT_URL_S3": store.endpoint}
