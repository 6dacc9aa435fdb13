"""A request's body: read within a bound, parsed into a question, and its mistakes said in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from serving import errors
from serving.schemas import ID_LIMIT, Question

Q = TypeVar("Q", bound=Question)

BYTES_PER_ID = 256
BYTES_AROUND = 65_536
SECONDS = 20.0
READ_TYPES = {"", "application/json", "text/plain", "application/x-www-form-urlencoded"}  # the last is what curl sends


def limit_for(max_ids: int) -> int:
    """Most bytes of a body that may hold `max_ids` ids.

    Examples
    --------
    >>> limit_for(10_000)
    2625536
    """
    return BYTES_AROUND + BYTES_PER_ID * max_ids


async def read(request: Request, limit: int, seconds: float = SECONDS) -> bytes:
    """The body's bytes, never more than `limit` in memory and never awaited for longer than `seconds`.

    Raises
    ------
    ServingError
        415 for a type that is not read, 413 for too many bytes, 408 for a body that does not come.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in READ_TYPES:
        raise errors.wrong_type(kind)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    charset = _charset(request.headers.get("content-type", ""))
    if coding not in ("", "identity") or charset not in ("utf-8", "utf8"):
        raise errors.wrong_coding(coding, charset)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise errors.too_large(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise errors.too_large(limit)
                parts.append(part)
    except TimeoutError as error:
        raise errors.too_slow(seconds) from error
    return b"".join(parts)


def parse(kind: type[Q], body: bytes, max_ids: int) -> Q:
    """The question in a body.

    Raises
    ------
    ServingError
        400 when it is not JSON, 422 when it is another kind of JSON, 413 for too many ids.

    Examples
    --------
    >>> from serving.schemas import ScoreRequest
    >>> parse(ScoreRequest, b'{"ids": ["7", 8], "as_of": "2011-12-09"}', 10).ids
    ['7', '8']
    >>> parse(ScoreRequest, b'{"ids": [1.5]}', 10)
    Traceback (most recent call last):
    ...
    serving.errors.ServingError: ids[0] is a number with a fraction; a string or a whole number is expected; ...
    """
    try:
        question = kind.model_validate_json(body)
    except ValidationError as error:
        raise _mistake(kind, error) from error
    if len(question.ids) > max_ids:
        raise errors.too_many_ids(len(question.ids), max_ids)
    return question


def _mistake(kind: type[Question], error: ValidationError) -> errors.ServingError:
    first: Any = error.errors(include_url=False)[0]
    place = _place(first["loc"])
    message = str(first["msg"])
    fields = ", ".join(kind.model_fields)
    match first["type"]:
        case "json_invalid":
            return errors.malformed(message.removeprefix("Invalid JSON: "))
        case "model_type":
            return errors.invalid(f"the body is no object; an object with the fields {fields} is expected; send one")
        case "missing":
            return errors.invalid(f"the field {place} is missing; a list of numbers is expected; send it")
        case "extra_forbidden":
            return errors.invalid(f"the field {place[:100]!r} is unknown; the fields are {fields}; correct or drop it")
        case "id":
            wanted = f"1 to {ID_LIMIT}" if message.endswith("characters") else "a string or a whole number"
            remedy = "send it in quotes" if "fraction" in message else "correct it"
            return errors.invalid(f"{place} {message}; {wanted} is expected; {remedy}")
        case "moment":
            return errors.invalid(
                f"as_of {message}; ISO 8601 with a zone, or a date, is expected; send for instance 2011-12-09T12:50:00Z"
            )
        case "input":
            return errors.invalid(f"{place} {message}; a number, null, or a list of them is expected; correct it")
        case "list_type":
            return errors.invalid(
                f'the field {place} is no list; a list of numbers is expected; send for instance ["7"]'
            )
        case _:
            wanted = message.removeprefix("Input should be ")
            return errors.invalid(f"the field {place} is {_shown(first['input'])}; {wanted} is expected; correct it")


def _place(path: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part[:100]}" for part in path).lstrip(".")


def _shown(value: object) -> str:
    return repr(value)[:100]


def _charset(content_type: str) -> str:
    """The character set that a content type names; UTF-8 by default."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip().strip('"').lower()
    return "utf-8"
