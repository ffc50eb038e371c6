"""The image that operators run, built from the Dockerfile and started as strictly as they would.

No daemon of a container engine is needed: buildah builds in chroot isolation on a Debian base that mmdebstrap
makes; podman starts it with runc: no root, no capabilities, nothing writable but the volume and /dev/shm.
Everything is kept in .cache/container, so that only the first run makes the base.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests

from app import __version__
from tests.service import READY_SECONDS, ROOT, free_port
from tests.system_parts import require_system_part
from tests.waiting import wait_for

LARGEST_IMAGE_MB = 430
BOOT = (ROOT / "examples" / "ankle-boot.png").read_bytes()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # the first run makes the base and copies it a few times
]

CACHE = ROOT / ".cache" / "container"
BASE = "localhost/python-base"
IMAGE = "localhost/wardrobe-test"

TOOLS = ("mmdebstrap", "buildah", "podman", "conmon", "runc", "catatonit")
"""Each is a Debian package of the same name."""

STORAGE = ("--root", str(CACHE / "root"), "--runroot", str(CACHE / "run"))
"""The tools pick overlay mounts where the machine has them, else copies: slower by half a minute."""

LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096", "--memory", "256m")
"""podman's own defaults raise the limits, which is refused inside another container."""

STRICT = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt", "no-new-privileges")


@dataclass(frozen=True)
class Container:
    """A running container."""

    name: str
    url: str

    def execute(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in it."""
        return _podman("exec", self.name, *command, check=False)

    def healthcheck(self) -> int:
        """Run the image's own HEALTHCHECK: 0 is healthy."""
        return _podman("healthcheck", "run", self.name, check=False).returncode

    def status_of_process_1(self) -> dict[str, str]:
        """The fields of /proc/1/status."""
        lines = self.execute("cat", "/proc/1/status").stdout.splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def stop(self) -> int:
        """SIGTERM, and the exit status; 137 if it had to be killed."""
        _podman("stop", "--time", "30", self.name)
        return int(_podman("inspect", "--format", "{{.State.ExitCode}}", self.name).stdout)

    def log(self) -> str:
        """What it wrote to stdout and stderr."""
        written = _podman("logs", self.name)
        return written.stdout + written.stderr


@pytest.fixture(scope="module")
def image() -> None:
    """The image, built from the Dockerfile as it stands in the working tree."""
    for tool in TOOLS:
        require_system_part(tool, shutil.which(tool) is not None, "`make test-all` installs it as root")
    require_system_part("root", os.geteuid() == 0, "images are built and started as root here")
    CACHE.mkdir(parents=True, exist_ok=True)
    _make_base()
    # Docker's format, since OCI's has no HEALTHCHECK.
    _run("buildah", *STORAGE, "build", "--layers", "--isolation", "chroot", "--format", "docker",
         "--build-arg", f"BASE={BASE}", "--build-arg", f"VERSION={__version__}",
         *_certificate_mounts(), "--tag", IMAGE, str(ROOT))  # fmt: skip


@contextmanager
def running(*command: str, port_name: str = "PORT") -> Iterator[Container]:
    """The image on a free port, ready; stopped and removed at the end. A command replaces the image's own."""
    port = free_port()
    container = Container(f"wardrobe-test-{port}", f"http://127.0.0.1:{port}")
    try:
        _podman("run", "--detach", "--name", container.name, "--network", "host",
                "--env", f"{port_name}={port}", *LIMITS, *STRICT, IMAGE, *command)  # fmt: skip
        wait_for(f"{container.url}/readyz", lambda: _ready(container), READY_SECONDS)
        yield container
    finally:
        _podman("rm", "--force", "--volumes", "--time", "5", container.name, check=False)


@pytest.fixture(scope="module")
def service(image: None) -> Iterator[Container]:
    with running() as container:
        yield container


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
    assert "/srv/wardrobe/app/http_server.py" in first.stdout.split("\0"), "it gets the signals"
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
    assert megabytes_above_base() < LARGEST_IMAGE_MB


@pytest.mark.usefixtures("image")
def test_it_starts_as_sagemaker_starts_it_and_ends_by_itself() -> None:
    with running("serve", port_name="SAGEMAKER_BIND_TO_PORT") as service:
        ping = requests.get(f"{service.url}/ping", timeout=120)
        status = service.stop()
        log = service.log()

    assert (ping.status_code, ping.content, status) == (200, b"", 0)
    assert "Traceback" not in log


def megabytes_above_base() -> float:
    """What the image adds to its base, uncompressed."""
    image, base = (json.loads(_podman("image", "inspect", name).stdout)[0]["Size"] for name in (IMAGE, BASE))
    added: int = image - base
    return added / 1e6


def _make_base() -> None:
    """Make the base of Debian's packages, unless an earlier run has."""
    if _run("buildah", *STORAGE, "images", "--quiet", BASE, check=False).returncode == 0:
        return
    tar = CACHE / "base.tar"
    packages = "python3,python3-venv,ca-certificates"
    _run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", str(tar))
    blank = _run("buildah", *STORAGE, "from", "scratch").stdout.strip()
    _run("buildah", *STORAGE, "add", "--quiet", blank, str(tar), "/")
    _run("buildah", *STORAGE, "commit", "--quiet", "--rm", blank, BASE)
    tar.unlink()


def _certificate_mounts() -> list[str]:
    """Lets pip in the build trust what pip here was told to trust; the Dockerfile knows nothing of it."""
    asked = _run(sys.executable, "-m", "pip", "config", "get", "global.cert", check=False)
    certificate = os.environ.get("PIP_CERT") or asked.stdout.strip()
    if not certificate:
        return []
    trusted = "/etc/ssl/certs/ca-certificates.crt"
    configuration = CACHE / "pip.conf"
    configuration.write_text(f"[global]\ncert = {trusted}\n", "utf-8")
    return ["--volume", f"{certificate}:{trusted}:ro", "--volume", f"{configuration}:/etc/pip.conf:ro"]


def _ready(container: Container) -> bool:
    if _podman("inspect", "--format", "{{.State.Running}}", container.name).stdout.strip() != "true":
        raise AssertionError(f"The container ended: {container.log()[-3000:]}")
    try:
        return requests.get(f"{container.url}/readyz", timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


def _podman(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    # crun, podman's own choice, asks for cgroups that are not there inside another container.
    runc = shutil.which("runc") or "runc"
    return _run("podman", "--runtime", runc, *STORAGE, *arguments, check=check)


def _run(*command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done
