"""What the page at / says when a picture gets no answer: every error of the contract, and bad networks."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser import Visits, flaws
from tests.e2e.conftest import KEY
from tests.e2e.pages.conftest import LARGEST_UPLOAD
from tests.picture_page import PREDICTIONS, TROUSERS, Held, a_file, card, garments, give, settled, visit
from tests.service import Service

pytestmark = pytest.mark.slow

AGAIN = "Try again"


@pytest.mark.parametrize(
    ("picture", "title"),
    [
        (a_file("notes.txt", b"no picture", "text/plain"), "Not a picture that is read here"),
        (a_file("huge.png", bytes(50 * LARGEST_UPLOAD)), "Too large"),
    ],
    ids=["415", "413 unread"],
)
def test_what_is_wrong_with_a_picture_is_said_once_in_the_services_own_words(
    visiting: Visits, shop_service: Service, picture: FilePayload, title: str
) -> None:
    page = visit(visiting, shop_service)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/predict" in request.url else None)

    with page.expect_response(PREDICTIONS) as answered:
        give(page, picture)
    settled(page, 1)

    problem, failed = answered.value.json(), card(page, picture["name"])
    assert problem["title"] == title
    assert len(sent) == 1, "sending it again would not help"
    for words in (title, problem["detail"], problem["request_id"]):
        expect(failed).to_contain_text(words)
    expect(page.get_by_role("status")).to_contain_text(problem["detail"])
    expect(failed.get_by_role("button", name=AGAIN)).to_be_hidden()


def problem(status: int, route: Route, **headers: str) -> None:
    """Answer in the service's place, with what it says when it is in trouble."""
    said = {"title": "In trouble", "detail": "It is our fault.", "status": status, "request_id": "e5f6"}
    route.fulfill(status=status, json=said, headers=headers)


def test_a_failed_picture_is_tried_again(page: Page) -> None:
    troubles: dict[str, Callable[[Route], None]] = {
        "The service cannot be reached": lambda route: route.abort("connectionreset"),
        "that is not understood": lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"),
        "Request e5f6": lambda route: problem(500, route),
    }
    for trouble in reversed(troubles.values()):  # of several routes the last one comes first
        page.route(PREDICTIONS, trouble, times=1)

    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    for words in troubles:
        expect(shown).to_contain_text(words)
        shown.get_by_role("button", name=AGAIN).click()

    expect(shown).to_contain_text("Accept")


def test_the_wait_of_a_busy_service_is_counted_down(page: Page) -> None:
    page.clock.install()  # and paused, so that no second passes unseen
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    wait = {"Retry-After": "7"}
    page.route(PREDICTIONS, lambda route: problem(429, route, **wait), times=1)
    page.route(PREDICTIONS, lambda route: problem(503, route, **wait), times=1)

    give(page, TROUSERS)
    shown = page.locator(".card")
    expect(shown).to_contain_text("In trouble. Trying again in 7 seconds")
    page.clock.run_for(3100)
    expect(shown).to_contain_text("In trouble. Trying again in 4 seconds")
    expect(page.locator("#held")).to_contain_text(
        "The service is busy: 1 picture waits, the next try is in 4 seconds."
    )
    page.clock.run_for(4000)
    expect(shown).to_contain_text("In trouble. Trying again in 7 seconds")
    page.clock.run_for(100)
    expect(page.locator("#held")).to_contain_text("The rate limit is used up: 1 picture waits")
    page.clock.run_for(7000)
    expect(shown).to_contain_text("Trouser")
    page.clock.run_for(1000)

    expect(page.locator("#held")).to_be_hidden()


def test_offline_it_waits_and_goes_on_by_itself(page: Page) -> None:
    page.context.set_offline(True)
    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    expect(shown).to_contain_text("You are offline. This goes on as soon as you are back")

    page.context.set_offline(False)

    expect(shown).to_contain_text("Accept")


def test_a_silence_of_a_minute_is_given_up(page: Page) -> None:
    page.clock.install()
    held = Held(page)
    give(page, TROUSERS)
    expect(page.locator(".card")).to_contain_text("Sending")
    held.wait_for(1)

    page.clock.run_for(61_000)

    expect(page.locator(".card")).to_contain_text("Nothing came for 60 seconds.")
    expect(page.get_by_role("button", name=AGAIN)).to_be_visible()
    assert len(held.routes) == 1


def test_a_key_is_asked_for_and_kept_in_the_tab(visiting: Visits, guarded_service: Service) -> None:
    page = visit(visiting, guarded_service)
    expect(page.get_by_role("textbox", name="API key")).to_be_focused()
    found = flaws(page)
    give(page, *garments(1))
    expect(page.locator(".card")).to_contain_text("Waiting for an API key")
    enter_key(page, f"{KEY}\u200b")  # as some programs copy it: no header may have such a character
    expect(page.locator("#key:invalid")).to_be_focused()
    enter_key(page, "wrong-secret")
    expect(page.locator("#key-trouble")).to_have_text("This API key is not known here. Was it rotated?")
    enter_key(page, KEY)
    expect(page.locator(".card[data-state=done]")).to_have_count(1)
    page.reload()
    expect(page.locator("#model")).to_contain_text("Model wardrobe")
    another_tab = visit(visiting, guarded_service)
    expect(another_tab.get_by_role("textbox", name="API key")).to_be_focused()
    page.get_by_role("button", name="Forget the API key").click()
    expect(page.get_by_role("textbox", name="API key")).to_be_focused()

    assert found == []
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]


def test_a_browser_that_asks_for_the_report_is_asked_for_its_key_and_gets_it(
    visiting: Visits, guarded_service: Service
) -> None:
    page = visiting(f"{guarded_service.url}/metrics")
    expect(page.get_by_role("textbox", name="API key")).to_be_focused()

    enter_key(page, KEY)

    expect(page.get_by_role("heading", name="How good this model is")).to_be_visible()


def test_the_page_shows_the_report_with_its_key(visiting: Visits, guarded_service: Service) -> None:
    page = visit(visiting, guarded_service)
    report = page.get_by_role("link", name="How good it is")
    report.click()
    expect(page.locator("#notice")).to_have_text("The report asks for the API key, too. Enter it first.")
    enter_key(page, KEY)
    expect(page.locator("#model")).to_contain_text("Model wardrobe")

    report.click()
    page.reload()
    expect(page.get_by_role("heading", name="How good this model is")).to_be_visible()
    matrix = page.get_by_role("img", name="Confusion matrix")
    matrix.scroll_into_view_if_needed()
    expect(matrix).to_have_js_property("complete", True)
    with page.expect_download() as saved:
        page.get_by_role("link", name="as JSON").click()
    page.get_by_role("link", name="Try it").click()

    expect(page.locator("#model")).to_contain_text("Model wardrobe")
    assert "accuracy" in json.loads(saved.value.path().read_bytes())["test"]


def enter_key(page: Page, key: str) -> None:
    """Type a key into the form and send it off."""
    page.get_by_role("textbox", name="API key").fill(key)
    page.keyboard.press("Enter")
