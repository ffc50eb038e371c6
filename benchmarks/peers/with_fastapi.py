"""The hand-written peer: FastAPI on uvicorn with uvloop and httptools, ONNX Runtime in the handler.

Handlers are coroutines: handing 0.1 ms of work to a thread would cost more than it. That of photos, whose
work is a hundred times as much, is a plain function, which FastAPI runs in its thread pool. Started by
`uvicorn with_fastapi:app`, as its documentation has it.
"""

from typing import Annotated

from clothing import Model
from fastapi import Depends, FastAPI, File, Request, UploadFile
from photo import PhotoModel
from pydantic import BaseModel

app = FastAPI()
model = Model()
photo_model = PhotoModel()


class Picture(BaseModel):
    """28 rows of 28 numbers of 0..255."""

    pixels: list[list[int]]


@app.post("/predict")
async def predict(request: Request) -> dict[str, object]:
    """Classify a picture that is the request's body."""
    return model.classify_upload(await request.body())


async def body_of(request: Request) -> bytes:
    """The request's body, which a plain function cannot await."""
    return await request.body()


@app.post("/photo")
def photo(upload: Annotated[bytes, Depends(body_of)]) -> dict[str, object]:
    """Classify a whole photo that is the request's body, by the network for photos."""
    return photo_model.classify(upload)


@app.post("/multipart")
async def multipart(image: Annotated[UploadFile, File()]) -> dict[str, object]:
    """Classify a picture that is a form's file."""
    return model.classify_upload(await image.read())


@app.post("/pixels")
async def rows(picture: Picture) -> dict[str, object]:
    """Classify pixels."""
    return model.classify_rows(picture.pixels)
