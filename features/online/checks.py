"""The contract suite of online stores: every store goes through every check of `STORE_CHECKS`.

A check is handed an empty store; a new kind of store brings its tests with it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import numpy as np

from features.online.protocol import LARGE, Large, OnlineStore, OvertakenError, Packed, Stamp, State

StoreCheck = Callable[[OnlineStore], None]

STAMP = Stamp(11, "[]", "{}", 3, 4, None)
LATER = Stamp(12, "[]", '{"a": {}}', 9, 10, 11)


def _base(key: str, number: int, content: bytes | memoryview, mark: int = 3) -> Packed:
    return Packed(key, number, mark, content)


def _expect(holds: object, sentence: str) -> None:
    if not holds:
        raise AssertionError(sentence)


def _states(store: OnlineStore, keys: list[str], entity: str = "customer") -> list[State | None]:
    return store.read(entity, keys)[1]


def check_an_empty_store_says_so(store: OnlineStore) -> None:
    """No stamp, no states, no marks."""
    _expect(store.stamp("customer") is None, "an empty store has a stamp")
    _expect(store.read("customer", ["a", "b"]) == (0, [None, None]), "an empty store has states")
    _expect(store.read("customer", ["a"]) == (0, [None]), "an empty store has a state")
    _expect(store.marks("customer", np.array([1, 2])) == {}, "an empty store has marks")


def check_states_come_back_in_the_order_of_the_keys(store: OnlineStore) -> None:
    """Keys of any text, once, twice or unknown."""
    keys = ["1", "23", "12", "3", "ä '\";--", "x" * 200, '["1","23"]']
    store.replace("customer", 0, STAMP, (_base(key, i, key.encode()) for i, key in enumerate(keys)))
    _expect(store.stamp("customer") == STAMP, "the stamp is another")
    asked = [*reversed(keys), "123", keys[0], ""]
    wanted = [(key.encode(), None) if key in keys else None for key in asked]
    _expect(store.read("customer", asked) == (STAMP.token, wanted), "states are out of order")
    _expect([_states(store, [key])[0] for key in asked] == wanted, "one by one they differ")
    _expect(store.read("lead", keys) == (0, [None] * len(keys)), "another entity sees them")


def check_replacing_takes_out_what_was_there(store: OnlineStore) -> None:
    """Only the new states remain, without the old tails."""
    store.replace("customer", 0, STAMP, [Packed("a", 1, 3, b"a", b"tail"), _base("b", 2, b"b")])
    _expect(_states(store, ["a", "b"]) == [(b"a", b"tail"), (b"b", None)], "the first states are not there")
    store.replace("customer", STAMP.token, LATER, [_base("b", 3, b"c", 9)])
    _expect(store.read("customer", ["a", "b"]) == (LATER.token, [None, (b"c", None)]), "old states remain")
    _expect(store.marks("customer", np.array([1, 2, 3])) == {3: (9, "b")}, "old marks remain")


def check_updating_touches_only_what_it_names(store: OnlineStore) -> None:
    """Some are put in, some taken out, some get a tail, some lose it, the rest stays."""
    rows = [_base(key, number, key.encode()) for number, key in enumerate("abcde")]
    store.replace("customer", 0, STAMP, [*rows[:4], Packed("e", 4, 3, b"e", b"old")])
    fresh = [_base("renamed", 1, b"B", 9), Packed("c", 2, -1, None, b"tail"), Packed("e", 4, -1, None, None)]
    store.update("customer", STAMP.token, LATER, fresh, [0])
    wanted = [None, None, (b"B", None), (b"c", b"tail"), (b"d", None), (b"e", None)]
    asked = ["a", "b", "renamed", "c", "d", "e"]
    _expect(store.read("customer", asked) == (LATER.token, wanted), "an update did something else")
    marks = {1: (9, "renamed"), 2: (3, "c"), 3: (3, "d"), 4: (3, "e")}
    _expect(store.marks("customer", np.arange(9)) == marks, "the marks are others")
    _expect(store.stamp("customer") == LATER, "the stamp is another")


def check_numbers_can_be_swapped(store: OnlineStore) -> None:
    """Two entities that exchange their numbers are each found under the new one."""
    store.replace("customer", 0, STAMP, [Packed("a", 1, 3, b"1", b"t"), Packed("b", 2, 3, b"2", b"t")])
    store.update("customer", STAMP.token, LATER, [_base("b", 1, b"one"), _base("a", 2, b"two")], [])
    _expect(_states(store, ["a", "b"]) == [(b"two", None), (b"one", None)], "numbers were not swapped")


def check_a_failed_write_changes_nothing(store: OnlineStore) -> None:
    """Rows that end in an error leave the old states and the old stamp."""

    def failing() -> Iterator[Packed]:
        yield _base("a", 9, b"new")
        raise KeyboardInterrupt

    store.replace("customer", 0, STAMP, [_base("a", 1, b"old")])
    writes: list[Callable[[], None]] = [
        lambda: store.replace("customer", STAMP.token, LATER, failing()),
        lambda: store.update("customer", STAMP.token, LATER, failing(), [1]),
    ]
    for write in writes:
        with contextlib.suppress(KeyboardInterrupt):
            write()
        _expect(store.read("customer", ["a"]) == (STAMP.token, [(b"old", None)]), "half of a failed write is there")
        _expect(store.stamp("customer") == STAMP, "the stamp of a failed write is there")
    store.update("customer", STAMP.token, LATER, [_base("a", 1, b"new")], [])
    _expect(_states(store, ["a"]) == [(b"new", None)], "after failed writes none succeeds")


def check_a_writer_that_was_overtaken_is_told(store: OnlineStore) -> None:
    """A write that set out from another stamp changes nothing."""
    store.replace("customer", 0, STAMP, [_base("a", 1, b"old")])
    writes: list[Callable[[], None]] = [
        lambda: store.replace("customer", 0, LATER, [_base("a", 1, b"new")]),
        lambda: store.update("customer", 10, LATER, [_base("a", 1, b"new")], []),
    ]
    for write in writes:
        try:
            write()
        except OvertakenError:
            pass
        else:
            raise AssertionError("a writer was not told that it was overtaken")
        _expect(store.read("customer", ["a"]) == (STAMP.token, [(b"old", None)]), "an overtaken writer wrote")


def check_large_bases_come_back_whole(store: OnlineStore) -> None:
    """A hot entity has megabytes: its base comes by its name, its tail with the others."""
    state, name = np.arange(2**20, dtype=np.int64).tobytes(), Large("hot", STAMP.token)
    store.replace("customer", 0, STAMP, [Packed("hot", 1, 3, memoryview(state), b"t"), _base("b", 2, bytes(LARGE))])
    wanted = [(name, b"t"), None, (bytes(LARGE), None), (name, b"t")]
    _expect(_states(store, ["hot", "x", "b", "hot"]) == wanted, "a large base is not told by its name")
    _expect(_states(store, ["hot"]) == [(name, b"t")], "asked alone, a large base is not told by its name")
    _expect(store.base("customer", name) == state, "a large base comes back changed")


def check_a_large_base_has_another_name_when_written_anew(store: OnlineStore) -> None:
    """A base keeps its name while only its tail is written; of another time, size or number it is never mixed up."""
    old, new = b"o" * (LARGE + 1), b"n" * (LARGE + 1)
    third, fourth = (Stamp(token, "[]", "{}", 20, 20, None) for token in (13, 14))
    first, last = Large("a", STAMP.token), Large("a", third.token)
    store.replace("customer", 0, STAMP, [_base("a", 1, old), _base("b", 2, old), _base("c", 3, b"c")])
    store.update("customer", STAMP.token, LATER, [Packed("a", 1, -1, None, b"t")], [])
    _expect(_states(store, ["a"]) == [(first, b"t")], "a tail gives a base another name")
    _expect(store.base("customer", first) == old, "a tail changes a base")
    fresh = [_base("a", 1, new), _base("b", 2, b"small"), _base("c", 3, new)]
    store.update("customer", LATER.token, third, fresh, [])
    wanted = [(last, None), (b"small", None), (Large("c", third.token), None)]
    _expect(_states(store, ["a", "b", "c"]) == wanted, "bases written anew are told as others")
    _expect(store.base("customer", first) is None, "a name of old gives the new base")
    _expect(store.base("customer", last) == new, "a new name gives another base")
    store.update("customer", third.token, fourth, [_base("c", 1, b"moved")], [3])
    _expect(_states(store, ["a", "c"]) == [None, (b"moved", None)], "a number that was given away is still there")
    _expect(store.base("customer", last) is None, "a number that was given away has a base")
    store.replace("customer", fourth.token, Stamp(15, "[]", "{}", 20, 20, None), [_base("b", 2, new)])
    _expect(store.base("customer", Large("b", 15)) == new, "a replacement has another base")


def check_readers_see_the_old_or_the_new(store: OnlineStore) -> None:
    """While one thread writes again and again, each reading has the states of the stamp that it names."""
    keys, wrong = [f"K{i}" for i in range(40)], []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            token, found = store.read("customer", keys)
            contents = {None if item is None else item[0] for item in found}
            if contents != {str(token).encode() if token else None}:
                wrong.append((token, contents))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for token in range(1, 31):
            stamp = Stamp(token, "[]", "{}", token, token, None)
            rows = (_base(key, i, str(token).encode()) for i, key in enumerate(keys))
            if token % 3:
                store.update("customer", token - 1, stamp, rows, [])
            else:
                store.replace("customer", token - 1, stamp, rows)
    finally:
        done.set()
        watcher.join()
    _expect(not wrong, f"a reader saw a mixture: {wrong[:1]}")


def check_scrubbing_changes_no_answer(store: OnlineStore) -> None:
    """What is there stays, and what was taken out stays away."""
    store.scrub()
    store.replace("customer", 0, STAMP, [_base("a", 1, b"a"), _base("b", 2, b"b")])
    store.update("customer", STAMP.token, LATER, [], [1])
    store.scrub()
    _expect(store.read("customer", ["a", "b"]) == (LATER.token, [None, (b"b", None)]), "scrubbing changes states")
    _expect(store.stamp("customer") == LATER, "scrubbing changes the stamp")


STORE_CHECKS: tuple[StoreCheck, ...] = (
    check_an_empty_store_says_so,
    check_states_come_back_in_the_order_of_the_keys,
    check_replacing_takes_out_what_was_there,
    check_updating_touches_only_what_it_names,
    check_numbers_can_be_swapped,
    check_a_failed_write_changes_nothing,
    check_a_writer_that_was_overtaken_is_told,
    check_large_bases_come_back_whole,
    check_a_large_base_has_another_name_when_written_anew,
    check_readers_see_the_old_or_the_new,
    check_scrubbing_changes_no_answer,
)
