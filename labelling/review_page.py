"""The review page: one HTML file that works from a disk and makes no request.

Pictures are embedded as `data:` URLs; names are escaped, and a Content-Security-Policy allows only the script
whose hash it names. Pure: cards in, text out. Styles are in review.css; keys, stored choices and the export
in review.js.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import NamedTuple

from labelling.rows import Row


class Card(NamedTuple):
    """One picture on the page.

    Attributes:
        picture: a `data:` URL; empty when the picture cannot be shown.
        path: its path in the exported CSV.
    """

    row: Row
    picture: str
    path: str


def page_of(cards: Sequence[Card], labels: Sequence[str], title: str) -> str:
    """The whole page.

    Args:
        cards: most doubtful first.
        labels: the classes to choose from.
        title: the name of the table.
    """
    style, script = _part("review.css"), _part("review.js")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src {_hash(style)}; script-src {_hash(script)}"
    )
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>Review: {escape(title)}</title>
<style>{style}</style>
<header>
<h1>Pictures to review</h1>
<p>{escape(title)}. Most doubtful first. Label what each picture shows, with the mouse or these keys; pictures
without a label are not exported.</p>
<ul id="keys"></ul>
<p><button id="export" type="button" disabled>Export corrections.csv</button>
<output id="count">0 of {len(cards):,} labelled</output></p>
</header>
<main>
{"".join(_card(card) for card in cards)}</main>
<script type="application/json" id="labels">{_json(labels)}</script>
<script>{script}</script>
</html>
"""


def _card(card: Card) -> str:
    row = card.row
    name, label = escape(row.path), escape(row.label or "")
    picture = f'<img src="{card.picture}" alt="">' if card.picture else "<p>This picture cannot be shown.</p>"
    return f"""<article tabindex="-1" data-path="{escape(card.path)}" data-guess="{label}">
<div class="picture">{picture}</div>
<p class="name"><bdi dir="ltr">{name}</bdi></p>
<p>{label}? {row.confidence or 0:.0%}, {escape(row.reason or "")}</p>
<p><select aria-label="What {name} shows"><option value="">…</option></select>
<button type="button" class="right">Right</button></p>
</article>
"""


def _part(name: str) -> str:
    return files("labelling").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(labels: Sequence[str]) -> str:
    # A label may hold `</script>`.
    return json.dumps(list(labels)).replace("<", "\\u003c")
