"""What browsers are told with every answer, whoever gives it and whatever went wrong."""

from werkzeug.test import TestResponse

from app.middleware.headers import SECURITY_HEADERS
from tests.contract.service.conftest import MakeApp
from tests.uploads import UPLOAD

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE")


def told(response: TestResponse) -> dict[str, str | None]:
    """The headers of an answer that `HEADERS` promises."""
    return {name: response.headers.get(name) for name in SECURITY_HEADERS}


def test_every_route_tells_browsers_to_keep_out(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()
    paths = (*(rule.rule for rule in app.url_map.iter_rules()), "/made-up")

    answers = {f"{method} {path}": client.open(path, method=method) for path in paths for method in METHODS}

    differing = {request for request, answer in answers.items() if told(answer) != SECURITY_HEADERS}
    pages = ("/", "/favicon.ico", "/docs", "/openapi.json", "/metrics", "/metrics/report.json")
    kept = {f"{method} {path}" for method in ("GET", "HEAD") for path in pages}
    assert differing == kept, "pages, the report, and what they are made of, may be kept"
    assert {answer.status_code for answer in answers.values()} >= {200, 400, 404, 405}


def test_answers_refusals_and_failures_tell_it_too(make_app: MakeApp) -> None:
    app = make_app(rate_limit="4/day", max_upload_bytes=1000)
    app.add_url_rule("/broken", view_func=lambda: str(1 // 0))
    client = app.test_client()

    bodies = (UPLOAD, b"hello", UPLOAD[:-30], bytes(200_000), UPLOAD)
    answers = [*(client.post("/predict", data=body) for body in bodies), client.get("/broken")]

    assert [answer.status_code for answer in answers] == [200, 415, 422, 413, 429, 500]
    assert [answer.status for answer in answers if told(answer) != SECURITY_HEADERS] == []


def test_no_page_may_frame_sniff_lend_or_keep_an_answer_or_run_what_is_not_ours() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]

    assert SECURITY_HEADERS.items() >= {
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    }
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
