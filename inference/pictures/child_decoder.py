"""Decode a picture in a separate process, if no scan can bound the work that its decoder does.

isolated_decoder.py is the program of that process. Each process of the service starts one template process,
with the first such picture. The template forks a child for each picture. Waiting blocks the calling thread,
so call `decode_in_child` in a native thread under gevent.

Sockets, queue and start are those of C (`_socket`, `_queue`, `posix`). gevent replaces the ones of Python by
its own, which belong to the event loop: native threads that wait for a lock of gevent may wait for ever.
"""

import _queue
import _socket
import atexit
import contextlib
import io
import os
import posix
import signal
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Final

from PIL import Image

from inference.errors import BrokenPicture, DecoderStopped, PictureTooLarge, UnknownPictureFormat, UploadError
from inference.pictures import isolated_decoder
from inference.pictures.isolated_decoder import OUT_OF_MEMORY, STATUS_RECORD, TOO_DEEP
from inference.pictures.picture_opening import MAX_EDGE, OpenedPicture, check_picture_size, make_damage_error
from inference.pictures.scan import make_header_error
from inference.pictures.signatures import is_cut_short, set_codec_brand

MAX_SILENT_SECONDS: Final = 40
"""Limit for the wall time in which nothing comes from the child. It limits its processor time itself."""

CostListener = Callable[[int, float], None]
"""Type of a function that receives the cost of decoding a picture: the pixels that its header
declares, 0 if the header cannot be read, and the seconds of processor time."""


def ignore_cost(pixels: int, seconds: float) -> None:
    """Ignore the cost of a picture; used when no limit applies to several pictures together."""


def decode_in_child(
    picture: OpenedPicture, max_pixels: int, edge: int, report_cost: CostListener = ignore_cost
) -> tuple[Image.Image, tuple[int, int]]:
    """Open and decode a picture in a separate process, and wait for the result.

    Args:
        picture: the picture, whose header is not read yet.
        max_pixels: the largest width x height.
        edge: half of the limit for the longest edge of the result, in pixels.
        report_cost: a function that receives the cost of the picture, even if it cannot be decoded.

    Returns:
        The picture as grey, RGB or RGBA of 8 bits, upright; and its width and height, upright, before it was
        reduced.

    Raises:
        UnknownPictureFormat: the picture is a HEIC and its decoder is not installed, or has samples of 32
            bits.
        BrokenPicture: the picture is truncated or damaged.
        PictureTooLarge: the picture has too many pixels, or takes more memory or time than a photo does.
        DecoderStopped: the system had no process for the picture, or ended the process.
    """
    name = picture.format
    data = picture.data
    if name == "HEIC" and find_spec("pillow_heif") is None:
        raise UnknownPictureFormat(
            "HEIC is not read by this installation, which has no pillow-heif. Send JPEG."
        )
    if name in ("HEIC", "AVIF"):
        if is_cut_short(data):
            raise BrokenPicture(f"This {name} of {len(data):,} bytes is truncated. Send the whole file.")
        data = set_codec_brand(data)
    reader = "HEIF" if name == "HEIC" else name.upper()
    order = f"{reader} {picture.pixel_count} {max_pixels} {MAX_EDGE} {edge}\n".encode()
    try:
        ended = _wait_for_child(order, data)
    except TimeoutError as error:
        raise _make_stopped_error(name, f"gave no sign for {MAX_SILENT_SECONDS} s") from error
    except OSError as error:
        raise _make_stopped_error(name, f"cannot be started ({error.strerror})") from error
    header, _, rest = ended.output.partition(b"\n")
    width, height = map(int, header.split()) if header else (0, 0)
    report_cost(width * height, ended.seconds)
    if refused := _choose_refusal(picture, ended.code, (width, height), max_pixels):
        raise refused
    head, _, samples = rest.partition(b"\n")
    mode, *numbers = head.decode().split()
    reduced_width, reduced_height, upright_width, upright_height = map(int, numbers)
    image = Image.frombytes(mode, (reduced_width, reduced_height), samples)
    return image, (upright_width, upright_height)


@dataclass(frozen=True)
class _Ended:
    """The end of a child.

    Attributes:
        output: the bytes that the child wrote.
        code: its exit code, negative for a signal; None if none came.
        seconds: its processor time.
    """

    output: bytes
    code: int | None
    seconds: float


