"""Classify pictures with Wardrobe: python classify.py URL PICTURE...

Needs `pip install requests`. An API key is read from API_KEY. Answers 429 and 503 are tried again, after the
seconds that Retry-After says; any other refusal stays one.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import requests

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
    key = os.environ.get("API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    files = [("image", (picture.name, picture.read_bytes())) for picture in pictures]
    deadline = time.monotonic() + SECONDS
    for attempt in range(1, TRIES + 1):
        answer = requests.post(url, files=files, headers=headers, timeout=deadline - time.monotonic())
        if answer.ok:
            document: dict[str, Any] = answer.json()
            return document
        asked = answer.headers.get("Retry-After", "")
        wait = int(asked) if asked.isdecimal() else 2**attempt
        out_of_time = time.monotonic() + wait >= deadline
        if answer.status_code not in (429, 503) or attempt == TRIES or out_of_time:
            break
        time.sleep(wait)
    raise requests.HTTPError(f"{answer.status_code} {answer.text}", response=answer)


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
            said = [as_text(answer)]
            said += [f"{name} {as_text(one)}" for name, one in answer.get("attributes", {}).items()]
            print(f"{path.name}: {', '.join(said)}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python classify.py URL PICTURE...")
    try:
        main(*sys.argv[1:])
    except requests.ConnectionError:
        sys.exit(f"{sys.argv[1]} does not answer. Is it running?")
    except OSError as error:  # of a file, or of requests
        sys.exit(str(error))
