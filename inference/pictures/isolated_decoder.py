"""Open and decode a picture in a process whose time and memory the kernel limits.

A file of some kilobytes, even its header alone, can make these readers work for seconds and take gigabytes,
and Pillow has no limit for that.

child_decoder.py starts `main` once, in a separate Python with a socket as standard input. `main` loads the
readers, and forks a process for each pair of descriptors that comes over the socket: a connection, and a pipe
for the exit status. The process reads a line of limits and the upload from the connection. It writes back:

1. the width and height of the picture in a line, once the header is read;
2. the mode, width and height of the result in a line, and the width and height of the upright picture before
   it was reduced;
3. the samples of the result: 8 bits, upright, reduced to below twice the edge (samples.py).

Imports Pillow alone.
"""

import contextlib
import gc
import io
import os
import resource
import select
import signal
import socket
import struct
from pathlib import Path

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,  # noqa: F401 - registers itself, as others do
    GifImagePlugin,  # noqa: F401
    Image,
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from inference.pictures.samples import convert_to_8_bits, reduce_image, turn_upright

SPARE_MEGABYTES = 100
"""Memory, in megabytes, that decoding any picture may take."""

PIXEL_BYTES = 16
"""Memory, in bytes, that decoding may take for each pixel of the picture besides."""

MAX_HEADER_SECONDS = 0.1
"""Limit for the processor time of reading a header. Each pixel of the picture adds `PIXEL_NANOSECONDS`."""

PIXEL_NANOSECONDS = {"BMP": 15, "GIF": 45, "TIFF": 45, "HEIF": 150, "AVIF": 180, "WEBP": 120}
"""Limit for the processor time of each pixel: three times the time of the slowest sound picture of the format
(docs/reference/limits.md)."""

# The exit codes of the decoding process:
FAILED = 10  # the picture is damaged
TOO_LARGE = 11  # its header declares too many pixels
OUT_OF_MEMORY = 12  # the limit of memory was reached
TOO_DEEP = 13  # it has samples of 32 bits

STATUS_RECORD = struct.Struct("<id")
"""The record that comes over the pipe: the exit code, negative for a signal, and seconds of processor
time."""

_pipes: dict[int, int] = {}
"""The pipe for the status of each process that decodes, by its process id."""


def main() -> int:
    """Fork a process for each picture, until the other end of the socket closes."""
    control = socket.socket(fileno=0)
    _load_readers()
    ended = _woken_by_ends()
    waited_for: list[socket.socket | io.FileIO] = [control, ended]
    while True:
        ready, _, _ = select.select(waited_for, [], [])
        if ended in ready:
            ended.read()
        if control in ready:
            received, descriptors, _, _ = socket.recv_fds(control, 1, 2)
            if not received:
                return 0
            forked = len(descriptors) == 2 and _has_forked(control, *descriptors)
            for descriptor in (
                descriptors[:1] if forked else descriptors
            ):  # the pipe is closed by `_report_ended_processes`
                os.close(descriptor)
        _report_ended_processes()


def _woken_by_ends() -> io.FileIO:
    """Return a pipe that has bytes once a child has ended, even if it ends just before the wait for it."""
    read, write = os.pipe()
    for end in (read, write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return io.FileIO(read)


def _load_readers() -> None:
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # the limits of an order are what counts
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with contextlib.suppress(ImportError):
        import pillow_heif  # noqa: PLC0415 - may be left out

        pillow_heif.register_heif_opener(
            decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
        )
    gc.freeze()  # a collection in a fork would copy the memory that it shares


def _has_forked(control: socket.socket, connection: int, pipe: int) -> bool:
    """Start a process, and return whether the system had one left."""
    with contextlib.suppress(OSError):
        child = os.fork()
        if child:
            _pipes[child] = pipe
            return True
        try:
            for descriptor in (control.detach(), pipe, *_pipes.values()):
                os.close(descriptor)
            code = decode_from_socket(socket.socket(fileno=connection))
        except BaseException:  # noqa: BLE001 - whatever it is, the parent's loop must not go on here
            code = FAILED
        os._exit(code)
    return False


def _report_ended_processes() -> None:
    """Send the status of each process that has ended."""
    for child in list(_pipes):
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            record = STATUS_RECORD.pack(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime)
            with contextlib.suppress(BrokenPipeError), io.FileIO(_pipes.pop(child), "w") as file:
                file.write(record)


def decode_from_socket(connection: socket.socket) -> int:
    """Decode the upload that comes over a socket, write the samples back, and return the exit code.

    The module docstring describes the messages.
    """
    address_space = _address_space()
    with connection.makefile("rb") as file:
        name, *numbers = file.readline().decode().split()
        upload = file.read()
    declared, max_pixels, max_edge, edge = map(int, numbers)  # WebP has its memory before its size is known
    _bound_memory(address_space + len(upload) + PIXEL_BYTES * declared)
    _bound_time(MAX_HEADER_SECONDS + PIXEL_NANOSECONDS[name] * declared / 1e9)
    try:
        image: Image.Image = Image.open(io.BytesIO(upload), formats=[name])
        width, height = image.size
        connection.sendall(f"{width} {height}\n".encode())
        if width * height > max_pixels or max(width, height) > max_edge:
            return TOO_LARGE
        if image.mode in ("I", "F"):
            return TOO_DEEP
        _bound_memory(address_space + len(upload) + PIXEL_BYTES * width * height)
        _bound_time(PIXEL_NANOSECONDS[name] * max(0, width * height - declared) / 1e9)
        image.load()
        image = turn_upright(image)
        upright_width, upright_height = image.size
        image = reduce_image(convert_to_8_bits(image), edge)
    except Exception as error:  # noqa: BLE001 - readers raise anything
        out_of_memory = isinstance(error, MemoryError) or "memory" in str(error).lower()
        return OUT_OF_MEMORY if out_of_memory else FAILED
    head = f"{image.mode} {image.width} {image.height} {upright_width} {upright_height}\n"
    connection.sendall(head.encode() + image.tobytes())
    return 0


def _bound_time(seconds: float) -> None:
    """Allow this process so many more seconds of processor time; then a signal ends it."""
    remaining, _ = signal.getitimer(signal.ITIMER_PROF)
    signal.setitimer(signal.ITIMER_PROF, remaining + seconds)


def _bound_memory(mapped: int) -> None:
    """Allow this process to map so many bytes, and SPARE_MEGABYTES more."""
    limit = mapped + (SPARE_MEGABYTES << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _address_space() -> int:
    """Return the number of bytes that are mapped into this process."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    return 1 << 32  # elsewhere than on Linux
