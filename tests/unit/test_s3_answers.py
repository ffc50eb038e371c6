"""What an S3 server's code means, by exact code."""

import os
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from model_store.errors import (
    AlreadyExists,
    NotFound,
    StoreBroken,
    StoreError,
    StoreRefused,
    StoreUnreachable,
)
from model_store.s3 import S3Store, make_s3_error, mask_credentials, translate_server_error
from tests.https_servers import Authority, https_server, redirect, status

WHERE = "s3://shop-models/wardrobe/promotions/00000042.json"


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("NoSuchKey", NotFound, "nothing under this key"),
        ("404", NotFound, "nothing under this key"),
        ("PreconditionFailed", AlreadyExists, "already there"),
        ("412", AlreadyExists, "already there"),
        ("ConditionalRequestConflict", AlreadyExists, "already there"),
        ("AccessDenied", StoreRefused, "s3:GetObject under this prefix, and s3:ListBucket"),
        ("403", StoreRefused, "s3:GetObject under this prefix, and s3:ListBucket"),
        ("NoSuchBucket", StoreRefused, "no such bucket"),
        ("InvalidAccessKeyId", StoreRefused, "AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", StoreRefused, "AWS_SECRET_ACCESS_KEY"),
        ("ExpiredToken", StoreRefused, "Get new ones"),
        ("RequestTimeTooSkewed", StoreRefused, "clock"),
        ("SlowDown", StoreUnreachable, "short and stout"),
        ("503", StoreUnreachable, "short and stout"),
        ("TeapotOverflow", StoreBroken, "short and stout"),
        ("no code", StoreBroken, "short and stout"),
    ],
)
def test_each_known_code_has_its_error_and_remedy(code: str, error: type[StoreError], words: str) -> None:
    found = make_s3_error(code, "short and stout", WHERE, "GetObject")

    assert type(found) is error
    assert str(found).startswith(f"{WHERE}: {code} on GetObject. ")
    assert words in str(found)


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("ListObjectsV2", "s3:ListBucket on the bucket"),
        ("PutObject", "s3:PutObject under this prefix"),
        ("DeleteObject", "s3:DeleteObject under this prefix"),
    ],
)
def test_what_is_denied_names_its_permission(operation: str, permission: str) -> None:
    assert f"needs {permission}." in str(make_s3_error("AccessDenied", "", WHERE, operation))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDenied", "not authorized to perform: kms:Decrypt on this resource"),
        ("InvalidObjectState", "it lies in GLACIER"),
    ],
)
def test_a_refusal_quotes_the_servers_own_words_behind_ours(code: str, words: str) -> None:
    refusal = str(make_s3_error(code, words, WHERE, "GetObject"))

    assert refusal.endswith(f" The server says: {words}")
    assert not str(make_s3_error(code, "", WHERE, "GetObject")).endswith("The server says: ")


@pytest.mark.parametrize(
    ("code", "of_error", "headers"),
    [
        ("PermanentRedirect", {}, {"x-amz-bucket-region": "eu-west-3"}),
        ("301", {}, {"x-amz-bucket-region": "eu-west-3"}),
        ("AuthorizationHeaderMalformed", {"Region": "eu-west-3"}, {}),
        ("TemporaryRedirect", {}, {"x-amz-bucket-region": "eu-west-3"}),
    ],
)
def test_the_region_that_an_answer_names_is_shown(
    code: str, of_error: dict[str, str], headers: dict[str, str]
) -> None:
    response: Any = {"Error": {"Code": code} | of_error, "ResponseMetadata": {"HTTPHeaders": headers}}

    error = translate_server_error(ClientError(response, "GetObject"), WHERE, "GetObject")

    assert "eu-west-3" in str(error)


