"""Access control: API keys, CORS, rates, proxies."""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.settings import SettingsError
from tests.contract.service.conftest import MakeApp
from tests.uploads import a_garment, png

UPLOAD = png(a_garment())


def keys_file(folder: Path, *keys: str) -> Path:
    """A key file with one line per key."""
    lines = [f"key-{number}:{hashlib.sha256(key.encode()).hexdigest()}" for number, key in enumerate(keys)]
    path = folder / "keys"
    path.write_text("\n".join(["# names and hashes", "", *lines]), "utf-8")
    return path


@pytest.fixture
def guarded(make_app: MakeApp, tmp_path: Path) -> FlaskClient:
    """A client of a service that knows two keys."""
    return make_app(api_keys_file=keys_file(tmp_path, "alpha", "beta")).test_client()


@pytest.mark.parametrize("key", ["alpha", "beta"])
def test_any_known_key_opens_the_door(guarded: FlaskClient, key: str) -> None:
    response = guarded.post("/predict", data=UPLOAD, headers={"Authorization": f"Bearer {key}"})

    assert response.status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer gamma", "Basic alpha", "alpha"])
def test_without_a_known_key_it_stays_shut(guarded: FlaskClient, header: str | None) -> None:
    response = guarded.post(
        "/predict", data=UPLOAD, headers={} if header is None else {"Authorization": header}
    )

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="wardrobe"'
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(guarded: FlaskClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/metrics/prometheus", "/model", "/made-up"])
def test_everything_else_needs_one(guarded: FlaskClient, path: str) -> None:
    assert guarded.get(path).status_code == 401


def test_keys_rotate_without_a_restart(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "old")).test_client()

    keys_file(tmp_path, "new")

    assert client.get("/model", headers={"Authorization": "Bearer new"}).status_code == 200
    assert client.get("/model", headers={"Authorization": "Bearer old"}).status_code == 401


def test_a_key_file_that_is_missing_or_wrong_is_said_at_start(make_app: MakeApp, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("my-secret-key", "utf-8")

    with pytest.raises(SettingsError, match="No such file"):
        make_app(api_keys_file=tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="line 1: not `name:sha256`"):
        make_app(api_keys_file=plain)
    plain.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="no UTF-8 text"):
        make_app(api_keys_file=plain)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-10]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff\xfe"),
    ],
    ids=["gone", "half-written", "emptied", "not-text"],
)
def test_while_the_keys_cannot_be_read_nobody_comes_in_but_health_is_told(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], object]
) -> None:
    keys = keys_file(tmp_path, "alpha")
    client = make_app(api_keys_file=keys).test_client()
    logging.getLogger("wardrobe").addHandler(caplog.handler)
    alpha = {"Authorization": "Bearer alpha"}

    spoil(keys)
    refused = [client.get("/model", headers=alpha) for _ in range(3)]
    health = client.get("/readyz")
    keys_file(tmp_path, "alpha")
    mended = client.get("/model", headers=alpha)

    assert [answer.status_code for answer in refused] == [503] * 3
    assert refused[0].headers["Retry-After"] == "5"
    assert health.status_code == 200
    assert mended.status_code == 200
    said = [record.getMessage() for record in caplog.records if "key" in record.getMessage().lower()]
    assert ["Everybody is refused" in line for line in said] == [True, False], said


def test_the_log_names_whose_key_it_was_and_never_the_key(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "alpha-secret")).test_client()

    client.get("/model", headers={"Authorization": "Bearer alpha-secret"})
    client.get("/model", headers={"Authorization": "Bearer wrong-secret"})

    log = capsys.readouterr().err
    assert " key=key-0 " in log
    assert "secret" not in log


def test_pages_of_a_named_origin_may_call_and_read_our_headers(make_app: MakeApp) -> None:
    client = make_app(cors_origins="https://shop.example").test_client()

    response = client.post("/predict", data=UPLOAD, headers={"Origin": "https://shop.example"})

    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "X-Model-Version" in response.headers["Access-Control-Expose-Headers"]


