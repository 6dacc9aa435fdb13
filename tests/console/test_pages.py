"""The pages: what they show, how they begin empty, and that nothing from records becomes markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import console
from configs import Settings
from console.desk import Desk
from console.errors import ConsoleError
from console.page import pages
from scoring.cards import html
from tests.console.conftest import browse
from tests.segments.shop import END, ids, merge, rows
from tests.serving.conftest import artefact, candidate, copied

pytestmark = pytest.mark.anyio
MENU = ["/", "/customers", "/segments", "/models", "/watch"]


async def test_the_menu_leads_to_every_page(browser: httpx.AsyncClient) -> None:
    for path in MENU:
        answer = await browser.get(path)
        assert answer.status_code == 200
        assert re.findall(r'<li><a href="([^"]+)"', answer.text)[:5] == MENU
        assert answer.text.count('aria-current="page"') == 1


async def test_no_page_needs_script_or_another_host(browser: httpx.AsyncClient) -> None:
    for path in [
        *MENU,
        "/customers/C3",
        "/segments/buyers",
        "/profiles/buyers",
        "/overlap",
        "/models/churn",
        "/nothing",
    ]:
        answer = await browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.findall(r"<script|\son\w+=|javascript:|\sstyle=|<style", answer.text)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)
        assert 'name="viewport"' in answer.text


async def test_the_overview_shows_the_report(browser: httpx.AsyncClient, desk: Desk) -> None:
    text = (await browser.get("/")).text
    for section in desk.overview().sections:
        assert f"<h2>{section.title}</h2>" in text
    assert '<th scope="row">shop</th><td data-label="Complete until">2012-01-01</td>' in text
    assert "Data as of 2012-01-01." in text
    assert "<svg" in text


@pytest.mark.parametrize(("words", "numbers"), [
    ("C3", ["C3"]), ("person 4", ["C4"]), ("PERSON 5", ["C5"]), ("%", []), ("_", []), ("nobody", []), ("'; drop", []),
])  # fmt: skip
async def test_customers_are_found_by_number_or_name(
    browser: httpx.AsyncClient, words: str, numbers: list[str]
) -> None:
    text = (await browser.get("/customers", params={"q": words})).text
    assert re.findall(r'<a href="/customers/(C\d)"', text) == numbers


async def test_customers_come_in_pages(browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.pages.customers.ROWS", 4)
    found: list[str] = []
    path: str | None = "/customers"
    while path is not None:
        text = (await browser.get(path)).text
        found += re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', text)
        onward = re.search(r'class="onward" href="([^"]+)"', text)
        path = onward[1].replace("&amp;", "&") if onward else None
    others = [f"C{at}" for at in range(10) if at != 3]
    assert found == ["C3", *others, "X/&lt;b&gt;&amp;1"], "the only one with a score comes first"
    second = (await browser.get("/customers", params={"page": "2"})).text
    assert 'class="onward back" href="/customers?q=&amp;sort=risk&amp;page=1" rel="prev"' in second
    assert "Page 2 of 3" in second


@pytest.mark.parametrize(("sort", "first"), [
    ("risk", "C3"), ("value", "C9"), ("last", "C9"), ("name", "X/&lt;b&gt;&amp;1"), ("number", "C0"),
])  # fmt: skip
async def test_customers_are_sorted_as_asked(browser: httpx.AsyncClient, sort: str, first: str) -> None:
    text = (await browser.get("/customers", params={"sort": sort})).text
    assert re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', text)[0] == first
    assert "<caption>11 customers</caption>" in text
    assert '<b aria-current="true">' in text


async def test_a_listed_customer_has_risk_value_last_order_and_segments(browser: httpx.AsyncClient) -> None:
    text = (await browser.get("/customers", params={"q": "C3"})).text
    for column, value in (
        ("Risk", "31.0%"), ("Band", "high"), ("Value, 365 days", "90.00 EUR"), ("Last order", "2011-11-02"),
        ("Segments", "Buyers"), ("Country", "Germany"),
    ):  # fmt: skip
        assert re.search(f'data-label="{column}"[^>]*>{value}</td>', text), column


async def test_a_customer_has_scores_reasons_segments_and_consents(browser: httpx.AsyncClient) -> None:
    text = (await browser.get("/customers/C3")).text
    assert "31.0%" in text
    assert "time since the last order: 60 days" in text
    assert 'href="/segments/buyers"' in text
    assert "granted" in text
    assert "Latest orders" in text
    assert "3-2" in text, "the number of the oldest of three orders"
    assert "<h1>Person 3</h1>" in text
    assert "<dt>Spend, EUR</dt><dd>90.00 EUR; 90.00 EUR in the last 365 days</dd>" in text
    assert "<dt>First and last order</dt><dd>2011-10-31, 2011-11-02</dd>" in text
    assert "pushes the score up" in text


async def test_a_customer_has_recommended_products_and_a_segment_by_name(settings: Settings, template: Path) -> None:
    opened = console.open(copied(template, settings.home / "shop"))
    products = [row["id"] for row in opened.records.query("select id from products order by id").to_pylist()]
    who = ids(opened.records, "C9")
    opened.records.write({
        "recommendations": rows(
            source_key=["a", "b"], model=["recommendation"] * 2, model_version=["1"] * 2, customer_id=who * 2,
            product_id=products[:2], rank=[2, 1], score=[0.1, 0.2], reason=["popular", "bought before"],
            occurred_at=[END] * 2,
        ),
        "scores": rows(
            source_key=["s", "gone"], model=["segmentation", "churn"], model_version=["1", "9"], customer_id=who * 2,
            score=pa.array([None, 0.5]), band=["loyal spenders", "high"], occurred_at=[END] * 2,
        ),
    })  # fmt: skip
    try:
        async with browse(opened) as browser:
            text = (await browser.get("/customers/C9")).text
    finally:
        opened.close()
    offers = re.findall(r'<th scope="row">(\d)</th><td data-label="Product">(\w+)</td>.*?"Why">([\w ]+)</td>', text)
    assert offers == [("1", "Bulb", "bought before"), ("2", "Lamp", "popular")]
    assert "<dt>Segment</dt><dd>loyal spenders</dd>" in text
    assert "<h3>Segmentation</h3>" in text
    assert "<dt>Reasons</dt><dd>cannot be told now" in text, "no version 9 is at hand"
    assert "pushes the score up" not in text
    assert "As of 2012-01-01." in text


async def test_a_merged_customer_leads_to_the_one_who_stays(settings: Settings, template: Path) -> None:
    opened = console.open(copied(template, settings.home / "shop"))
    merge(opened.records, "C3", "C7", END)
    try:
        async with browse(opened) as browser:
            assert (
                '<dt>Merged into</dt><dd><a href="/customers/C7">C7</a></dd>'
                in (await browser.get("/customers/C3")).text
            )
            assert "Merged into" not in (await browser.get("/customers/C7")).text
    finally:
        opened.close()


async def test_a_corrected_order_is_shown_once_and_a_withdrawn_one_not_at_all(
    settings: Settings, template: Path
) -> None:
    opened = console.open(copied(template, settings.home / "shop"))

    def told(order: str, amount: int, op: str) -> None:
        fact = rows(
            source_key=[order], order_no=[order], customer_id=ids(opened.records, "C9"), kind=["sale"],
            amount=[amount * 10_000], currency=["EUR"], occurred_at=[END], op=[op],
        )  # fmt: skip
        opened.records.write({"orders": fact})

    for order in ("wrong", "gone"):
        told(order, 111, "assert")
    told("wrong", 222, "assert")
    told("gone", 111, "retract")
    try:
        async with browse(opened) as browser:
            text = (await browser.get("/customers/C9")).text
        assert "222.00 EUR" in text
        assert "111.00 EUR" not in text
        assert "gone" not in text
    finally:
        opened.close()


async def test_markup_in_records_stays_text(browser: httpx.AsyncClient) -> None:
    listed = (await browser.get("/customers")).text
    address = re.search(r'href="(/customers/X[^"]+)"', listed)
    assert address is not None
    text = (await browser.get(address[1])).text
    searched = (await browser.get("/customers", params={"q": '"><script>alert(2)</script>'})).text
    for page in (listed, text, searched):
        assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in text


async def test_a_segment_shows_only_who_may_be_contacted(browser: httpx.AsyncClient) -> None:
    text = (await browser.get("/segments/buyers")).text
    assert re.findall(r'<a href="/customers/(C\d)"', text) == ["C1", "C2", "C3", "C4", "C5"]
    assert "No consent record" in text


async def test_a_segment_is_counted_whole_and_listed_without_empty_pages(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.pages.segment.ROWS", 2)
    found, path = [], "/segments/buyers"
    while path:
        text = (await browser.get(path)).text
        found.append(re.findall(r'<a href="/customers/(C\d)"', text))
        onward = re.search(r'class="onward" href="([^"]+)"', text)
        path = onward[1] if onward else ""
        assert '<th scope="row">No consent record</th><td data-label="Members" class="n">4</td>' in text
        assert "<dt>May be contacted</dt><dd>5</dd>" in text
    assert found == [["C1", "C2"], ["C3", "C4"], ["C5"]]
    assert "<dt>Rule</dt><dd>buying:orders_365d more than 0</dd>" in text
    assert "9 entered, 0 left (the first build)" in text
    assert "<dt>Mean score, churn</dt><dd>31.0% (of 1 scored)</dd>" in text
    assert "<code>rapport segment export buyers --format xlsx</code>" in text


async def test_the_list_of_segments_tells_how_many_may_be_contacted(browser: httpx.AsyncClient) -> None:
    text = (await browser.get("/segments")).text
    assert 'href="/segments/buyers">Buyers</a></th><td data-label="Members" class="n">9</td>' in text
    assert '<td data-label="May be contacted" class="n">5</td>' in text


async def test_a_model_tells_versions_decisions_and_card(browser: httpx.AsyncClient) -> None:
    text = (await browser.get("/models/churn")).text
    assert "champion" in text
    assert "promoted" in text
    assert "0.800" in text
    assert "Ranking (AUC)" in text


async def test_a_model_shows_its_card_pictures_and_influence(settings: Settings, tmp_path: Path) -> None:
    opened = console.open(settings)
    folder = artefact(tmp_path, weight=0.09)
    drawn, table = {"roc.svg": b"<svg/>", "roc.png": b"\x89PNG"}, {"influence": {"recency": 0.5, "none": 0.0}}
    card = "# Churn\n\n![Who is <found>](pictures/roc.svg)\n"
    opened.registry.register(replace(candidate(folder), pictures=drawn, tables=table, card=card))
    opened.registry.promote("churn", "1", actor="test")
    try:
        async with browse(opened) as browser:
            text = (await browser.get("/models/churn")).text
            picture = await browser.get("/pictures/churn/1/roc.svg")
            whole = await browser.get("/cards/churn/1")
            absent = [await browser.get(f"/pictures/{path}") for path in ("churn/1/..%2Fcard.md", "churn/9/roc.svg")]
            absent.append(await browser.get("/cards/churn/9"))
    finally:
        opened.close()
    assert "What moves its answers most" in text
    assert "time since the last order" in text
    assert '<img src="/pictures/churn/1/roc.svg" alt="Roc"' in text
    assert (picture.content, picture.headers["content-type"]) == (b"<svg/>", "image/svg+xml")
    assert 'href="/cards/churn/1"' in text
    assert '<svg role="img" aria-label="Who is &lt;found&gt;"' in whole.text
    assert "sandbox" in whole.headers["content-security-policy"]
    assert "sandbox" in picture.headers["content-security-policy"]
    assert [answer.status_code for answer in absent] == [404, 404, 404]


CARD = """# Churn

