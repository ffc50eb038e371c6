"""deploy/compose.yaml: by the specification, with files that exist, of parts that know each other's names."""

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.settings import parse_settings
from tests.manifests import SCHEMAS
from tests.nginx import CONFIGURATION, UPSTREAMS
from tests.service import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
SERVING = ("wardrobe-1", "wardrobe-2")


@cache
def composed() -> dict[str, Any]:
    """The file, its anchors merged."""
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return document


def services() -> dict[str, dict[str, Any]]:
    """Each container by its name, which is its host's name too."""
    found: dict[str, dict[str, Any]] = composed()["services"]
    return found


def check(document: dict[str, Any]) -> None:
    jsonschema.validate(document, json.loads((SCHEMAS / "compose-spec.json").read_text("utf-8")))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def mounts() -> list[tuple[str, str, str]]:
    """Of all files and folders of ours: where they are, where they go, and how."""
    given = [volume for service in services().values() for volume in service.get("volumes", [])]
    return [tuple(volume.split(":")) for volume in given if volume.startswith(".")]


def test_it_keeps_to_the_specification() -> None:
    check(composed())


@pytest.mark.parametrize(
    ("field", "value"), [("depend_on", ["s3"]), ("ports", "8080:80"), ("cap_drop", "ALL")]
)
def test_a_misspelt_field_or_value_is_found(field: str, value: object) -> None:
    broken = copy.deepcopy(composed())
    broken["services"]["nginx"][field] = value

    with pytest.raises(jsonschema.ValidationError):
        check(broken)


def test_every_file_it_mounts_is_there_and_stays_as_it_is() -> None:
    assert [source for source, _, _ in mounts() if not (DEPLOY / source).exists()] == []
    assert {how for _, _, how in mounts()} == {"ro"}


def test_volumes_and_dependencies_name_what_is_there() -> None:
    volumes = [
        volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])
    ]
    needed = [name for service in services().values() for name in service.get("depends_on", ())]

    assert {volume for volume in volumes if not volume.startswith(".")} == composed()["volumes"].keys()
    assert set(needed) <= services().keys()


def test_every_image_is_pinned_or_built_here() -> None:
    for name, service in services().items():
        if "build" in service:
            context = (DEPLOY / service["build"]["context"]).resolve()
            declared = set(
                re.findall(r"^ARG (\w+)", (context / "Dockerfile").read_text("utf-8"), re.MULTILINE)
            )
            assert service["build"]["args"].keys() == declared, name
        else:
            assert re.search(r":(v?\d+\.\d+\.\d+|RELEASE\.\S+)$", service["image"]), name


def test_no_port_is_open_to_other_machines() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]

    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", SERVING)
def test_a_service_takes_every_setting_it_is_given(name: str) -> None:
    service = services()[name]
    lines = (DEPLOY / service["env_file"]).read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    settings = parse_settings(given | service["environment"])

    assert settings.trusted_proxies == 1
    assert settings.model_store == services()["first-release"]["command"][4]
    assert {name for name in service["environment"] if not name.startswith("WARDROBE_")} == {
        "AWS_ENDPOINT_URL_S3",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }


def test_store_and_services_agree_on_the_key_the_bucket_and_the_address() -> None:
    store, asked = services()["s3"], services()["wardrobe-1"]["environment"]

    assert store["environment"] == {
        "MINIO_ROOT_USER": asked["AWS_ACCESS_KEY_ID"],
        "MINIO_ROOT_PASSWORD": asked["AWS_SECRET_ACCESS_KEY"],
    }
    bucket = asked["WARDROBE_MODEL_STORE"].split("/")[2]
    assert f"mkdir -p /data/{bucket} " in store["entrypoint"][2]
    assert asked["AWS_ENDPOINT_URL_S3"] == "http://s3:9000"


def test_the_first_release_is_in_the_image() -> None:
    command = services()["first-release"]["command"]

    assert command[:3] == ["python", "-m", "scripts.publish"]
    assert (ROOT / command[3] / "manifest.json").exists()


def test_nginx_and_prometheus_ask_the_services_by_their_names() -> None:
    [scraped] = read(DEPLOY / "prometheus" / "compose.yaml")["scrape_configs"]
    asked = re.findall(r"^    server (\S+)", CONFIGURATION.read_text("utf-8"), re.MULTILINE)

    expected = [f"{name}:8000" for name in SERVING]
    assert scraped["static_configs"][0]["targets"] == asked == list(UPSTREAMS) == expected
    sources = {target: DEPLOY / source for source, target, _ in mounts()}
    assert sources["/etc/nginx/conf.d/default.conf"].samefile(CONFIGURATION)
    assert services()["nginx"]["ports"] == ["127.0.0.1:8080:80"]
    assert "listen 80;" in CONFIGURATION.read_text("utf-8")


def test_prometheus_and_grafana_find_their_files() -> None:
    targets = {target: DEPLOY / source for source, target, _ in mounts()}
    config = services()["prometheus"]["command"][0].removeprefix("--config.file=")
    [provider] = read(DEPLOY / "grafana/provisioning/dashboards/wardrobe.yaml")["providers"]
    [source] = read(DEPLOY / "grafana/provisioning/datasources/prometheus.yaml")["datasources"]

    assert (targets[str(Path(config).parent)] / Path(config).name).exists()
    assert f"{provider['options']['path']}/wardrobe.json" in targets
    assert source["url"] == "http://prometheus:9090"
    assert "/etc/grafana/provisioning" in targets


def test_a_service_is_killed_only_after_gunicorn_gave_up_waiting() -> None:
    [patience] = re.findall(
        r"^graceful_timeout = (\d+)$", (ROOT / "gunicorn.conf.py").read_text("utf-8"), re.M
    )

    assert {services()[name]["stop_grace_period"] for name in SERVING} == {f"{int(patience) + 5}s"}


def test_it_says_first_that_it_was_never_run() -> None:
    assert "Never run here" in COMPOSE.read_text("utf-8").splitlines()[0]