def _wait_for_child(order: bytes, upload: bytes) -> _Ended:
    """Let a child decode an upload, and wait for its end.

    Raises:
        OSError: the system has no descriptor or process left, or nothing comes (TimeoutError).
    """
    with contextlib.ExitStack() as open_ends:
        here, there = [open_ends.enter_context(contextlib.closing(end)) for end in _socket.socketpair()]
        status, pipe = [
            open_ends.enter_context(io.FileIO(end, mode))
            for end, mode in zip(os.pipe(), ("r", "w"), strict=True)
        ]
        _template.send(there.fileno(), pipe.fileno())
        there.close()
        pipe.close()
        here.settimeout(MAX_SILENT_SECONDS)
        chunks = list[bytes]()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended: the status says why
            here.sendall(order)
            here.sendall(upload)
            here.shutdown(_socket.SHUT_WR)
            chunks.extend(iter(partial(here.recv, 1 << 20), b""))
        record = status.read(STATUS_RECORD.size)
    code, seconds = STATUS_RECORD.unpack(record) if record else (None, 0.0)
    return _Ended(b"".join(chunks), code, seconds)


def _choose_refusal(
    opened: OpenedPicture, code: int | None, size: tuple[int, int], max_pixels: int
) -> UploadError | None:
    """Return the error for a picture that the child process did not decode; None if it did.

    Args:
        code: the exit status of the process; negative for a signal, None if it sent none.
        size: width and height; (0, 0) if the process has not read the header.

    Raises:
        PictureTooLarge: the picture has more than `max_pixels` pixels.
    """
    name = opened.format
    reason = "{} x {} pixels".format(*size)
    if code is None or code == -signal.SIGKILL:
        return _make_stopped_error(name, "was ended by the system, as for lack of memory")
    if code in (-signal.SIGPROF, OUT_OF_MEMORY):
        reason = reason if any(size) else f"{len(opened.data):,} bytes"
        return PictureTooLarge(
            f"This {name} of {reason} takes more time or memory to decode than a photo does. Send it as JPEG."
        )
    if not any(size):
        return make_header_error(opened.data, name)
    check_picture_size(*size, max_pixels)
    if code == TOO_DEEP:
        return UnknownPictureFormat(
            f"This {name} has samples of 32 bits. Send one with 8 or 16 bits a sample."
        )
    return make_damage_error(name, *size) if code else None


def _make_stopped_error(name: str, why: str) -> DecoderStopped:
    return DecoderStopped(f"The process that decodes this {name} {why}. Try again, or send JPEG.")


class _Template:
    """The process that forks the children; it is started by the first picture, and again after its end."""

    def __init__(self) -> None:
        self._turn: _queue.SimpleQueue[None] = _queue.SimpleQueue()  # holds one None: a lock of C's
        self._turn.put(None)
        self._control: _socket.socket | None = None
        self._pid = 0
        self._owner = 0
        atexit.register(self._close_control)

    def send(self, *descriptors: int) -> None:
        """Send the descriptors of a connection and of a pipe to the template.

        Raises:
            OSError: the template cannot be started, or there is no room for descriptors.
        """
        self._turn.get()
        try:
            self._send_descriptors(descriptors)
        except (BrokenPipeError, ConnectionResetError):
            self._start_owner()
            self._send_descriptors(descriptors)
        finally:
            self._turn.put(None)

    def _send_descriptors(self, descriptors: tuple[int, ...]) -> None:
        if self._control is None or self._owner != os.getpid():
            raise BrokenPipeError
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array("i", descriptors))
        self._control.sendmsg([b"\0"], [rights])

    def _start_owner(self) -> None:
        self._close_control()
        with contextlib.suppress(ChildProcessError):  # of a fork of ours, or gevent has waited for it
            posix.waitpid(self._pid, os.WNOHANG) if self._pid else None
        control, template_end = _socket.socketpair()
        with contextlib.closing(template_end):
            null = [(os.POSIX_SPAWN_OPEN, out, os.devnull, os.O_WRONLY, 0) for out in (1, 2)]
            self._pid = posix.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-c", _START, isolated_decoder.__file__],
                _ENVIRONMENT,
                file_actions=[(os.POSIX_SPAWN_DUP2, template_end.fileno(), 0), *null],
                setpgroup=0,  # an interrupt from a terminal is for the process that asks
            )
        self._control = control
        self._owner = os.getpid()

    def _close_control(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None


_START: Final = (
    "import sys; from pathlib import Path; sys.path.insert(0, str(Path(sys.argv[1]).parents[2])); "
    "from inference.pictures.isolated_decoder import main; sys.exit(main())"
)
"""The program of the template. Isolated Python (-I) finds no package beside its script."""

_ENVIRONMENT: Final = {"MALLOC_ARENA_MAX": "1"}
"""The environment of the template, without keys and addresses. Each arena of glibc takes 64 MB of
addresses."""

_template = _Template()
