"""The load: wrk with a body from a file, and what it saw. Runs wrk; writes a script and a body to its folder.

wrk waits for an answer before it sends the next request on a connection, so latency grows with connections.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.side_by_side.forms import Request

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
class Clients:
    """Who sends the load.

    Attributes:
        connections: each with one request at a time.
        cores: that wrk may run on.
    """

    connections: int
    seconds: int
    cores: list[int]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one run of wrk saw.

    Attributes:
        answers: of status 2xx; few of them make p99 the slowest.
        per_second: likewise.
        p50: milliseconds, as p99; of all answers.
        errors: answers of another status, broken connections and time-outs.
    """

    answers: int
    per_second: float
    p50: float
    p99: float
    errors: int


def load(port: int, request: Request, clients: Clients, folder: Path) -> Load:
    """Send one request over and over.

    Args:
        port: of the loopback.
        request: the same every time.
        clients: who sends it.
        folder: for wrk's script and the body.

    Raises:
        LoadFailed: wrk is not installed, or did not end as it should.
    """
    body, script = folder / "body", folder / "load.lua"
    body.write_bytes(request.body)
    script.write_text(_script(request, body), "utf-8")
    command = [
        *("taskset", "--cpu-list", ",".join(str(core) for core in clients.cores)),
        *("wrk", "--threads", "1", "--connections", str(clients.connections)),
        *("--duration", f"{clients.seconds}s", "--timeout", f"{TIMEOUT_SECONDS}s"),
        *("--script", str(script), f"http://127.0.0.1:{port}"),
    ]
    try:
        ran = subprocess.run(  # noqa: S603 - every word is ours
            command, capture_output=True, text=True, check=True, timeout=clients.seconds + MARGIN_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise LoadFailed(f"wrk: {error.stderr.strip() or error.stdout.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LoadFailed(f"wrk: {error}") from error
    return parse(ran.stdout)


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


def _script(request: Request, body: Path) -> str:
    # A JSON string of ASCII is a Lua string as well.
    return SCRIPT.format(
        body=json.dumps(str(body)),
        path=json.dumps(request.path),
        content_type=json.dumps(request.content_type),
    )
