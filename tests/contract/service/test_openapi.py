"""The OpenAPI document and the pages about HTTP against the app: valid, complete, true of real answers."""

import json
import re
import tomllib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from pydantic.json_schema import models_json_schema
from werkzeug.exceptions import MethodNotAllowed, NotFound, TooManyRequests
from werkzeug.routing import Rule

from app.api.openapi import DOCUMENT, fill_openapi_document
from app.api.problems import PROBLEM_TYPES, find_problem_type, make_problem_urn
from app.prediction.parameters import BATCH_PARAMETERS, SINGLE_PARAMETERS, ParameterDefinition
from app.releases.serving import ModelHolder, Refusal
from app.settings import Settings
from model_store.manifest import VERSION_PATTERN, Manifest
from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_control import bearer, keys_file
from tests.described import Described
from tests.releases import a_store
from tests.service import ROOT
from tests.uploads import UPLOAD, a_garment, in_base64, zipped

OF_PAGES = {"docs.asset", "page.asset", "page.icon"}
"""Files that only their own page, or a browser by itself, asks for."""

REFUSING = {"protocol_models.tf_unspoken"}
"""What only ever says that another method is meant; OpenAPI allows no second name for a place in a path."""


KNOWN = [
    find_problem_type(kind)
    for kind in (*PROBLEM_TYPES, TooManyRequests, NotFound, MethodNotAllowed, Exception)
]
"""The problems that clients may get."""


@pytest.fixture(scope="module")
def described(client: FlaskClient) -> Described:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200, answer.get_json()
    return Described(answer.get_json())


@pytest.mark.parametrize(
    ("path", "accepted"), [("/predict", SINGLE_PARAMETERS), ("/predict/batch", BATCH_PARAMETERS)]
)
def test_every_query_parameter_of_a_route_is_described(
    described: Described, path: str, accepted: tuple[ParameterDefinition, ...]
) -> None:
    [route] = [operation for _, known, operation in described.operations() if known == path]

    names = [parameter["name"] for parameter in route["parameters"] if parameter["in"] == "query"]

    assert names == [one.name for one in accepted]


def test_the_list_of_classes_is_described_as_long_as_the_release_has_classes(
    make_app: MakeApp, tmp_path: Path
) -> None:
    client = make_app(model_store=a_store(tmp_path, labels=("Hat", "Glove", "Scarf"))).test_client()

    [top, *_] = client.get("/openapi.json").get_json()["paths"]["/predict"]["post"]["parameters"]

    assert top["schema"]["maximum"] == 3
    assert top["description"].startswith(f"`{top['name']}=K`: ")
    assert "](" not in top["description"], "a link within the page leads nowhere in the contract"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("parameters", "ModelName"),
        ("schemas", "Likely"),
        ("schemas", "Probabilities"),
        ("examples", "AnswerWithTopAndSeen"),
    ],
)
def test_a_component_that_has_another_name_in_the_file_is_named(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    app = make_app(model_store=a_store(tmp_path, labels=("Hat", "Glove", "Scarf")))
    renamed = tmp_path / "renamed.json"
    renamed.write_text(DOCUMENT.read_text("utf-8").replace(f'"{name}": {{', '"Renamed": {'), "utf-8")
    monkeypatch.setattr("app.api.openapi.DOCUMENT", renamed)
    model = app.extensions["wardrobe"].models.current

    with pytest.raises(LookupError, match=f"has no component `{name}` in `{kind}`"):
        fill_openapi_document(model, Settings())


def test_examples_have_the_version_that_is_served(client: FlaskClient) -> None:
    versions = re.findall(VERSION_PATTERN, client.get("/openapi.json").text)

    assert set(versions) == {client.get("/model").get_json()["version"]}
    assert len(versions) > 5


def path_of(rule: Rule) -> str:
    """A rule's path as OpenAPI writes it: `/v2/models/{name}`."""
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)


