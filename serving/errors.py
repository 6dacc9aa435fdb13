"""What a caller of the scoring server can do wrong: one sentence each, with its HTTP status and a code for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from configs.errors import RapportError


class ServingError(RapportError):
    """A question that cannot be answered.

    Attributes
    ----------
    code : str
        A name for programs, such as ``unknown_model``.
    status : int
        The HTTP status that goes with it.
    survivors : mapping of str to str or None
        Of customers who were merged into others, the numbers of those who stay.

    Examples
    --------
    >>> error = ServingError("the body is empty; JSON is expected; send one", code="invalid_json", status=400)
    >>> error.status, str(error)
    (400, 'the body is empty; JSON is expected; send one')
    """

    def __init__(self, message: str, *, code: str, status: int, survivors: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.survivors = survivors


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none yet"


def unknown_model(name: str, known: Iterable[str]) -> ServingError:
    """No model has this name."""
    return ServingError(
        f"the model {name[:100]!r} is unknown; the models are {_listed(known)}; GET /v1/models tells what each answers",
        code="unknown_model",
        status=404,
    )


def untrained_model(name: str) -> ServingError:
    """The model exists, but was never trained."""
    return ServingError(
        f"the model {name!r} has no version yet; a promoted version is expected; run `rapport train {name}`",
        code="untrained_model",
        status=409,
    )


def without_champion(name: str, version: str, grade: str, why: str) -> ServingError:
    """The model was trained, but no version was promoted."""
    reason = f" ({why})" if why else ""
    remedy = (
        f"give it more history or better features and run `rapport train {name}` again"
        if grade == "D"
        else f"run `rapport promote {name}`"
    )
    return ServingError(
        f"the model {name!r} has no champion, its latest version {version} is of grade {grade or 'unknown'}{reason}; "
        f"a promoted version is expected; {remedy}",
        code="no_champion",
        status=409,
    )


def broken_champion(name: str, why: str) -> ServingError:
    """The promoted version cannot be loaded and no earlier one was in memory."""
    return ServingError(
        f"the champion of the model {name!r} cannot be used ({why}); an intact artefact is expected; "
        f"run `rapport rollback {name}` or train it again",
        code="broken_champion",
        status=503,
    )


def failed_self_test(name: str, score: float) -> ServingError:
    """A model that was just loaded gives no probability."""
    return ServingError(
        f"the self-test of {name!r} gave the score {score}; a number from 0 to 1 is expected; train it again",
        code="self_test",
        status=503,
    )


def wrong_question(name: str, path: str) -> ServingError:
    """The model answers, but not this question."""
    return ServingError(
        f"the model {name!r} does not answer this question; it is asked at another path; send POST {path}",
        code="wrong_question",
        status=404,
    )


def invalid(message: str) -> ServingError:
    """The body is JSON, but not a question."""
    return ServingError(message, code="invalid_request", status=422)


def invalid_parameter(name: str, value: object, why: str) -> ServingError:
    """A parameter in the address is out of range or of the wrong type."""
    wanted = why.removeprefix("Input should be ")
    return invalid(f"the parameter {name[:100]!r} is {value!r:.100}; {wanted} is expected; correct the address")


def malformed(why: str) -> ServingError:
    """The body is no JSON."""
    return ServingError(
        f'the body is not JSON ({why}); a JSON object is expected; send for instance {{"ids": ["12583"]}}',
        code="invalid_json",
        status=400,
    )


def too_large(limit: int) -> ServingError:
    """The body has more bytes than a question can need."""
    return ServingError(
        f"the body is larger than {limit:,} bytes; a smaller one is expected; send fewer ids in each request",
        code="body_too_large",
        status=413,
    )


def too_many_ids(given: int, limit: int) -> ServingError:
    """More ids than one request may hold."""
    return ServingError(
        f"the request has {given:,} ids; at most {limit:,} are expected; send them in several requests",
        code="too_many_ids",
        status=413,
    )


def wrong_coding(coding: str, charset: str) -> ServingError:
    """The body is packed, or its text is in another alphabet."""
    return ServingError(
        f"the body's encoding is {coding[:40]!r} in {charset[:40]!r}; plain UTF-8 is expected; send it as it is",
        code="unsupported_encoding",
        status=415,
    )


def wrong_type(content_type: str) -> ServingError:
    """The body is of a kind that is never read, a pickle for instance."""
    return ServingError(
        f"the body's type is {content_type[:100]!r}; application/json is expected; send Content-Type: application/json",
        code="unsupported_type",
        status=415,
    )


def too_slow(seconds: float) -> ServingError:
    """The body did not arrive in time."""
    return ServingError(
        f"the body did not arrive within {seconds:g} s; a complete request is expected; send it again",
        code="body_timeout",
        status=408,
    )


def no_such_page(path: str) -> ServingError:
    """Nothing is answered under this path."""
    return ServingError(
        f"there is nothing at {path[:100]!r}; a path of the interface is expected; GET /openapi.json lists them",
        code="not_found",
        status=404,
    )


def wrong_method(method: str, path: str, allowed: str) -> ServingError:
    """The path exists, but not for this method."""
    return ServingError(
        f"the method {method[:20]} is not answered at {path[:100]!r}; {allowed} is expected; send that",
        code="method_not_allowed",
        status=405,
    )


def unauthorised() -> ServingError:
    """The key is missing or wrong."""
    return ServingError(
        "the key is missing or wrong; the server's key is expected; send Authorization: Bearer <key>",
        code="unauthorised",
        status=401,
    )


def foreign_host(host: str) -> ServingError:
    """The request was addressed to a name that this server does not have (DNS rebinding)."""
    return ServingError(
        f"the host {host[:100]!r} is not this server's; 127.0.0.1 or localhost is expected; ask under that name, "
        "or set an api_key",
        code="foreign_host",
        status=403,
    )


def foreign_origin(origin: str) -> ServingError:
    """A web page of another site sent the request."""
    return ServingError(
        f"the request comes from a page of {origin[:100]!r}; programs and pages of this server are expected; "
        "call it from a program",
        code="foreign_origin",
        status=403,
    )
