"""deploy/compose.yaml: with files that exist, of parts that know each other's names."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import parse_settings
from tests.nginx import CONFIGURATION, UPSTREAMS
from tests.service import ROOT

DEPLOY = ROOT / "deploy"
SERVING = ("wardrobe-1", "wardrobe-2")
OF_AWS = ("ENDPOINT_URL_S3", "DEFAULT_REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")


@cache
def read(name: str) -> Any:
    """A YAML file below deploy/, its anchors merged."""
    return yaml.safe_load((DEPLOY / name).read_text("utf-8"))


def services() -> dict[str, dict[str, Any]]:
    """Each container by its name, which is its host's name too."""
    found: dict[str, dict[str, Any]] = read("compose.yaml")["services"]
    return found


def listed(field: str) -> list[str]:
    """What all services list under a field."""
    return [each for service in services().values() for each in service.get(field, ())]


def mounts() -> list[list[str]]:
    """Of all files and folders of ours: where they are, where they go, and how."""
    return [volume.split(":") for volume in listed("volumes") if volume.startswith(".")]


def test_it_names_what_is_there() -> None:
    named = {volume.split(":")[0] for volume in listed("volumes")}

    assert {volume for volume in named if not volume.startswith(".")} == read("compose.yaml")[
        "volumes"
    ].keys()
    assert set(listed("depends_on")) <= services().keys()
    assert [source for source, _, _ in mounts() if not (DEPLOY / source).exists()] == []
    assert {how for _, _, how in mounts()} == {"ro"}


def test_every_image_is_pinned_or_built_here() -> None:
    pinned = {name: service["image"] for name, service in services().items() if "build" not in service}
    builds = [service["build"] for service in services().values() if "build" in service]

    assert [name for name in pinned if not re.search(r":(v?\d+\.\d+\.\d+|RELEASE\.\S+)$", pinned[name])] == []
    for build in builds:
        dockerfile = DEPLOY / build["context"] / "Dockerfile"
        assert build["args"].keys() == set(re.findall(r"(?m)^ARG (\w+)", dockerfile.read_text("utf-8")))


def test_no_port_is_open_to_other_machines() -> None:
    assert [port for port in listed("ports") if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", SERVING)
def test_a_service_takes_every_setting_it_is_given(name: str) -> None:
    service = services()[name]
    lines = (DEPLOY / service["env_file"]).read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    gunicorn = (ROOT / "gunicorn.conf.py").read_text("utf-8")
    [patience] = re.findall(r"(?m)^graceful_timeout = max\((\d+), ", gunicorn)

    settings = parse_settings(given | service["environment"])

    assert settings.trusted_proxies == 1
    assert settings.model_store == services()["first-release"]["command"][5]
    others = {name for name in service["environment"] if not name.startswith("WARDROBE_")}
    assert others == {f"AWS_{name}" for name in OF_AWS}
    assert settings.drain_seconds <= int(patience) - 20
    assert service["stop_grace_period"] == f"{int(patience) + 5}s"


def test_store_services_and_first_release_agree() -> None:
    store, settings = services()["s3"], services()["wardrobe-1"]["environment"]
    *publish, folder, _ = services()["first-release"]["command"][:6]

    assert store["environment"] == {
        "MINIO_ROOT_USER": settings["AWS_ACCESS_KEY_ID"],
        "MINIO_ROOT_PASSWORD": settings["AWS_SECRET_ACCESS_KEY"],
    }
    bucket = settings["WARDROBE_MODEL_STORE"].split("/")[2]
    assert f"mkdir -p /data/{bucket} " in store["entrypoint"][2]
    assert settings["AWS_ENDPOINT_URL_S3"] == "http://s3:9000"
    assert publish == ["python", "-m", "scripts", "publish"]
    assert (ROOT / folder / "manifest.json").exists()


def test_nginx_prometheus_and_grafana_find_the_services_and_their_files() -> None:
    [scraped] = read("prometheus/compose.yaml")["scrape_configs"]
    [provider] = read("grafana/provisioning/dashboards/wardrobe.yaml")["providers"]
    [source] = read("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    nginx = CONFIGURATION.read_text("utf-8")
    targets = {target: DEPLOY / source for source, target, _ in mounts()}
    rules = Path(services()["prometheus"]["command"][0].removeprefix("--config.file="))

    upstreams = re.findall(r"(?m)^    server (\S+)", nginx)
    expected = [f"{name}:8000" for name in SERVING]
    assert scraped["static_configs"][0]["targets"] == upstreams == list(UPSTREAMS) == expected
    assert targets["/etc/nginx/conf.d/default.conf"].samefile(CONFIGURATION)
    assert services()["nginx"]["ports"] == ["127.0.0.1:8080:80"]
    assert "listen 80;" in nginx
    assert (targets[str(rules.parent)] / rules.name).exists()
    assert f"{provider['options']['path']}/wardrobe.json" in targets
    assert source["url"] == "http://prometheus:9090"
    assert "/etc/grafana/provisioning" in targets
