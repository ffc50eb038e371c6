"""deploy/kubernetes as Kustomize renders it: would a cluster take it, and has the service what it names?

A kind without a known schema is an error: its fields could be anything.
"""

import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from flask.testing import FlaskClient
from kubernetes_validate.utils import validate

from app.factory import create_app
from app.memory import WORKER_BYTES, compute_max_worker_bytes
from app.settings import Settings, parse_settings
from model_store.local_releases import open_bundled_release
from tests.commands import done
from tests.service import ROOT
from tests.system_parts import require_system_part

pytestmark = pytest.mark.slow

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("bundled", "s3", "kserve")
SCHEMAS = Path(__file__).parent / "schemas"

Manifest = dict[str, Any]

OLDEST, NEWEST = "1.27", "1.37"
"""Of Kubernetes: the first whose disruption budgets know AlwaysAllow unasked, the last with schemas here."""

MEGA = 1_000_000
UNITS = {"Mi": 2**20, "Gi": 2**30}

MASTER_BYTES = 29 * MEGA
"""Of gunicorn's first process, after a load."""

IMAGE = (ROOT / "Dockerfile").read_text("utf-8")

overlays = pytest.mark.parametrize("overlay", OVERLAYS)
deployments = pytest.mark.parametrize("overlay", ["bundled", "s3"])


@cache
def rendered(overlay: str) -> list[Manifest]:
    """What `kubectl apply --kustomize` would send."""
    kubectl = shutil.which("kubectl", path=ROOT / ".cache" / "kubectl") or shutil.which("kubectl")
    require_system_part("kubectl", kubectl is not None, "scripts/setup_kubectl.sh fetches it")
    ended = done([str(kubectl), "kustomize", KUBERNETES / "overlays" / overlay])
    # Kustomize warns of what it will no longer read.
    assert (ended.returncode, ended.stderr) == (0, "")
    return list(yaml.safe_load_all(ended.stdout))


def the(kind: str, overlay: str) -> Manifest:
    """The one manifest of a kind."""
    [found] = [manifest for manifest in rendered(overlay) if manifest["kind"] == kind]
    return found


def pod_of(overlay: str) -> Manifest:
    """The spec of the pod that serves."""
    if overlay == "kserve":
        return _pod_in(the("InferenceService", overlay)["spec"]["predictor"])
    spec: Manifest = the("Deployment", overlay)["spec"]["template"]["spec"]
    return spec


def container_of(overlay: str) -> Manifest:
    """The one container of that pod."""
    container: Manifest
    [container] = pod_of(overlay)["containers"]
    return container


def settings_of(overlay: str) -> dict[str, str]:
    """The variables that the container is given by its ConfigMap."""
    data: dict[str, str] = the("ConfigMap", overlay)["data"]
    return data


def check(manifest: Manifest, version: str) -> None:
    """Raise an error of jsonschema, or of kubernetes_validate, if a manifest does not fit its schema."""
    if manifest["kind"] == "InferenceService":
        jsonschema.validate(manifest, _inference_service())
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "predictor"}}
        manifest = pod | {"spec": _pod_in(manifest["spec"]["predictor"])}
    validate(manifest, version, strict=True)


def _pod_in(predictor: Manifest) -> Manifest:
    """A predictor without the fields that are KServe's own."""
    own = _inference_service()["properties"]["spec"]["properties"]["predictor"]["properties"]
    return {name: value for name, value in predictor.items() if name not in own.keys() - {"containers"}}


def _inference_service() -> Manifest:
    schema: Manifest = json.loads((SCHEMAS / "inferenceservice.json").read_text("utf-8"))
    return schema


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


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return create_app(Settings(cache_dir=tmp_path_factory.mktemp("cache"))).test_client()


@overlays
def test_probes_and_port_are_those_of_the_service(overlay: str, client: FlaskClient) -> None:
    container = container_of(overlay)
    probes = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}

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

    worst = workers * compute_max_worker_bytes(settings) + MASTER_BYTES + in_bytes(shm["sizeLimit"])

    assert resources["requests"]["cpu"] == str(workers)
    assert "cpu" not in resources["limits"]
    assert workers * WORKER_BYTES + MASTER_BYTES <= in_bytes(resources["requests"]["memory"])
    assert worst <= in_bytes(resources["limits"]["memory"]) < 1.25 * worst


OWN_CLASSES_BYTES = 45 << 20
"""Of a release of own classes: 43 MB are the network and its graph, which has all three blocks in it."""


@overlays
def test_the_cache_holds_what_is_kept_and_the_release_on_its_way_in(overlay: str) -> None:
    [mount] = [mount for mount in container_of(overlay)["volumeMounts"] if "cache" in mount["mountPath"]]
    [cache] = [volume["emptyDir"] for volume in pod_of(overlay)["volumes"] if volume["name"] == mount["name"]]
    release = max(
        OWN_CLASSES_BYTES, sum(entry.size for entry in open_bundled_release().manifest.files.values())
    )

    needed = (parse_settings(settings_of(overlay)).cache_keep + 1) * release

    assert 1.25 * needed <= in_bytes(cache["sizeLimit"]) < 4 * needed


@deployments
def test_more_pods_come_when_the_processor_is_busy(overlay: str) -> None:
    autoscaler = the("HorizontalPodAutoscaler", overlay)["spec"]

    [processor] = autoscaler["metrics"]
    assert processor["resource"]["name"] == "cpu"
    assert autoscaler["scaleTargetRef"]["name"] == the("Deployment", overlay)["metadata"]["name"]
    assert "replicas" not in the("Deployment", overlay)["spec"]


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
    labels: dict[str, str] = (
        the("InferenceService", overlay)["spec"]["predictor"]["labels"]
        if overlay == "kserve"
        else the("Deployment", overlay)["spec"]["template"]["metadata"]["labels"]
    )
    return labels


def in_bytes(quantity: str) -> int:
    """Of Kubernetes' quantities with a binary unit."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]]
