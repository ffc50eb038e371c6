"""GET / and GET /page/<name>: the web page, from files of our own in page/.

Plain HTML, CSS and JavaScript modules, read once at the start. There is no build step, and the page makes no
request to another host.
"""

from pathlib import Path

from flask import Blueprint, Response, abort

from app.web.files import read_files, send

FOLDER = Path(__file__).parents[1] / "web" / "page"


def page_routes() -> Blueprint:
    """The page at / and what belongs to it."""
    routes = Blueprint("page", __name__)
    found = read_files(FOLDER)

    @routes.get("/")
    def index() -> Response:
        return send(found["index.html"])

    @routes.get("/page/<name>")
    def asset(name: str) -> Response:
        # Looked up by name among what was read, so that no path leads out of the folder.
        return send(found[name]) if name in found else abort(404)

    return routes
