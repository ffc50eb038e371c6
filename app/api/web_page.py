"""GET /, /page/<name> and /favicon.ico: the web page on which a person tries the service.

The page consists of plain HTML, CSS and JavaScript modules in web/page/, which are read once at the start.
There is no build step, and the page sends no request to another host. This file fills in the picture formats
that the installation can read, and the texts in the reader's language.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from flask import Blueprint, Response, abort, request

from app.web.page_files import create_page_file, read_page_files, send_file
from app.web.translations import TRANSLATIONS, find_translation
from inference.pictures.signatures import ACCEPTED_FORMATS
from reports.page import html_page

FOLDER = Path(__file__).parents[1] / "web" / "page"
"""Path of the folder with the files of the web page at /."""

HEIC_TYPES = "image/heic,image/heif,.heic,.heif"
"""Types of HEIC files for the file picker of a browser. The file endings are listed too, since few desktop
systems know the type of a .heic file."""

TEXTS_ELEMENT = '<script type="application/json" id="texts">'
"""Beginning of the HTML element that holds the translations as JSON; index.html has an empty one."""


def create_web_page_routes() -> Blueprint:
    """Create the routes of the web page at /, of its files, and of its icon."""
    routes = Blueprint("page", __name__)
    shared_styles = {name: html_page.PAGE_FOLDER / name for name in html_page.STYLE_FILES}
    files = read_page_files(FOLDER) | {
        name: create_page_file(path.read_bytes(), ".css") for name, path in shared_styles.items()
    }
    english = fill_in_picture_formats((FOLDER / "index.html").read_text("utf-8"), ACCEPTED_FORMATS)
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
        # The name is looked up among the files that were read, so no path leads out of the folder.
        return send_file(files[name]) if name in files else abort(404)

    @routes.get("/favicon.ico")
    def icon() -> Response:
        return send_file(files["icon.svg"])  # browsers ask for it beside other answers

    return routes


def translate_page(page: str, language: str, texts: Mapping[str, str]) -> str:
    """Return the HTML of the page with a language and its translations, which a script of the page shows.

    Args:
        page: the HTML of the English page.
        language: the language tag, such as `de`.
        texts: the translation of each English text; empty for English.
    """
    page_with_language = page.replace('<html lang="en">', f'<html lang="{language}">')
    # A "<" in a text could end the element.
    embedded = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return page_with_language.replace(f"{TEXTS_ELEMENT}{{}}", TEXTS_ELEMENT + embedded)


def fill_in_picture_formats(page: str, formats: Sequence[str]) -> str:
    """Return the HTML of the page with the picture formats that this service reads.

    Args:
        page: the HTML with the placeholders `{formats}` and `{types}`.
        formats: the names of the formats, such as ("PNG", "HEIC").
    """
    types = [HEIC_TYPES if name == "HEIC" else f"image/{name.lower()}" for name in formats]
    return page.replace("{formats}", ", ".join(formats)).replace("{types}", ",".join(types))