def test_the_answered_document_is_openapi_3_1(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    validate(document)

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == project["version"]
    first_sentence, *_ = document["info"]["description"].split(". ")
    assert [word for word in ("class", "kind", "colour", "decision") if word not in first_sentence] == []


@pytest.mark.parametrize(
    ("sent", "url"),
    [
        ({}, "./"),
        ({"headers": {"X-Forwarded-Prefix": "/shop/wardrobe/"}}, "/shop/wardrobe"),
        ({"environ_overrides": {"SCRIPT_NAME": "/wardrobe"}}, "/wardrobe"),
        ({"headers": {"X-Forwarded-Prefix": "//evil.example"}}, "./"),
        ({"headers": {"X-Forwarded-Prefix": "https://evil.example"}}, "./"),
    ],
)
def test_below_a_proxys_prefix_the_document_leads_to_the_service(
    client: FlaskClient, sent: dict[str, Any], url: str
) -> None:
    response = client.get("/openapi.json", **sent)

    assert response.get_json()["servers"] == [{"url": url}]
    assert "X-Forwarded-Prefix" in response.headers["Vary"]


def test_every_route_is_described_and_listed_by_the_pages_and_no_other(
    client: FlaskClient, described: Described
) -> None:
    routes = {
        (method, rule.rule): (method.lower(), path_of(rule), rule.endpoint)
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    pages = "".join(
        (ROOT / f"docs/reference/{name}.md").read_text("utf-8") for name in ("http", "other-protocols")
    )

    listed = set(re.findall(r"(?:^\| |, )`([A-Z]+) (/[^` ]*)`(?=,| \|)", pages, re.MULTILINE))

    assert listed == routes.keys()
    assert {(method, path) for method, path, _ in described.operations()} == {
        (method, path) for method, path, endpoint in routes.values() if endpoint not in OF_PAGES | REFUSING
    }


def test_it_describes_the_status_and_type_of_every_problem_and_no_others() -> None:
    document = Described(json.loads(DOCUMENT.read_text("utf-8"))).document
    contents = [
        response["content"]["application/problem+json"]
        for response in document["components"]["responses"].values()
        if "application/problem+json" in response.get("content", {})
    ]

    assert {
        (content["examples"]["problem"]["value"]["status"], kind)
        for content in contents
        for kind in content["x-problem-types"]
    } == {(int(problem.status), make_problem_urn(problem)) for problem in KNOWN}


def test_the_labels_are_those_of_the_release(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(model_store=a_store(tmp_path, labels=("Hat", "Glove", "Scarf"))).test_client()

    document = client.get("/openapi.json").get_json()

    assert document["components"]["schemas"]["Label"]["enum"] == ["Hat", "Glove", "Scarf"]
    assert document["components"]["schemas"]["Probabilities"]["required"] == ["Hat", "Glove", "Scarf"]
    assert "Ankle boot" not in json.dumps(document)


def test_the_settings_that_it_names_have_their_values(make_shared_app: MakeApp) -> None:
    client = make_shared_app(max_batch=7, max_pixels=1_000_000, model_name="shop").test_client()

    document = client.get("/openapi.json").get_json()

    assert "`MAX_BATCH` (7)" in document["paths"]["/predict/batch"]["post"]["description"]
    assert "`MAX_PIXELS` (1,000,000)" in document["components"]["responses"]["TooLarge"]["description"]
    assert document["components"]["parameters"]["ModelName"]["schema"]["enum"] == ["shop"]
    form = Described(document).document["paths"]["/predict/batch"]["post"]["requestBody"]["content"]
    assert form["multipart/form-data"]["schema"]["properties"]["image"]["maxItems"] == 7


def test_the_manifest_has_the_fields_of_releases() -> None:
    described = json.loads(DOCUMENT.read_text("utf-8"))["components"]["schemas"]
    _, ours = models_json_schema([(Manifest, "validation")])

    for name in ours["$defs"].keys() & described.keys():
        left_out = {"Manifest": {"files"}, "Network": {"golden"}}.get(name, set())
        fields = set(ours["$defs"][name].get("properties", {})) - left_out
        assert set(described[name].get("properties", {})) == fields, name


def test_a_field_of_the_report_is_described_as_its_type_says(described: Described) -> None:
    schemas = described.document["components"]["schemas"]

    assert schemas["PhotoDecisions"]["properties"]["confidence_threshold"]["description"] == (
        "Smallest confidence of an accepted answer; null if nothing is accepted."
    )
    ece_null = schemas["TestFigures"]["properties"]["ece_null"]
    assert ece_null["type"] == "array"  # left out, and never null
    assert ece_null["description"].endswith("its confidence says; absent in older reports.")
    assert "ece_null" not in schemas["TestFigures"]["required"]


def test_every_json_example_is_answered_as_described(client: FlaskClient, described: Described) -> None:
    sent = 0
    for method, path, operation in described.operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            answer = client.open(asked(path, operation), method=method, json=example["value"])

            assert (answer.status_code, described.complaints(method, path, answer)) == (200, [])
            sent += 1
    assert sent >= 12


def test_every_example_is_what_its_schema_says(described: Described) -> None:
    bodies = [
        body
        for _, _, operation in described.operations()
        for body in (operation.get("requestBody", {}), *operation["responses"].values())
    ]
    examples = [
        (content.get("schema", {}), example["value"])
        for body in bodies
        for content in body.get("content", {}).values()
        for example in content.get("examples", {}).values()
    ]
    assert len(examples) > 12
    assert [described.mismatches(schema, value) for schema, value in examples] == [[]] * len(examples)


def asked(path: str, operation: Any) -> str:
    """The path with the values that its parameters may have."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["schema"]["enum"][0])
    return path


@pytest.fixture(scope="module")
def taking_little(make_shared_app: MakeApp) -> FlaskClient:
    """A client of a service that takes uploads of 10 kB."""
    return make_shared_app(max_upload_bytes=10_000).test_client()


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/predict", {"data": UPLOAD}),
        ("/predict?top=3&seen=1&explain=1", {"data": UPLOAD}),
        ("/predict", {"json": {"pixels": a_garment().tolist()}}),
        ("/predict", {"data": b""}),
        ("/predict", {"data": b"hello"}),
        ("/predict", {"data": UPLOAD[:-30]}),
        ("/predict", {"data": bytes(100_000)}),
        ("/predict", {"json": {"pixels": []}}),
        ("/predict?top=many", {"data": UPLOAD}),
        ("/predict/batch?top=1", {"data": zipped(good=UPLOAD, bad=b"hello")}),
        ("/predict/batch", {"json": {"images": [in_base64(UPLOAD), 7]}}),
        ("/predict/batch", {"data": b"hello"}),
        ("/predict/batch", {"data": {"image": [(BytesIO(UPLOAD), "a.png"), (BytesIO(b"?"), "b.txt")]}}),
    ],
)
def test_a_classification_is_answered_as_described(
    taking_little: FlaskClient, described: Described, path: str, how: dict[str, Any]
) -> None:
    answer = taking_little.post(path, **how)

    assert described.complaints("post", path.partition("?")[0], answer) == []


def test_draining_and_stale_workers_answer_as_described(make_app: MakeApp, described: Described) -> None:
    app = make_app()
    models: ModelHolder = app.extensions["wardrobe"].models
    models.record_store_failure(OSError("no route to host"), datetime.now(UTC))
    models.record_refusals([Refusal(2, "20261120T101500Z-00000000", "its labels differ")], datetime.now(UTC))

    stale = app.test_client().get("/readyz")
    app.extensions["wardrobe"].drain()
    draining = app.test_client().get("/readyz")

    assert (stale.status_code, described.complaints("get", "/readyz", stale)) == (200, [])
    assert stale.get_json()["store"]["status"] == "failing"
    assert (draining.status_code, described.complaints("get", "/readyz", draining)) == (503, [])


def test_key_and_rate_are_described_where_they_are_configured(make_app: MakeApp, tmp_path: Path) -> None:
    keys = keys_file(tmp_path, "alpha")
    client = make_app(api_keys_file=keys, rate_limit="1/hour").test_client()

    described = Described(client.get("/openapi.json").get_json())
    answers = [client.post("/predict", data=UPLOAD, headers=bearer(key)) for key in ("", "alpha", "alpha")]

    everywhere = described.document["security"]
    secured = {path for _, path, operation in described.operations() if operation.get("security", everywhere)}
    assert secured >= {"/predict", "/predict/batch", "/metrics", "/model"}
    assert secured & {"/", "/docs", "/health", "/healthz", "/openapi.json", "/readyz"} == set()
    assert described.document["components"]["securitySchemes"]["key"] == {"type": "http", "scheme": "bearer"}
    assert [answer.status_code for answer in answers] == [401, 200, 429]
    assert [described.complaints("post", "/predict", answer) for answer in answers] == [[]] * 3
