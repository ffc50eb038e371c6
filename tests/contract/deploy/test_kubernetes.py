"""deploy/kubernetes as Kustomize renders it: would a cluster take it, and has the service what it names?"""

import copy
import re
from pathlib import Path

import pytest
import yaml

from app.factory import create_app
from app.settings import Settings, parse_settings
from tests.manifests import (
    KUBERNETES,
    NEWEST,
    OLDEST,
    OVERLAYS,
    Manifest,
    Unfit,
    check,
    container_of,
    pod_of,
    rendered,
    settings_of,
    the,
)
from tests.service import ROOT

pytestmark = pytest.mark.slow

MEGA = 1_000_000
UNITS = {"Mi": 2**20, "Gi": 2**30}

MASTER_BYTES = 29 * MEGA
"""Of gunicorn's first process, after a load."""

WORKER_BYTES = 210 * MEGA
"""What docs/reference/limits.md allows a worker before any picture has come."""

overlays = pytest.mark.parametrize("overlay", OVERLAYS)


@overlays
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field_of_every_manifest(overlay: str, version: str) -> None:
    manifests = rendered(overlay)

    for manifest in manifests:
        check(manifest, version)
    assert len(manifests) > 4


@pytest.mark.parametrize(
    ("overlay", "kind", "path", "value"),
    [
        ("bundled", "Deployment", ("spec", "template", "spec", "terminationGracePeriod"), 35),
        ("bundled", "Deployment", ("spec", "template", "spec", "enableServiceLinks"), "no"),
        ("bundled", "HorizontalPodAutoscaler", ("spec", "maxReplica"), 3),
        ("s3", "NetworkPolicy", ("spec", "policyTypes"), "Egress"),
        ("kserve", "InferenceService", ("spec", "predictor", "minReplica"), 1),
        ("kserve", "InferenceService", ("spec", "predictor", "scaleMetric"), "requests"),
        ("kserve", "InferenceService", ("metadata", "annotations", "serving.kserve.io/mode"), "Standard"),
    ],
    ids=lambda value: str(value[-1]) if isinstance(value, tuple) else None,
)
def test_a_misspelt_field_or_value_is_found(
    overlay: str, kind: str, path: tuple[str, ...], value: object
) -> None:
    broken = copy.deepcopy(the(kind, overlay))
    *parents, last = path
    inside = broken
    for name in parents:
        inside = inside[name]
    inside[last] = value

    with pytest.raises(Unfit, match=kind if kind != "InferenceService" else "InferenceService|Pod"):
        check(broken)


@pytest.mark.parametrize("group", ["serving.knative.dev/v1", "gateway.networking.k8s.io/v1"])
def test_a_kind_without_a_schema_is_found(group: str) -> None:
    with pytest.raises(Unfit, match="schema"):
        check({"apiVersion": group, "kind": "Gate", "metadata": {"name": "wardrobe"}})


@overlays
def test_the_service_takes_every_setting_it_is_given(overlay: str) -> None:
    parsed = parse_settings(settings_of(overlay))

    assert parsed.model_store == ("bundled" if overlay == "bundled" else "s3://models/wardrobe")
    ours = {name for name in settings_of(overlay) if not name.startswith("WARDROBE_")}
    assert ours <= {"WEB_CONCURRENCY", "AWS_REGION"}


@overlays
def test_settings_and_credentials_come_from_what_is_rendered_or_made_by_hand(overlay: str) -> None:
    sources = container_of(overlay)["envFrom"]

    named = [source.get("configMapRef", source.get("secretRef"))["name"] for source in sources]
    assert named == [the("ConfigMap", overlay)["metadata"]["name"]] + ["wardrobe-s3"] * (overlay != "bundled")
    assert [manifest for manifest in rendered(overlay) if manifest["kind"] == "Secret"] == []


def test_the_example_of_credentials_holds_none() -> None:
    lines = (KUBERNETES / "overlays/s3/credentials.example.env").read_text("utf-8").splitlines()

    given = dict(line.split("=") for line in lines if not line.startswith("#"))
    assert given.keys() == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert all(re.fullmatch(r"[a-z-]+", value) for value in given.values())


