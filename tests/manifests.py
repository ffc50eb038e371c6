"""What deploy/kubernetes comes to: rendered by Kustomize, and held to the schemas of what would receive it.

A kind without a known schema is an error: its fields could be anything.
"""

import json
import shutil
from functools import cache
from typing import Any

import jsonschema
import yaml
from kubernetes_validate.utils import validate

from tests.commands import done
from tests.service import ROOT
from tests.system_parts import require_system_part

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("bundled", "s3", "kserve")
SCHEMAS = ROOT / "tests" / "contract" / "deploy" / "schemas"

Manifest = dict[str, Any]


@cache
def rendered(overlay: str) -> list[Manifest]:
    """What `kubectl apply --kustomize` would send."""
    kubectl = shutil.which("kubectl", path=ROOT / ".cache" / "kubectl") or shutil.which("kubectl")
    require_system_part("kubectl", kubectl is not None, "scripts/setup_kubectl.sh fetches it")
    command = [str(kubectl), "kustomize", str(KUBERNETES / "overlays" / overlay)]
    ended = done(command)
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
