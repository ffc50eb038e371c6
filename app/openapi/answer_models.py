"""What the service answers in JSON, as types: what OpenAPI tells of it is made from these.

Answers are made by app/prediction/answers.py and the routes, and are not checked against these at run time;
tests/contract/service/test_openapi_answers.py holds a real answer of every route to them. The report and the
manifest have types of their own, in model_store.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel

from inference.contract import ModelContract
from inference.decision import Decision, Reason
from model_store.manifest import DataSet, Frozen, Headline, Share

REQUEST_ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"


class Told(BaseModel):
    """Part of an answer; what stands below a field is told of it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Label(RootModel[str]):
    """The name of a class, as the release has it."""


class Probabilities(RootModel[dict[str, Share]]):
    """Every class with its probability, in index order, unrounded; they add up to 1."""


class ModelReference(Told):
    """The release that gave an answer."""

    version: str
    """UTC time and the first digits of its content's hash."""


class Likely(Told):
    """One of the likeliest classes."""

    label: Label
    class_id: Annotated[int, Field(ge=0)]
    """Its index among the labels."""
    probability: Share


class Category(Told):
    """What the operator's platform calls a class."""

    id: str
    """Whatever the platform goes by."""
    name: str | None
    """In the language that Accept-Language likes best; null where there are no names."""
    names: dict[str, str]
    """By language."""


class Prediction(Told):
    """What is known about one picture."""

    label: Label
    class_id: Annotated[int, Field(ge=0)]
    """The label's index among the labels."""
    confidence: Share
    """The probability of `label`, calibrated."""
    familiarity: Share | None
    """How much the picture looks like what the model knows; null where the model measures none."""
    decision: Decision
    """Whether the label may be taken as it is, or a person should look."""
    reason: Reason | None
    """Why a person should look: `unfamiliar` is none of the classes, `ambiguous` between two of them."""
    probabilities: Probabilities
    category: Annotated[Category, Field(default_factory=lambda: Category(id="", name=None, names={}))]
    """The platform's own category of the label; there where the operator names categories."""
    top: Annotated[list[Likely], Field(default_factory=list)]
    """The likeliest classes, first the likeliest; there with `top=K` alone."""
    seen: Annotated[str, Field(default_factory=str, pattern=r"^data:image/png;base64,")]
    """The 28 x 28 PNG that the model saw, as a data: URL; there with `seen=1` alone."""


class PredictAnswer(Prediction):
    """The answer to one picture."""

    model: ModelReference
    request_id: Annotated[str, Field(pattern=REQUEST_ID_PATTERN)]
    """As in the header X-Request-ID."""


class NamedPrediction(Prediction):
    """The answer to one picture of a batch."""

    name: Annotated[str, Field(default_factory=str, max_length=255)]
    """The file's own name, where it came as a file that had one."""


class Problem(Told):
    """What went wrong, and what would be right (RFC 9457)."""

    type: str
    """What kind of problem it is; what a program should look at."""
    title: str
    """The same for people."""
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    """What was wrong with this request, and what would be right."""


class ProblemAnswer(Problem):
    """Every error, the framework's own included."""

    request_id: Annotated[str, Field(pattern=REQUEST_ID_PATTERN)]
    """As in the header X-Request-ID; by it the operator finds the request in the log."""


class DialectProblem(ProblemAnswer):
    """An error below `/v1/` and `/v2`, which other servers' clients look for in `error`."""

    error: Annotated[str, Field(default_factory=str)]
    """The same as `detail`; left out where a request could not even be read as HTTP."""


class FailedItem(Told):
    """The error of one item of a batch."""

    error: Problem
    name: Annotated[str, Field(default_factory=str, max_length=255)]
    """The file's own name, where it came as a file that had one."""


class BatchAnswer(Told):
    """The answer to a batch: one item per picture, in order."""

    predictions: list[NamedPrediction | FailedItem]
    model: ModelReference
    request_id: Annotated[str, Field(pattern=REQUEST_ID_PATTERN)]
    """As in the header X-Request-ID."""


class Live(Told):
    """The process lives."""

    status: Literal["live"]


class StoreWorks(Told):
    """Where releases come from answers, or was not asked."""

    status: Literal["ok"]


class StoreFails(Told):
    """Where releases come from does not answer."""

    status: Literal["failing"]
    since: datetime
    error: str
    """The last one, for the operator."""


class RefusedRelease(Told):
    """A release that was promoted and is not served."""

    promotion: int
    """The number of its promotion."""
    version: str
    reason: str


class Ready(Told):
    """A model is warm, and this is how up to date it is."""

    status: Literal["ready"]
    model: ModelReference
    stale: bool
    """Whether the store may have, or has, something newer."""
    stale_since: datetime | None
    store: StoreWorks | StoreFails
    refused: list[RefusedRelease]


class ManifestTold(Frozen):
    """A release's manifest without the list of its files and its golden answers."""

    schema_version: Literal[1, 2]
    version: str
    created_at: datetime
    model: ModelContract
    training: dict[str, JsonValue]
    libraries: dict[str, str]
    git_commit: str | None
    data: DataSet
    headline: Headline


class ModelAnswer(Told):
    """The release that is being served."""

    name: str
    """Under which name the service tells its model, in every dialect."""
    version: str
    labels: list[Label]
    """In index order."""
    promotion: int | None
    """The number of the promotion that made it current; null where none did."""
    stale_since: datetime | None
    """Since when the store may have something newer; null where all is well."""
    manifest: ManifestTold | None
    """Null for a bare artifact, which has none."""
