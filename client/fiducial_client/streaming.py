"""Frames from where a detector puts them, a Redis stream or a ZeroMQ socket, to a live scan.

A message is what the portal takes: one line of JSON that names frames, a line feed, the frames. The
line `{"end": true}` says that no more will come, and closes the scan. Messages travel to the portal
joined, and are let go of only once it has them.
"""

import importlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from .client import Client
from .errors import Refused

FRAMES_AT_ONCE = 256
BYTES_AT_ONCE = 15 * 1024**2  # of frames; the line that names them comes on top
WAIT_MS = 500
BEAT_SECONDS = 0.1  # between deliveries: the portal counts requests, and frames gather meanwhile
HOPELESS = (401, 403, 404, 409)  # the token, the scan, or its end: no other message would do
GROUP = "fiducial"
FIELD = b"frames"  # of an entry of a Redis stream
Say = Callable[[str], None]


@dataclass(frozen=True)
class Message:
    """`key` by which its source knows it; `line` and `frames` of what it says."""

    key: Any
    line: dict[str, Any]
    frames: bytes

    @property
    def ends(self) -> bool:
        """Whether it says that no more will come."""
        return bool(self.line.get("end"))

    @property
    def body(self) -> bytes:
        """What the portal takes."""
        return json.dumps(self.line).encode() + b"\n" + self.frames


class Source(Protocol):
    """Where messages come from."""

    def messages(self) -> Iterator[list[Message]]:
        """What has come since, again and again; an empty list when nothing has."""
        ...

    def let_go(self, messages: Sequence[Message]) -> None:
        """The portal has these: they need not come again."""
        ...


def read(key: Any, body: bytes) -> Message:
    """A message as it came; a line that is no JSON is left to the portal to refuse."""
    line, _, frames = body.partition(b"\n")
    try:
        said = json.loads(line)
    except ValueError:
        said = {"index": line.decode(errors="replace")}
    return Message(key, said if isinstance(said, dict) else {"index": said}, frames)


