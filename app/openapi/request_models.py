"""The JSON that `/predict` and `/predict/batch` take, as types: OpenAPI's schemas of it are made from these.

app/payloads/documents.py and inference/pixel_rows.py read requests and name the row and column of what is
wrong. tests/properties/test_request_models.py holds the two to each other, document by document.
"""

from typing import Annotated, Any, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from inference.contract import EDGE

BASE64 = (
    r"^(data:[^,]*,)?\s*"
    r"(([A-Za-z0-9+/]\s*){4})*"
    r"(([A-Za-z0-9+/]\s*){4}|([A-Za-z0-9+/]\s*){3}=\s*|([A-Za-z0-9+/]\s*){2}=\s*=\s*)$"
)
"""RFC 4648, section 4, of a byte at least, with white space anywhere, perhaps as a data: URL (RFC 2397)."""

PICTURE_FORMAT = "base64-picture"
"""What JSON Schema's `format` calls such a string here; no registered name says it."""


def _is_no_bool(value: object, accept: ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401 - pydantic's own
    # Python counts true as 1; JSON Schema does not.
    return accept(value if isinstance(value, int | float) and not isinstance(value, bool) else None)


Pixel: TypeAlias = Annotated[int, Field(ge=0, le=255), WrapValidator(_is_no_bool)]
Row: TypeAlias = Annotated[list[Pixel], Strict(), Field(min_length=EDGE, max_length=EDGE)]
Rows: TypeAlias = Annotated[list[Row], Strict(), Field(min_length=EDGE, max_length=EDGE)]
Base64: TypeAlias = Annotated[
    str,
    Strict(),
    Field(pattern=BASE64, json_schema_extra={"format": PICTURE_FORMAT, "contentEncoding": "base64"}),
]


class PictureDocument(BaseModel):
    """A picture as text. Other keys are passed over, save `pixels`."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["pixels"]}})

    image: Annotated[
        Base64,
        Field(description="Base64 of a PNG, JPEG, WebP, GIF, BMP or TIFF, or a base64 data: URL of one."),
    ]


class PixelsDocument(BaseModel):
    """A picture that is 28 x 28 already. Other keys are passed over, save `image`."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["image"]}})

    pixels: Annotated[
        Rows, Field(description="28 rows of 28 whole numbers of 0..255, garment light on black.")
    ]


def _form(document: object) -> str | None:
    """Which of the two it is; none of them if it has both keys, or neither."""
    forms = [key for key in ("image", "pixels") if isinstance(document, dict) and key in document]
    return forms[0] if len(forms) == 1 else None


OneDocument: TypeAlias = Annotated[
    Annotated[PictureDocument, Tag("image")] | Annotated[PixelsDocument, Tag("pixels")],
    Discriminator(_form),
]
"""The JSON body of `/predict`."""


class BatchDocument(BaseModel):
    """Many pictures. An item that is none of these gets an error of its own and spoils nothing else."""

    images: Annotated[list[Base64 | PictureDocument | PixelsDocument], Strict(), Field(min_length=1)]
