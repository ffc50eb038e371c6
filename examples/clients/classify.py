"""Classify pictures with Wardrobe: python classify.py URL PICTURE...

Needs nothing but Python. An API key is read from API_KEY. Answers 429 and 503 are tried again, after the
seconds that Retry-After says; any other refusal stays one.
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


def classify(url: str, picture: Path) -> dict[str, Any]:
    """The service's answer about one picture."""
    return _post(f"{url}/predict", [picture])


def classify_batch(url: str, pictures: list[Path]) -> list[dict[str, Any]]:
    """An answer for each picture, in order; one that cannot be read has `error` in place of a label."""
    answers: list[dict[str, Any]] = _post(f"{url}/predict/batch", pictures)["predictions"]
    return answers


def _post(url: str, pictures: list[Path]) -> dict[str, Any]:
    form, kind = _form(pictures)
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


def _form(pictures: list[Path]) -> tuple[bytes, str]:
    """A form with a file for each picture, and its Content-Type."""
    boundary = uuid.uuid4().hex
    parts = []
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
    answers = [classify(url, paths[0])] if len(paths) == 1 else classify_batch(url, paths)
    for path, answer in zip(paths, answers, strict=True):
        if "error" in answer:
            print(f"{path.name}: {answer['error']['detail']}")
        else:
            heads = [as_text(answer)]
            heads += [f"{name} {as_text(one)}" for name, one in answer.get("attributes", {}).items()]
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
