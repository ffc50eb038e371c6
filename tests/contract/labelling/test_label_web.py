"""`wardrobe label` of a list whose pictures are on the web: what comes is labelled, the rest are errors."""

import json
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Barrier

import pytest

from labelling.sources.items import PARALLEL_FETCHES
from labelling.sources.source_opening import open_source
from labelling.workers.process_engine import label_on_processes
from labelling.workers.ray_engine import attach_picture_bytes
from scripts.label_job import ENGINES_BY_NAME
from tests.catalogues import PICTURES, write_folder, write_list
from tests.commands import wardrobe
from tests.https_servers import HttpsServer, redirect, status
from tests.review_sheets import cards_of
from tests.tables import Rows, rows_of

main = partial(wardrobe, "label")


@pytest.fixture
def catalogue(server: HttpsServer) -> HttpsServer:
    """A server with all the pictures."""
    server.answers |= {f"/{name}": status(200, content) for name, content in PICTURES.items()}
    return server


def label(server: HttpsServer, table: Path, release: Path, *more: str) -> Rows:
    """Label `list.csv` beside a table, and fetch from this server."""
    options = ["--model", str(release), "--workers", "1", "--allow-host", f"localhost:{server.port}"]
    code = main([str(table.with_name("list.csv")), "--out", str(table), *options, *more])
    rows = rows_of(table)
    assert code == all(row["error"] for row in rows)
    return rows


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def test_pictures_on_the_web_and_files_of_one_list_have_the_answers_that_files_have(
    catalogue: HttpsServer, little_release: Path, table: Path
) -> None:
    mixed = [catalogue.url(f"/{name}") if name.startswith("a") else name for name in PICTURES]
    write_list(write_folder(table.parent) / "list.csv", mixed)

    rows = label(catalogue, table, little_release)

    assert [row["path"] for row in rows] == mixed
    assert [row["error"] for row in rows] == [None] * len(PICTURES)
    answers = [{name: value for name, value in row.items() if name != "path"} for row in rows]
    assert answers[:3] == answers[3:]  # both folders hold the same pictures


def test_two_addresses_that_differ_beyond_the_room_of_a_cell_are_two_pictures(
    catalogue: HttpsServer, little_release: Path, table: Path
) -> None:
    names, contents = ["/" + "x" * 40_000 + end for end in "12"], ("a/0.png", "a/1.png")
    catalogue.answers |= {name: status(200, PICTURES[of]) for name, of in zip(names, contents, strict=True)}
    addresses = [catalogue.url(name) for name in names]
    write_list(table.parent / "list.csv", addresses)

    first, second = label(catalogue, table, little_release)

    assert first["path"] != second["path"]
    assert [row["sha256"] for row in (first, second)] == [sha256(PICTURES[of]).hexdigest() for of in contents]


def test_a_worker_process_fetches_several_pictures_at_a_time_and_from_allowed_hosts_alone(
    catalogue: HttpsServer, little_release: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = Barrier(PARALLEL_FETCHES, timeout=60)

    def together(handler: BaseHTTPRequestHandler) -> None:
        all_of_them.wait()
        status(200, PICTURES["a/0.png"])(handler)

    monkeypatch.setitem(ENGINES_BY_NAME, "processes", label_on_processes)
    paths = [f"/together/{number}.png" for number in range(PARALLEL_FETCHES)]
    catalogue.answers |= dict.fromkeys(paths, together)
    elsewhere = f"https://127.0.0.1:{catalogue.port}/a/0.png"
    write_list(table.with_name("list.csv"), [*map(catalogue.url, paths), elsewhere])

    *rows, last = label(catalogue, table, little_release)

    assert [row["error"] for row in rows] == [None] * PARALLEL_FETCHES
    assert last["error"] == (
        f"The host 127.0.0.1:{catalogue.port} is not among those of --allow-host. "
        f"Add --allow-host 127.0.0.1:{catalogue.port}."
    )


def test_pictures_that_travel_to_another_machine_weigh_what_they_have(
    server: HttpsServer, tmp_path: Path
) -> None:
    address = server.url("/a.png")
    catalogue = write_list(tmp_path / "list.csv", [address, "https://other.example/"])
    source = open_source(str(catalogue), (("localhost", server.port),))

    travelling = list(attach_picture_bytes(source.iterate_pictures(), source))

    assert [item.byte_weight for item in travelling] == [len(PICTURES["a/0.png"]), 0]
    assert travelling[0].place == PICTURES["a/0.png"]


def test_what_cannot_be_fetched_is_its_rows_error_and_the_same_command_tries_these_again(
    catalogue: HttpsServer, little_release: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue.answers |= {"/b/0.png": status(503), "/b/1.png": redirect("https://other.example/")}
    addresses = [*(catalogue.url(f"/{name}") for name in PICTURES), "http://localhost/"]
    write_list(table.with_name("list.csv"), addresses)

    first = label(catalogue, table, little_release)
    assert [row["error"] for row in first] == [
        *[None] * 3,
        f"The host localhost:{catalogue.port} answers with status 503.",
        "The host other.example is not among those of --allow-host. Add --allow-host other.example.",
        None,
        "Only addresses that begin with https:// are fetched.",
    ]

    catalogue.answers["/b/0.png"] = status(200, PICTURES["b/0.png"])
    catalogue.asked.clear()
    capsys.readouterr()
    second = label(catalogue, table, little_release, "--json")

    assert sorted(path for path, _ in catalogue.asked) == ["/b/0.png", "/b/1.png"]
    assert [row["error"] is None for row in second] == [True, True, True, True, False, True, False]
    assert json.loads(capsys.readouterr().out)["rows_before"] == 4


def test_the_review_shows_pictures_of_the_web_unless_they_have_another_content_by_then(
    catalogue: HttpsServer, little_release: Path, table: Path
) -> None:
    contents, page = [PICTURES["a/1.png"], PICTURES["a/0.png"]], table.with_name("review.html")

    def another(handler: BaseHTTPRequestHandler) -> None:
        status(200, contents.pop())(handler)

    catalogue.answers["/changes.png"] = another
    addresses = [catalogue.url(path) for path in ("/a/2.png", "/changes.png")]
    write_list(table.with_name("list.csv"), addresses)

    label(catalogue, table, little_release, "--review", str(page), "--audit", "9")

    shown = {card["path"]: card["picture"][: len("data:image/jpeg")] for card in cards_of(page)}
    assert shown == dict(zip(addresses, ("data:image/jpeg", ""), strict=True))
    assert contents == []
    assert "This picture cannot be shown, or has changed since." in page.read_text("utf-8")


def test_an_option_that_allows_no_host_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["list.csv", "--out", str(tmp_path / "table.csv"), "--allow-host", "*"])

    assert "expected a host, as in cdn.example:8443" in capsys.readouterr().err
