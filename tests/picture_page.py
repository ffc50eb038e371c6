"""What people do on the page at /, in the words of the tests."""

from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser import Visits
from tests.service import ROOT, Service
from tests.uploads import a_garment, png
from tests.waiting import wait_for

EXAMPLES = ROOT / "examples"
TROUSERS = EXAMPLES / "photo-trousers.jpg"

DOUBTED = ROOT / "tests" / "fixtures" / "dress-taken-for-a-shirt.jpg"
"""A photo that the bundled release is wrong about, and unsure (clothing-dataset, CC0 1.0, 7a634f1b-53ef)."""

PREDICTIONS = "**/predict?*"
"""Where the page sends pictures."""


def visit(visiting: Visits, service: Service, **how: Any) -> Page:
    """Open the page, and wait until it knows the model or asks for a key."""
    page = visiting(f"{service.url}/", **how)
    expect(page.locator("#model:not(:empty), #key-form:visible").first).to_be_visible()
    return page


def give(page: Page, *pictures: Path | FilePayload) -> None:
    """Choose files as the system's own dialog does."""
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Choose pictures").click()
    chosen.value.set_files([str(one) for one in pictures] if isinstance(pictures[0], Path) else pictures)  # type: ignore[arg-type]


def drop(page: Page, *paths: Path) -> None:
    """Drag files or folders from the desktop and let them fall on the page, as the system does it."""
    box = page.locator("#intake").bounding_box()
    assert box is not None
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 10, "data": data}
    system = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        system.send("Input.dispatchDragEvent", {"type": kind, **place})


def a_file(name: str, content: bytes, kind: str = "image/png") -> FilePayload:
    """A file that lies on no disk."""
    return {"name": name, "mimeType": kind, "buffer": content}


def garments(count: int) -> list[FilePayload]:
    """Pictures that no two of are the same, in the order of their names."""
    return [a_file(f"garment-{number:02}.png", png(a_garment(number))) for number in range(count)]


def card(page: Page, name: str) -> Locator:
    """What the page shows of one picture."""
    return page.locator(".card").filter(has=page.get_by_role("heading", name=name, exact=True))


def settled(page: Page, count: int) -> None:
    """Wait until so many pictures have an answer or an error."""
    expect(page.locator(".card:is([data-state=done], [data-state=failed])")).to_have_count(count)


class Held:
    """Requests that reach the service only when the test lets them.

    Attributes:
        routes: those that are held.
    """

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self._holding = True
        self._page = page
        page.route(PREDICTIONS, self._meet)

    def wait_for(self, count: int) -> None:
        """Wait until so many are held: a card says that it is being sent before its request is seen here."""

        def enough() -> bool:
            self._page.wait_for_timeout(20)  # in it, Playwright hears of requests
            return len(self.routes) >= count

        wait_for(f"{count} held requests", enough)

    def let_go(self) -> None:
        """Send them all on, and whatever comes after them."""
        self._holding = False
        for route in self.routes:
            route.continue_()

    def _meet(self, route: Route) -> None:
        if self._holding:
            self.routes.append(route)
        else:
            route.continue_()
