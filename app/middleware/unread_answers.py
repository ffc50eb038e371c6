"""Limit the memory that a worker uses for answers that clients have not read yet."""

import threading
from functools import partial
from typing import Final

from flask import Response, current_app

from app.errors import Busy

MAX_UNREAD_BYTES: Final = 64_000_000
"""Limit in bytes for the answers that a worker has written and clients have not read. Small answers are not
counted."""

SMALL_ANSWER_BYTES: Final = 65_536
"""Largest size in bytes of a small answer, which is always sent. If every connection of a worker has one,
they take 64 MB together."""

RETRY_SECONDS: Final = 1
"""Value of Retry-After when an answer is replaced by an error, because there is no memory for the answer."""


class UnreadAnswers:
    """A limit for the memory of answers that are written but that clients have not read yet.

    Args:
        max_bytes: the largest number of bytes of all these answers together.
    """

    def __init__(self, max_bytes: int = MAX_UNREAD_BYTES) -> None:
        self._most = max_bytes
        self._held = 0
        self._lock = threading.Lock()

    def count_answer(self, response: Response) -> Response:
        """Return the response unchanged, or an error response if too many bytes are unread already.

        Flask calls it for each response (`after_request`).
        """
        size = response.content_length or 0
        if size <= SMALL_ANSWER_BYTES:
            return response
        with self._lock:
            has_room = self._held + size <= self._most
            self._held += size * has_room
        if not has_room:
            busy = Busy("Other clients leave too many answers unread. Try again.", RETRY_SECONDS)
            return current_app.make_response(current_app.handle_user_exception(busy))
        response.call_on_close(partial(self._release_bytes, size))
        return response

    def _release_bytes(self, size: int) -> None:
        with self._lock:
            self._held -= size
