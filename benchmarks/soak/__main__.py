"""make soak: a real gunicorn on a real S3 behind a faulty way there, for MINUTES=10.

Prints a table; saves docs/results/soak.json and soak.png. Ends with 1 on any answer that is not right for its
request, any connection that was cut without a worker being killed, any traceback in the log, memory or
descriptors that grow, or a service that does not catch up with the store at the end.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from unittest import mock

from rich.table import Table

from app.security.api_keys import hash_of
from benchmarks.results import FOLDER, save
from benchmarks.soak.plot import draw
from benchmarks.soak.traffic import CLIENTS, Traffic
from benchmarks.soak.trouble import Trouble
from benchmarks.soak.verdict import ALLOWED_DESCRIPTORS, ALLOWED_MEGABYTES, Verdict, judge
from benchmarks.soak.watch import Watch
from inference.classifier import open_classifier
from model_store.local import bundled, open_release
from model_store.promotions import current
from model_store.publish import publish
from model_store.store import Store, open_store
from scripts.terminal import console
from tests.fault_proxy import FaultProxy, fault_proxy
from tests.releases import a_release
from tests.s3_servers import S3Server, swift
from tests.service import Service, running
from tests.uploads import a_garment
from tests.waiting import Expired, wait_for

KEY = "soak-key"
WORKERS = "2"
REFRESH_SECONDS = "2"
CATCH_UP_SECONDS = 60


def main(argv: list[str] | None = None) -> int:
    """Soak, print, save; 1 when something happened that must not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="A night in minutes.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--name", default="soak", help="of the files in docs/results")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(swift(Path(folder) / "swift"))
        proxy = stack.enter_context(fault_proxy(server.endpoint))
        stack.enter_context(mock.patch.dict(os.environ, server.environment()))
        store = open_store(f"s3://{server.new_bucket()}/wardrobe")
        right = _published(store, Path(folder))
        service = stack.enter_context(_served(server, proxy, store, Path(folder)))
        trouble, watch, traffic = _soak(service, proxy, store, right, options.minutes * 60)
        verdict = judge(
            traffic.seen,
            trouble.kills,
            watch.samples,
            options.minutes * 60,
            tracebacks=_tracebacks(service.log.read_text("utf-8")),
            caught_up=_catches_up(service, store),
        )
    _save(options.name, options.minutes, verdict, trouble, watch)
    _print(verdict)
    return 0 if verdict.sound else 1


def _published(store: Store, folder: Path) -> dict[str, list[float]]:
    """Two releases in the store, the bundled one current, and what each says of the known picture."""
    folders = [a_release(folder / "other", seed=1), bundled().folder]
    right = {}
    for each in folders:
        release = open_release(each)
        publish(each, store, by="soak", force=True)
        classifier = open_classifier(each / "model.onnx", release.manifest.model)
        [prediction] = classifier.classify(a_garment()[None])
        right[release.manifest.version] = prediction.probabilities.tolist()
    return right


@contextmanager
def _served(server: S3Server, proxy: FaultProxy, store: Store, folder: Path) -> Iterator[Service]:
    keys = folder / "keys"
    keys.write_text(f"soak:{hash_of(KEY)}\n", "utf-8")
    ours = {
        "MODEL_STORE": store.address,
        "REFRESH_SECONDS": REFRESH_SECONDS,
        "API_KEYS_FILE": str(keys),
        "WEB_CONCURRENCY": WORKERS,
        "LOG_LEVEL": "WARNING",
    }
    with running(folder, **server.environment() | {"AWS_ENDPOINT_URL_S3": proxy.endpoint} | ours) as service:
        yield service


def _soak(
    service: Service, proxy: FaultProxy, store: Store, right: dict[str, list[float]], seconds: float
) -> tuple[Trouble, Watch, Traffic]:
    traffic = Traffic(service.url, KEY, right)
    other, first = right
    trouble = Trouble(service, proxy, store, (first, other), lambda: traffic.now)
    watch = Watch(service, lambda: traffic.now)
    with watch.watching(), trouble.happening(), traffic.flowing():
        while (left := seconds - traffic.now) > 0:
            time.sleep(min(10, left))
            print(f"{traffic.now / 60:4.1f} min  {len(traffic.seen):6} requests", flush=True)
    return trouble, watch, traffic


def _tracebacks(log: str) -> list[str]:
    """The last line of each traceback: what was raised."""
    ends = re.findall(r"^Traceback .*\n(?:(?:  .*|)\n)*(\S.*)$", log, re.MULTILINE)
    return [end[:200] for end in ends]


def _catches_up(service: Service, store: Store) -> bool:
    """Whether every worker serves what is current, and none calls it stale, once S3 is whole again."""
    version = current(store).version

    def all_do() -> bool:
        told = [service.get("/readyz").json() for _ in range(10)]
        return all(one["model"]["version"] == version and not one["stale"] for one in told)

    try:
        return wait_for("catching up", all_do, CATCH_UP_SECONDS)
    except Expired:
        return False


def _save(name: str, minutes: float, verdict: Verdict, trouble: Trouble, watch: Watch) -> None:
    figures = {
        "minutes": minutes,
        "clients": CLIENTS,
        "workers": int(WORKERS),
        "sound": verdict.sound,
        **asdict(verdict),
        "allowed_growth": {"megabytes": ALLOWED_MEGABYTES, "descriptors": ALLOWED_DESCRIPTORS},
        "events": dict(Counter(what for _, what in trouble.events)),
        "kills": len(trouble.kills),
        "workers_over_time": [
            [asdict(sample) for sample in lived[:: max(1, len(lived) // 60)]]
            for lived in watch.samples.values()
        ],
    }
    path = save(name, "make soak" if minutes == 10 else f"make soak MINUTES={minutes:g}", figures)
    draw(verdict, watch.samples, trouble, FOLDER / f"{name}.png")
    print(f"saved {path}")


def _print(verdict: Verdict) -> None:
    table = Table("request", "answers")
    for kind, outcomes in verdict.outcomes.items():
        table.add_row(kind, ", ".join(f"{count} x {what}" for what, count in outcomes.items()))
    console().print(table)
    for pid, growth in verdict.growth.items():
        print(
            f"worker {pid}: {growth.first_megabytes:.0f} to {growth.last_megabytes:.0f} MB, "
            f"line {growth.megabytes:+.1f} MB and {growth.descriptors:+.1f} descriptors after the warm-up."
        )
    print(
        f"{verdict.requests:,} requests: {len(verdict.unexpected)} unexpected, "
        f"{verdict.busy} told to come back, "
        f"{verdict.cut_by_kills} cut by killed workers, {len(verdict.tracebacks)} tracebacks. "
        f"Caught up: {verdict.caught_up}."
    )
    for one in [*verdict.unexpected[:20], *Counter(verdict.tracebacks).most_common(20)]:
        print(f"  {one}")


if __name__ == "__main__":
    sys.exit(main())
