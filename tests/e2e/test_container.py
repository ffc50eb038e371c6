"""The image that operators run, built from the Dockerfile and started as strictly as they would."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import container
from tests.container import Container
from tests.manifests import the
from tests.service import ROOT
from tests.waiting import wait_for

LARGEST_IMAGE_MB = 400
BOOT = (ROOT / "examples" / "ankle-boot.png").read_bytes()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # the first run makes the base and copies it a few times
]


@pytest.fixture(scope="module")
def image() -> None:
    container.build()


@pytest.fixture(scope="module")
def service(image: None) -> Iterator[Container]:
    with container.running() as running:
        yield running


@pytest.mark.parametrize("padding", [b"", b"\0" * 2_000_000], ids=["small", "large"])
def test_a_picture_sent_to_the_container_gets_its_label(service: Container, padding: bytes) -> None:
    # Decoders stop at the picture's end; parsers of forms do not, and would write to a disk.
    answer = requests.post(f"{service.url}/predict", files={"image": BOOT + padding}, timeout=30)

    assert answer.status_code == 200, answer.text
    assert answer.json()["label"] == "Ankle boot"


def test_the_service_is_gunicorn_itself_without_root_and_capabilities(service: Container) -> None:
    status = service.status_of_process_1()
    first = service.execute("cat", "/proc/1/cmdline")

    capabilities = {int(held, 16) for name, held in status.items() if name.startswith("Cap")}
    assert "gunicorn" in first.stdout.split("\0"), "it gets the signals"
    assert status["Uid"].split() == status["Gid"].split() == ["65532"] * 4
    assert (capabilities, status["NoNewPrivs"]) == ({0}, "1")
    assert service.healthcheck() == 0


def test_nothing_can_be_written_beside_the_cache(service: Container) -> None:
    refused = service.execute("touch", "/srv/wardrobe/written")
    allowed = service.execute("touch", "/var/cache/wardrobe/written")

    assert "Read-only file system" in refused.stderr
    assert allowed.returncode == 0, allowed.stderr


def test_the_image_is_small_and_holds_only_what_serving_needs(service: Container) -> None:
    unwanted = ("tensorflow", "keras", "sklearn", "matplotlib", "pip")
    found = f"import importlib.util as util; print([name for name in {unwanted} if util.find_spec(name)])"

    imported = service.execute("python", "-c", found)

    assert imported.stdout == "[]\n", imported.stderr
    assert container.megabytes_above_base() < LARGEST_IMAGE_MB


@pytest.mark.usefixtures("image")
def test_it_starts_as_sagemaker_starts_it_and_ends_by_itself() -> None:
    with container.running("serve", port_name="SAGEMAKER_BIND_TO_PORT") as service:
        ping = requests.get(f"{service.url}/ping", timeout=30)
        healthy = service.healthcheck()
        status = service.stop()
        log = service.log()

    assert (ping.status_code, ping.content) == (200, b"")
    assert (healthy, status) == (0, 0)
    assert "Traceback" not in log


@pytest.mark.usefixtures("image")
def test_the_pod_of_the_manifests_serves_as_strictly_as_they_ask(tmp_path: Path) -> None:
    manifests = [the(kind, "bundled") for kind in ("ConfigMap", "Deployment")]

    with container.playing(manifests, tmp_path) as pod:
        answer = requests.post(f"{pod.url}/predict", data=BOOT, timeout=30)
        exposed = wait_for("its second worker", lambda: exposed_by_two_workers(pod))
        status = pod.status_of_process_1()
        refused = pod.execute("touch", "/srv/wardrobe/written")

    assert answer.json()["label"] == "Ankle boot"
    assert "\nwardrobe_places 18.0\n" in exposed  # the autoscaler's 9 is half of them
    assert status["Uid"].split() == ["65532"] * 4
    assert int(status["CapEff"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")  # 2: a filter
    assert "Read-only file system" in refused.stderr


def exposed_by_two_workers(pod: Container) -> str | None:
    """The metrics, once both workers have started; one that is ready answers alone."""
    exposed: str = requests.get(f"{pod.url}/metrics/prometheus", timeout=30).text
    return exposed if "\nwardrobe_workers 2.0\n" in exposed else None
