"""docs/reference/http.md and docs/reference/dialects.md, held to the routes that there are."""

import re

from tests.contract.service.conftest import MakeApp
from tests.service import ROOT


def test_the_pages_list_every_route_with_its_method(make_app: MakeApp) -> None:
    routes = {
        (method, rule.rule)
        for rule in make_app().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    reference = ROOT / "docs/reference"
    pages = (reference / "http.md").read_text("utf-8") + (reference / "dialects.md").read_text("utf-8")
    listed = set(re.findall(r"(?:^\| |, )`([A-Z]+) (/[^` ]*)`(?=,| \|)", pages, re.MULTILINE))

    assert listed == routes
