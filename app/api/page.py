"""GET / and GET /page/<name>: the web page, from files of our own in page/.

Plain HTML, CSS and JavaScript modules, read once at the start. There is no build step, and the page makes no
request to another host. The formats that the installation reads, the translations, and whether the page
reports what people say of answers are filled in.
"""

import json
from pathlib import Path

from flask import Blueprint, Response, abort

from app.web.files import page_file, read_files, send
from app.web.translations import read_translations
from inference.signatures import ACCEPTED
from model_store.report_page import page as report_page

FOLDER = Path(__file__).parents[1] / "web" / "page"


HEIC_TYPES = "image/heic,image/heif,.heic,.heif"
"""The endings too: few desktop systems know the type of a .heic file."""


COUNTED = '<span id="counted" class="fine"'
"""How the element begins without which the page does not report what people say of answers."""


def page_routes(translations: Path | None, *, feedback: bool) -> Blueprint:
    """The page at / and what belongs to it.

    Args:
        translations: the operator's file (WARDROBE_TRANSLATIONS); None adds none to those of Wardrobe.
        feedback: whether the page sends the labels that people choose to `POST /feedback`.

    Raises:
        SettingsError: the file cannot be read, or is no translations.
    """
    routes = Blueprint("page", __name__)
    shared = {name: report_page.FOLDER / name for name in report_page.STYLES}
    found = read_files(FOLDER) | {name: page_file(path.read_bytes(), ".css") for name, path in shared.items()}
    index_page = with_formats((FOLDER / "index.html").read_text("utf-8"), ACCEPTED)
    if feedback:
        index_page = index_page.replace(f"{COUNTED} hidden", COUNTED)
    found["index.html"] = page_file(index_page.encode(), ".html")
    texts = json.dumps(read_translations(translations), ensure_ascii=False, separators=(",", ":"))
    found["translations.json"] = page_file(texts.encode(), ".json")

    @routes.get("/")
    def index() -> Response:
        return send(found["index.html"])

    @routes.get("/page/<name>")
    def asset(name: str) -> Response:
        # Looked up by name among what was read, so that no path leads out of the folder.
        return send(found[name]) if name in found else abort(404)

    return routes


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