@overlays
def test_probes_ask_routes_that_the_service_has(overlay: str, tmp_path: Path) -> None:
    container = container_of(overlay)
    probes = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}
    client = create_app(Settings(cache_dir=tmp_path)).test_client()

    asked = {name: probe["path"] for name, probe in probes.items()}
    assert asked == {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    assert {client.get(path).status_code for path in asked.values()} == {200}
    [port] = container["ports"]
    assert {probe["port"] for probe in probes.values()} == {port["name"]}


@overlays
def test_the_port_is_the_images(overlay: str) -> None:
    image = (ROOT / "Dockerfile").read_text("utf-8")

    [port] = container_of(overlay)["ports"]

    assert f"PORT={port['containerPort']}" in image
    assert "PORT" not in settings_of(overlay)


@pytest.mark.parametrize("overlay", ["bundled", "s3"])
def test_the_scraper_is_led_to_the_metrics(overlay: str, tmp_path: Path) -> None:
    template = the("Deployment", overlay)["spec"]["template"]
    told = {name.partition("/")[2]: value for name, value in template["metadata"]["annotations"].items()}
    client = create_app(Settings(cache_dir=tmp_path)).test_client()

    [port] = container_of(overlay)["ports"]
    assert (told["scrape"], told["port"]) == ("true", str(port["containerPort"]))
    assert b"wardrobe_requests_in_progress" in client.get(told["path"]).data


@overlays
def test_a_pod_may_do_nothing_but_serve(overlay: str) -> None:
    pod, container = pod_of(overlay), container_of(overlay)

    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
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
    assert "USER 65532:65532" in (ROOT / "Dockerfile").read_text("utf-8")


@overlays
def test_what_the_image_writes_to_is_mounted(overlay: str) -> None:
    image = (ROOT / "Dockerfile").read_text("utf-8")
    mounts = {mount["mountPath"]: mount["name"] for mount in container_of(overlay)["volumeMounts"]}
    volumes = {volume["name"]: volume["emptyDir"] for volume in pod_of(overlay)["volumes"]}

    written = {match[1] for match in re.finditer(r"(?:TMPDIR|WARDROBE_CACHE_DIR)=(\S+)", image)}
    assert mounts.keys() == written
    assert volumes[mounts["/dev/shm"]]["medium"] == "Memory"


@overlays
def test_a_pod_is_killed_only_after_gunicorn_gave_up_waiting(overlay: str) -> None:
    settings = parse_settings(settings_of(overlay))
    readiness = container_of(overlay)["readinessProbe"]
    notice = readiness["failureThreshold"] * readiness["periodSeconds"] + readiness["timeoutSeconds"]

    assert pod_of(overlay)["terminationGracePeriodSeconds"] == graceful_timeout() + 5
    assert notice < settings.drain_seconds < graceful_timeout() / 2


@overlays
def test_each_worker_has_a_core_and_the_worst_case_fits_the_limit(overlay: str) -> None:
    resources, workers = container_of(overlay)["resources"], int(settings_of(overlay)["WEB_CONCURRENCY"])
    settings = parse_settings(settings_of(overlay))
    [shm] = [volume["emptyDir"] for volume in pod_of(overlay)["volumes"] if volume["name"] == "shm"]

    bodies = max(3 * settings.max_batch_bytes, 5 * settings.max_upload_bytes)
    places = settings.slots + settings.queue_length
    worker = WORKER_BYTES + settings.slots * 16 * settings.max_pixels + places * bodies
    worst = workers * worker + MASTER_BYTES + in_bytes(shm["sizeLimit"])

    assert resources["requests"]["cpu"] == str(workers)
    assert "cpu" not in resources["limits"]
    assert workers * WORKER_BYTES + MASTER_BYTES <= in_bytes(resources["requests"]["memory"])
    assert worst <= in_bytes(resources["limits"]["memory"]) < 1.25 * worst


@pytest.mark.parametrize("overlay", ["bundled", "s3"])
def test_more_pods_come_when_half_of_the_places_are_taken(overlay: str) -> None:
    autoscaler = the("HorizontalPodAutoscaler", overlay)["spec"]
    settings = parse_settings(settings_of(overlay))
    places = int(settings_of(overlay)["WEB_CONCURRENCY"]) * (settings.slots + settings.queue_length)

    processor, in_flight = autoscaler["metrics"]
    assert processor["resource"]["name"] == "cpu"
    assert int(in_flight["pods"]["target"]["averageValue"]) == places / 2
    target = autoscaler["scaleTargetRef"]
    assert target["name"] == the(target["kind"], overlay)["metadata"]["name"]
    assert "replicas" not in the("Deployment", overlay)["spec"]


def test_the_adapter_offers_the_metric_that_the_autoscaler_asks_for(tmp_path: Path) -> None:
    values = yaml.safe_load((KUBERNETES / "prometheus-adapter.yaml").read_text("utf-8"))
    [rule] = values["rules"]["custom"]
    client = create_app(Settings(cache_dir=tmp_path)).test_client()

    asked = the("HorizontalPodAutoscaler", "bundled")["spec"]["metrics"][1]["pods"]["metric"]["name"]
    assert rule["seriesQuery"].partition("{")[0] == asked
    assert f"# TYPE {asked} gauge" in client.get("/metrics/prometheus").get_data(as_text=True)
    assert rule["resources"]["overrides"].keys() == {"namespace", "pod"}


@overlays
def test_budget_policy_and_service_mean_the_pods_that_serve(overlay: str) -> None:
    if overlay == "kserve":
        labels = the("InferenceService", overlay)["spec"]["predictor"]["labels"]
    else:
        labels = the("Deployment", overlay)["spec"]["template"]["metadata"]["labels"]
    selectors = [
        the("PodDisruptionBudget", overlay)["spec"]["selector"]["matchLabels"],
        the("NetworkPolicy", overlay)["spec"]["podSelector"]["matchLabels"],
        *(part["labelSelector"]["matchLabels"] for part in pod_of(overlay)["topologySpreadConstraints"]),
        *(manifest["spec"]["selector"] for manifest in rendered(overlay) if manifest["kind"] == "Service"),
    ]

    assert all(selector.items() <= labels.items() for selector in selectors)
    [account] = [
        manifest["metadata"]["name"] for manifest in rendered(overlay) if manifest["kind"] == "ServiceAccount"
    ]
    assert pod_of(overlay)["serviceAccountName"] == account


def test_only_with_a_store_may_a_pod_ask_anybody() -> None:
    policies = {overlay: the("NetworkPolicy", overlay)["spec"] for overlay in OVERLAYS}

    assert "egress" not in policies["bundled"]
    assert [sorted(ports(policies[overlay]["egress"])) for overlay in ("s3", "kserve")] == [[53, 53, 443]] * 2
    assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in policies.values())


