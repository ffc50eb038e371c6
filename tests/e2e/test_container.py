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


def test_a_picture_sent_to_the_container_comes_back_with_its_label(service: Container) -> None:
    picture = (ROOT / "examples" / "ankle-boot.png").read_bytes()

    answer = requests.post(f"{service.url}/predict", files={"image": picture}, timeout=30)

    assert answer.status_code == 200, answer.text
    assert answer.json()["label"] == "Ankle boot"
    assert sum(answer.json()["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_a_large_upload_needs_no_writable_disk(service: Container) -> None:
    photo = (ROOT / "examples" / "photo-dress.jpg").read_bytes()
    padding = b"\0" * 2_000_000  # decoders stop at the picture's end; multipart parsers do not

    answer = requests.post(f"{service.url}/predict", files={"image": photo + padding}, timeout=30)

    assert answer.status_code == 200, answer.text
    assert answer.json()["label"] in answer.json()["probabilities"]


def test_the_service_is_not_root(service: Container) -> None:
    asked = service.execute("python", "-c", "import os; print(os.getuid(), os.getgid())")

    assert asked.stdout.split() == ["65532", "65532"]


def test_nothing_can_be_written_beside_the_cache(service: Container) -> None:
    refused = service.execute("touch", "/srv/wardrobe/written")
    allowed = service.execute("touch", "/var/cache/wardrobe/written")

    assert "Read-only file system" in refused.stderr
    assert allowed.returncode == 0, allowed.stderr


def test_the_service_has_no_capability_and_can_gain_none(service: Container) -> None:
    lines = service.execute("cat", "/proc/1/status").stdout.splitlines()
    status = dict(line.split(":\t", 1) for line in lines)

    capabilities = {name: int(held, 16) for name, held in status.items() if name.startswith("Cap")}
    assert set(capabilities.values()) == {0}, capabilities
    assert status["NoNewPrivs"].strip() == "1"


def test_gunicorn_itself_gets_the_signals(service: Container) -> None:
    first = service.execute("cat", "/proc/1/cmdline")

    assert "gunicorn" in first.stdout.split("\0")


def test_the_health_check_of_the_image_passes(service: Container) -> None:
    assert service.healthcheck() == 0


@pytest.mark.parametrize("package", ["tensorflow", "keras", "sklearn", "matplotlib", "pip"])
def test_the_image_holds_only_what_serving_needs(service: Container, package: str) -> None:
    imported = service.execute("python", "-c", f"import {package}")

    assert f"No module named '{package}'" in imported.stderr


def test_releases_can_be_managed_from_inside(service: Container) -> None:
    asked = service.execute("python", "-m", "scripts.releases", "--store", "/var/cache/wardrobe", "list")

    assert asked.returncode == 1
    assert "/var/cache/wardrobe: there is no release here" in asked.stderr


def test_it_starts_as_sagemaker_starts_it(image: None) -> None:
    with container.running("serve", port_name="SAGEMAKER_BIND_TO_PORT") as service:
        ping = requests.get(f"{service.url}/ping", timeout=30)
        first = service.execute("cat", "/proc/1/cmdline")
        healthy = service.healthcheck()

    assert healthy == 0
    assert (ping.status_code, ping.content) == (200, b"")
    assert "gunicorn" in first.stdout.split("\0")


def test_stopping_ends_the_service_by_itself(image: None) -> None:
    with container.running() as service:
        status = service.stop()
        log = service.log()

    assert status == 0
    assert "Traceback" not in log


def test_the_image_stays_small(image: None, capsys: pytest.CaptureFixture[str]) -> None:
    added = container.megabytes_above_base()

    with capsys.disabled():
        print(f" [{added:.0f} MB above its base]", end="")  # noqa: T201 - a figure for whoever reads the run
    assert added < LARGEST_IMAGE_MB


def test_the_pod_of_the_manifests_serves_as_strictly_as_they_ask(image: None, tmp_path: Path) -> None:
    manifests = [the(kind, "bundled") for kind in ("ConfigMap", "Deployment")]

    with container.playing(manifests, tmp_path) as pod:
        picture = (ROOT / "examples" / "ankle-boot.png").read_bytes()
        answer = requests.post(f"{pod.url}/predict", data=picture, timeout=30)
        exposed = wait_for("its second worker", lambda: _exposed_by(pod, workers=2))
        status = dict(
            line.split(":\t", 1) for line in pod.execute("cat", "/proc/1/status").stdout.splitlines()
        )
        refused = pod.execute("touch", "/srv/wardrobe/written")

    assert answer.json()["label"] == "Ankle boot"
    assert "\nwardrobe_places 18.0\n" in exposed  # the autoscaler's 9 is half of them
    assert status["Uid"].split() == ["65532"] * 4
    assert int(status["CapEff"], 16) == 0
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")  # 2: a filter
    assert "Read-only file system" in refused.stderr


def _exposed_by(pod: Container, workers: int) -> str | None:
    """What is told to Prometheus, once as many workers have started; one that is ready answers alone."""
    exposed: str = requests.get(f"{pod.url}/metrics/prometheus", timeout=30).text
    return exposed if f"\nwardrobe_workers {workers}.0\n" in exposed else None
