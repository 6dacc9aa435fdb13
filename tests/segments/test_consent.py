"""The consent gate: what each ledger of decisions allows, and that nothing passes beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import Records, clock
from crm.clock import DAY
from segments import ReleasedList, Segments
from segments.consent import gate
from segments.decisions import decide
from tests.segments.shop import END, SOURCE, Decide, Define, Score, ids, merge, numbers, rows

ROOT = Path(__file__).parents[2]
AT = 100
KINDS = {
    "party_id": pa.int64(),
    "purpose": pa.string(),
    "channel": pa.string(),
    "decision": pa.string(),
    "basis": pa.string(),
    "occurred_at": pa.int64(),
    "known_at": pa.int64(),
}


def ledger(*decisions: tuple[str, str, str, int]) -> pa.Table:
    """Rows of party 1 for marketing: decision, channel, basis, moment."""
    told = [
        dict(zip(KINDS, (1, "marketing", channel, decision, basis, at, at), strict=True))
        for decision, channel, basis, at in decisions
    ]
    return pa.Table.from_pylist(told, pa.schema(list(KINDS.items())))


def judged(*decisions: tuple[str, str, str, int], channel: str = "email", at: int = AT) -> str | None:
    """The reason against party 1, or None."""
    verdict = decide(ledger(*decisions), np.array([1]), "marketing", channel, at)
    assert (verdict.reason[0] is None) == bool(verdict.allowed[0])
    assert (verdict.basis[0] is not None) == bool(verdict.allowed[0])
    return verdict.reason[0]  # type: ignore[no-any-return]  # an array of objects


GRANT, DENY, WITHDRAW = "granted", "denied", "withdrawn"


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        ([], "no_consent_record"),
        ([(GRANT, "email", "consent", 1)], None),
        ([(GRANT, "any", "contract", 1)], None),
        ([(GRANT, "any", "soft_opt_in", 1)], None),
        ([(GRANT, "any", "legitimate_interest", 1)], None),
        ([(GRANT, "phone", "consent", 1)], "no_consent_record"),
        ([(DENY, "email", "consent", 1)], "denied"),
        ([(DENY, "phone", "consent", 1), (GRANT, "email", "consent", 1)], None),
        ([(GRANT, "email", "consent", 1), (WITHDRAW, "email", "consent", 2)], "withdrawn"),
        ([(GRANT, "email", "consent", 1), (WITHDRAW, "any", "consent", 2)], "withdrawn"),
        ([(WITHDRAW, "email", "consent", 1), (GRANT, "email", "consent", 2)], None),
        ([(WITHDRAW, "any", "consent", 1), (GRANT, "email", "consent", 2)], None),
        ([(WITHDRAW, "any", "consent", 1), (GRANT, "any", "consent", 2)], None),
        ([(WITHDRAW, "email", "consent", 1), (GRANT, "any", "consent", 2)], "withdrawn"),
        ([(WITHDRAW, "email", "consent", 1), (GRANT, "email", "contract", 2)], "withdrawn"),
        ([(DENY, "any", "consent", 1), (GRANT, "any", "legitimate_interest", 2)], "denied"),
        ([(DENY, "any", "consent", 1), (GRANT, "phone", "consent", 2)], "denied"),
        ([(GRANT, "email", "consent", 5), (WITHDRAW, "email", "consent", 5)], "withdrawn"),
        ([(WITHDRAW, "email", "consent", 1), (GRANT, "email", "consent", 2), (DENY, "email", "consent", 3)], "denied"),
        (
            [(WITHDRAW, "any", "consent", 1), (GRANT, "email", "consent", 2), (WITHDRAW, "any", "consent", 3)],
            "withdrawn",
        ),
        ([(GRANT, "email", "consent", AT + 1)], "no_consent_record"),
        ([(GRANT, "email", "consent", 1), (WITHDRAW, "email", "consent", AT + 1)], None),
        ([(GRANT, "email", "consent", AT)], None),
        ([(GRANT, "email", "consent", 1), (WITHDRAW, "email", "consent", AT)], "withdrawn"),
    ],
)
def test_what_a_ledger_allows(decisions: list[tuple[str, str, str, int]], reason: str | None) -> None:
    assert judged(*decisions) == reason
    assert judged(*reversed(decisions)) == reason


def test_another_purpose_is_another_question() -> None:
    verdict = decide(ledger((GRANT, "any", "consent", 1)), np.array([1]), "service", "email", AT)
    assert verdict.suppressed() == {"no_consent_record": 1}


def test_what_was_not_known_yet_does_not_count() -> None:
    late = ledger((GRANT, "email", "consent", 1)).set_column(6, "known_at", pa.array([AT + 1]))
    assert decide(late, np.array([1]), "marketing", "email", AT).reason.tolist() == ["no_consent_record"]


def oracle(decisions: list[tuple[str, str, str, int]]) -> bool:
    """The rules again, one party at a time, in words of their own."""
    seen = [item for item in decisions if item[1] in ("email", "any") and item[3] <= AT]
    for decision, channel, _, moment in seen:
        if decision != GRANT:
            scopes = ("email",) if channel == "email" else ("email", "any")
            if not any(d == GRANT and b == "consent" and c in scopes and m > moment for d, c, b, m in seen):
                return False
    return any(item[0] == GRANT for item in seen)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([GRANT, DENY, WITHDRAW]),
            st.sampled_from(["email", "any", "phone"]),
            st.sampled_from(["consent", "contract"]),
            st.integers(AT - 4, AT + 1),
        ),
        max_size=6,
    )
)
def test_the_gate_equals_its_rules_read_one_by_one(decisions: list[tuple[str, str, str, int]]) -> None:
    assert (judged(*decisions) is None) == oracle(decisions)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([GRANT, DENY, WITHDRAW]),
            st.sampled_from(["email", "any"]),
            st.sampled_from(["consent", "contract"]),
            st.integers(AT - 4, AT),
        ),
        max_size=5,
    )
)
def test_a_refusal_added_last_always_shuts_the_gate(decisions: list[tuple[str, str, str, int]]) -> None:
    assert judged(*decisions, (WITHDRAW, "any", "consent", AT)) == "withdrawn"


def build_all(desk: Segments, define: Define) -> None:
    define("everybody", "{feature: buying:orders, at_least: 0}")
    desk.build("everybody")


def released(desk: Segments) -> dict[str, str]:
    rows = desk.members("everybody").released.rows.to_pylist()
    return {row["customer_no"]: row["basis"] for row in rows}


def test_without_a_record_nobody_leaves_and_the_message_says_what_to_do(desk: Segments, define: Define) -> None:
    build_all(desk, define)
    page = desk.members("everybody").released
    assert page.rows.num_rows == 0
    assert page.suppressed == {"no_consent_record": 10}
    assert (
        "a source declares its basis in its mapping, with `basis: contract` and `covers: [{purpose: marketing, "
        "channel: email}]`" in (page.hint or "")
    )


def test_the_last_decision_on_record_counts_even_if_the_list_is_of_the_past(
    desk: Segments, define: Define, decide: Decide
) -> None:
    build_all(desk, define)
    decide(["C1", "C2", "C3"], GRANT)
    decide(["C2"], WITHDRAW, at=END + 1)
    decide(["C3"], WITHDRAW, at=clock.now() + clock.DAY)  # its clock runs ahead of ours
    assert released(desk) == {"C1": "consent"}
    assert desk.members("everybody").released.suppressed == {"no_consent_record": 7, "withdrawn": 2}


def test_a_grant_of_the_future_does_not_count_yet(desk: Segments, define: Define, decide: Decide) -> None:
    build_all(desk, define)
    decide(["C1"], GRANT, at=clock.now() + clock.DAY)
    assert released(desk) == {}


def test_a_corrected_and_a_retracted_decision(desk: Segments, define: Define, shop: Records, decide: Decide) -> None:
    build_all(desk, define)
    decide(["C1", "C2"], GRANT)
    shop.write({"consents": rows(source_key=["d0"], decision=[DENY])}, source=SOURCE)
    shop.write({"consents": rows(source_key=["d1"], op=["retract"])}, source=SOURCE)
    assert released(desk) == {}
    assert desk.members("everybody").released.suppressed == {"denied": 1, "no_consent_record": 9}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": ["restricted"]}, "restricted"),
        ({"status": ["erased"], "erased_at": [END]}, "erased"),
        ({"status": ["merged"], "merged_into_id": [1]}, "merged"),
        ({"restricted_profiling_at": [END]}, "profiling_restricted"),
        ({"op": ["retract"]}, "retracted"),
    ],
)
def test_some_people_are_never_released(
    desk: Segments, define: Define, shop: Records, decide: Decide, change: dict[str, Any], reason: str
) -> None:
    build_all(desk, define)
    decide(["C8", "C9"], GRANT)
    shop.write({"parties": rows(source_key=["C9"], **change)}, source=SOURCE)
    assert released(desk) == {"C8": "consent"}
    assert desk.members("everybody").released.suppressed == {"no_consent_record": 8, reason: 1}


def test_a_refusal_of_either_of_two_merged_customers_bars_the_one_who_stays(
    desk: Segments, define: Define, shop: Records, decide: Decide
) -> None:
    decide(["C2", "C5"], GRANT, at=END - 200 * DAY)
    decide(["C1", "C4"], DENY, at=END - 300 * DAY)
    merge(shop, "C1", "C2", END - 100 * DAY)
    merge(shop, "C5", "C6", END - 100 * DAY)
    build_all(desk, define)
    assert "C1" not in numbers(shop, shop.arrow("segment_memberships")["customer_id"].to_pylist())
    assert released(desk) == {}, "a consent does not move to the one who stays"
    assert desk.members("everybody").released.suppressed == {"denied": 2, "no_consent_record": 6}
    decide(["C2"], GRANT, at=END - 50 * DAY)
    assert released(desk) == {"C2": "consent"}, "what he says after the merge counts"


def test_a_segment_of_a_model_passes_the_same_gate(desk: Segments, score: Score, decide: Decide) -> None:
    score("segmentation", {"C1": (None, "Quiet"), "C2": (None, "Quiet")})
    desk.build("quiet")
    decide(["C2"], GRANT)
    assert [row["customer_no"] for row in desk.members("quiet").released.rows.to_pylist()] == ["C2"]


def test_an_unknown_customer_is_not_allowed(shop: Records, decide: Decide) -> None:
    decide(["C1"], GRANT)
    verdict = gate(shop, np.array([*ids(shop, "C1"), 999_999]), "marketing", "email", clock.now(), shop.watermark())
    assert verdict.allowed.tolist() == [True, False]
    assert verdict.reason.tolist() == [None, "erased"]


def test_a_released_list_cannot_be_made_or_changed_elsewhere(desk: Segments, define: Define) -> None:
    build_all(desk, define)
    made = desk.members("everybody").released
    with pytest.raises(TypeError, match="a list of people is made by the consent gate only"):
        ReleasedList(object(), rows=made.rows)
    with pytest.raises(AttributeError, match="a released list does not change"):
        made.rows = None


# -- what the source text must not do -------------------------------------------------------------------------------

TELLING = ("display_name", "customer_no", "given_name", "family_name", "contact_points", "persons")


def modules(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def words(tree: ast.Module) -> Iterator[str]:
    """Texts of a module that are not docstrings."""
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def test_only_the_gate_reads_who_people_are() -> None:
    readers = {
        str(path) for path, tree in modules("segments") for text in words(tree) if any(word in text for word in TELLING)
    }
    assert readers == {"segments/consent.py", "segments/export.py"}  # export names columns of a list that was released


def test_only_the_gate_holds_the_seal() -> None:
    holders = {
        str(path)
        for path, tree in modules("segments", "serving", "reports", "console", "pipelines", "rapport")
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "_SEAL")
        or (isinstance(node, ast.Attribute) and node.attr == "_SEAL")
    }
    assert holders == {"segments/consent.py"}


def test_whoever_makes_a_released_list_is_the_gate() -> None:
    makers = {
        str(path)
        for path, tree in modules("segments", "serving", "reports", "console", "pipelines", "rapport")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("ReleasedList", "__new__")
    }
    assert makers == {"segments/consent.py"}


def test_no_way_out_has_an_option_that_skips_the_gate() -> None:
    """No public function takes what could mean "without consent" or another moment of judging."""
    taken = {
        argument.arg
        for path, tree in modules("segments")
        if path.name in ("opening.py", "export.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for argument in [*node.args.args, *node.args.kwonlyargs]
    }
    assert not taken & {
        "force",
        "skip",
        "skip_consent",
        "consent",
        "gate",
        "unsafe",
        "allow",
        "at",
        "include_suppressed",
    }


def test_serving_reaches_members_through_the_gate_only() -> None:
    """The server neither reads memberships nor people's names; lists come from `Segments.members` and `stream`."""
    readers = {
        f"{path}: {text}"
        for path, tree in modules("serving")
        for text in words(tree)
        if any(
            word in text
            for word in ("segment_memberships", "display_name", "given_name", "family_name", "contact_points")
        )
    }
    assert readers == set()
    borrowed = {
        f"{path}: {node.module}"
        for path, tree in modules("serving")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("segments.ledger", "segments.membership")
    }
    assert borrowed == set()