@pytest.fixture
def settings_of_boto3(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials, and no file of the tester's."""
    for name, value in {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    return monkeypatch


def web_page(handler: BaseHTTPRequestHandler) -> None:
    status(200, b"<!doctype html><title>Console</title>", **{"Content-Type": "text/html"})(handler)


def sound_page(handler: BaseHTTPRequestHandler) -> None:
    """One that an XML parser takes."""
    status(200, b"<html><head><title>Console</title></head></html>", **{"Content-Type": "text/html"})(handler)


LISTING = "/shop?list-type=2&prefix=&max-keys=1000&encoding-type=url"


def test_a_server_of_ones_own_authority_is_trusted_by_the_variable_that_the_refusal_names(
    settings_of_boto3: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    with https_server(authority.chain("localhost"), {LISTING: web_page}) as server:
        settings_of_boto3.setenv("AWS_ENDPOINT_URL_S3", server.url(""))
        with pytest.raises(StoreUnreachable, match="set AWS_CA_BUNDLE to the file"):
            S3Store("s3://shop").list_entries("")
        settings_of_boto3.setenv("AWS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
        with pytest.raises(StoreUnreachable, match=r"No such file or directory.*AWS_CA_BUNDLE"):
            S3Store("s3://shop").list_entries("")
        settings_of_boto3.setenv("AWS_CA_BUNDLE", str(authority.file))
        for page in (web_page, sound_page):
            server.answers[LISTING] = page
            with pytest.raises(StoreUnreachable, match=r"not S3 but a web page.*set AWS_ENDPOINT_URL_S3"):
                list(S3Store("s3://shop").list_entries(""))


@pytest.mark.parametrize("is_xml", [True, False])  # where botocore finds an empty code
@pytest.mark.parametrize(("code", "error"), [(403, StoreRefused), (502, StoreUnreachable), (404, NotFound)])
def test_a_web_page_in_place_of_an_answer_keeps_its_kind_and_is_named(
    code: int, error: type[StoreError], *, is_xml: bool
) -> None:
    page: Any = {"HTTPHeaders": {"content-type": "text/html; charset=utf-8"}, "HTTPStatusCode": code}
    answer = ClientError(
        {"Error": {"Code": "" if is_xml else str(code)}, "ResponseMetadata": page}, "GetObject"
    )

    found = translate_server_error(answer, WHERE, "GetObject")

    assert type(found) is error
    assert "not S3 but a web page" in str(found)


def test_a_server_that_redirects_everything_is_no_s3(
    settings_of_boto3: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, login = Authority(tmp_path), redirect("https://localhost/login")
    with https_server(authority.chain("localhost"), {"/shop": login, "/shop/key": login}) as server:
        settings_of_boto3.setenv("AWS_ENDPOINT_URL_S3", server.url(""))
        settings_of_boto3.setenv("AWS_CA_BUNDLE", str(authority.file))
        with pytest.raises(
            StoreBroken, match=r"GetObject is redirected again and again.*not S3 but a web page"
        ):
            S3Store("s3://shop").read("key")


@pytest.mark.parametrize("operation", ["ListObjectsV2", "PutObject"])
def test_what_is_not_found_where_no_key_has_to_be_is_the_bucket(operation: str) -> None:
    found = make_s3_error("404", "", WHERE, operation)

    assert type(found) is StoreRefused
    assert "There is no such bucket" in str(found)


@pytest.mark.parametrize(
    ("end_of_endpoint", "advice"),
    [
        ("/shop", "AWS_ENDPOINT_URL_S3 ends in the bucket's name. Leave it out."),
        ("/eu/shop/", "AWS_ENDPOINT_URL_S3 ends in the bucket's name. Leave it out."),
        ("/workshop", "There is no such bucket. Create it"),
        ("", "There is no such bucket. Create it"),
    ],
)
def test_a_bucket_that_the_endpoint_names_again_is_said_so(
    end_of_endpoint: str, advice: str, settings_of_boto3: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    with https_server(authority.chain("localhost"), {}) as server:
        settings_of_boto3.setenv("AWS_ENDPOINT_URL_S3", server.url("") + end_of_endpoint)
        settings_of_boto3.setenv("AWS_CA_BUNDLE", str(authority.file))
        with pytest.raises(StoreRefused, match=f"404 on ListObjectsV2. {advice}"):
            S3Store("s3://shop/models").list_entries("")


def test_what_is_gone_already_is_deleted(settings_of_boto3: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Some servers answer 404 then; S3 itself does not."""
    authority = Authority(tmp_path)
    with https_server(authority.chain("localhost"), {}) as server:
        settings_of_boto3.setenv("AWS_ENDPOINT_URL_S3", server.url(""))
        settings_of_boto3.setenv("AWS_CA_BUNDLE", str(authority.file))
        S3Store("s3://shop").delete("key")


SIGNED = "AWS4-HMAC-SHA256 Credential=KEY/20261125/eu/s3/aws4_request, SignedHeaders=host, Signature=5ec4e7"


@pytest.mark.parametrize(
    "said",
    [
        f"Invalid header value b'{SIGNED}\\n'",
        "Invalid header value b'5ec4e7KEY\\n'",
        f"bad request {{'Authorization': '{SIGNED}', 'X-Amz-Security-Token': 'none'}}",
        "GET https://shop.example/a?X-Amz-Credential=KEY%2F2026&X-Amz-Signature=5ec4e7&X-Amz-Date=2026",
        "proxy http://me:5ec4e7@proxy.example:3128 refused",
        "Authorization: AWS KEY:5ec4e7=",
        "Authorization: Bearer 5ec4e7KEY",
    ],
)
def test_no_message_of_a_library_shows_a_header_of_authorization(said: str) -> None:
    masked = mask_credentials(said)

    assert "5ec4e7" not in masked
    assert "KEY" not in masked
    assert "***" in masked


def test_a_server_without_words_is_not_quoted() -> None:
    assert str(make_s3_error("503", "", WHERE, "GetObject")).endswith(
        "could not answer now. Try again later."
    )


def test_a_message_without_secrets_stays_as_it_is() -> None:
    said = 'Could not connect to the endpoint URL: "https://shop.s3.eu-central-1.example/a b?list-type=2"'

    assert mask_credentials(said) == said
