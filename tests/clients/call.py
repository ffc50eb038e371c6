"""Call a service, whose address is the argument, with the client that is made from its /openapi.json."""

import json
import sys
from pathlib import Path

from wardrobe_client import Client
from wardrobe_client.api.classify import predict
from wardrobe_client.api.model import get_model
from wardrobe_client.models import (
    ModelAnswer,
    PictureDocument,
    PredictAnswer,
    PredictFilesBody,
    Problem,
)
from wardrobe_client.types import File

client = Client(base_url=sys.argv[1])

with Path(sys.argv[2]).open("rb") as picture:
    good = predict.sync(client=client, body=PredictFilesBody(image=File(picture, "shoe.png")), top=2)
if not isinstance(good, PredictAnswer):
    raise SystemExit(f"not answered: {good}")
sure: bool = good.decision.value == "accept" and not good.enlarged

bad = predict.sync(client=client, body=PictureDocument(image="https://shop.example/shoe.png"))
if not isinstance(bad, Problem):
    raise SystemExit(f"no problem: {bad}")
status: int = bad.status
words: str = bad.detail

model = get_model.sync(client=client)
version = model.version if isinstance(model, ModelAnswer) else None
print(
    json.dumps(
        {
            "label": good.label.value,
            "sure": sure,
            "status": status,
            "words": words,
            "version": version,
        }
    )
)