class RedisStream:
    """Entries of a Redis stream, read as a consumer group, whose position Redis keeps.

    What was read and not let go of comes again, also after this program was killed.
    """

    def __init__(self, url: str, stream: str, group: str = GROUP) -> None:
        redis = _needed("redis", "redis", "read a Redis stream")
        self._redis: Any = redis.Redis.from_url(url)
        self._errors: Any = (redis.ConnectionError, redis.TimeoutError)
        self._stream, self._group = stream, group
        try:
            self._redis.xgroup_create(stream, group, id="0", mkstream=True)
        except redis.ResponseError as fault:
            if "BUSYGROUP" not in str(fault):  # it is there, from before
                raise LookupError(f"Redis does not take {stream}: {fault}") from fault
        except self._errors as away:
            raise LookupError(f"Redis at {url} does not answer: {away}") from away

    def messages(self) -> Iterator[list[Message]]:
        """First what was read before and not let go of, then what is new."""
        after: bytes | str = "0"
        while True:
            found = self._read(after)
            if after != ">":
                after = found[-1][0] if found else ">"
                if not found:
                    continue
            yield [read(key, fields.get(FIELD, b"")) for key, fields in found]

    def let_go(self, messages: Sequence[Message]) -> None:
        if messages:
            self._redis.xack(self._stream, self._group, *(each.key for each in messages))

    def _read(self, after: bytes | str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        try:
            answer = self._redis.xreadgroup(
                self._group, GROUP, {self._stream: after}, count=FRAMES_AT_ONCE, block=WAIT_MS
            )
        except self._errors as away:
            raise LookupError(f"Redis does not answer: {away}. Start this again.") from away
        streams = answer.items() if isinstance(answer, dict) else answer or ()
        entries: list[Any] = [entry for _, found in streams for entry in found]
        if entries and isinstance(entries[0], list):
            entries = [entry for part in entries for entry in part]
        return [(key, fields or {}) for key, fields in entries]


class ZmqSocket:
    """Messages of a ZeroMQ socket that a detector's program has bound: PULL, or SUB to all.

    A part in front is the line, where there are two. ZeroMQ keeps nothing: what this program had
    taken when it was killed is lost, and the portal tells which frames.
    """

    def __init__(self, address: str, kind: str = "pull") -> None:
        zmq = _needed("zmq", "pyzmq", "read a ZeroMQ socket")
        self._socket: Any = zmq.Context.instance().socket(zmq.SUB if kind == "sub" else zmq.PULL)
        if kind == "sub":
            self._socket.subscribe(b"")
        self._again: Any = zmq.Again
        self._no_wait: Any = zmq.NOBLOCK
        try:
            self._socket.connect(address)
        except zmq.ZMQError as fault:
            raise LookupError(f"{address} is no address of a socket: {fault}") from fault

    def messages(self) -> Iterator[list[Message]]:
        while True:
            found: list[Message] = []
            if self._socket.poll(WAIT_MS):
                try:
                    while len(found) < FRAMES_AT_ONCE:
                        parts = self._socket.recv_multipart(self._no_wait)
                        found.append(read(None, b"\n".join(parts)))
                except self._again:
                    pass
            yield found

    def let_go(self, messages: Sequence[Message]) -> None:
        """ZeroMQ keeps nothing."""


def forward(portal: Client, scan: str, source: Source, say: Say) -> int:
    """Send what comes to the live scan, until it ends; returns how many frames it has then.

    What the portal refuses is told and let go of. Raises Refused where nothing would be taken.
    """
    frame_bytes = int(portal.live(scan)["frame_bytes"])
    for came in source.messages():
        for some in gathered([each for each in came if not each.ends], frame_bytes):
            _send(portal, scan, some, frame_bytes, say)
            source.let_go(some)
        if ends := [each for each in came if each.ends]:
            source.let_go(ends)
            return int(portal.close_live(scan)["received"])
        if not came and (now := portal.live(scan))["state"] == "ended":
            return int(now["received"])
    return 0


def gathered(messages: Sequence[Message], frame_bytes: int) -> Iterator[list[Message]]:
    """Messages in lists that one delivery holds each, in their order."""
    some: list[Message] = []
    for each in messages:
        size = sum(len(one.frames) for one in (*some, each))
        if some and (size > BYTES_AT_ONCE or size // frame_bytes > FRAMES_AT_ONCE):
            yield some
            some = []
        some.append(each)
    if some:
        yield some


def joined(messages: Sequence[Message], frame_bytes: int) -> bytes:
    """One delivery that says what all of `messages` say; ValueError where one is not as it should
    be, which would move the numbers of others.
    """
    if len(messages) == 1:
        return messages[0].body
    index: list[Any] = []
    positions: list[Any] = []
    for each in messages:
        index += _numbers(each, frame_bytes)
        positions += each.line.get("positions") or []
    line = {"index": index} | ({"positions": positions} if positions else {})
    return Message(None, line, b"".join(each.frames for each in messages)).body


def _numbers(message: Message, frame_bytes: int) -> list[Any]:
    """The number of each frame in a message."""
    said, (count, rest) = message.line.get("index"), divmod(len(message.frames), frame_bytes)
    numbers = list(range(said, said + count)) if isinstance(said, int) else said
    if not isinstance(numbers, list) or len(numbers) != count or rest:
        raise ValueError("numbers and frames do not fit together")
    return numbers


def _send(
    portal: Client, scan: str, messages: Sequence[Message], frame_bytes: int, say: Say
) -> None:
    """Joined; where that is refused, one by one, so that one bad message keeps back no other."""
    try:
        body = joined(messages, frame_bytes)
        portal.deliver(scan, body)
        time.sleep(BEAT_SECONDS)
    except ValueError:
        pass
    except Refused as fault:
        if fault.status in HOPELESS:
            raise
        if len(messages) == 1:
            say(f"Not taken: {fault}")
            return
    else:
        return
    for each in messages:
        _send(portal, scan, [each], frame_bytes, say)


def _needed(module: str, package: str, what: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as missing:
        raise LookupError(
            f"To {what}, install {package} beside this client: pip install {package}"
        ) from missing
