"""What may go wrong between the socket and the model.

RequestError
├── BadRequest      no picture, malformed multipart or JSON, an unknown parameter value
│   └── ClientGone  the client has closed its connection, so that nothing reads the answer
├── KeyRefused      API keys are configured and none fits
├── NoSuchModel     another model, version or method of it than there is here
├── UnknownCoding   the body is compressed in a way that is not read
├── TooLarge        more bytes or more pictures than allowed
├── Busy            the queue is full, or no slot came free in time
└── NotReady        no model is warm yet, the worker is draining, or no key can be checked

Statuses and titles are in problems.py; what is wrong with the picture itself is in inference/errors.py.
"""

from typing import TypeVar


class RequestError(Exception):
    """The root; every message may be shown to the client."""


class BadRequest(RequestError):
    """The request carries no picture, or cannot be read."""


class ClientGone(BadRequest):
    """The client has closed its connection; the rest of its request is not worth the work."""


class KeyRefused(RequestError):
    """No API key, or none that fits."""


class NoSuchModel(RequestError):
    """Another model, version or label than the one that is served, or a method that it does not have."""


class UnknownCoding(RequestError):
    """The body's Content-Encoding is neither gzip nor deflate."""


class TooLarge(RequestError):
    """More bytes or more pictures than the settings allow."""


class TemporaryError(RequestError):
    """It may work later.

    Attributes:
        retry_after: seconds until another try is likely to succeed.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(TemporaryError):
    """The queue is full, or no slot came free within QUEUE_SECONDS."""


class NotReady(TemporaryError):
    """No model is warm, this worker is stopping, or its key file cannot be read."""


AnyError = TypeVar("AnyError", bound=Exception)


def drop_traceback(error: AnyError) -> AnyError:
    """The error without its traceback, for one that is kept instead of raised.

    The frames hold the upload, and the frame that keeps the error closes the circle: a refused batch of 15 MB
    left 30 MB to the garbage collector, which may not come for hundreds of requests.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def error_headers(error: Exception) -> dict[str, str]:
    """The headers that HTTP wants beside this error's status (RFC 9110, sections 10.2.3, 11.6.1, 12.5.3)."""
    if isinstance(error, TemporaryError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, KeyRefused):
        return {"WWW-Authenticate": 'Bearer realm="wardrobe"'}
    if isinstance(error, UnknownCoding):
        return {"Accept-Encoding": "gzip, deflate"}
    return {}
