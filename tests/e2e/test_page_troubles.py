"""What the page at / says when a picture gets no answer: every error of the contract, and bad networks."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from app.security.api_keys import hash_of
from tests.browser import Visits, violations
from tests.fault_proxy import Mode, fault_proxy
from tests.picture_page import PREDICTIONS, TROUSERS, Held, a_file, card, garments, give, settled, visit
from tests.service import Service, running
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

LARGEST = 100_000
TRUNCATED = TROUSERS.read_bytes()[:9000]
AGAIN = "Try again"
KEY = "right-secret"


@pytest.fixture(scope="module")
def small_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes no large pictures; with a rate limit that is never reached."""
    with running(
        tmp_path_factory.mktemp("small"),
        MAX_UPLOAD_BYTES=str(LARGEST),
        RATE_LIMIT="1000/minute",
        WEB_CONCURRENCY="1",
    ) as service:
        yield service


@pytest.fixture(scope="module")
def guarded_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for a key, and serves each client once a second."""
    folder = tmp_path_factory.mktemp("guarded")
    keys = folder / "keys"
    keys.write_text(f"shop:{hash_of(KEY)}\n", "utf-8")
    with running(folder, API_KEYS_FILE=str(keys), RATE_LIMIT="1/second", WEB_CONCURRENCY="1") as service:
        yield service


@pytest.fixture(scope="module")
def reporting_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a release that has figures, and keys but no rate."""
    folder = tmp_path_factory.mktemp("reporting")
    keys = folder / "keys"
    keys.write_text(f"shop:{hash_of(KEY)}\n", "utf-8")
    with running(folder, API_KEYS_FILE=str(keys), WEB_CONCURRENCY="1") as service:
        yield service


@pytest.fixture
def page(visiting: Visits, bundled_service: Service) -> Page:
    """The page of a service with every setting at its default."""
    return visit(visiting, bundled_service)


@pytest.mark.parametrize(
    ("picture", "title"),
    [
        (a_file("notes.txt", b"no picture", "text/plain"), "Not a picture that is read here"),
        (a_file("empty.png", b""), "Not a picture that is read here"),
        (a_file("cut.jpg", TRUNCATED, "image/jpeg"), "Broken picture"),
        (a_file("large.png", png(a_garment()) + bytes(LARGEST)), "Too large"),
        (a_file("huge.png", bytes(50 * LARGEST)), "Too large"),
    ],
    ids=["415", "415 empty", "422", "413", "413 unread"],
)
def test_what_is_wrong_with_a_picture_is_said_in_the_services_own_words(
    visiting: Visits, small_service: Service, picture: FilePayload, title: str
) -> None:
    page = visit(visiting, small_service)

    sent = listen_for_predictions(page)

    with page.expect_response(PREDICTIONS) as answered:
        give(page, picture)
    settled(page, 1)

    problem = answered.value.json()
    failed = card(page, picture["name"])
    assert problem["title"] == title
    assert len(sent) == 1, "sending it again would not help"
    expect(failed).to_contain_text(title)
    expect(failed).to_contain_text(problem["detail"])
    expect(failed).to_contain_text(problem["request_id"])
    expect(page.get_by_role("status")).to_contain_text(problem["detail"])
    expect(failed.get_by_role("button", name=AGAIN)).to_be_hidden()


def test_a_question_that_is_not_understood_is_said_so(page: Page) -> None:
    page.route(PREDICTIONS, lambda route: route.continue_(url=route.request.url.replace("seen=1", "seen=9")))

    give(page, TROUSERS)

    expect(card(page, "photo-trousers.jpg")).to_contain_text("`seen` is '9'; it must be 1 or 0.")


def test_a_rate_that_is_used_up_is_waited_for_in_sight(visiting: Visits, guarded_service: Service) -> None:
    page = visit(visiting, guarded_service)
    enter_key(page, KEY)

    # All three set out at once: at most two of them meet a new second.
    give(page, *garments(3))
    waiting = page.locator(".card[data-state=held]").first
    expect(waiting).to_contain_text("Too Many Requests. Trying again in 1 second")
    expect(waiting).to_contain_text("1 per 1 second")
    expect(page.locator("#held")).to_contain_text("The rate limit is used up: ")
    found = violations(page)

    expect(page.locator(".card[data-state=done]")).to_have_count(3)
    assert found == []


def test_the_wait_is_counted_down(page: Page) -> None:
    page.clock.install()
    busy = {"title": "Busy", "detail": "Every slot is taken.", "status": 503, "request_id": "abc"}
    page.route(PREDICTIONS, lambda route: answer(route, busy, {"Retry-After": "7"}), times=1)

    give(page, TROUSERS)
    shown = card(page, "photo-trousers.jpg")
    expect(shown).to_contain_text("Busy. Trying again in 7 seconds")
    expect(page.locator("#held")).to_have_text(
        "The service is busy: 1 picture waits, the next try is in 7 seconds. Every slot is taken."
    )
    expect(shown).to_contain_text("Every slot is taken.")
    page.clock.run_for(3000)
    expect(shown).to_contain_text("Busy. Trying again in 4 seconds")
    page.clock.run_for(5000)

    expect(shown).to_contain_text("Trouser")
    expect(page.locator("#held")).to_be_hidden()


