"""POST /predict with a title: what the shop has written and the picture say together."""

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from inference.words.language_files import list_readable_languages
from tests.contract.service.conftest import INVOCATIONS, TF, V2, MakeApp
from tests.service import ROOT
from tests.uploads import in_base64

PHOTO = (ROOT / "examples" / "photo-trousers.jpg").read_bytes()
READ = list_readable_languages()
PIXELS = (ROOT / "examples" / "trouser.png").read_bytes()


@pytest.fixture(scope="module")
def client(make_shared_app: MakeApp) -> FlaskClient:
    return make_shared_app(model_store="bundled").test_client()


def listed(client: FlaskClient, title: str, language: str = "", picture: bytes = PHOTO) -> dict[str, Any]:
    fields = {"title": title, **({"language": language} if language else {})}
    answer = client.post("/predict", data={"image": (io.BytesIO(picture), "a"), **fields})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()["listed"]
    return found


def test_a_title_that_the_picture_confirms_is_accepted_and_one_that_it_denies_is_not(
    client: FlaskClient,
) -> None:
    agreed, denied = listed(client, "Slim jeans"), listed(client, "Leather handbag")

    alone = client.post("/predict", data=PHOTO).get_json()
    # A word that agrees takes nothing away, so the photo's own confidence stays.
    assert agreed.pop("confidence") == alone["confidence"]
    assert denied.pop("confidence") == alone["confidence"]
    assert agreed == {
        "kinds": ["trousers"],
        "label": "Trouser",
        "kind": "trousers",
        "decision": "accept",
        "reason": None,
    }
    assert denied == {
        "kinds": ["bag"],
        "label": "Bag",
        "kind": "bag",
        "decision": "review",
        "reason": "list",
    }


def test_a_picture_of_one_part_is_no_set(client: FlaskClient) -> None:
    found = listed(client, "Set of shirt and trousers")

    assert (found["kinds"], found["decision"], found["reason"]) == (["set"], "review", "list")
    assert found["label"] == "none of these"
    assert listed(client, "Set of 3 leggings")["decision"] == "accept"


FORMS: dict[str, dict[str, Any]] = {
    "form field": {"data": {"title": "Jupe", "language": "fr"}},
    "JSON key": {"json": {"image": in_base64(PHOTO), "title": "Jupe", "language": "fr"}},
    "query": {"data": PHOTO, "query_string": {"title": "Jupe", "language": "fr"}},
    "language apart": {
        "json": {"image": in_base64(PHOTO), "title": "Jupe"},
        "query_string": {"language": "fr"},
    },
}


def sent(client: FlaskClient, form: dict[str, Any]) -> Any:
    data = form.get("data")
    if isinstance(data, dict):
        form = form | {"data": data | {"image": (io.BytesIO(PHOTO), "a.jpg")}}
    return client.post("/predict", **form)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_title_comes_in_every_form_and_changes_no_other_field(
    client: FlaskClient, form: dict[str, Any]
) -> None:
    answer = sent(client, form).get_json()

    alone = client.post("/predict", data=PHOTO).get_json()
    assert answer.pop("listed")["kinds"] == ["skirt"]
    assert answer | {"request_id": ""} == alone | {"request_id": ""}


TWICE: dict[str, dict[str, Any]] = {
    "query": {"data": PHOTO, "query_string": "title=a&title=b"},
    "form": {"data": {"title": ["a", "a"]}},
    "JSON and query": {"json": {"image": in_base64(PHOTO), "title": "a"}, "query_string": {"title": "a"}},
    "language": {
        "json": {"image": in_base64(PHOTO), "title": "a", "language": "en"},
        "query_string": {"language": "en"},
    },
}


@pytest.mark.parametrize("form", TWICE.values(), ids=TWICE)
def test_a_title_or_language_that_comes_twice_is_refused(client: FlaskClient, form: dict[str, Any]) -> None:
    answer = sent(client, form)

    assert answer.status_code == 400
    assert "came 2 times. Send it once" in answer.get_json()["detail"]


def test_the_contract_names_the_languages_that_are_read(client: FlaskClient) -> None:
    described = client.get("/openapi.json").get_json()["components"]["schemas"]["TitleLanguage"]

    assert described["enum"] == [*READ, "none"]


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"title": 7}, "`title` is no text."),
        ({"title": ["Skirt"]}, "`title` is no text."),
        ({"title": "Skirt", "language": "tlh"}, f"it must be one of {', '.join(READ)}, or none."),
        ({"title": "Skirt", "language": "ja"}, "`language` is 'ja'; it must be one of en, de, fr, es"),
    ],
)
def test_a_title_that_is_no_text_and_an_unknown_language_are_refused(
    client: FlaskClient, fields: dict[str, Any], detail: str
) -> None:
    answer = client.post("/predict", json={"image": in_base64(PHOTO), **fields})

    assert answer.status_code == 400
    assert detail in answer.get_json()["detail"]


