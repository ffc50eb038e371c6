"""What deploy/kubernetes comes to: rendered by Kustomize, and held to the schemas of what would receive it.

A kind that no schema is known for is an error: what a cluster may not know is not taken on trust.
"""

import json
import shutil
import subprocess
from functools import cache
from typing import Any

import jsonschema
import yaml
from kubernetes_validate.utils import SchemaNotFoundError, ValidationError, validate

from tests.service import ROOT
from tests.system_parts import require_system_part

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("bundled", "s3", "kserve")
SCHEMAS = ROOT / "tests" / "contract" / "deploy" / "schemas"

OLDEST, NEWEST = "1.27", "1.37"
"""Of Kubernetes: the first whose disruption budgets know AlwaysAllow unasked, the last with schemas here."""

Manifest = dict[str, Any]


class Unfit(Exception):
    """A manifest that its receiver would refuse, or would take and not understand."""


@cache
def rendered(overlay: str) -> list[Manifest]:
    """What `kubectl apply --kustomize` would send."""
    kubectl = _kubectl()
    done = subprocess.run(
        [kubectl, "kustomize", str(KUBERNETES / "overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
    )
    # Kustomize warns of what it will no longer read.
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


def the(kind: str, overlay: str) -> Manifest:
    """The one manifest of a kind."""
    [found] = [manifest for manifest in rendered(overlay) if manifest["kind"] == kind]
    return found


def pod_of(overlay: str) -> Manifest:
    """The spec of the pod that serves."""
    if overlay != "kserve":
        spec: Manifest = the("Deployment", overlay)["spec"]["template"]["spec"]
        return spec
    return _pod_in(the("InferenceService", overlay)["spec"]["predictor"])


def container_of(overlay: str) -> Manifest:
    """The one container of that pod."""
    [container] = pod_of(overlay)["containers"]
    found: Manifest = container
    return found


def settings_of(overlay: str) -> dict[str, str]:
    """The variables that the container is given by its ConfigMap."""
    data: dict[str, str] = the("ConfigMap", overlay)["data"]
    return data


def check(manifest: Manifest, version: str = NEWEST) -> None:
    """Hold a manifest to its schema.

    Raises:
        Unfit: it does not fit, or there is no schema; the message says where.
    """
    group = manifest["apiVersion"].rpartition("/")[0]
    # Kubernetes' own have no dot (apps), or end so. Of others, `validate` would look at the first word alone.
    if "." in group and not group.endswith(".k8s.io"):
        _check_foreign(manifest, version)
        return
    try:
        validate(manifest, version, strict=True)
    except ValidationError as error:
        raise Unfit(f"{manifest['kind']}: {'.'.join(map(str, error.path))}: {error.message}") from error
    except SchemaNotFoundError as error:
        raise Unfit(error.message) from error


def _check_foreign(manifest: Manifest, version: str) -> None:
    kept = SCHEMAS / f"{manifest['kind'].lower()}.json"
    if not kept.exists():
        raise Unfit(f"{manifest['kind']}: {kept} is not there; keep its schema beside the test.")
    try:
        jsonschema.validate(manifest, json.loads(kept.read_text("utf-8")))
    except jsonschema.ValidationError as error:
        raise Unfit(f"{manifest['kind']}: {'.'.join(map(str, error.path))}: {error.message}") from error
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "predictor"}}
    check(pod | {"spec": _pod_in(manifest["spec"]["predictor"])}, version)


def _pod_in(predictor: Manifest) -> Manifest:
    """A predictor without what is KServe's own."""
    schema = json.loads((SCHEMAS / "inferenceservice.json").read_text("utf-8"))
    own = schema["properties"]["spec"]["properties"]["predictor"]["properties"].keys() - {"containers"}
    return {name: value for name, value in predictor.items() if name not in own}


def _kubectl() -> str:
    kept = shutil.which("kubectl", path=ROOT / ".cache" / "kubectl")
    found = kept or shutil.which("kubectl")
    require_system_part("kubectl", found is not None, "scripts/setup_kubectl.sh fetches it")
    return str(found)
