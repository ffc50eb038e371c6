"""The errors of a request: everything that may go wrong between the socket and the model.

RequestError
├── BadRequest              no picture, malformed multipart or JSON, an unknown parameter value
│   └── ClientGone          the client has closed its connection, so nobody reads the answer
├── ApiKeyRefused           API keys are configured, and the request has none of them
├── NoSuchModel             the request names a model, version or method that does not exist here
├── UnknownContentEncoding  the body is compressed in a way that is not supported
├── RequestTooLarge         more bytes or more pictures than allowed
└── TemporaryError          the request may succeed later
    ├── ServiceBusy         the queue is full, or no slot became free in time
    └── ServiceNotReady     no model is warm yet, the worker is stopping, or no key can be checked

api/problems.py gives each a status and a title. Faults of the picture itself are in inference/errors.py.
"""

from typing import TypeVar


class RequestError(Exception):
    """The base class of errors in a request. Clients may see the message of every such error."""


class BadRequest(RequestError):
    """The request contains no picture, or cannot be read."""


class ClientGone(BadRequest):
    """The client has closed its connection, so nobody would read the answer."""


class ApiKeyRefused(RequestError):
    """The request has no API key, or an API key that is not in the key file."""


class NoSuchModel(RequestError):
    """The request names a model, version or label that is not served, or a method that does not exist."""


class UnknownContentEncoding(RequestError):
    """The Content-Encoding of the body is neither gzip nor deflate."""


class RequestTooLarge(RequestError):
    """The request has more bytes or more pictures than the settings allow."""


class TemporaryError(RequestError):
    """The request cannot be answered now, but may succeed if the client sends it again later.

    Attributes:
        retry_after: seconds after which another try is likely to succeed; sent as Retry-After.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServiceBusy(TemporaryError):
    """The service is overloaded: the queue is full, a wait took too long, or memory is short."""


class ServiceNotReady(TemporaryError):
    """The service cannot answer: no model is loaded, it is stopping, or its key file cannot be read."""


AnyError = TypeVar("AnyError", bound=Exception)


def drop_traceback(error: AnyError) -> AnyError:
    """Remove the traceback of an error that is stored instead of raised, and return the error.

    A traceback keeps all local variables alive, the upload among them, and makes a reference cycle with the
    function that stores the error. A refused batch of 15 MB would leave 30 MB to the garbage collector, which
    may not run for hundreds of requests.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def make_error_headers(error: Exception) -> dict[str, str]:
    """Return the HTTP headers that the answer to an error needs, such as Retry-After or WWW-Authenticate.

    RFC 9110 asks for them in sections 10.2.3, 11.6.1 and 12.5.3.
    """
    if isinstance(error, TemporaryError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, ApiKeyRefused):
        return {"WWW-Authenticate": 'Bearer realm="wardrobe"'}
    if isinstance(error, UnknownContentEncoding):
        return {"Accept-Encoding": "gzip, deflate"}
    return {}
