"""The clients of examples/clients as people start them, against a real service."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, Route

from app.security.api_keys import hash_of
from tests.browser import Visits
from tests.service import ROOT, Service, running
from tests.system_parts import require_system_part
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

CLIENTS = ROOT / "examples/clients"
BOOT, BAG, TEXT = (str(ROOT / name) for name in ("examples/ankle-boot.png", "examples/bag.png", "README.md"))
KEY = "right-secret"
KEY_LINE = f"shop:{hash_of(KEY)}\n"

NO_NODE = "Node.js is not installed; Chromium runs the same module below"
STARTS = [
    pytest.param([sys.executable, str(CLIENTS / "classify.py")], id="Python"),
    pytest.param(
        ["node", str(CLIENTS / "classify.mjs")],
        id="JavaScript",
        marks=pytest.mark.skipif(shutil.which("node") is None, reason=NO_NODE),
    ),
    pytest.param(["bash", str(CLIENTS / "classify.sh")], id="shell"),
]


class Client:
    """One client, started in a process of its own, with a key."""

    def __init__(self, command: list[str], url: str, *pictures: str, key: str = KEY) -> None:
        self._process = subprocess.Popen(
            [*command, url, *pictures],
            env=os.environ | {"API_KEY": key},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> tuple[int, str, str]:
        """Its exit status, and what it printed to stdout and stderr."""
        out, err = self._process.communicate(timeout=300)
        return self._process.returncode, out, err


@pytest.fixture(params=STARTS)
def command(request: pytest.FixtureRequest) -> list[str]:
    """How a client is started."""
    start: list[str] = request.param
    if start[0] == "bash":
        require_system_part("jq", shutil.which("jq") is not None, "apt-get install jq")
    return start


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of `guarded_service`."""
    file = tmp_path_factory.mktemp("keys") / "keys"
    file.write_text(KEY_LINE, "utf-8")
    return file


@pytest.fixture(scope="module")
def guarded_service(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for a key."""
    settings = {"API_KEYS_FILE": str(keys), "LOG_FORMAT": "json", "WEB_CONCURRENCY": "1"}
    with running(tmp_path_factory.mktemp("guarded"), **settings) as service:
        yield service


def logged(service: Service, status: int) -> list[datetime]:
    """When the service answered /predict so, up to now."""
    last = secrets.token_hex(16)  # lines are written in their order, and some time after the answer
    service.get("/healthz", headers={"X-Request-ID": last})
    wait_for("the last line", lambda: last in service.text())
    lines = [line for line in service.lines() if line.get("path") == "/predict"]
    return [datetime.fromisoformat(line["time"]) for line in lines if line["status"] == status]


def test_a_client_prints_label_confidence_and_decision(command: list[str], guarded_service: Service) -> None:
    status, out, err = Client(command, guarded_service.url, BOOT).end()

    assert (status, err) == (0, "")
    assert re.fullmatch(r"ankle-boot\.png: Ankle boot 0\.9\d+ accept\n", out)


def test_in_a_batch_a_file_that_is_no_picture_spoils_no_other(
    command: list[str], guarded_service: Service
) -> None:
    status, out, err = Client(command, guarded_service.url, BOOT, TEXT, BAG).end()

    assert (status, err) == (0, "")
    boot, text, bag = out.splitlines()
    assert boot.startswith("ankle-boot.png: Ankle boot 0.")
    assert text.startswith("README.md: This looks like text")
    assert bag.startswith("bag.png: Bag 0.")


def test_a_503_is_tried_again_after_the_seconds_of_its_retry_after(
    command: list[str], guarded_service: Service, keys: Path
) -> None:
    refused, answered = (len(logged(guarded_service, status)) for status in (503, 200))
    keys.unlink()  # until it is back, every answer is 503 with Retry-After: 5

    client = Client(command, guarded_service.url, BOOT)
    try:
        wait_for("a refusal", lambda: len(logged(guarded_service, 503)) > refused)
    finally:
        keys.write_text(KEY_LINE, "utf-8")
    status, out, _ = client.end()

    assert status == 0
    assert out.startswith("ankle-boot.png: Ankle boot")
    waited = logged(guarded_service, 200)[answered] - logged(guarded_service, 503)[refused]
    assert waited.total_seconds() > 4.5


@pytest.mark.parametrize(
    ("picture", "key", "status", "detail"),
    [(TEXT, KEY, 415, "This looks like text"), (BOOT, "wrong", 401, "This API key is not known here")],
)
def test_another_refusal_is_printed_and_not_tried_again(  # noqa: PLR0917 - fixtures and a case
    command: list[str], guarded_service: Service, picture: str, key: str, status: int, detail: str
) -> None:
    before = len(logged(guarded_service, status))

    code, out, err = Client(command, guarded_service.url, picture, key=key).end()

    assert (code != 0, out) == (True, "")
    assert str(status) in err
    assert detail in err
    assert len(logged(guarded_service, status)) == before + 1


@contextmanager
def refusing(retry_after: int) -> Iterator[tuple[str, list[str]]]:
    """A service that answers every request with 429: its address, and the paths that were requested."""
    requested: list[str] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requested.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(429)
            self.send_header("Retry-After", str(retry_after))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: pytest's output is for failures."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requested
        server.shutdown()


@pytest.mark.parametrize(("retry_after", "tries"), [(1, 4), (3600, 1)], ids=["four tries", "a minute"])
def test_a_client_gives_up_after_four_tries_or_when_a_minute_would_not_do(
    command: list[str], retry_after: int, tries: int
) -> None:
    with refusing(retry_after) as (url, requested):
        status, out, err = Client(command, url, BOOT).end()

    assert requested == ["/predict"] * tries
    assert (status != 0, out) == (True, "")
    assert "429" in err


@pytest.fixture
def page(visiting: Visits, bundled_service: Service) -> Page:
    """A page of the service's own with the module; its time stands still."""
    page = visiting(bundled_service.url)
    page.route("**/classify.mjs", lambda route: route.fulfill(path=CLIENTS / "classify.mjs"))
    page.clock.install()
    page.evaluate(
        """async () => {
            const { classify } = await import("/classify.mjs");
            const picture = await (await fetch("/page/sample-trousers.jpg")).blob();
            window.controller = new AbortController();
            window.ask = () => {
                window.answer = classify(location.origin, picture, { signal: controller.signal });
                window.answer.catch(() => {});
            };
        }"""
    )
    return page


def test_in_a_browser_a_429_is_tried_again_once_its_time_has_come(page: Page) -> None:
    refusals = iter([429])

    def refuse_once(route: Route) -> None:
        if status := next(refusals, None):
            route.fulfill(status=status, headers={"Retry-After": "30"})
        else:
            route.continue_()

    page.route("**/predict", refuse_once)
    with page.expect_response("**/predict") as refused:
        page.evaluate("ask()")
    with page.expect_response("**/predict") as answered:
        page.clock.run_for(30_000)

    assert (refused.value.status, answered.value.status) == (429, 200)
    assert page.evaluate("answer.then(({ label }) => label)") == "Trouser"


def test_in_a_browser_a_request_can_be_cancelled_while_it_waits(page: Page) -> None:
    page.route("**/predict", lambda route: route.fulfill(status=503, headers={"Retry-After": "30"}))
    with page.expect_response("**/predict"):
        page.evaluate("ask()")

    page.evaluate("controller.abort()")

    assert page.evaluate("answer.catch(({ name }) => name)") == "AbortError"