@pytest.mark.parametrize("name", ["title", "language"])
def test_a_title_or_language_that_is_a_file_is_refused(client: FlaskClient, name: str) -> None:
    files = {"image": (io.BytesIO(PHOTO), "a.jpg"), name: (io.BytesIO(b"en"), "title.txt")}

    answer = client.post("/predict", data=files)

    assert answer.status_code == 400
    assert f"The part `{name}` is a file." in answer.get_json()["detail"]


def test_without_a_language_a_title_admits_what_any_language_reads_in_it(client: FlaskClient) -> None:
    assert listed(client, "Jean")["kinds"] == ["trousers"]
    assert listed(client, "Robe")["kinds"] == ["coat", "dress", "nightwear"]
    assert listed(client, "Robe", "fr")["kinds"] == ["dress", "nightwear"]
    assert listed(client, "Robe", "none")["kinds"] == []


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("", []),
        ("Jeans " * 2_000, ["trousers"]),
        ("<b>Jeans</b> &amp; <script>alert(1)</script>", ["trousers"]),
        ("Je\x00ans", []),
    ],
)
def test_an_odd_title_is_read_as_far_as_it_says_something(
    client: FlaskClient, title: str, kinds: list[str]
) -> None:
    found = listed(client, title)

    assert found["kinds"] == kinds
    assert (found["label"], found["decision"]) == ("Trouser", "accept")


def test_words_are_a_veto_beside_a_network_that_shows_nothing_of_them(client: FlaskClient) -> None:
    agreeing, denied = listed(client, "Jeans", picture=PIXELS), listed(client, "Scarf", picture=PIXELS)

    assert (agreeing["label"], agreeing["kind"], agreeing["decision"]) == ("Trouser", "trousers", "accept")
    assert (denied["decision"], denied["reason"]) == ("review", "list")


@pytest.mark.parametrize(
    "titled",
    [
        {"data": {"image": (io.BytesIO(PHOTO), "a.jpg"), "title": "Jeans"}},
        {"json": {"images": [in_base64(PHOTO)], "title": "Jeans"}},
        {"json": {"images": [in_base64(PHOTO), {"image": in_base64(PHOTO), "title": "Jeans"}]}},
        {"data": {"image": (io.BytesIO(PHOTO), "a.jpg"), "titles": "Jeans"}},
        {"json": {"images": [in_base64(PHOTO)], "titles": ["Jeans"]}},
        {"json": {"images": [in_base64(PHOTO)], "parameters": {"title": "Jeans"}}},
    ],
    ids=[
        "form field",
        "JSON key",
        "beside a picture",
        "form field of several",
        "list of titles",
        "parameters",
    ],
)
def test_a_batch_with_a_title_is_refused_and_other_names_are_ignored(
    titled: dict[str, Any], client: FlaskClient
) -> None:
    refused = client.post("/predict/batch", **titled)
    taken = client.post("/predict/batch", json={"images": [{"image": in_base64(PHOTO), "size": "L"}], "a": 1})

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert "Titles are read by /predict" in refused.get_json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"image": (io.BytesIO(PHOTO), "a.jpg"), "titles": "Jeans"}},
        {"json": {"image": in_base64(PHOTO), "titles": ["Jeans"]}},
    ],
    ids=["form", "JSON"],
)
def test_a_list_of_titles_for_one_picture_is_refused(body: dict[str, Any], client: FlaskClient) -> None:
    refused = client.post("/predict", **body)

    assert refused.status_code == 400
    assert refused.get_json()["detail"].startswith(
        "`titles` is not read. Send the title of the picture as `title`"
    )


