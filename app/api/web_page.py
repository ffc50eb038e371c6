"""GET /, /page/<name> and /favicon.ico: the web page, from files of our own in page/.

Plain HTML, CSS and JavaScript modules, read once at the start. There is no build step, and the page makes no
request to another host. The formats that the installation reads and the texts of the reader's language are
filled in.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, Response, abort, request

from app.web.page_files import create_page_file, read_page_files, send_file
from app.web.translations import TRANSLATIONS, find_translation
from inference.signatures import ACCEPTED
from reports.page import page as report_page

FOLDER = Path(__file__).parents[1] / "web" / "page"


HEIC_TYPES = "image/heic,image/heif,.heic,.heif"
"""The endings too: few desktop systems know the type of a .heic file."""


TEXTS_ELEMENT = '<script type="application/json" id="texts">'
"""How the element begins that holds the texts of the reader's language."""


def create_page_routes() -> Blueprint:
    """The page at / and what belongs to it."""
    routes = Blueprint("page", __name__)
    shared_styles = {name: report_page.FOLDER / name for name in report_page.STYLES}
    files = read_page_files(FOLDER) | {
        name: create_page_file(path.read_bytes(), ".css") for name, path in shared_styles.items()
    }
    english = fill_in_formats((FOLDER / "index.html").read_text("utf-8"), ACCEPTED)
    pages = {
        language: create_page_file(translate_page(english, language, texts).encode(), ".html")
        for language, texts in {"en": {}, **TRANSLATIONS}.items()
    }

    @routes.get("/")
    def index() -> Response:
        language, _ = find_translation(request.headers.get("Accept-Language"))
        answer = send_file(pages[language])
        answer.vary.add("Accept-Language")
        return answer

    @routes.get("/page/<name>")
    def asset(name: str) -> Response:
        # Looked up by name among what was read, so that no path leads out of the folder.
        return send_file(files[name]) if name in files else abort(404)

    @routes.get("/favicon.ico")
    def icon() -> Response:
        return send_file(files["icon.svg"])  # browsers ask for it where an answer is no page of ours

    return routes


def translate_page(page: str, language: str, texts: Mapping[str, str]) -> str:
    """The page with the language and its texts, which translate.js puts in place."""
    page_with_language = page.replace('<html lang="en">', f'<html lang="{language}">')
    embedded = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return page_with_language.replace(f"{TEXTS_ELEMENT}{{}}", TEXTS_ELEMENT + embedded)


def fill_in_formats(page: str, accepted: str) -> str:
    """The page with the formats that are read, in its text and in its file picker.

    Args:
        page: with `{formats}` and `{types}` in it.
        accepted: "Send PNG, JPEG or AVIF.", say.
    """
    formats = accepted.removeprefix("Send ").removesuffix(".")
    names = formats.replace(" or ", ", ").split(", ")
    types = [HEIC_TYPES if name == "HEIC" else f"image/{name.lower()}" for name in names]
    return page.replace("{formats}", ", ".join(names)).replace("{types}", ",".join(types))
