"""What ten times too many requests do to the service: `make measure ARGS=overload`.

Finds the peak with a few patient clients, then offers 1, 2, 5 and 10 times as much at a fixed pace, whatever
comes back. Pictures are dear to decode and cheap to send, so that the service is what gives way and not this
program. Prints a line for each load; saves docs/results/overload.json.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import uvloop

from benchmarks.results import save
from tests.service import running

SECONDS = 10.0
"""How long each load is offered."""

PATIENT_CLIENTS = (4, 8, 16)
"""Connections with which the peak is looked for; each sends its next request when it has its answer."""

MULTIPLES = (1, 2, 5, 10)

HEALTH_PAUSE = 0.2
"""Seconds between two looks at /healthz while the load is on."""

LEAST_GOODPUT = 0.9
"""Share of the peak that must still be answered at ten times as much, by the processor time that this program
leaves to the service: both run on the same cores, and ten times as many requests cost their sender, too."""


@dataclass(frozen=True)
class Reply:
    """One request: how long it took, what came back; `waited` marks a refusal after QUEUE_SECONDS."""

    seconds: float
    status: int
    retry_after: int = 0
    waited: bool = False


Figures = dict[str, float]
"""What one load did; rates per second, times in milliseconds."""


def main() -> int:
    """Measure, print, save; 1 when goodput fell too far or anything but 200 and 503 came back."""
    upload = a_dear_picture()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service:
        patient = max(uvloop.run(_patient(service.url, upload, clients)) for clients in PATIENT_CLIENTS)
        loads = [uvloop.run(_offer(service.url, upload, patient, multiple)) for multiple in MULTIPLES]
        recovered, retry_after = uvloop.run(_recovery(service.url, upload, patient))
    # A load may do better than the patient clients did; then that is the peak.
    peak = max(patient, *(load["goodput"] for load in loads))
    left = loads[-1]["goodput"] / (peak * (1 - loads[-1]["own_share"]))
    figures = {
        "upload_bytes": len(upload),
        "seconds_per_load": SECONDS,
        "paced_on_per_second": patient,
        "peak_per_second": peak,
        "loads": loads,
        "goodput_at_10x": loads[-1]["goodput"] / peak,
        "goodput_at_10x_of_the_time_left": left,
        "seconds_to_an_answer_after_overload": recovered,
        "retry_after": retry_after,
    }
    print(*loads, sep="\n")
    print(f"At {MULTIPLES[-1]} times the peak {figures['goodput_at_10x']:.2f} of it is answered,")
    print(f"{left:.2f} by the processor time that this program leaves.")
    print(f"Saved {save('overload', 'make measure ARGS=overload', figures)}")
    sound = recovered <= retry_after and not any(load["failed"] + load["health_failed"] for load in loads)
    return 0 if sound and left >= LEAST_GOODPUT else 1


def a_dear_picture() -> bytes:
    """A PNG of 9 megapixels in some kilobytes: a tenth of a second of work for nothing to send."""
    picture = np.full((3000, 3000, 3), 255, np.uint8)
    picture[500:2500, 1000:2000] = (40, 60, 90)
    encoded, upload = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert encoded
    return upload.tobytes()


async def _patient(url: str, upload: bytes, clients: int) -> float:
    """Answers per second to so many clients that wait for theirs, until the last has its own."""
    began = time.monotonic()
    end = began + SECONDS / 2

    async def client() -> int:
        good = 0
        while time.monotonic() < end:
            good += (await _post(url, upload)).status == 200
        return good

    good = sum(await asyncio.gather(*(client() for _ in range(clients))))
    return good / (time.monotonic() - began)


async def _offer(url: str, upload: bytes, peak: float, multiple: float) -> Figures:
    """Send at a fixed pace, and look at the health meanwhile."""
    began = time.monotonic()
    spent = time.process_time()
    answers, health = await asyncio.gather(
        _paced(lambda: _post(url, upload), SECONDS, 1 / (peak * multiple)),
        _paced(lambda: _get(url, "/healthz"), SECONDS, HEALTH_PAUSE),
    )
    elapsed = time.monotonic() - began  # to the last answer: the queue outlives the load
    accepted = [answer.seconds for answer in answers if answer.status == 200]
    refused = [answer.seconds for answer in answers if answer.status == 503 and not answer.waited]
    waited = sum(answer.waited for answer in answers)
    return {
        "multiple": multiple,
        # What this program took of the machine's time, from the service.
        "own_share": (time.process_time() - spent) / elapsed / len(os.sched_getaffinity(0)),
        "offered": len(answers) / SECONDS,
        "goodput": len(accepted) / elapsed,
        "refused": len(refused) / elapsed,
        "waited": waited / elapsed,
        "failed": len(answers) - len(accepted) - len(refused) - waited,
        "accepted_p50": _milliseconds(accepted, 50),
        "accepted_p99": _milliseconds(accepted, 99),
        "refused_p99": _milliseconds(refused, 99),
        "health_p99": _milliseconds([answer.seconds for answer in health], 99),
        "health_failed": sum(answer.status != 200 for answer in health),
    }


async def _recovery(url: str, upload: bytes, peak: float) -> tuple[float, int]:
    """Seconds from the end of an overload to an answer, and the longest Retry-After in it."""
    answers = await _paced(lambda: _post(url, upload), SECONDS / 4, 1 / (peak * MULTIPLES[-1]))
    retry_after = max(answer.retry_after for answer in answers)
    began = time.monotonic()
    while (await _post(url, upload)).status != 200:
        await asyncio.sleep(0.05)
    return time.monotonic() - began, retry_after


async def _paced(send: Callable[[], Awaitable[Reply]], seconds: float, pause: float) -> list[Reply]:
    """Start a request every `pause`, whether the last has been answered or not; then wait for all."""
    began = time.monotonic()
    started: list[asyncio.Future[Reply]] = []
    while (behind := began + len(started) * pause - time.monotonic()) < began + seconds - time.monotonic():
        if behind > 0:
            await asyncio.sleep(behind)
        started.append(asyncio.ensure_future(send()))
    return list(await asyncio.gather(*started))


async def _post(url: str, upload: bytes) -> Reply:
    return await _exchange(url, f"POST /predict HTTP/1.1\r\nContent-Length: {len(upload)}", upload)


async def _get(url: str, path: str) -> Reply:
    return await _exchange(url, f"GET {path} HTTP/1.1", b"")


async def _exchange(url: str, head: str, body: bytes) -> Reply:
    """One request on a connection of its own; status 0 when it was cut."""
    address = urlsplit(url)
    began = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(f"{head}\r\nHost: x\r\nConnection: close\r\n\r\n".encode() + body)
        answer = (await reader.read()).decode("latin-1")
        writer.close()
    except OSError:
        answer = ""
    status = re.match(r"HTTP/1.1 (\d+)", answer)
    retry_after = re.search(r"^Retry-After: (\d+)", answer, re.MULTILINE)
    return Reply(
        time.monotonic() - began,
        int(status[1]) if status else 0,
        int(retry_after[1]) if retry_after else 0,
        "No slot came free" in answer,
    )


def _milliseconds(seconds: list[float], percentile: float) -> float:
    return float(np.percentile(seconds, percentile)) * 1000 if seconds else 0.0


if __name__ == "__main__":
    sys.exit(main())
