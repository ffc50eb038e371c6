"""The image that operators run, built from the Dockerfile and started as strictly as they would."""

import re
from collections.abc import Iterator

import pytest
import requests

from tests import container
from tests.container import Container
from tests.service import ROOT

LARGEST_IMAGE_MB = 440
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
    answer = requests.post(f"{service.url}/predict", files={"image": BOOT + padding}, timeout=120)

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


def test_a_start_says_which_settings_fit_the_memory_of_the_container(service: Container) -> None:
    assert re.search(r"\d+ MB of memory may be used here, and 1 worker may take .*MB", service.log())


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
        ping = requests.get(f"{service.url}/ping", timeout=120)
        healthy = service.healthcheck()
        status = service.stop()
        log = service.log()

    assert (ping.status_code, ping.content) == (200, b"")
    assert (healthy, status) == (0, 0)
    assert "Traceback" not in log
