"""The shapes of questions and answers, as the server reads them and as `/openapi.json` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, FailFast, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from configs.assortment import Owned
from crm import clock

ID_LIMIT = 200  # characters of one number, as in the records
MAX_REASONS = 20
MAX_K = 100
MAX_WITHOUT = 10_000

Status: TypeAlias = Literal["ok", "unknown", "ineligible", "stale"]


def _number(value: object) -> str:
    """A number of the records: a text, or a whole number's decimal digits."""
    if type(value) is str:
        text = value
    elif type(value) is int and abs(value) < 10**ID_LIMIT:
        text = str(value)
    else:
        raise PydanticCustomError("id", "is {shown}", {"shown": _shown(value)})
    if not 0 < len(text) <= ID_LIMIT:
        raise PydanticCustomError("id", "has {length} characters", {"length": len(text)})
    if not text.isprintable():
        raise PydanticCustomError("id", "is {shown}", {"shown": "a text with a character that cannot be printed"})
    return text


_WORDS: Mapping[type, str] = MappingProxyType(
    {
        bool: "a truth value",
        float: "a number with a fraction",
        type(None): "null",
        dict: "an object",
        list: "a list",
    }
)


def _shown(value: object) -> str:
    return _WORDS.get(type(value), "too long")


def _moment(value: object) -> int:
    """Microseconds of an ISO 8601 text with a zone, or of a date."""
    if type(value) is not str:
        shown = "a number" if type(value) is int else _shown(value)
        raise PydanticCustomError("moment", "is {shown}", {"shown": shown})
    try:
        return clock.parse(value)
    except ValueError as error:
        why = "has no zone" if "zone" in str(error) else "is no time"
        raise PydanticCustomError("moment", "{why}", {"why": why}) from error


def _input(value: object) -> object:
    """A number or null, or a list of them."""
    for item in value if type(value) is list else [value]:
        if item is not None and type(item) not in (int, float):
            raise PydanticCustomError("input", "is {shown}", {"shown": "a text" if type(item) is str else _shown(item)})
    return value


Id: TypeAlias = Annotated[
    str,
    PlainValidator(_number),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1, "maxLength": ID_LIMIT}, {"type": "integer"}]}),
]
Input: TypeAlias = Annotated[
    Any,
    PlainValidator(_input),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "null"}, {"type": "array", "items": {"type": ["number", "null"]}}]}
    ),
]
Moment: TypeAlias = Annotated[
    int,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2011-12-09T12:50:00Z"]}),
]
Inputs: TypeAlias = Annotated[
    dict[str, Input],
    Field(
        description="Numbers that the model's features ask for with the question, by name: one for all ids, or a list "
        "with one for each; null is unknown. A model that takes none refuses them; GET /v1/models names them.",
        examples=[{"basket_value": 120.5}],
    ),
]
Ids: TypeAlias = Annotated[list[Id], FailFast(), Field(description="Numbers of the customers, leads … asked about.")]


class Question(BaseModel):
    """What every question shares: unknown fields are errors, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: Ids
    as_of: Moment | None = Field(
        default=None,
        description="Moment of the question, with a zone; a date means its midnight in UTC. Default: the earliest "
        "`complete_until` of the sources in use; now, when all are live.",
    )


class ScoreRequest(Question):
    """Scores for some ids.

    Examples
    --------
    >>> ScoreRequest.model_validate_json('{"ids": ["12583", 17850]}').ids
    ['12583', '17850']
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["12583", 17850], "explain": 3}]})

    explain: Annotated[int, Field(ge=0, le=MAX_REASONS, description="How many reasons per id.")] = 0
    inputs: Inputs | None = None


class RecommendRequest(Question):
    """Products for some customers.

    Examples
    --------
    >>> RecommendRequest.model_validate_json('{"ids": ["12583"]}').k
    10
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["12583"], "k": 10}]})

    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many products per id.")] = 10
    owned: Owned | None = Field(
        default=None,
        description="What a customer bought before: `with` the rest, `without` it, or `only` it. Default: what the "
        "workspace's assortment.yaml says, else `with`.",
    )
    without: Annotated[
        list[Id], FailFast(), Field(max_length=MAX_WITHOUT, description="Numbers of products that cannot be had now.")
    ] = []


class ReasonBody(BaseModel):
    """One reason for a score, in words; `effect` is in log-odds and signed."""

    text: str
    feature: str
    family: str
    effect: float
    value: float | str | None


class Answer(BaseModel):
    """The answer for one id; `score` and `band` are null when the id is unknown or ineligible."""

    id: str
    status: Status
    score: float | None
    band: str | None
    reasons: list[ReasonBody]
    segment: str | None = Field(default=None, description="Only from a segmentation model: the segment's name.")
    expected_value: float | None = Field(
        default=None,
        description="Only from a model of leads: the score times what an outcome brings on average, in `currency`; "
        "null where the records carry no won deals (the model's card says so).",
    )
    currency: str | None = Field(default=None, description="ISO 4217 code of `expected_value`; null where unknown.")
    expected_days: float | None = Field(
        default=None,
        description="Only from a model of leads: days from `as_of` to the close, should the deal be won; null where "
        "too few won deals took so long.",
    )


class ScoreResponse(BaseModel):
    """One answer per id, in the order asked."""

    model: str
    version: str
    as_of: str
    warning: str | None = Field(description="Why these answers need care; null when there is nothing to say.")
    answers: list[Answer]


class Product(BaseModel):
    """One recommended product."""

    product: str
    name: str = Field(description="The product's name; its number where it has none.")
    score: float
    reason: str


class Recommendations(BaseModel):
    """The products for one id."""

    id: str
    status: Status
    products: list[Product]


class RecommendResponse(BaseModel):
    """One list of products per id, in the order asked."""

    model: str
    version: str
    as_of: str
    warning: str | None
    answers: list[Recommendations]


class ErrorDetail(BaseModel):
    """A code for programs and one sentence for people."""

    code: str
    message: str
    survivors: dict[str, str] | None = Field(
        default=None,
        description="Only with the code `merged`: of each customer asked for who was merged into another, who stays.",
    )


class ErrorResponse(BaseModel):
    """The one shape of everything that went wrong."""

    error: ErrorDetail


def example(model: type[BaseModel]) -> Any:
    """The first example of a shape, for `/openapi.json`.

    Examples
    --------
    >>> example(RecommendRequest)
    {'ids': ['12583'], 'k': 10}
    """
    return model.model_json_schema()["examples"][0]
