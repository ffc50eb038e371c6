"""The load: wrk with a body from a file, and what it saw. Runs wrk.

wrk waits for an answer before it sends the next request on a connection, so latency grows with connections.
"""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import load_cores

TIMEOUT_SECONDS = 30
"""After which wrk counts a request as failed."""

MARGIN_SECONDS = 60
"""By which wrk may outlast its time before it is taken for stuck."""

RESULT = "RESULT "

SCRIPT = """
local file = assert(io.open({body}, "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.path = {path}
wrk.headers["Content-Type"] = {content_type}
file:close()

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "failed": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


class LoadFailed(Exception):
    """wrk did not run to its end."""


@dataclass(frozen=True)
class Request:
    """A POST, ready to be sent."""

    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one run of wrk saw.

    Attributes:
        answers: of status 2xx; few of them make p99 the slowest.
        p50: milliseconds, as p99; of all answers.
        errors: answers of another status, broken connections and time-outs.
    """

    answers: int
    per_second: float
    p50: float
    p99: float
    errors: int


def load(port: int, request: Request, connections: int, seconds: int) -> Load:
    """Send one request over and over, to a port of the loopback.

    Raises:
        LoadFailed: wrk is not installed, or did not end as it should.
    """
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "body")
        script = Path(folder, "load.lua")
        body.write_bytes(request.body)
        script.write_text(_script(request, body), "utf-8")
        command = [
            *("taskset", "--cpu-list", ",".join(map(str, load_cores()))),
            *("wrk", "--threads", "1", "--connections", str(connections)),
            *("--duration", f"{seconds}s", "--timeout", f"{TIMEOUT_SECONDS}s"),
            *("--script", str(script), f"http://127.0.0.1:{port}"),
        ]
        try:
            ran = subprocess.run(  # noqa: S603 - every word is ours
                command, capture_output=True, text=True, check=False, timeout=seconds + MARGIN_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LoadFailed(f"wrk: {error}") from error
    return parse(ran.stdout + ran.stderr)


def _script(request: Request, body: Path) -> str:
    # A JSON string of ASCII is a Lua string as well.
    words = {"body": str(body), "path": request.path, "content_type": request.content_type}
    return SCRIPT.format(**{name: json.dumps(word) for name, word in words.items()})


def parse(output: str) -> Load:
    """Read what the script had wrk print.

    Raises:
        LoadFailed: there is no such line.
    """
    results = [line for line in output.splitlines() if line.startswith(RESULT)]
    if not results:
        raise LoadFailed(f"wrk printed no result: {output.strip()[-200:]}")
    seen = json.loads(results[-1].removeprefix(RESULT))
    answers = seen["requests"] - seen["refused"]
    return Load(
        answers=answers,
        per_second=answers / (seen["microseconds"] / 1e6),
        p50=seen["p50"] / 1e3,
        p99=seen["p99"] / 1e3,
        errors=seen["refused"] + seen["failed"],
    )
