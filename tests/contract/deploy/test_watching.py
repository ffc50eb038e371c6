"""What deploy/ brings for Prometheus and Grafana, and the page about it, against what the service exposes."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.factory import create_app
from app.settings import Settings
from tests.releases import a_store
from tests.system_parts import require_system_part
from tests.uploads import a_garment, png

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "wardrobe.json"
PAGE = ROOT / "docs" / "runbook.md"

OF_PROMETHEUS = r"_(?:bucket|sum|count)$"


@pytest.fixture(scope="module")
def exposition(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a service exposes that has answered, erred, and asked its store."""
    folder = tmp_path_factory.mktemp("watched")
    app = create_app(Settings(model_store=a_store(folder), cache_dir=folder / "cache", refresh_seconds=3600))
    client = app.test_client()
    client.post("/predict", data=png(a_garment()))
    client.post("/predict", data=b"no picture")
    app.extensions["wardrobe"].watcher.poll()
    text: str = client.get("/metrics/prometheus").get_data(as_text=True)
    app.extensions["wardrobe"].watcher.stop()
    return text


@pytest.fixture(scope="module")
def exposed(exposition: str) -> set[str]:
    """The names of its metrics."""
    return set(re.findall(r"^# TYPE (\w+) ", exposition, re.MULTILINE))


def promtool(*arguments: str | Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    found = shutil.which("promtool") or shutil.which("promtool", path=ROOT / ".cache" / "promtool")
    require_system_part("promtool", found is not None, "scripts/setup_promtool.sh fetches it")
    return subprocess.run(
        [str(found), *map(str, arguments)], input=stdin, text=True, capture_output=True, check=False
    )


@cache
def dashboard() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return document


def panels() -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    """All PromQL of the dashboard, without Grafana's variables."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    found += [annotation["expr"] for annotation in dashboard()["annotations"]["list"]]
    return [query.replace("$__rate_interval", "5m").replace("$job", "wardrobe") for query in found]


def metrics_in(text: str) -> set[str]:
    """The service's metrics that a text names, without the endings of their samples."""
    named = set(re.findall(r"\bwardrobe_[a-z_]+", text))
    return {re.sub(OF_PROMETHEUS, "", name) for name in named}


def test_what_is_exposed_keeps_to_prometheus_own_advice(exposition: str) -> None:
    checked = promtool("check", "metrics", stdin=exposition)

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("configuration", ["prometheus.yaml", "compose.yaml"])
def test_the_rules_and_the_configurations_are_what_prometheus_reads(configuration: str) -> None:
    checked = promtool("check", "config", RULES.with_name(configuration))

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "rules found" in checked.stdout


def test_every_alert_rings_when_it_should_and_the_page_names_no_other() -> None:
    tests = sorted(RULES.parent.glob("rules-test*.yaml"))
    tried = promtool("test", "rules", *tests)

    assert tried.returncode == 0, tried.stdout + tried.stderr
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text("utf-8")))
    assert alerts == set(
        re.findall(r"- alertname: (\w+)", "".join(path.read_text("utf-8") for path in tests))
    )
    assert set(re.findall(r"`(Wardrobe\w+)`", PAGE.read_text("utf-8"))) <= alerts


def test_rules_and_dashboard_together_name_every_exposed_metric_and_no_other(exposed: set[str]) -> None:
    recorded = set(re.findall(r"- record: (\S+)", RULES.read_text("utf-8")))
    queries = " ".join(expressions())

    assert metrics_in(queries + RULES.read_text("utf-8")) == exposed
    assert set(re.findall(r"\bwardrobe:[a-z0-9_:]+", queries)) <= recorded


def test_prometheus_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(expressions())]
    file = tmp_path / "queries.yaml"  # YAML takes JSON
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")

    checked = promtool("check", "rules", file)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_page_for_operators_names_metrics_that_there_are(exposed: set[str]) -> None:
    named = set(re.findall(r"`(wardrobe_\w+)`", PAGE.read_text("utf-8")))

    assert named
    assert named <= exposed
