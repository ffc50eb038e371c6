"""The clients of examples/clients as people start them, against a real service."""

import re
import shutil
import sys

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import Visits
from tests.commands import done
from tests.e2e.conftest import KEY
from tests.service import ROOT, Service, free_port
from tests.stub_server import answering
from tests.system_parts import require_system_part

pytestmark = pytest.mark.slow

CLIENTS = ROOT / "examples/clients"
BOOT, BAG, TEXT = (str(ROOT / name) for name in ("examples/ankle-boot.png", "examples/bag.png", "README.md"))

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


@pytest.fixture(params=STARTS)
def command(request: pytest.FixtureRequest) -> list[str]:
    """How a client is started."""
    start: list[str] = request.param
    if start[0] == "bash":
        require_system_part("jq", shutil.which("jq") is not None, "apt-get install jq")
    return start


def run(command: list[str], url: str, *pictures: str, **environment: str) -> tuple[int, str, str]:
    """Start a client with the key; its exit status, and what it printed to stdout and stderr."""
    ended = done([*command, url, *pictures], API_KEY=KEY, **environment)
    return ended.returncode, ended.stdout, ended.stderr


def test_a_client_prints_label_confidence_and_decision_of_each_picture(
    command: list[str], guarded_service: Service
) -> None:
    one = run(command, guarded_service.url, BOOT)
    status, out, err = run(command, guarded_service.url, BOOT, TEXT, BAG)

    assert (one[0], one[2]) == (status, err) == (0, "")
    assert re.fullmatch(r"ankle-boot\.png: Ankle boot 0\.9\d+ accept\n", one[1])
    boot, text, bag = out.splitlines()
    assert boot.startswith("ankle-boot.png: Ankle boot 0.")
    assert text.startswith("README.md: This looks like text")
    assert bag.startswith("bag.png: Bag 0.")


def test_a_client_prints_what_a_title_and_the_picture_say_together(
    command: list[str], guarded_service: Service
) -> None:
    photo = str(ROOT / "examples/photo-trousers.jpg")

    status, out, err = run(command, guarded_service.url, photo, TITLE="@Écharpe & jeans")

    assert (status, err) == (0, "")
    assert out.startswith("photo-trousers.jpg: Trouser 0.")
    assert out.endswith(", with the title trousers accept\n")


def test_a_client_says_how_it_is_used_and_asks_whether_the_service_runs(command: list[str]) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"

    alone, unanswered = done(command), run(command, nowhere, BOOT)

    assert alone.returncode == unanswered[0] == 1
    assert re.fullmatch(r"usage: .*classify\.\w+ URL PICTURE\.\.\.\n", alone.stderr)
    assert f"{nowhere} does not answer. Is it running?" in unanswered[2]
    assert "Traceback" not in unanswered[2]


@pytest.mark.parametrize(
    ("refusal", "retry_after", "tries"),
    [(503, 1, 4), (429, 3600, 1), (415, 1, 1)],
    ids=["four tries", "a minute would not do", "another refusal"],
)
def test_a_busy_service_is_tried_again_and_no_other_refusal_is(
    command: list[str], refusal: int, retry_after: int, tries: int
) -> None:
    with answering(refusal, **{"Retry-After": str(retry_after)}) as (url, posted):
        status, out, err = run(command, url, BOOT)

    assert [path for path, _ in posted] == ["/predict"] * tries
    assert (status != 0, out) == (True, "")
    assert str(refusal) in err


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


def test_the_page_of_the_guide_shows_the_answer_to_a_chosen_picture(
    visiting: Visits, bundled_service: Service
) -> None:
    guide = (ROOT / "docs/how-to/call-it.md").read_text("utf-8")
    [html] = re.findall(r"```html\n(.*?)```", guide, re.DOTALL)
    page = visiting(bundled_service.url)
    page.route("**/classify.mjs", lambda route: route.fulfill(path=CLIENTS / "classify.mjs"))
    body = html.replace("https://wardrobe.example", bundled_service.url)
    page.route("**/shop.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"{bundled_service.url}/shop.html")

    page.get_by_label("Picture").set_input_files(BAG)
    page.get_by_role("button", name="Classify").click()

    expect(page.get_by_role("status")).to_have_text(re.compile(r"Bag 0\.\d\d (accept|review)"))
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
