"""Every online store: one contract, bit for bit the offline values, workspaces side by side, and dead ones say so."""

from __future__ import annotations

import random
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from features import OnlineStoreError
from features.online.checks import STAMP, STORE_CHECKS, StoreCheck
from features.online.protocol import OnlineStore, Packed
from features.opening import open_online
from tests.features.conftest import Opener
from tests.features.test_online import moments_of, replay, with_heads
from tests.features.worlds import World, alive, every_operation, make


@pytest.mark.parametrize("check", STORE_CHECKS, ids=lambda check: check.__name__)
def test_contract(check: StoreCheck, online: OnlineStore) -> None:
    check(online)


@pytest.mark.slow
def test_ten_thousand_questions_equal_the_offline_values_bit_for_bit(online: OnlineStore, open_store: Opener) -> None:
    world = make(61, facts=150, entities=6)
    records = with_heads(World())
    store = open_store(records, 60, all=every_operation(), alive=alive())
    store.online.store.close()
    store.online.store = online
    for begin in range(0, len(world.rows), 40):
        records.add("order_lines", World(world.rows[begin : begin + 40]).table_rows())
        store.refresh()
        store.materialize("customer")
    draw = random.Random(61)
    anywhere = [draw.randrange(-(10**12), 6 * 10**12) for _ in range(5_000 // 7)]
    replay(store, moments_of(world, 61, 5_000 // 7 + 1) + anywhere)


def test_what_was_written_is_there_when_opened_again(url: str) -> None:
    with closing(open_online(url)) as store:
        store.replace("customer", 0, STAMP, [Packed("a", 1, 3, b"base", b"tail")])
    with closing(open_online(url)) as store:
        assert store.read("customer", ["a"]) == (STAMP.token, [(b"base", b"tail")])
        assert store.stamp("customer") == STAMP


@pytest.mark.parametrize("kind", ["redis", "postgres"])
def test_workspaces_on_one_server_do_not_see_each_other(kind: str, request: pytest.FixtureRequest) -> None:
    server = str(request.getfixturevalue(f"{kind}_url"))
    mark, unique = "&" if "?" in server else "?", uuid.uuid4().hex[:8]
    with (
        closing(open_online(f"{server}{mark}prefix=one_{unique}")) as one,
        closing(open_online(f"{server}{mark}prefix=two_{unique}")) as two,
    ):
        one.replace("customer", 0, STAMP, [Packed("a", 1, 3, b"base")])
        assert two.read("customer", ["a"]) == (0, [None])
    if kind == "redis":
        with redis.Redis.from_url(server) as client:
            for key in client.scan_iter(f"one_{unique}:*"):
                client.delete(key)


def test_nothing_of_a_failed_write_stays_for_ever_in_redis(redis_url: str) -> None:
    prefix = f"test_{uuid.uuid4().hex[:12]}"

    def failing() -> Iterator[Packed]:
        yield from (Packed(f"K{i}", i, 3, b"base") for i in range(2_000))
        raise KeyboardInterrupt

    with closing(open_online(f"{redis_url}?prefix={prefix}")) as store, redis.Redis.from_url(redis_url) as client:
        with pytest.raises(KeyboardInterrupt):
            store.replace("customer", 0, STAMP, failing())
        with pytest.raises(KeyboardInterrupt):
            store.update("customer", 0, STAMP, failing(), [])
        left = list(client.scan_iter(f"{prefix}:*"))
        assert left
        assert all(0 < client.ttl(key) <= 6 * 3_600 for key in left)
        client.delete(*left)


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("kind", "expected"), [("redis", "a Redis server is expected"), ("postgresql", "a PostgreSQL database is expected")]
)
def test_a_store_that_is_down_is_one_sentence_at_once(kind: str, expected: str) -> None:
    store = open_online(f"{kind}://somebody:secret@127.0.0.1:{_closed_port()}/0")
    started = time.monotonic()
    for ask in (
        lambda: store.read("customer", ["a"]),
        lambda: store.stamp("customer"),
        lambda: store.replace("customer", 0, STAMP, []),
    ):
        with pytest.raises(OnlineStoreError, match=f"does not answer .*{expected} there; start it, or mend") as caught:
            ask()
        assert "\n" not in str(caught.value)
        assert "secret" not in str(caught.value)
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["redis", "postgresql"])
def test_a_store_that_takes_calls_but_never_answers_does_not_hang(kind: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        store = open_online(f"{kind}://somebody@127.0.0.1:{listener.getsockname()[1]}/0")
        started = time.monotonic()
        with pytest.raises(OnlineStoreError, match="does not answer"):
            store.read("customer", ["a"])
        assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://user:secret@host/db", r"'mysql://host/db' is of an unknown kind; sqlite:///path, redis://"),
        ("sqlite:///", "is of an unknown kind"),
        ("redis:///0", "is of an unknown kind"),
        ("postgresql://localhost/db?prefix=Drop Table", "prefix is 'Drop Table'; at most 31 small letters"),
        ("redis://localhost:6379/shop", "names the database 'shop'; the number of a Redis database is expected"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(OnlineStoreError, match=sentence) as caught:
        open_online(url).read("customer", ["a"])
    assert "secret" not in str(caught.value)
