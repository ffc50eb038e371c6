"""A long list of pictures on the web: each row has its answer or its error, and nothing else is asked."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.catalogues import PICTURES, write_list
from tests.commands import wardrobe
from tests.https_servers import Authority, https_server, raw, redirect, silence, status
from tests.releases import a_release
from tests.tables import rows_of

main = partial(wardrobe, "label")

pytestmark = pytest.mark.slow

ROWS = 1_000
SLOW = 16
"""Rows of a host that never answers, one after another: as many as are fetched at a time."""


def test_a_thousand_rows_have_their_answers_or_errors_and_no_network_is_asked_that_is_not_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    certificate = authority.chain("localhost", "127.0.0.2")
    answers = {f"/{name}": status(200, content) for name, content in PICTURES.items()}
    with https_server(certificate, answers) as shop, https_server(certificate, answers, "127.0.0.2") as inner:
        inside = inner.url("/a/0.png", "127.0.0.2")
        shop.answers |= {
            "/away": redirect(inside),
            "/moved": redirect("/a/0.png"),
            "/cut": raw([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"]),
            "/slow": silence,
        }
        expected = {
            **{shop.url(f"/{name}"): None for name in PICTURES},
            shop.url("/moved"): None,
            shop.url("/gone"): f"The host localhost:{shop.port} answers with status 404.",
            shop.url("/cut"): f"The host localhost:{shop.port} cannot be read: ProtocolError.",
            shop.url("/away"): "which is not public",
            inside: "which is not public",
        }
        slow = {shop.url("/slow"): f"The host localhost:{shop.port} does not answer in time."}
        rows = [*expected] * (ROWS // len(expected) + 1)
        write_list(tmp_path / "list.csv", [*rows[: ROWS - SLOW], *slow] + [*slow] * (SLOW - 1))
        hosts = [f"localhost:{shop.port}", f"127.0.0.2:{inner.port}"]
        options = [word for host in hosts for word in ("--allow-host", host)]
        options += ["--allow-network", "127.0.0.1/32", "--model", str(a_release(tmp_path / "release"))]

        assert main([str(tmp_path / "list.csv"), "--out", str(tmp_path / "table.csv"), *options]) == 0

    found = rows_of(tmp_path / "table.csv")
    assert len(found) == ROWS
    assert Counter(row["path"] for row in found)[shop.url("/slow")] == SLOW
    for row in found:
        words = (expected | slow)[row["path"]]
        assert (row["label"] is None) == (words is not None), row
        assert (words or "") in (row["error"] or "")
    assert inner.asked == []
