"""What the image's HEALTHCHECK asks, and how many workers a quota allows; e2e/test_container.py runs both."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from app.healthcheck import main
from inference.cores import count_usable_cores, limit_cores_by_quota
from tests.commands import done
from tests.service import free_port


def test_nobody_there_is_exit_1_and_a_line() -> None:
    port = str(free_port())

    ended = done([sys.executable, "-m", "app.healthcheck"], PORT=port)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"wardrobe: http://127.0.0.1:{port}/healthz: ")
    assert "refused" in ended.stderr


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def test_the_port_is_asked_without_unseen_characters_and_without_a_proxy_for_other_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("PORT", f"\u00a0{server.server_port}\r")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

        main()


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("50000 100000\n", 1),
        ("100000 100000\n", 1),
        ("150000 100000\n", 2),
        ("900000 100000\n", 4),
        ("max 100000\n", 4),
    ],
)
def test_a_quota_is_used_up_to_its_last_part_of_a_core(quota: str, cores: int) -> None:
    assert limit_cores_by_quota(quota, affinity_cores=4) == cores


def test_there_are_never_more_than_the_process_is_pinned_to_and_where_it_is_not_every_core_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 1 <= count_usable_cores() <= len(os.sched_getaffinity(0))

    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS

    assert 1 <= count_usable_cores() <= (os.cpu_count() or 1)
