"""Ray Serve: one deployment of two replicas behind Ray's proxy.

Started by `python with_ray_serve.py PORT`, as its documentation has it.
"""

import signal
import sys
from types import FrameType

import ray
from clothing import Model
from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=2, max_ongoing_requests=64, ray_actor_options={"num_cpus": 0.5})
class Clothing:
    """The model, in each replica."""

    def __init__(self) -> None:
        """Load it."""
        self.model = Model()

    async def __call__(self, request: Request) -> dict[str, object]:
        """Classify a picture that is the body or a form's file, or pixels."""
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            return self.model.classify_rows((await request.json())["pixels"])
        if kind.startswith("multipart/"):
            async with request.form() as form:
                return self.model.classify_upload(await form["image"].read())
        return self.model.classify_upload(await request.body())


def _end(_number: int, _frame: FrameType | None) -> None:
    ray.shutdown()
    sys.exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1]), "access_log": False})
    serve.run(Clothing.bind(), route_prefix="/predict", blocking=True)
