"""Access control: API keys, CORS, rates, proxies."""

import hashlib
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.settings import SettingsError
from tests.contract.service.conftest import MakeApp, logged
from tests.releases import a_store
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


@pytest.fixture(scope="module")
def guarded(make_shared_app: MakeApp, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of a service that knows two keys."""
    keys = keys_file(tmp_path_factory.mktemp("keys"), "alpha", "beta")
    return make_shared_app(api_keys_file=keys).test_client()


@pytest.mark.parametrize("key", ["alpha", "beta"])
def test_any_known_key_opens_the_door(guarded: FlaskClient, key: str) -> None:
    assert guarded.post("/predict", data=UPLOAD, headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer gamma", "Basic alpha", "alpha"])
def test_without_a_known_key_it_stays_shut(guarded: FlaskClient, header: str) -> None:
    response = guarded.post("/predict", data=UPLOAD, headers={"Authorization": header})

    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="wardrobe"'


PAGES = ["/", "/favicon.ico", "/page/page.js", "/docs", "/docs/docs.js", "/openapi.json"]
HEALTH = ["/healthz", "/health", "/readyz", "/ping", "/v2/health/live", "/v2/health/ready"]
REST = ["/metrics", "/metrics/prometheus", "/model", "/made-up", "/v1/models/wardrobe", "/v2"]


@pytest.mark.parametrize(
    ("path", "status"), [*((path, 200) for path in PAGES + HEALTH), *((path, 401) for path in REST)]
)
def test_health_and_pages_need_no_key_and_all_else_does(guarded: FlaskClient, path: str, status: int) -> None:
    assert guarded.get(path).status_code == status


@pytest.mark.parametrize("is_draining", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
def test_health_answers_as_healthz_does(
    make_app: MakeApp, tmp_path: Path, method: str, *, is_draining: bool
) -> None:
    app = make_app(api_keys_file=keys_file(tmp_path, "alpha"), rate_limit="1/day", slots=1, queue_length=0)
    if is_draining:
        app.extensions["wardrobe"].drain()
    own = {"X-Request-ID": "mine", "Host": "other.example", "Origin": "https://shop.example"}

    for headers in (own, own | bearer("no-such-key"), own | bearer("alpha")):
        long, short = (
            app.test_client().open(path, method=method, headers=headers) for path in ("/healthz", "/health")
        )

        assert short.status == long.status
        assert short.data.replace(b"/healthz", b"/health") == long.data.replace(b"/healthz", b"/health")
        assert {*short.headers.keys()} == {*long.headers.keys()}


def test_readyz_shows_addresses_of_the_store_to_those_who_have_a_key_alone(
    make_app: MakeApp, tmp_path: Path
) -> None:
    store, keys = a_store(tmp_path), keys_file(tmp_path, "alpha")
    app = make_app(model_store=store, api_keys_file=keys, refresh_seconds=3600)
    Path(store).rename(tmp_path / "away")
    app.extensions["wardrobe"].watcher.poll()

    without, with_key = (
        app.test_client().get("/readyz", headers=headers) for headers in ({}, bearer("alpha"))
    )

    assert (without.status_code, without.get_json()["store"]["status"]) == (200, "failing")
    assert store not in without.text
    assert store in with_key.get_json()["store"]["error"]


@pytest.mark.parametrize("content", [b"", b"shop:half-writ", b"\xff\xfe"])
def test_keys_change_without_a_restart_and_while_they_cannot_be_read_nobody_comes_in(
    make_app: MakeApp, tmp_path: Path, content: bytes
) -> None:
    keys = keys_file(tmp_path, "alpha")
    client = make_app(api_keys_file=keys, rate_limit="9/day").test_client()

    with logged() as lines:
        keys.write_bytes(content)
        refused = [client.post("/predict", data=UPLOAD, headers=bearer("alpha")) for _ in range(3)]
        health = client.get("/readyz")
        keys_file(tmp_path, "beta")
        mended = [client.get("/model", headers=bearer(key)).status_code for key in ("alpha", "beta")]

    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in refused] == [(503, "5")] * 3
    assert (health.status_code, mended) == (200, [401, 200])
    said = [line for line in lines if not line.startswith("{")]  # but for requests
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
    client = make_app(cors_origins=SHOP, api_keys_file=keys, rate_limit="3/day").test_client()

    preflight = client.options("/predict", headers=PREFLIGHT | {"Origin": SHOP})
    answer = client.post("/predict", data=UPLOAD, headers=bearer("alpha") | {"Origin": SHOP})
    error = client.post("/predict", headers=bearer("alpha") | {"Origin": SHOP})

    answers = (preflight, answer, error)
    assert [(one.status_code, one.headers[ALLOWED]) for one in answers] == [
        (200, SHOP),
        (200, SHOP),
        (400, SHOP),
    ]
    assert answer.headers["X-RateLimit-Remaining"] == "2", "a preflight does not count"
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

    ours = {"Origin": "https://mine.example", "Sec-Fetch-Site": "same-origin"}
    behind_tls = {"Origin": "https://localhost"}  # whose proxy asks with http

    with logged() as lines:
        for headers in (
            ours,
            behind_tls,
            *({"Origin": f"https://{name}.example"} for name in ("shop", "other", "other")),
        ):
            client.post("/predict", data=UPLOAD, headers=headers)

    named = [line for line in lines if "WARDROBE_CORS_ORIGINS" in line]
    assert len(named) == 1
    assert "'https://other.example'" in named[0]


def test_a_client_above_its_rate_is_told_when_to_come_back(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2/day").test_client()

    answers = [client.post(path, data=UPLOAD) for path in ("/predict", "/predict/batch", "/predict")]
    health = [client.get(path).status_code for path in ("/healthz", "/health") for _ in range(3)]

    remaining = [answer.headers["X-RateLimit-Remaining"] for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 400, 429]
    assert answers[2].mimetype == "application/problem+json"
    wait = answers[2].headers["Retry-After"]
    assert 1 <= int(wait) <= 86_400
    assert "is 2 per 1 day" in answers[2].get_json()["detail"]
    assert answers[2].get_json()["detail"].endswith(f"Try again in {wait} s.")
    assert remaining == ["1", "0", "0"]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"
    assert not {"Retry-After", "X-RateLimit-Wait"} & set(answers[1].headers.keys())
    assert health == [200] * 6


@pytest.mark.parametrize("option", ["socket_timeout=soon", "no_such_option=1"])
def test_a_wrong_option_of_the_storage_of_rates_ends_the_start(make_app: MakeApp, option: str) -> None:
    storage = f"redis://:secret@localhost:1/0?{option}"
    said = r"WARDROBE_RATE_LIMIT_STORAGE: .* Leave out the options behind the \?"

    with pytest.raises(SettingsError, match=said) as refused:
        make_app(rate_limit="2/day", rate_limit_storage=storage)

    assert ":secret@" not in str(refused.value)


@pytest.mark.parametrize(
    ("proxies", "addresses", "statuses"),
    [
        (1, ["203.0.113.1", "203.0.113.2"], [200, 200]),
        (0, ["203.0.113.1", "203.0.113.2"], [200, 429]),
        (1, ["192.0.2.1, 203.0.113.9", "192.0.2.2, 203.0.113.9"], [200, 429]),
    ],
    ids=["a trusted proxy", "no proxy", "a forged entry before the proxy's"],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_alone(
    make_app: MakeApp, proxies: int, addresses: list[str], statuses: list[int]
) -> None:
    client = make_app(rate_limit="1/day", trusted_proxies=proxies).test_client()

    answers = [
        client.post("/predict", data=UPLOAD, headers={"X-Forwarded-For": address}) for address in addresses
    ]

    assert [answer.status_code for answer in answers] == statuses