def test_errors_can_be_read_by_a_named_origin_too(make_app: MakeApp) -> None:
    client = make_app(cors_origins="https://shop.example").test_client()

    response = client.post("/predict", data=b"", headers={"Origin": "https://shop.example"})

    assert response.status_code == 400
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"


def test_pages_of_other_origins_may_not(make_app: MakeApp) -> None:
    client = make_app(cors_origins="https://shop.example").test_client()

    response = client.post("/predict", data=UPLOAD, headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in response.headers


def test_no_origin_is_named_by_default(client: FlaskClient) -> None:
    response = client.post("/predict", data=UPLOAD, headers={"Origin": "https://shop.example"})

    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_preflight_needs_no_key(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(cors_origins="https://shop.example", api_keys_file=keys_file(tmp_path, "alpha"))
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    response = app.test_client().options("/predict", headers=asked)

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Headers"] == "authorization"


def test_a_client_above_its_rate_is_told_when_to_come_back(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2/minute").test_client()

    answers = [client.post("/predict", data=UPLOAD) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].mimetype == "application/problem+json"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


def test_a_rate_tells_its_wait_to_those_alone_whom_it_refuses(make_app: MakeApp, tmp_path: Path) -> None:
    keys = keys_file(tmp_path, "right-secret")
    client = make_app(rate_limit="2/minute", api_keys_file=keys).test_client()
    key = {"Authorization": "Bearer right-secret"}

    broken = client.post("/predict", data=b"no picture", headers=key)
    keys.unlink()
    unready = client.post("/predict", data=UPLOAD, headers=key)

    assert (broken.status_code, broken.headers.get("Retry-After")) == (415, None)
    assert (unready.status_code, unready.headers["Retry-After"]) == (503, "5")
    assert "X-RateLimit-Wait" not in broken.headers


def test_both_ways_to_classify_share_one_rate(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2/minute").test_client()

    answers = [client.post(path, data=UPLOAD) for path in ("/predict", "/predict/batch", "/predict")]

    assert [answer.status_code for answer in answers] == [200, 400, 429]


def test_a_client_with_many_ipv6_addresses_is_one_client(make_app: MakeApp) -> None:
    client = make_app(rate_limit="1/minute", trusted_proxies=1).test_client()

    statuses = [
        client.post("/predict", data=UPLOAD, headers={"X-Forwarded-For": address}).status_code
        for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    ]

    assert statuses == [200, 429, 200]


def test_the_rate_does_not_count_health_routes(make_app: MakeApp) -> None:
    client = make_app(rate_limit="1/minute").test_client()

    assert [client.get("/healthz").status_code for _ in range(3)] == [200, 200, 200]


def test_the_log_line_of_a_refusal_above_the_rate_names_the_key(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(rate_limit="1/minute", api_keys_file=keys_file(tmp_path, "alpha")).test_client()

    answers = [
        client.post("/predict", data=UPLOAD, headers={"Authorization": "Bearer alpha"}) for _ in range(2)
    ]

    [line] = [line for line in capsys.readouterr().err.splitlines() if " status=429 " in line]
    assert answers[1].status_code == 429
    assert " key=key-0 " in line


def test_each_port_of_a_forwarded_address_is_the_same_client(make_app: MakeApp) -> None:
    client = make_app(rate_limit="1/minute", trusted_proxies=1).test_client()

    statuses = [
        client.post("/predict", data=UPLOAD, headers={"X-Forwarded-For": f"203.0.113.1:{port}"}).status_code
        for port in (4711, 4712)
    ]

    assert statuses == [200, 429]


def test_forwarded_addresses_are_believed_from_trusted_proxies_alone(make_app: MakeApp) -> None:
    trusting = make_app(rate_limit="1/minute", trusted_proxies=1).test_client()
    doubting = make_app(rate_limit="1/minute").test_client()

    by_address = [
        [
            client.post("/predict", data=UPLOAD, headers={"X-Forwarded-For": address}).status_code
            for address in ("203.0.113.1", "203.0.113.2")
        ]
        for client in (trusting, doubting)
    ]

    assert by_address == [[200, 200], [200, 429]]
