"""What schemathesis sends where the document asks for a picture; it makes up the rest."""

import base64
import io
import zipfile
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

from app.openapi.classifying import PICTURES
from app.openapi.request_models import PICTURE_FORMAT

PICTURE = (Path(__file__).parents[2] / "app" / "openapi" / "ankle-boot.png").read_bytes()
TEXT = base64.b64encode(PICTURE).decode()


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
schemathesis.openapi.format(PICTURE_FORMAT, st.just(TEXT))
