"""Limit the memory that a worker uses for answers that clients have not read yet."""

import threading
from functools import partial
from typing import Final

from flask import Response, current_app

from app.errors import ServiceBusy

MAX_UNREAD_BYTES: Final = 64_000_000
"""Limit in bytes for the answers that a worker has written and clients have not read. Small answers are not
counted."""

SMALL_ANSWER_BYTES: Final = 65_536
"""Largest size in bytes of a small answer, which is always sent. A small one for each of the 1,000
connections of a worker takes 64 MB together."""

RETRY_SECONDS: Final = 1
"""Value of Retry-After of the error that replaces an answer for which there is no memory."""


class UnreadAnswerLimit:
    """A limit for the memory of answers that are written but that clients have not read yet.

    Args:
        max_bytes: the largest number of bytes of all these answers together.
    """

    def __init__(self, max_bytes: int = MAX_UNREAD_BYTES) -> None:
        self._max_bytes = max_bytes
        self._unread_bytes = 0
        self._lock = threading.Lock()

    def limit_unread_answer(self, response: Response) -> Response:
        """Return the response unchanged, or an error response if too many bytes are unread already.

        Flask calls it for each response (`after_request`).
        """
        size = response.content_length or 0
        if size <= SMALL_ANSWER_BYTES:
            return response
        with self._lock:
            has_room = self._unread_bytes + size <= self._max_bytes
            self._unread_bytes += size * has_room
        if not has_room:
            # Flask would answer 500 to an error that is raised after the view.
            busy = ServiceBusy("Other clients leave too many answers unread. Try again.", RETRY_SECONDS)
            return current_app.make_response(current_app.handle_user_exception(busy))
        response.call_on_close(partial(self._release_bytes, size))
        return response

    def _release_bytes(self, size: int) -> None:
        with self._lock:
            self._unread_bytes -= size
