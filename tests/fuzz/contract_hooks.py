"""What schemathesis sends where the document asks for a picture; it makes up the rest."""

import base64
import io
import json
import zipfile
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "app" / "api" / "openapi.json").read_text("utf-8"))
COMPONENTS = DOCUMENT["components"]

TEXT: str = COMPONENTS["examples"]["Picture"]["value"]["image"]
PICTURE = base64.b64decode(TEXT)
PICTURES = [kind for kind in COMPONENTS["requestBodies"]["Predict"]["content"] if kind.startswith("image/")]


def _packed(picture: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ankle-boot.png", picture)
    return packed.getvalue()


for media_type in (*PICTURES, "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, st.just(PICTURE))
schemathesis.openapi.media_type("text/csv", st.just((",".join(["0"] * 784) + "\n").encode() * 2))
schemathesis.openapi.media_type("application/jsonlines", st.just(b'{"image": "%s"}\n' % TEXT.encode() * 2))
schemathesis.openapi.media_type("application/zip", st.just(_packed(PICTURE)))
schemathesis.openapi.format("binary", st.just(PICTURE))
schemathesis.openapi.format(COMPONENTS["schemas"]["Base64"]["format"], st.just(TEXT))
