"""Requests that a stranger might send: request number n of a seed is always the same.

Values only; sending is over_http.py's.
"""

import base64
import io
import json
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from urllib.parse import quote_from_bytes

from fuzzing.mutating import mutated
from tests.hostile.corpus import entries
from tests.hostile.dialect_requests import honest_requests
from tests.hostile.documents import FORM
from tests.hostile.entry import BYTES, JSON, SEEDS, Entry

EXAMPLES = Path(__file__).parent.parent / "examples"
MUTABLE_BYTES = 30_000
"""Larger corpus files are sent as they are; mutating them would mostly measure the network."""


@dataclass(frozen=True)
class Ask:
    """One request.

    Attributes:
        kind: what it is of, for the table.
        headers: values are latin-1, as HTTP has them.
    """

    kind: str
    method: str
    target: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@cache
def corpus() -> tuple[Entry, ...]:
    """The hostile files, with the examples and the seeds, which are honest."""
    honest = [*sorted(SEEDS.iterdir()), *sorted(EXAMPLES.glob("*.*g"))]
    return (
        *entries(),
        *(
            Entry(name=f"honest/{path.name}", body=path.read_bytes(), statuses=frozenset({200}))
            for path in honest
        ),
    )


@cache
def bodies(*prefixes: str) -> list[bytes]:
    """The bodies of these families that are small enough to mutate."""
    return [
        entry.body
        for entry in corpus()
        if entry.name.startswith(prefixes) and 0 < len(entry.body) < MUTABLE_BYTES
    ]


PICTURES = ("png/", "jpeg/", "gif/", "webp/", "tiff/", "bmp/", "polyglot/", "honest/", "honest/", "honest/")


def ask(seed: int, number: int) -> Ask:
    """Request `number` of the seed."""
    random = Random(f"{seed}:{number}")  # noqa: S311 - repeatable on purpose
    makers, weights = zip(*_KINDS, strict=True)
    (maker,) = random.choices(makers, weights)
    made: Ask = maker(random)
    return made


def _damaged(random: Random, *prefixes: str) -> bytes:
    choices = bodies(*prefixes)
    return mutated(random, random.choice(choices), choices)


def _as_it_is(random: Random) -> Ask:
    entry = random.choice(corpus())
    target = "/predict" if entry.batch is None or random.random() < 0.3 else "/predict/batch"
    return Ask("corpus as it is", "POST", target, entry.body, {"Content-Type": entry.content_type})


def _picture(random: Random) -> Ask:
    return Ask("picture", "POST", "/predict", _damaged(random, *PICTURES), {"Content-Type": BYTES})


def _json(random: Random) -> Ask:
    image = base64.b64encode(_damaged(random, *PICTURES)).decode()
    rows = [[random.choice((0, 255, 1, -1, 256, 0.5, None, "0"))] * 28] + [[0] * 28] * random.choice(
        (27, 27, 26)
    )
    body = random.choice(
        (
            json.dumps({"image": random.choice(("", "data:;base64,")) + image}).encode(),
            json.dumps({"pixels": rows}).encode(),
            _damaged(random, "json/"),
        )
    )
    target = random.choice(("/predict", "/predict", "/predict/batch"))
    return Ask("JSON", "POST", target, body, {"Content-Type": JSON})


def _form(random: Random) -> Ask:
    body = _damaged(random, "form/") if random.random() < 0.5 else _parts(random)
    return Ask("form", "POST", random.choice(("/predict", "/predict/batch")), body, {"Content-Type": FORM})


def _parts(random: Random) -> bytes:
    parts = b"".join(
        b"--edge\r\nContent-Disposition: form-data; name="
        + random.choice((b"image", b"image", b"image", b'"file"', b"x", random.randbytes(4)))
        + b"; filename="
        + random.choice((b"a.png", b'"../a"', random.randbytes(6)))
        + b"\r\n\r\n"
        + random.choice((_damaged(random, *PICTURES), _zip(random)))
        + b"\r\n"
        for _ in range(random.randint(1, 4))
    )
    return parts + b"--edge--\r\n"


def _archive(random: Random) -> Ask:
    body = _damaged(random, "zip/") if random.random() < 0.5 else _zip(random)
    return Ask("ZIP", "POST", "/predict/batch", body, {"Content-Type": "application/zip"})


def _zip(random: Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for number in range(random.randint(1, 5)):
            archive.writestr(f"{number}.png", _damaged(random, *PICTURES))
    whole = packed.getvalue()
    return whole if random.random() < 0.5 else mutated(random, whole, [whole])


def _dialect(random: Random) -> Ask:
    honest = random.choice(honest_requests())
    body = mutated(random, honest.body, [honest.body])
    return Ask("dialect", "POST", honest.path, body, honest.headers)


def _query(random: Random) -> Ask:
    query = random.choice((b"top=3&seen=1", b"top=7", b"seen=true", b"", random.randbytes(20)))
    target = "/predict?" + quote_from_bytes(mutated(random, query, [query]), safe="=&%+;")
    return Ask("query", "POST", target, random.choice(bodies("honest/")))


def _header(random: Random) -> Ask:
    name = random.choice(
        (
            "X-Request-ID",
            "Accept",
            "Content-Type",
            "Authorization",
            "Origin",
            "X-Forwarded-For",
            "Range",
            "Cookie",
        )
    )
    value = "".join(chr(random.randint(32, 255)) for _ in range(random.randint(0, 200))).strip()
    target, method = random.choice((("/predict", "POST"), ("/metrics", "GET"), ("/model", "GET")))
    return Ask("header", method, target, random.choice(bodies("honest/")), {name: value})


def _place(random: Random) -> Ask:
    path = random.choice((b"predict", b"metrics/prometheus", b"..%2f..%2fetc/passwd", random.randbytes(12)))
    method = random.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"))
    return Ask("path", method, "/" + quote_from_bytes(mutated(random, path, [path]), safe="/%"), b"")


_KINDS = (
    (_picture, 37),
    (_json, 12),
    (_form, 12),
    (_archive, 12),
    (_dialect, 8),
    (_as_it_is, 7),
    (_header, 5),
    (_query, 4),
    (_place, 3),
)
"""What is sent, and how often in a hundred."""