def test_a_key_is_asked_for_and_kept_until_the_tab_is_closed(
    visiting: Visits, guarded_service: Service
) -> None:
    page = visit(visiting, guarded_service)
    expect(page.get_by_label("API key")).to_be_focused()
    found = violations(page)
    give(page, *garments(1))
    expect(page.locator(".card")).to_contain_text("Waiting for an API key")
    enter_key(page, "wrong-secret")
    expect(page.locator("#key-trouble")).to_have_text("This API key is not known here. Was it rotated?")
    enter_key(page, KEY)
    expect(page.locator(".card[data-state=done]")).to_have_count(1)
    page.reload()
    expect(page.locator("#model")).to_contain_text("Model wardrobe")
    another_tab = visit(visiting, guarded_service)
    expect(another_tab.get_by_label("API key")).to_be_focused()
    page.get_by_role("button", name="Forget the API key").click()
    expect(page.get_by_label("API key")).to_be_focused()

    assert found == []
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]


def test_where_a_key_is_asked_for_the_page_shows_the_report_with_it(
    visiting: Visits, reporting_service: Service
) -> None:
    page = visit(visiting, reporting_service)
    report = page.get_by_role("link", name="How good it is")
    report.click()
    expect(page.locator("#notice")).to_have_text("The report asks for the API key, too. Enter it first.")
    enter_key(page, KEY)
    expect(page.locator("#model")).to_contain_text("Model wardrobe")

    report.click()
    expect(page.get_by_role("heading", name="How good this model is")).to_be_visible()
    expect(page.get_by_role("img", name="Confusion matrix")).to_have_js_property("naturalWidth", 750)
    page.reload()
    expect(page.get_by_role("heading", name="How good this model is")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="as JSON").click()
    page.get_by_role("link", name="Try it").click()

    expect(page.locator("#model")).to_contain_text("Model wardrobe")
    assert "accuracy" in json.loads(saved.value.path().read_bytes())["test"]


@pytest.mark.parametrize("fault", [Mode.REFUSE, Mode.RESET], ids=lambda fault: fault.value)
def test_a_service_that_is_gone_is_said_to_be_and_can_be_tried_again(
    visiting: Visits, bundled_service: Service, fault: Mode
) -> None:
    with fault_proxy(bundled_service.url) as proxy:
        page = visiting(f"{proxy.endpoint}/")
        expect(page.locator("#model")).to_contain_text("Model wardrobe")
        proxy.break_by(fault)

        give(page, TROUSERS)
        shown = card(page, "photo-trousers.jpg")
        expect(shown).to_contain_text("The service cannot be reached")
        expect(shown).to_contain_text("It may be restarting, or the connection may be gone.")
        proxy.heal()
        shown.get_by_role("button", name=AGAIN).click()

        expect(shown).to_contain_text("Accept")


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

    page.clock.run_for(61_000)
    expect(page.locator(".card")).to_contain_text("No answer in time")
    expect(page.locator(".card")).to_contain_text("Nothing came for 60 seconds.")
    page.unroute(PREDICTIONS)
    page.get_by_role("button", name=AGAIN).click()

    expect(page.locator(".card")).to_contain_text("Trouser")
    assert len(held.routes) == 1


def test_an_answer_of_a_proxy_is_not_taken_for_the_services(page: Page) -> None:
    page.route(PREDICTIONS, lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"), times=1)

    give(page, TROUSERS)

    shown = card(page, "photo-trousers.jpg")
    expect(shown).to_contain_text("An answer that is not understood")
    expect(shown).to_contain_text("Status 502 Bad Gateway came without the service's own words.")
    shown.get_by_role("button", name=AGAIN).click()
    expect(shown).to_contain_text("Trouser")


def test_an_internal_error_names_the_request_and_all_that_failed_can_be_tried_again(page: Page) -> None:
    fault = {"title": "Internal error", "detail": "This is our fault.", "status": 500, "request_id": "e5f6"}
    page.route(PREDICTIONS, lambda route: answer(route, fault))
    give(page, *garments(2))
    settled(page, 2)
    expect(page.locator(".card").first).to_contain_text("This is our fault.")
    expect(page.locator(".card").first).to_contain_text("Request e5f6")

    page.unroute(PREDICTIONS)
    page.get_by_role("button", name="Try failed again").click()

    expect(page.locator(".card[data-state=done]")).to_have_count(2)


def listen_for_predictions(page: Page) -> list[str]:
    """The addresses of what is sent to be classified from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/predict" in request.url else None)
    return sent


def answer(route: Route, problem: dict[str, object], headers: dict[str, str] | None = None) -> None:
    """Answer in the service's place, with what it says when it is in trouble."""
    status = int(str(problem["status"]))
    route.fulfill(status=status, json=problem, headers=headers)


def enter_key(page: Page, key: str) -> None:
    """Type a key into the form and send it off."""
    page.get_by_label("API key").fill(key)
    page.keyboard.press("Enter")
