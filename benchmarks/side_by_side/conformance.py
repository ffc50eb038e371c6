"""Does a peer see what we see? One that does not is not measured. Sends requests; starts nothing."""

import http.client
import json
from collections.abc import Iterable
from typing import Final

from benchmarks.side_by_side.forms import Form, ask
from benchmarks.side_by_side.peers import Peer
from benchmarks.uploads import PHOTOS, checked_pictures, picture_for

SHOWN: Final = 200
"""Letters of an answer that an error quotes."""


class DoesNotConform(Exception):
    """A peer answered otherwise than we do, so its speed says nothing."""


def check(peer: Peer, port: int, labels: list[str], uploads: Iterable[str]) -> None:
    """Ask a peer for every upload that will be measured, and for the example pictures in every form.

    Args:
        peer: who is asked; one that does not classify only has to answer 200.
        port: where it listens.
        labels: what we see in the pictures of `checked_pictures`.
        uploads: those that will be measured, each of which the peer takes.

    Raises:
        DoesNotConform: an answer is not 200, or names another label than ours.
    """
    forms = {upload: peer.forms[upload] for upload in uploads}
    for upload, form in forms.items():
        _answer(peer, port, form, picture_for(upload))
    small = [form for upload, form in forms.items() if upload not in PHOTOS]
    for form in dict.fromkeys(small) if peer.classifies else ():
        seen = labels_of(peer, port, form)
        if seen != labels:
            raise DoesNotConform(f"{peer.name} sees {seen} in {form.way}, and we see {labels}.")


def labels_of(peer: Peer, port: int, form: Form) -> list[str]:
    """What a peer sees in the example pictures.

    Raises:
        DoesNotConform: an answer is not 200, or holds no label.
    """
    return [label_in(_answer(peer, port, form, picture)) for picture in checked_pictures()]


def _answer(peer: Peer, port: int, form: Form, picture: bytes) -> bytes:
    try:
        status, body = ask(port, form.request(picture))
    except (OSError, http.client.HTTPException) as error:
        raise DoesNotConform(f"{peer.name} did not answer to {form.way}: {error!r}.") from error
    if status != 200:
        raise DoesNotConform(f"{peer.name} answered {status} to {form.way}: {_quoted(body)}")
    return body


def label_in(body: bytes) -> str:
    """The label in an answer: a field of its own, or the first tensor of the Open Inference Protocol.

    Raises:
        DoesNotConform: there is none.
    """
    try:
        answer = json.loads(body)
        return str(answer["label"] if "label" in answer else answer["outputs"][0]["data"][0])
    except (ValueError, LookupError, TypeError) as error:
        raise DoesNotConform(f"An answer names no label: {_quoted(body)}") from error


def _quoted(body: bytes) -> str:
    return body[:SHOWN].decode("utf-8", "replace")
