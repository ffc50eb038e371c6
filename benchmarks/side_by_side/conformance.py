"""Does a peer see what we see? One that does not is not measured. Sends requests; starts nothing."""

import http.client
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.side_by_side.forms import Form, Request
from benchmarks.side_by_side.peers import ANY_PICTURE, Peer
from benchmarks.side_by_side.uploads import checked_pictures, picture_for

TIMEOUT_SECONDS = 30.0
SHOWN = 200
"""Letters of an answer that an error quotes."""

Ask = Callable[[Request], "Answer"]


class DoesNotConform(Exception):
    """A peer answered otherwise than we do, so its speed says nothing."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


def asking(port: int) -> Ask:
    """How to send a request to this port of the loopback, on a connection of its own."""

    def ask(request: Request) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", request.path, request.body, {"Content-Type": request.content_type})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    return ask


def check(peer: Peer, ask: Ask, labels: list[str], uploads: Iterable[str]) -> None:
    """Ask a peer about the example pictures in every form, and about every upload that will be measured.

    Args:
        peer: who is asked; one that does not classify only has to answer 200.
        ask: how.
        labels: what we see in the pictures of `checked_pictures`.
        uploads: those that will be measured; what the peer does not take is passed over.

    Raises:
        DoesNotConform: an answer is not 200, or names another label than ours.
    """
    forms = {upload: peer.forms[upload] for upload in uploads if upload in peer.forms}
    for upload, form in forms.items():
        _answer(peer, ask, form, picture_for(upload))
    if peer.classifies:
        for form in dict.fromkeys(forms.values()):
            seen = labels_of(peer, ask, form)
            if seen != labels:
                raise DoesNotConform(f"{peer.name} sees {seen} in {form.way}, and we see {labels}.")


def labels_of(peer: Peer, ask: Ask, form: Form) -> list[str]:
    """What a peer sees in the example pictures.

    Raises:
        DoesNotConform: an answer is not 200, or holds no label.
    """
    return [_label(peer, _answer(peer, ask, form, picture)) for picture in checked_pictures()]


def first_request(peer: Peer) -> Request:
    """The cheapest thing to ask a peer for."""
    upload = ANY_PICTURE[0]
    return peer.forms[upload].request(picture_for(upload))


def _answer(peer: Peer, ask: Ask, form: Form, picture: bytes) -> bytes:
    try:
        answer = ask(form.request(picture))
    except (OSError, http.client.HTTPException) as error:
        raise DoesNotConform(f"{peer.name} did not answer to {form.way}: {error!r}.") from error
    if answer.status != 200:
        body = answer.body[:SHOWN].decode("utf-8", "replace")
        raise DoesNotConform(f"{peer.name} answered {answer.status} to {form.way}: {body}")
    return answer.body


def _label(peer: Peer, body: bytes) -> str:
    """The label in an answer: a field of its own, or the first tensor of the Open Inference Protocol."""
    try:
        answer = json.loads(body)
        return str(answer["label"] if "label" in answer else answer["outputs"][0]["data"][0])
    except (ValueError, LookupError, TypeError) as error:
        said = body[:SHOWN].decode("utf-8", "replace")
        raise DoesNotConform(f"{peer.name} names no label: {said}") from error