IMAGE = {"image": in_base64(PHOTO)}
INSTANCE = {"b64": in_base64(PHOTO)}
TENSOR = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [in_base64(PHOTO)]}
JEANS = {"title": "Jeans"}
UNTITLED: dict[str, tuple[str, dict[str, Any]]] = {
    "SageMaker, query": (f"{INVOCATIONS}?title=Jeans", {"data": PHOTO}),
    "SageMaker, language alone": (f"{INVOCATIONS}?language=de", {"data": PHOTO}),
    "SageMaker, form": (INVOCATIONS, {"data": {"image": (io.BytesIO(PHOTO), "a.jpg"), **JEANS}}),
    "SageMaker, JSON": (INVOCATIONS, {"json": IMAGE | JEANS}),
    "SageMaker, language in JSON": (INVOCATIONS, {"json": IMAGE | {"language": "de"}}),
    "SageMaker, list": (INVOCATIONS, {"json": [IMAGE, IMAGE | JEANS]}),
    "SageMaker, instances": (INVOCATIONS, {"json": {"instances": [IMAGE | JEANS]}}),
    "SageMaker, beside instances": (INVOCATIONS, {"json": {"instances": [IMAGE]} | JEANS}),
    "SageMaker, list of titles": (INVOCATIONS, {"json": {"instances": [IMAGE], "titles": ["Jeans"]}}),
    "SageMaker, lines": (
        INVOCATIONS,
        {"data": json.dumps(IMAGE | JEANS), "content_type": "application/jsonlines"},
    ),
    "SageMaker, CSV": (
        f"{INVOCATIONS}?title=Jeans",
        {"data": ",".join(["0"] * 784), "content_type": "text/csv"},
    ),
    "v1, query": (f"{TF}?title=Jeans", {"json": {"instances": [INSTANCE]}}),
    "v1, instance": (TF, {"json": {"instances": [INSTANCE | JEANS]}}),
    "v1, beside instances": (TF, {"json": {"instances": [INSTANCE]} | JEANS}),
    "v1, list of titles": (TF, {"json": {"instances": [INSTANCE], "titles": ["Jeans"]}}),
    "v1, columns": (TF, {"json": {"inputs": {"image": [INSTANCE], "title": ["Jeans"]}}}),
    "v1, beside the bytes": (TF, {"json": {"instances": [{"image": INSTANCE | JEANS}]}}),
    "v1, beside the bytes of a column": (TF, {"json": {"inputs": {"image": [INSTANCE | JEANS]}}}),
    "v1, parameters": (TF, {"json": {"instances": [INSTANCE], "parameters": JEANS}}),
    "v1, parameters of an instance": (TF, {"json": {"instances": [INSTANCE | {"parameters": JEANS}]}}),
    "SageMaker, parameters": (INVOCATIONS, {"json": {"instances": [IMAGE], "parameters": JEANS}}),
    "SageMaker, parameters of one": (INVOCATIONS, {"json": IMAGE | {"parameters": JEANS}}),
    "v1, beside columns": (TF, {"json": {"inputs": {"image": [INSTANCE]}} | JEANS}),
    "v2, query": (f"{V2}?language=de", {"json": {"inputs": [TENSOR]}}),
    "v2, request": (V2, {"json": {"inputs": [TENSOR]} | JEANS}),
    "v2, list of titles": (V2, {"json": {"inputs": [TENSOR], "parameters": {"titles": "Jeans"}}}),
    "v2, parameters": (V2, {"json": {"inputs": [TENSOR], "parameters": JEANS}}),
    "v2, tensor": (V2, {"json": {"inputs": [TENSOR | JEANS]}}),
    "v2, parameters of a tensor": (V2, {"json": {"inputs": [TENSOR | {"parameters": JEANS}]}}),
}


@pytest.mark.parametrize(("path", "titled"), UNTITLED.values(), ids=UNTITLED)
def test_a_title_is_refused_by_protocols_that_answer_pictures_alone(
    path: str, titled: dict[str, Any], client: FlaskClient
) -> None:
    refused = client.post(path, **titled)

    assert refused.status_code == 400
    assert "Titles are read by /predict, with one picture. Leave `" in refused.get_json()["detail"]


@pytest.mark.parametrize(
    ("path", "untitled"),
    [
        (INVOCATIONS, {"json": IMAGE | {"size": "L"}}),
        (f"{TF}?size=L", {"json": {"instances": [INSTANCE | {"size": "L"}], "a": 1}}),
        (V2, {"json": {"inputs": [TENSOR | {"parameters": {"a": 1}}], "parameters": {"a": 1}}}),
    ],
    ids=["SageMaker", "v1", "v2"],
)
def test_other_names_are_ignored_by_protocols_that_answer_pictures_alone(
    path: str, untitled: dict[str, Any], client: FlaskClient
) -> None:
    assert client.post(path, **untitled).status_code == 200


def test_a_title_is_not_logged(make_app: MakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    client = make_app(model_store="bundled", log_format="json").test_client()

    client.post("/predict?title=Unmistakable+skirt", data=PHOTO)
    client.post("/predict", data={"image": (io.BytesIO(PHOTO), "a.jpg"), "title": "Unmistakable skirt"})
    client.post("/predict", json={"image": in_base64(PHOTO), "title": "Unmistakable", "language": "it"})

    assert "nmistakable" not in capsys.readouterr().err
