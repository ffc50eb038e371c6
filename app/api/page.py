"""GET /, /page/<name> and /favicon.ico: the web page, from files of our own in page/.

Plain HTML, CSS and JavaScript modules, read once at the start. There is no build step, and the page makes no
request to another host. The formats that the installation reads and the texts of the reader's language are
filled in.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, Response, abort, request

from app.web.files import page_file, read_files, send
from app.web.translations import TRANSLATIONS, preferred
from inference.signatures import ACCEPTED
from reports.page import page as report_page

FOLDER = Path(__file__).parents[1] / "web" / "page"


HEIC_TYPES = "image/heic,image/heif,.heic,.heif"
"""The endings too: few desktop systems know the type of a .heic file."""


TEXTS = '<script type="application/json" id="texts">'
"""How the element begins that holds the texts of the reader's language."""


def page_routes() -> Blueprint:
    """The page at / and what belongs to it."""
    routes = Blueprint("page", __name__)
    shared = {name: report_page.FOLDER / name for name in report_page.STYLES}
    files = read_files(FOLDER) | {name: page_file(path.read_bytes(), ".css") for name, path in shared.items()}
    english = with_formats((FOLDER / "index.html").read_text("utf-8"), ACCEPTED)
    pages = {
        language: page_file(in_language(english, language, texts).encode(), ".html")
        for language, texts in {"en": {}, **TRANSLATIONS}.items()
    }

    @routes.get("/")
    def index() -> Response:
        language, _ = preferred(request.headers.get("Accept-Language"))
        answer = send(pages[language])
        answer.vary.add("Accept-Language")
        return answer

    @routes.get("/page/<name>")
    def asset(name: str) -> Response:
        # Looked up by name among what was read, so that no path leads out of the folder.
        return send(files[name]) if name in files else abort(404)

    @routes.get("/favicon.ico")
    def icon() -> Response:
        return send(files["icon.svg"])  # browsers ask for it where an answer is no page of ours

    return routes


def in_language(page: str, language: str, texts: Mapping[str, str]) -> str:
    """The page with the language and its texts, which translate.js puts in place."""
    named = page.replace('<html lang="en">', f'<html lang="{language}">')
    embedded = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return named.replace(f"{TEXTS}{{}}", TEXTS + embedded)


def with_formats(page: str, accepted: str) -> str:
    """The page with the formats that are read, in its text and in its file picker.

    Args:
        page: with `{formats}` and `{types}` in it.
        accepted: "Send PNG, JPEG or AVIF.", say.
    """
    formats = accepted.removeprefix("Send ").removesuffix(".")
    names = formats.replace(" or ", ", ").split(", ")
    types = [HEIC_TYPES if name == "HEIC" else f"image/{name.lower()}" for name in names]
    return page.replace("{formats}", ", ".join(names)).replace("{types}", ",".join(types))
