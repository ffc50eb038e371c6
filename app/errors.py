"""Everything that may go wrong between the socket and the model.

RequestError
├── BadRequest          no picture, malformed multipart or JSON, an unknown parameter value
│   └── ClientGone      the client has closed its connection, so nobody reads the answer
├── KeyRefused          API keys are configured, and the request has none of them
├── NoSuchModel         the request names a model, version or method that does not exist here
├── UnknownCoding       the body is compressed in a way that is not supported
├── TooLarge            more bytes or more pictures than allowed
└── TemporaryError      the request may succeed later
    ├── Busy            the queue is full, or no slot became free in time
    └── NotReady        no model is warm yet, the worker is stopping, or no key can be checked

Statuses and titles are in api/problems.py. Faults of the picture itself are in inference/errors.py.
"""

from typing import TypeVar


class RequestError(Exception):
    """The root of these errors. Every message may be shown to the client."""


class BadRequest(RequestError):
    """The request contains no picture, or cannot be read."""


class ClientGone(BadRequest):
    """The client has closed its connection, so the rest of its request is not worth the work."""


class KeyRefused(RequestError):
    """The request has no API key, or one that is not known."""


class NoSuchModel(RequestError):
    """The request names a model, version or label that is not served, or a method that does not exist."""


class UnknownCoding(RequestError):
    """The Content-Encoding of the body is neither gzip nor deflate."""


class TooLarge(RequestError):
    """The request has more bytes or more pictures than the settings allow."""


class TemporaryError(RequestError):
    """A request that may succeed if it is sent again later.

    Attributes:
        retry_after: seconds until another try is likely to succeed.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(TemporaryError):
    """The queue is full, or no slot became free within QUEUE_SECONDS."""


class NotReady(TemporaryError):
    """No model is warm, this worker is stopping, or its key file cannot be read."""


AnyError = TypeVar("AnyError", bound=Exception)


def drop_traceback(error: AnyError) -> AnyError:
    """Remove the traceback of an error that is kept instead of raised, and return the error.

    The frames of a traceback hold the upload, and the frame that keeps the error makes a cycle. A refused
    batch of 15 MB would leave 30 MB to the garbage collector, which may not run for hundreds of requests.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def error_headers(error: Exception) -> dict[str, str]:
    """Return the headers that HTTP asks for in the answer of an error (RFC 9110, 10.2.3, 11.6.1, 12.5.3)."""
    if isinstance(error, TemporaryError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, KeyRefused):
        return {"WWW-Authenticate": 'Bearer realm="wardrobe"'}
    if isinstance(error, UnknownCoding):
        return {"Accept-Encoding": "gzip, deflate"}
    return {}
