"""docs/http.md and docs/dialects.md, held to the routes that there are."""

import re

from tests.contract.service.conftest import MakeApp
from tests.service import ROOT


def test_the_pages_list_every_route_with_its_method(make_app: MakeApp) -> None:
    routes = {
        (method, rule.rule)
        for rule in make_app().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    pages = "".join((ROOT / "docs" / name).read_text("utf-8") for name in ("http.md", "dialects.md"))
    listed = set(re.findall(r"^\| `([A-Z]+) (/[^` ]*)` \|", pages, re.MULTILINE))

    assert listed == routes
