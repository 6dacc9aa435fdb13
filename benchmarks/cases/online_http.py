"""One customer's score over HTTP through BentoML; beside FastAPI with a pandas row and LightGBM's sklearn wrapper.

The baseline answers from one stored row of features, without windows at the moment of the question, without reasons,
without a log of what it said.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.case import Case, Measure, Reading, program
from benchmarks.reference import Reference

REQUESTS = 1_000
CUSTOMERS = 1_000

BASELINE = """
import sqlite3, sys
import lightgbm, numpy, pandas, uvicorn
from fastapi import FastAPI
random = numpy.random.default_rng(7)
names = [f"f{at}" for at in range(40)]
frame = pandas.DataFrame(random.normal(size=(5_000, 40)), columns=names)
model = lightgbm.LGBMClassifier(n_estimators=200, verbose=-1).fit(frame, (frame["f0"] + frame["f1"] > 0).astype(int))
store = sqlite3.connect(sys.argv[1], check_same_thread=False)
frame.head(1_000).to_sql("features", store, index_label="id")
store.execute("create unique index by_id on features (id)")
app = FastAPI()

@app.post("/score")
async def score(question: dict[str, list[int]]):
    row = store.execute("select * from features where id = ?", question["ids"]).fetchone()
    return {"score": float(model.predict_proba(pandas.DataFrame([row[1:]], columns=names))[0, 1])}

uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""


def _median(port: int, path: str, question: dict[str, object]) -> Reading:
    """Median seconds of a request on one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body, seconds = json.dumps(question), []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.request("POST", path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - began)
        assert answer.status == 200, f"{path} answered {answer.status}"
    connection.close()
    return Reading(statistics.median(seconds))


@contextmanager
def _running(words: list[str], port: int) -> Iterator[None]:
    """A server that answers on a port, ended afterwards."""
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield
        finally:
            process.terminate()


def _wait(port: int) -> None:
    for _ in range(240):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/openapi.json")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"nothing answers on port {port}")


@contextmanager
def _prepare(_: Reference) -> Iterator[tuple[Measure, Measure]]:
    ours, theirs = 3871, 3872
    with tempfile.TemporaryDirectory() as home:
        rapport = ["-m", "rapport.main"]
        program([sys.executable, *rapport, "demo", "--customers", str(CUSTOMERS), "--home", home])
        stored = str(Path(home) / "baseline.db")
        serve = [*rapport, "serve", "--port", str(ours), "--home", home]
        with _running(serve, ours), _running(["-c", BASELINE, stored, str(theirs)], theirs):
            yield (
                lambda: _median(ours, "/v1/churn/score", {"ids": ["K000146"]}),
                lambda: _median(theirs, "/score", {"ids": [7]}),
            )


case = Case(
    name="online_http",
    subject="POST /v1/churn/score, one id, BentoML, p50",
    baseline="FastAPI, one stored row as a pandas frame, LGBMClassifier, p50",
    unit="s",
    n=REQUESTS,
    target=0.003,
    repeats=3,
    prepare=_prepare,
)