def test_kserve_gets_the_same_pod_and_makes_the_rest_itself() -> None:
    kserve, plain = copy.deepcopy(pod_of("kserve")), copy.deepcopy(pod_of("s3"))

    names = [pod["containers"][0].pop("name") for pod in (kserve, plain)]
    assert names == ["kserve-container", "wardrobe"]
    assert kserve == plain
    kinds = {manifest["kind"] for manifest in rendered("kserve")}
    assert kinds.isdisjoint({"Deployment", "Service", "HorizontalPodAutoscaler"})


def test_what_was_never_applied_says_so_first() -> None:
    for file in (*KUBERNETES.glob("overlays/*/kustomization.yaml"), KUBERNETES / "prometheus-adapter.yaml"):
        assert "never" in file.read_text("utf-8").splitlines()[0].lower(), file


def graceful_timeout() -> int:
    """The seconds that gunicorn.conf.py gives requests; running that file would change our environment."""
    [seconds] = re.findall(
        r"^graceful_timeout = (\d+)$", (ROOT / "gunicorn.conf.py").read_text("utf-8"), re.M
    )
    return int(seconds)


def in_bytes(quantity: str) -> int:
    """Of Kubernetes' quantities with a binary unit."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def ports(rules: list[Manifest]) -> list[int]:
    """All that a policy's rules name."""
    return [port["port"] for rule in rules for port in rule["ports"]]
