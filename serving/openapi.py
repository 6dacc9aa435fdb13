"""What `/openapi.json` says about the questions, and the plain page at `/`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from serving.schemas import ErrorResponse, RecommendRequest, RecommendResponse, ScoreRequest, ScoreResponse

DESCRIPTION = (
    "Scores with reasons, recommendations and segment lists. Ids are the numbers of the records (customer number, lead "
    'number, …) as strings or whole numbers. Every error is {"error": {"code", "message"}} with one sentence.'
)

SCORED = {
    "model": "churn",
    "version": "3",
    "as_of": "2011-12-09T12:50:00Z",
    "warning": None,
    "answers": [
        {
            "id": "12583",
            "status": "ok",
            "score": 0.127,
            "band": "low",
            "reasons": [
                {
                    "text": "last order 2 days ago (-1.1)",
                    "feature": "buying:days_since_last_order",
                    "family": "buying",
                    "effect": -1.1,
                    "value": 2.1,
                }
            ],
        },
        {"id": "00000", "status": "unknown", "score": None, "band": None, "reasons": []},
    ],
}
RECOMMENDED = {
    "model": "recommendation",
    "version": "1",
    "as_of": "2011-12-09T12:50:00Z",
    "warning": None,
    "answers": [
        {
            "id": "12583",
            "status": "ok",
            "products": [
                {
                    "product": "22423",
                    "name": "Cake stand",
                    "score": 1.8,
                    "reason": "you buy it again and again (4 times)",
                }
            ],
        }
    ],
}

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "The body is not JSON."},
    401: {"model": ErrorResponse, "description": "The key is missing or wrong."},
    404: {"model": ErrorResponse, "description": "The model is unknown, or answers another question."},
    409: {
        "model": ErrorResponse,
        "description": "The model has no champion, or a customer was merged into another: `survivors`.",
    },
    413: {"model": ErrorResponse, "description": "Too many ids, or too many bytes."},
    422: {"model": ErrorResponse, "description": "The question is not one; the sentence says why."},
    503: {"model": ErrorResponse, "description": "The server cannot answer now; the sentence says why."},
}


def _question(kind: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": kind.model_json_schema()}}}}


def _answer(kind: type[BaseModel], example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"example": example}}
    return {200: {"model": kind, "description": "One answer per id, in order.", "content": content}, **ERRORS}


SCORE: dict[str, Any] = {
    "summary": "Scores with bands and reasons",
    "response_model": None,
    "openapi_extra": _question(ScoreRequest),
    "responses": _answer(ScoreResponse, SCORED),
}
RECOMMEND: dict[str, Any] = {
    "summary": "Products for customers",
    "response_model": None,
    "openapi_extra": _question(RecommendRequest),
    "responses": _answer(RecommendResponse, RECOMMENDED),
}

PAGE = """Rapport: scores with reasons.

POST /v1/{model}/score                    {"ids": ["12583", 17850], "explain": 3}
POST /v1/recommendation/recommend         {"ids": ["12583"], "k": 10}
GET  /v1/models                           which versions answer
GET  /v1/segments                         the segments
GET  /v1/segments/{name}/members          who may be contacted; ?cursor=&limit=, ?format=csv
GET  /healthz  /readyz  /metrics          for operations
GET  /openapi.json                        all of it, for programs

curl -s localhost:3000/v1/churn/score -d '{"ids": ["12583"], "explain": 3}'
"""
