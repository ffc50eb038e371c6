"""A real browser for the tests: Debian's Chromium, driven by Playwright, and what is held of every page.

`visiting` in tests/e2e/conftest.py opens pages. After each test it fails if one of them complained on its
console, broke its Content-Security-Policy, or sent a request to anything but the service.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.system_parts import require_system_part

QUIET = (
    "--no-sandbox",  # tests run as root in containers, where Chromium's own sandbox cannot
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

PATIENCE_MS = 60_000
"""The most that a page may take for anything that a test waits for, on a busy machine."""

OF_CHROMIUM = "Failed to load resource"
"""How Chromium begins its own line on every 4xx and 5xx answer; tests provoke these."""

PHONE: dict[str, Any] = {"width": 360, "height": 780, "has_touch": True, "is_mobile": True}
"""The narrowest phones that are sold."""

AXE = files("axe_playwright_python") / "axe.min.js"

FURTHER_RULES = "{'label-content-name-mismatch': {enabled: true}}"
"""What axe-core leaves out unless it is asked: who speaks to a page says what they see on a button."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, started without a window."""
    path = shutil.which("chromium")
    require_system_part("chromium", path is not None, "apt-get install chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


class Visits:
    """The pages that one test opens.

    Attributes:
        complaints: what the pages said that no page of ours should have reason to say.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def __call__(self, address: str, *, width: int = 1280, height: int = 900, **context: Any) -> Page:
        """Open a page in a browser profile of its own, for a reader who wants no motion.

        So a colour is at once what it will be: halfway through a transition it is neither.

        Args:
            address: the whole URL.
            width: of the window, in CSS pixels, and so is `height`.
            context: more for Playwright's `new_context`, such as color_scheme="dark".
        """
        opened = self._browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **context
        )
        self._contexts.append(opened)
        page = opened.new_page()
        page.set_default_timeout(PATIENCE_MS)
        ours = ("/".join(address.split("/")[:3]) + "/", "data:", "blob:")
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(ours) else self.complaints.append(request.url),
        )
        # Choosers are caught while something listens, and not from the first moment on: too late for a key.
        page.on("filechooser", lambda _: None)
        page.goto(address)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(OF_CHROMIUM):
            self.complaints.append(message.text)

    def close(self) -> None:
        """Forget every page and profile."""
        for opened in self._contexts:
            opened.close()


def flaws(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, and whether readers have to scroll sideways.

    Args:
        page: in the state that is examined.

    Returns:
        a line for each element: rule, selector, and what would mend it.
    """
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(f"axe.run(document, {{resultTypes: ['violations'], rules: {FURTHER_RULES}}})")
    lines = [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        lines.append("The page is wider than its window.")
    return lines
