"""deploy/kubernetes as Kustomize renders it: would a cluster take it, and has the service what it names?"""

import re
from pathlib import Path

import pytest
import yaml

from app.factory import create_app
from app.memory import WORKER_BYTES, most_of_worker
from app.settings import Settings, parse_settings
from tests.manifests import KUBERNETES, OVERLAYS, check, container_of, pod_of, rendered, settings_of, the
from tests.service import ROOT

pytestmark = pytest.mark.slow

OLDEST, NEWEST = "1.27", "1.37"
"""Of Kubernetes: the first whose disruption budgets know AlwaysAllow unasked, the last with schemas here."""

MEGA = 1_000_000
UNITS = {"Mi": 2**20, "Gi": 2**30}

MASTER_BYTES = 29 * MEGA
"""Of gunicorn's first process, after a load."""

IMAGE = (ROOT / "Dockerfile").read_text("utf-8")

overlays = pytest.mark.parametrize("overlay", OVERLAYS)
deployments = pytest.mark.parametrize("overlay", ["bundled", "s3"])


@overlays
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field_of_every_manifest(overlay: str, version: str) -> None:
    manifests = rendered(overlay)

    for manifest in manifests:
        check(manifest, version)
    assert len(manifests) > 4


@overlays
def test_the_service_takes_every_setting_and_credentials_are_made_by_hand(overlay: str) -> None:
    parsed = parse_settings(settings_of(overlay))
    others = {name for name in settings_of(overlay) if not name.startswith("WARDROBE_")}
    sources = [
        source.get("configMapRef", source.get("secretRef")) for source in container_of(overlay)["envFrom"]
    ]

    assert parsed.model_store == ("bundled" if overlay == "bundled" else "s3://models/wardrobe")
    assert others <= {"WEB_CONCURRENCY", "AWS_DEFAULT_REGION"}
    made_here, *by_hand = [source["name"] for source in sources]
    assert made_here == the("ConfigMap", overlay)["metadata"]["name"]
    assert by_hand == ["wardrobe-s3"] * (overlay != "bundled")
    assert "Secret" not in {manifest["kind"] for manifest in rendered(overlay)}


@overlays
def test_probes_and_port_are_those_of_the_service(overlay: str, tmp_path: Path) -> None:
    container = container_of(overlay)
    probes = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}
    client = create_app(Settings(cache_dir=tmp_path)).test_client()

    paths = {name: probe["path"] for name, probe in probes.items()}
    [port] = container["ports"]
    assert paths == {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    assert {client.get(path).status_code for path in paths.values()} == {200}
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert f"PORT={port['containerPort']}" in IMAGE


@overlays
def test_a_pod_may_do_nothing_but_serve_and_write_where_the_image_does(overlay: str) -> None:
    pod, container = pod_of(overlay), container_of(overlay)
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume["emptyDir"] for volume in pod["volumes"]}

    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "USER 65532:65532" in IMAGE
    assert mounts.keys() == set(re.findall(r"(?:TMPDIR|WARDROBE_CACHE_DIR)=(\S+)", IMAGE))
    assert volumes[mounts["/dev/shm"]]["medium"] == "Memory"


@overlays
def test_a_pod_is_killed_only_after_gunicorn_gave_up_waiting(overlay: str) -> None:
    gunicorn = (ROOT / "gunicorn.conf.py").read_text("utf-8")
    [patience] = map(int, re.findall(r"^graceful_timeout = max\((\d+), ", gunicorn, re.MULTILINE))
    readiness = container_of(overlay)["readinessProbe"]
    notice = readiness["failureThreshold"] * readiness["periodSeconds"] + readiness["timeoutSeconds"]

    assert pod_of(overlay)["terminationGracePeriodSeconds"] == patience + 5
    assert notice < parse_settings(settings_of(overlay)).drain_seconds < patience / 2


@overlays
def test_each_worker_has_a_core_and_the_worst_case_fits_the_limit(overlay: str) -> None:
    resources, workers = container_of(overlay)["resources"], int(settings_of(overlay)["WEB_CONCURRENCY"])
    settings = parse_settings(settings_of(overlay))
    [shm] = [volume["emptyDir"] for volume in pod_of(overlay)["volumes"] if volume["name"] == "shm"]

    worst = workers * most_of_worker(settings) + MASTER_BYTES + in_bytes(shm["sizeLimit"])

    assert resources["requests"]["cpu"] == str(workers)
    assert "cpu" not in resources["limits"]
    assert workers * WORKER_BYTES + MASTER_BYTES <= in_bytes(resources["requests"]["memory"])
    assert worst <= in_bytes(resources["limits"]["memory"]) < 1.25 * worst


@deployments
def test_more_pods_come_when_half_of_the_places_are_taken(overlay: str, tmp_path: Path) -> None:
    autoscaler = the("HorizontalPodAutoscaler", overlay)["spec"]
    adapter = yaml.safe_load((KUBERNETES / "prometheus-adapter.yaml").read_text("utf-8"))
    settings = parse_settings(settings_of(overlay))
    places = int(settings_of(overlay)["WEB_CONCURRENCY"]) * (settings.slots + settings.queue_length)
    exposed = create_app(Settings(cache_dir=tmp_path)).test_client().get("/metrics/prometheus").text

    processor, in_flight = autoscaler["metrics"]
    [rule] = adapter["rules"]["custom"]
    metric = in_flight["pods"]["metric"]["name"]
    assert processor["resource"]["name"] == "cpu"
    assert int(in_flight["pods"]["target"]["averageValue"]) == places / 2
    assert autoscaler["scaleTargetRef"]["name"] == the("Deployment", overlay)["metadata"]["name"]
    assert "replicas" not in the("Deployment", overlay)["spec"]
    series = rule["seriesQuery"].partition("{")[0]
    assert rule["name"]["as"] == metric
    assert rule["resources"]["overrides"].keys() == {"namespace", "pod"}
    assert f"# TYPE {series} counter" in exposed


@overlays
def test_budget_policy_service_and_account_are_those_of_the_pods_that_serve(overlay: str) -> None:
    labels = labels_of_the_pod(overlay)
    selectors = [
        the("PodDisruptionBudget", overlay)["spec"]["selector"]["matchLabels"],
        the("NetworkPolicy", overlay)["spec"]["podSelector"]["matchLabels"],
        *(part["labelSelector"]["matchLabels"] for part in pod_of(overlay)["topologySpreadConstraints"]),
        *(manifest["spec"]["selector"] for manifest in rendered(overlay) if manifest["kind"] == "Service"),
    ]

    assert all(selector.items() <= labels.items() for selector in selectors)
    assert pod_of(overlay)["serviceAccountName"] == the("ServiceAccount", overlay)["metadata"]["name"]


def test_only_with_a_store_may_a_pod_open_connections() -> None:
    policies = {overlay: the("NetworkPolicy", overlay)["spec"] for overlay in OVERLAYS}
    ports = {
        overlay: sorted(port["port"] for rule in policy.get("egress", []) for port in rule["ports"])
        for overlay, policy in policies.items()
    }

    assert ports == {"bundled": [], "s3": [53, 53, 443], "kserve": [53, 53, 443]}
    assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in policies.values())


def labels_of_the_pod(overlay: str) -> dict[str, str]:
    labels: dict[str, str]
    if overlay == "kserve":
        labels = the("InferenceService", overlay)["spec"]["predictor"]["labels"]
    else:
        labels = the("Deployment", overlay)["spec"]["template"]["metadata"]["labels"]
    return labels


def in_bytes(quantity: str) -> int:
    """Of Kubernetes' quantities with a binary unit."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]]
