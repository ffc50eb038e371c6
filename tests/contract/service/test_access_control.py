"""Access control: API keys, CORS, rates, proxies."""

import hashlib
import logging
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.settings import SettingsError
from model_store.publish import publish
from model_store.store import FolderStore
from reports.judge import judge
from tests.contract.service.conftest import MakeApp, logged
from tests.releases import a_release
from tests.uploads import UPLOAD

SHOP = "https://shop.example"


def keys_file(folder: Path, *keys: str) -> Path:
    """A key file with one line per key."""
    lines = [f"key-{number}:{hashlib.sha256(key.encode()).hexdigest()}" for number, key in enumerate(keys)]
    path = folder / "keys"
    path.write_text("\n".join(["# names and hashes", "", *lines]), "utf-8")
    return path


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def guarded(make_app: MakeApp, tmp_path: Path) -> FlaskClient:
    """A client of a service that knows two keys."""
    return make_app(api_keys_file=keys_file(tmp_path, "alpha", "beta")).test_client()


@pytest.mark.parametrize("key", ["alpha", "beta"])
def test_any_known_key_opens_the_door(guarded: FlaskClient, key: str) -> None:
    assert guarded.post("/predict", data=UPLOAD, headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer gamma", "Basic alpha", "alpha"])
def test_without_a_known_key_it_stays_shut(guarded: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    response = guarded.post("/predict", data=UPLOAD, headers=headers)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="wardrobe"'
    assert response.mimetype == "application/problem+json"


PAGES = ["/", "/favicon.ico", "/page/page.js", "/docs", "/docs/docs.js", "/openapi.json"]
HEALTH = ["/healthz", "/readyz", "/ping", "/v2/health/live", "/v2/health/ready"]
REST = ["/metrics", "/metrics/prometheus", "/model", "/made-up", "/v1/models/wardrobe", "/v2"]


@pytest.mark.parametrize(
    ("path", "status"), [*((path, 200) for path in PAGES + HEALTH), *((path, 401) for path in REST)]
)
def test_health_and_pages_need_no_key_and_all_else_does(guarded: FlaskClient, path: str, status: int) -> None:
    assert guarded.get(path).status_code == status


def test_readyz_shows_addresses_of_the_store_to_those_who_have_a_key_alone(
    make_app: MakeApp, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "store")
    publish(a_release(tmp_path / "first"), store, judge, by="tests")
    keys = keys_file(tmp_path, "alpha")
    app = make_app(model_store=store.address, api_keys_file=keys, refresh_seconds=3600)
    Path(store.address).rename(tmp_path / "away")
    app.extensions["wardrobe"].watcher.poll()

    without, with_key = (
        app.test_client().get("/readyz", headers=headers) for headers in ({}, bearer("alpha"))
    )

    assert (without.status_code, without.get_json()["store"]["status"]) == (200, "failing")
    assert store.address not in without.text
    assert store.address in with_key.get_json()["store"]["error"]


def test_keys_rotate_without_a_restart(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "old")).test_client()

    keys_file(tmp_path, "new")

    statuses = [client.get("/model", headers=bearer(key)).status_code for key in ("new", "old")]
    assert statuses == [200, 401]


def test_a_key_file_that_is_missing_is_said_at_start(make_app: MakeApp, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        make_app(api_keys_file=tmp_path / "keys")


@pytest.mark.parametrize("content", [b"", b"shop:half-writ", b"\xff\xfe"])
def test_while_the_keys_cannot_be_read_nobody_comes_in_but_health_is_told(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    keys = keys_file(tmp_path, "alpha")
    client = make_app(api_keys_file=keys, rate_limit="9/day").test_client()
    logging.getLogger("wardrobe").addHandler(caplog.handler)

    keys.write_bytes(content)
    refused = [client.post("/predict", data=UPLOAD, headers=bearer("alpha")) for _ in range(3)]
    health = client.get("/readyz")
    keys_file(tmp_path, "alpha")
    mended = client.get("/model", headers=bearer("alpha"))

    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in refused] == [(503, "5")] * 3
    assert (health.status_code, mended.status_code) == (200, 200)
    told = [record.getMessage() for record in caplog.records if record.name != "wardrobe.access"]
    said = [line for line in told if "key" in line.lower()]
    assert ["Everybody is refused" in line for line in said] == [True, False], said


def test_the_log_names_whose_key_it_was_and_never_the_key(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(rate_limit="1/day", api_keys_file=keys_file(tmp_path, "alpha-secret")).test_client()

    known = [client.post("/predict", headers=bearer("alpha-secret")).status_code for _ in range(2)]
    client.get("/model", headers=bearer("wrong-secret"))

    log = capsys.readouterr().err
    lines = [line for line in log.splitlines() if " status=" in line]
    assert known == [400, 429]
    assert [" key=key-0 " in line for line in lines] == [True, True, False]
    assert "secret" not in log


PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
ALLOWED = "Access-Control-Allow-Origin"


def test_a_page_of_a_named_origin_may_call_and_read_our_headers(make_app: MakeApp, tmp_path: Path) -> None:
    keys = keys_file(tmp_path, "alpha")
    client = make_app(cors_origins=SHOP, api_keys_file=keys).test_client()

    preflight = client.options("/predict", headers=PREFLIGHT | {"Origin": SHOP})
    answer = client.post("/predict", data=UPLOAD, headers=bearer("alpha") | {"Origin": SHOP})
    error = client.post("/predict", headers=bearer("alpha") | {"Origin": SHOP})

    answers = (preflight, answer, error)
    assert [(one.status_code, one.headers[ALLOWED]) for one in answers] == [
        (200, SHOP),
        (200, SHOP),
        (400, SHOP),
    ]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization"
    assert preflight.headers["Access-Control-Max-Age"] == "7200"
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Model-Version", "Retry-After", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(exposed)
    assert not any("Access-Control-Allow-Credentials" in one.headers for one in answers)


@pytest.mark.parametrize("origin", ["https://evil.example", f"{SHOP}.evil", "null"])
@pytest.mark.parametrize("named", [SHOP, ""])
def test_a_page_of_another_origin_may_not(make_app: MakeApp, origin: str, named: str) -> None:
    client = make_app(cors_origins=named).test_client()

    preflight = client.options("/predict", headers=PREFLIGHT | {"Origin": origin})
    answer = client.post("/predict", data=UPLOAD, headers={"Origin": origin})

    assert ALLOWED not in preflight.headers
    assert ALLOWED not in answer.headers


def test_the_log_names_the_setting_once_for_each_origin_that_is_refused(make_app: MakeApp) -> None:
    client = make_app(cors_origins=SHOP).test_client()

    with logged() as lines:
        for origin in (SHOP, "http://localhost", "https://other.example", "https://other.example"):
            client.post("/predict", data=UPLOAD, headers={"Origin": origin})

    named = [line for line in lines if "WARDROBE_CORS_ORIGINS" in line]
    assert len(named) == 1
    assert "'https://other.example'" in named[0]


def test_a_page_of_ours_behind_a_proxy_that_ends_tls_is_not_refused(make_app: MakeApp) -> None:
    client = make_app().test_client()

    ours = {"Origin": "https://shop.example", "Sec-Fetch-Site": "same-origin"}

    with logged() as lines:
        client.post("/predict", data=UPLOAD, headers={"Origin": "https://localhost"})
        client.post("/predict", data=UPLOAD, headers=ours)

    assert not any("CORS" in line for line in lines)


def test_a_client_above_its_rate_is_told_when_to_come_back(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2/day").test_client()

    answers = [client.post(path, data=UPLOAD) for path in ("/predict", "/predict/batch", "/predict")]
    health = [client.get("/healthz").status_code for _ in range(3)]

    remaining = [answer.headers["X-RateLimit-Remaining"] for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 400, 429]
    assert answers[2].mimetype == "application/problem+json"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 86_400
    assert "is 2 per 1 day" in answers[2].get_json()["detail"]
    wait = answers[2].headers["Retry-After"]
    assert answers[2].get_json()["detail"].endswith(f"Try again in {wait} s.")
    assert remaining == ["1", "0", "0"]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"
    assert not {"Retry-After", "X-RateLimit-Wait"} & set(answers[1].headers.keys())
    assert health == [200] * 3


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_clock_that_is_set_holds_no_client_longer_than_its_rate_says(
    make_app: MakeApp, jump: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_app(rate_limit="1/minute").test_client()
    before = [client.post("/predict", data=UPLOAD).status_code for _ in range(2)]

    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    answers = [client.post("/predict", data=UPLOAD) for _ in range(2)]

    assert [*before, *(answer.status_code for answer in answers)] == [200, 429, 200, 429]
    assert 1 <= int(answers[1].headers["Retry-After"]) <= 60


@pytest.mark.parametrize("option", ["socket_timeout=soon", "no_such_option=1"])
def test_a_wrong_option_of_the_storage_of_rates_ends_the_start(make_app: MakeApp, option: str) -> None:
    storage = f"redis://:secret@localhost:1/0?{option}"
    said = r"WARDROBE_RATE_LIMIT_STORAGE: .* Leave out the options behind the \?"

    with pytest.raises(SettingsError, match=said) as refused:
        make_app(rate_limit="2/day", rate_limit_storage=storage)

    assert ":secret@" not in str(refused.value)


def test_a_preflight_does_not_count(make_app: MakeApp) -> None:
    client = make_app(cors_origins=SHOP, rate_limit="2/day").test_client()

    preflights = [client.options("/predict", headers=PREFLIGHT | {"Origin": SHOP}) for _ in range(3)]
    answer = client.post("/predict", data=UPLOAD, headers={"Origin": SHOP})

    assert [one.status_code for one in (*preflights, answer)] == [200] * 4
    assert answer.headers["X-RateLimit-Remaining"] == "1"


@pytest.mark.parametrize(
    ("proxies", "addresses", "statuses"),
    [
        (1, ["203.0.113.1", "203.0.113.2"], [200, 200]),
        (0, ["203.0.113.1", "203.0.113.2"], [200, 429]),
        (1, ["192.0.2.1, 203.0.113.9", "192.0.2.2, 203.0.113.9"], [200, 429]),
        (1, ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"], [200, 429, 200]),
    ],
    ids=["a trusted proxy", "no proxy", "a forged entry before the proxy's", "one subscriber's IPv6 network"],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_alone(
    make_app: MakeApp, proxies: int, addresses: list[str], statuses: list[int]
) -> None:
    client = make_app(rate_limit="1/day", trusted_proxies=proxies).test_client()

    answers = [
        client.post("/predict", data=UPLOAD, headers={"X-Forwarded-For": address}) for address in addresses
    ]

    assert [answer.status_code for answer in answers] == statuses
