"""States in Redis: for each kind of entity one hash of bases and tails, and one of marks.

Keys are ``<prefix>:<entity>:…``. A field is a letter and a number: ``b`` a base, ``t`` a tail, ``L`` a large one, ``l``
the token with which that was written. The stamp names the generation of the two hashes. A replacement builds the next
generation beside it; an update is staged beside it; one script then checks the stamp and puts it all in place. What a
killed writer leaves behind expires.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np

from features.errors import OnlineStoreError
from features.kernel.program import Ints
from features.online.protocol import LARGE, Large, OvertakenError, Packed, Stamp, State, chunks, shown

CONNECT_SECONDS, READ_SECONDS, WRITE_SECONDS = 3, 3, 120
CHUNK = 512  # entities in one pipeline
STAGED_SECONDS = 6 * 3_600
TOKEN = b"#"  # the field of the stamp's token; those of states begin with another letter

PUT_IN_PLACE = """
local function each(key, command, target)
  local cursor = '0'
  repeat
    local step = redis.call(command == 'HSET' and 'HSCAN' or 'SSCAN', key, cursor, 'COUNT', 256)
    cursor = step[1]
    for i = 1, #step[2], 512 do
      redis.call(command, target, unpack(step[2], i, math.min(i + 511, #step[2])))
    end
  until cursor == '0'
end
local present = redis.call('GET', KEYS[1])
local token = present and cjson.decode(present)['token'] or '0'
if token ~= ARGV[1] then return 0 end
for i = 4, #KEYS, 4 do
  each(KEYS[i], 'HDEL', KEYS[2])
  each(KEYS[i + 1], 'HSET', KEYS[2])
  each(KEYS[i + 2], 'HDEL', KEYS[3])
  each(KEYS[i + 3], 'HSET', KEYS[3])
  redis.call('UNLINK', KEYS[i], KEYS[i + 1], KEYS[i + 2], KEYS[i + 3])
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], '#', ARGV[3])
redis.call('PERSIST', KEYS[2])
redis.call('PERSIST', KEYS[3])
for i = 4, #ARGV do redis.call('UNLINK', ARGV[i]) end
return 1
"""


class RedisStore:
    """Packed states in a Redis server; threads share its connections.

    Parameters
    ----------
    url : str
        ``redis://host:port/database`` or ``rediss://…``.
    prefix : str
        What every key begins with: one for each workspace on a server.
    password : str
    """

    def __init__(self, url: str, prefix: str, password: str = "") -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._shown = shown(url)
        self._prefix = prefix
        self._error: type[Exception] = redis.RedisError
        self._generations: dict[str, str] = {}
        secret = {"password": password} if password else {}

        def client(seconds: int) -> Any:
            return redis.Redis.from_url(
                url,
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=seconds,
                retry=Retry(NoBackoff(), 1),
                **secret,
            )

        self._reading, self._writing = client(READ_SECONDS), client(WRITE_SECONDS)
        self._put_in_place = self._writing.register_script(PUT_IN_PLACE)

    def stamp(self, entity: str) -> Stamp | None:
        """What is there of an entity; None before the first materialization."""
        with self._explained():
            found = self._reading.get(self._key(entity, "stamp"))
        if found is None:
            self._generations.pop(entity, None)
            return None
        content = json.loads(found)
        self._generations[entity] = content.pop("generation")
        return Stamp(**(content | {"token": int(content["token"])}))

    def read(self, entity: str, keys: Sequence[str]) -> tuple[int, list[State | None]]:
        """The token of the stamp (0: none), and the state of each key in order (None: none), all of one moment."""
        fields = [TOKEN]
        for key in keys:
            plain = key.encode("utf-8", "surrogatepass")
            fields += [b"b" + plain, b"t" + plain, b"l" + plain]
        generation = self._generations.get(entity) or self._look(entity)
        while generation is not None:
            with self._explained():
                found = self._reading.hmget(self._key(entity, "states", generation), fields)
            if found[0] is not None:
                rows = zip(keys, found[1::3], found[2::3], found[3::3], strict=True)
                return int(found[0]), [_state(*row) for row in rows]
            known, generation = generation, self._look(entity)
            if generation == known:  # its stamp is there, but not the states
                break
        return 0, [None] * len(keys)

    def base(self, entity: str, name: Large) -> bytes | None:
        """A large base; None when it is another by now."""
        plain = name.key.encode("utf-8", "surrogatepass")
        generation = self._generations.get(entity, "")
        with self._explained():
            written, base = self._reading.hmget(self._key(entity, "states", generation), [b"l" + plain, b"L" + plain])
        found: bytes | None = base if written is not None and int(written) == name.written else None
        return found

    def _look(self, entity: str) -> str | None:
        """The generation that the present stamp names."""
        return None if self.stamp(entity) is None else self._generations.get(entity)

    def marks(self, entity: str, ids: Ints) -> dict[int, tuple[int, str]]:
        """The mark of its base, and the number, of each id that is there."""
        asked, answer = ids.tolist(), {}
        generation = self._look(entity)
        for begin in range(0, 0 if generation is None else len(asked), CHUNK):
            part = asked[begin : begin + CHUNK]
            with self._explained():
                found = self._reading.hmget(self._key(entity, "marks", str(generation)), part)
            for number, item in zip(part, found, strict=True):
                if item is not None:
                    mark, _, key = item.decode().partition(" ")
                    answer[number] = int(mark), key
        return answer

    def replace(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed]) -> None:
        """Build a generation of `rows` and put it in the place of the one that is there."""
        old, new = self._follow(entity, after), str(time.time_ns())
        states, marks = self._key(entity, "states", new), self._key(entity, "marks", new)
        for part in chunks(rows, CHUNK):
            with self._pipeline(states, marks) as pipeline:
                pipeline.hset(states, mapping=_fields(part, stamp.token))
                pipeline.hset(marks, mapping=_marks(part))
        gone = [] if old is None else [self._key(entity, "states", old), self._key(entity, "marks", old)]
        self._finish(entity, after, stamp, new, [], gone)

    def update(self, entity: str, after: int, stamp: Stamp, rows: Iterable[Packed], removed: Iterable[int]) -> None:
        """Stage `rows` and `removed`, then put them in place at once."""
        moment = str(time.time_ns())
        generation = self._follow(entity, after) or moment
        staged = [self._key(entity, "staged", moment, name) for name in ("cut", "put", "unmark", "mark")]
        cut, put, unmark, mark = staged
        gone = self.marks(entity, np.fromiter(removed, np.int64))
        for part in chunks(rows, CHUNK):
            before = self.marks(entity, np.array([row.id for row in part if row.base is not None], np.int64))
            with self._pipeline(*staged) as pipeline:
                fields, marks = _fields(part, stamp.token), _marks(part)
                leaving = [before[row.id][1] for row in part if before.get(row.id, (0, row.key))[1] != row.key]
                based = [row.key for row in part if row.base is not None]
                untailed = [b"t" + row.key.encode() for row in part if row.tail is None]
                if leaving or based or untailed:
                    pipeline.sadd(cut, *untailed, *_all(leaving), *_all(based))  # what is put comes after
                if fields:
                    pipeline.hset(put, mapping=fields)
                if marks:
                    pipeline.hset(mark, mapping=marks)
        if gone:
            with self._pipeline(*staged) as pipeline:
                pipeline.sadd(cut, *_all(key for _, key in gone.values()))
                pipeline.sadd(unmark, *gone)
        self._finish(entity, after, stamp, generation, staged, [])

    def scrub(self) -> None:
        """Nothing to do: what was taken out is no longer in memory, and the server rewrites its own files."""

    def close(self) -> None:
        """Close every connection."""
        self._reading.close()
        self._writing.close()

    def _follow(self, entity: str, after: int) -> str | None:
        """The generation that is there; looks at the stamp before the work is done, as `_finish` does in the end."""
        before = self.stamp(entity)
        if (0 if before is None else before.token) != after:
            raise OvertakenError(entity)
        return None if before is None else self._generations.get(entity)

    def _finish(
        self, entity: str, after: int, stamp: Stamp, generation: str, staged: list[str], gone: list[str]
    ) -> None:
        # tokens are texts: a script's numbers are floats
        content = json.dumps(asdict(stamp) | {"token": str(stamp.token), "generation": generation})
        named = [
            self._key(entity, "stamp"),
            self._key(entity, "states", generation),
            self._key(entity, "marks", generation),
        ]
        with self._explained():
            done = self._put_in_place([*named, *staged], [str(after), content, str(stamp.token), *gone])
        if not done:
            raise OvertakenError(entity)
        self._generations[entity] = generation

    @contextmanager
    def _pipeline(self, *keys: str) -> Iterator[Any]:
        """Commands sent together; the keys that they make expire unless they are put in place."""
        with self._explained():
            pipeline = self._writing.pipeline(transaction=False)
            yield pipeline
            for key in keys:
                pipeline.expire(key, STAGED_SECONDS)
            pipeline.execute()

    def _key(self, *parts: str) -> str:
        return ":".join((self._prefix, *parts))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise OnlineStoreError(
                f"the online store {self._shown} does not answer ({_first_line(error)}); a Redis server is expected "
                "there; start it, or mend RAPPORT_ONLINE_URL"
            ) from error


def _state(key: str, base: bytes | None, tail: bytes | None, written: bytes | None) -> State | None:
    if base is None and written is None:
        return None
    return Large(key, int(written or 0)) if base is None else base, tail


def _fields(part: Iterable[Packed], written: int) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    for row in part:
        key, base = row.key.encode(), _bytes(row.base)
        if len(base) > LARGE:
            found |= {b"L" + key: base, b"l" + key: written}
        elif row.base is not None:
            found[b"b" + key] = base
        if row.tail is not None:
            found[b"t" + key] = _bytes(row.tail)
    return found


def _marks(part: Iterable[Packed]) -> dict[Any, Any]:
    return {row.id: f"{row.mark} {row.key}" for row in part if row.base is not None}


def _all(keys: Iterable[str]) -> list[bytes]:
    return [letter + key.encode() for key in keys for letter in (b"b", b"t", b"l", b"L")]


def _bytes(words: bytes | memoryview | None) -> bytes:
    return bytes(words or b"")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