Says *how* probable.

## How good it is

| figure | model |
|---|---|
| auc | 0.7 |

## Grade A

- **lift** <script>alert(1)</script> [here](javascript:alert(1)) ![x](http://evil.example/x.png)

| a | b |
|---:|---|
| 1 | `code` |
"""


async def test_a_card_is_drawn_with_its_markup_and_nothing_else() -> None:
    drawn = str(html(CARD, {"How good it is"}))
    assert re.findall(r"<h\d>[^<]+", drawn) == ["<h3>Grade A"]
    assert "<em>how</em>" in drawn
    assert "<li><strong>lift</strong> &lt;script&gt;" in drawn
    assert "<th>a</th>" in drawn
    assert "<code>code</code>" in drawn
    assert "0.7" not in drawn
    assert not re.findall(r"<(?:a|img|script)\b|style=", drawn)


@given(st.text(max_size=200))
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_card_becomes_markup_of_its_own(text: str) -> None:
    allowed = {
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "ul",
        "ol",
        "li",
        "em",
        "strong",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert set(re.findall(r"<\s*/?\s*([a-z0-9!]+)", str(html(text)))) <= allowed


async def test_the_latest_watch_is_shown(browser: httpx.AsyncClient, desk: Desk) -> None:
    folder = desk.settings.reports_dir / "watch"
    folder.mkdir(parents=True, exist_ok=True)
    for moment, text in (("2011-01-01T00:00:00Z", "old news"), ("2012-01-01T00:00:00Z", "orders fell")):
        column = {
            "status": "drifted",
            "bins": ["null", "below 3"],
            "reference_shares": [0.2, 0.8],
            "shares": [0.6, 0.4],
        }
        alert = {"severity": "high", "subject": "a:b", "text": text, "action": "look"}
        found = {
            "model": "churn", "version": "1", "columns": {"a:b": column}, "titles": {"a:b": "orders of a year"},
            "window": {"as_of": moment, "rows": 5, "reference_as_of": "2010-07-01T12:05:00Z", "reference_rows": 7},
            "alerts": [alert, alert | {"text": "more is unknown"}], "at": "2012-01-02T06:07:08Z",
            "score": {"status": "stable", "mean": 0.57, "reference_mean": 0.56, "distribution": {"value": 0.002}},
            "freshness": [{"what": "online features", "at": moment, "days": 2.0, "limit_days": 7.0}],
        }  # fmt: skip
        (folder / f"churn-1-{moment[:10]}.json").write_text(json.dumps(found))
    (folder / "churn-1-2012-01-01.html").write_text("<script>drawn()</script>")
    bare = {"model": "none", "version": "2", "columns": {}, "window": found["window"], "alerts": []}
    (folder / "none-2-2012-01-01.json").write_text(json.dumps(bare))
    shown = (await browser.get("/watch")).text
    assert "old news" not in shown
    assert shown.count("<h3>Orders of a year <small>high</small></h3>") == 1
    assert "<p>Orders fell.</p>\n<p>More is unknown.</p>\n<p><b>What to do:</b> look.</p>" in shown
    for name, value in (
        ("Now", "5 rows as of 2012-01-01"), ("Compared with", "7 rows as of 2010-07-01 12:05 UTC"),
        ("Inputs", "1 of 1 moved"), ("Score", "did not move, mean 0.56 then, 0.57 now (PSI 0.002)"),
        ("Watched", "2012-01-02 06:07 UTC"), ("Age of online features", "2 days; 7 are allowed"),
        ("Inputs", "nothing is watched: this model has no inputs of its own"),
        ("Score", "nothing is watched: no scores were given"),
    ):  # fmt: skip
        assert f"<dt>{name}</dt><dd>{value}</dd>" in shown
    assert "at training, unknown: 20.0" in shown, "the picture of the input's shares"
    assert "No alarms" not in shown, "nothing watched is not all well"
    page = await browser.get("/watch/churn-1-2012-01-01.html")
    assert 'href="/watch/churn-1-2012-01-01.html"' in shown
    assert page.text == "<script>drawn()</script>"
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in page.headers["content-security-policy"]
    assert (await browser.get("/watch/churn-1-2012-01-01.json")).status_code == 404


@pytest.mark.parametrize(("path", "command"), [
    ("/", "rapport demo"), ("/customers", "rapport import SOURCE PATH"), ("/models", "rapport train churn"),
    ("/watch", "rapport watch"),
])  # fmt: skip
async def test_an_empty_page_tells_the_next_command(empty: Desk, path: str, command: str) -> None:
    async with browse(empty) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200
    assert f"<code>{command}</code>" in answer.text


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/customers/C99", 404, "there is no customer"), ("/segments/none", 404, "there is no segment"),
    ("/models/none", 404, "there is no model"), ("/nothing", 404, "Nothing is at /nothing"),
    ("/customers?page=x", 409, "a whole number from 1 on is expected"),
    ("/customers?sort=shoe", 409, "one of risk, value, last, name, number is expected"),
    ("/segments/buyers?cursor=x", 409, "the cursor is"),
])  # fmt: skip
async def test_what_is_not_there_is_one_sentence(
    browser: httpx.AsyncClient, path: str, status: int, words: str
) -> None:
    answer = await browser.get(path)
    assert answer.status_code == status
    assert words in answer.text


@pytest.mark.parametrize("host", ["evil.example", ""])
async def test_a_foreign_host_sees_nothing(desk: Desk, host: str) -> None:
    async with browse(desk, headers={"host": host}) as browser:
        for path in [*MENU, "/style.css"]:
            assert (await browser.get(path)).status_code == 403


async def test_a_fault_of_our_own_shows_no_traceback(
    browser: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(desk, "overview", fail)
    answer = await browser.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "secret detail" in caplog.text


def test_a_file_without_page_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("pages = 1\n")
    monkeypatch.setattr("console.pages.__path__", [str(tmp_path)])
    with pytest.raises(ConsoleError, match=r"console/pages/broken.py defines no page; .* is expected; add it"):
        pages()


async def test_a_profile_tells_in_what_members_differ(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segments.profile.FEWEST", 1)
    assert 'href="/profiles/buyers">Profile</a>' in (await browser.get("/segments/buyers")).text
    text = (await browser.get("/profiles/buyers")).text
    assert "Strongest differences first" in text
    assert "(by its rule)" in text
    assert (await browser.get("/profiles/none")).status_code == 404


async def test_a_segment_too_small_for_a_profile_says_so(
    browser: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_kept", {})
    text = (await browser.get("/profiles/buyers")).text
    assert "at least 20 are expected, so that a profile tells of nobody" in text


async def test_the_overlap_of_segments_is_counted(browser: httpx.AsyncClient, desk: Desk) -> None:
    text = (await browser.get("/overlap")).text
    pairs = [pair for pair in desk.overlap() if pair.both]
    assert all(f'<a href="/segments/{pair.first}"' in text for pair in pairs)
    assert text.count("×</td>") == len(pairs)
