"""Classify pictures with Wardrobe: python classify.py URL PICTURE...

Needs nothing but Python. An API key is read from API_KEY, and from TITLE what the shop has written of one
picture. Answers 429 and 503 are tried again, after the seconds that Retry-After says; any other refusal stays
one.
"""

import json
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

TRIES = 4
SECONDS = 60  # for all tries together


def classify(url: str, picture: Path, title: str = "") -> dict[str, Any]:
    """The service's answer about one picture; with a title `listed` is what both say together."""
    return _post(f"{url}/predict", [picture], title)


def classify_batch(url: str, pictures: list[Path]) -> list[dict[str, Any]]:
    """An answer for each picture, in order; one that cannot be read has `error` in place of a label."""
    answers: list[dict[str, Any]] = _post(f"{url}/predict/batch", pictures)["predictions"]
    return answers


def _post(url: str, pictures: list[Path], title: str = "") -> dict[str, Any]:
    form, kind = _form(pictures, title)
    headers = {"Content-Type": kind}
    if key := os.environ.get("API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    deadline = time.monotonic() + SECONDS
    attempt = 0
    while True:
        attempt += 1
        request = Request(url, form, headers)  # noqa: S310 - the address is the user's own
        try:
            with urlopen(request, timeout=deadline - time.monotonic()) as answer:  # noqa: S310 - as above
                document: dict[str, Any] = json.load(answer)
                return document
        except HTTPError as refusal:
            asked = refusal.headers.get("Retry-After", "")
            wait = int(asked) if asked.isdecimal() else 2**attempt
            out_of_time = time.monotonic() + wait >= deadline
            if refusal.code not in (429, 503) or attempt == TRIES or out_of_time:
                raise
            time.sleep(wait)


def _form(pictures: list[Path], title: str) -> tuple[bytes, str]:
    """A form with a file for each picture and the title, and its Content-Type."""
    boundary = uuid.uuid4().hex
    parts = []
    if title:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\n'
        parts += [head.encode(), title.encode(), b"\r\n"]
    for picture in pictures:
        name = picture.name.replace('"', "%22")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
        parts += [head.encode(), picture.read_bytes(), b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def as_text(answer: dict[str, Any]) -> str:
    """Label, confidence and decision of a class or an attribute."""
    return f"{answer['label']} {answer['confidence']:.3f} {answer['decision']}"


def main(url: str, *pictures: str) -> None:
    """Print a line for each picture."""
    paths = [Path(picture) for picture in pictures]
    title = os.environ.get("TITLE", "")
    answers = [classify(url, paths[0], title)] if len(paths) == 1 else classify_batch(url, paths)
    for path, answer in zip(paths, answers, strict=True):
        if "error" in answer:
            print(f"{path.name}: {answer['error']['detail']}")
        else:
            heads = [as_text(answer)]
            heads += [f"{name} {as_text(one)}" for name, one in answer.get("attributes", {}).items()]
            if listed := answer.get("listed"):
                heads.append(f"with the title {listed['kind'] or listed['label']} {listed['decision']}")
            print(f"{path.name}: {', '.join(heads)}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python classify.py URL PICTURE...")
    try:
        main(*sys.argv[1:])
    except HTTPError as refusal:
        sys.exit(f"{refusal.code} {refusal.read().decode(errors='replace')}")
    except (URLError, TimeoutError):
        sys.exit(f"{sys.argv[1]} does not answer. Is it running?")
    except OSError as error:  # of a file
        sys.exit(str(error))
