"""Frames from a Redis stream or a ZeroMQ socket, carried to a live scan by the command."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import redis
import zmq

from fiducial.live.models import LiveScan
from fiducial.measurements import folders
from fiducial_client import streaming
from tests.data import ROOT
from tests.factories import live, scans
from tests.factories.live import FRAMES, body
from workers.store.live import LiveStore

END = b'{"end": true}\n'


@pytest.fixture(scope="module")
def stream_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of this test's own."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    kept = ("--save", "", "--appendonly", "no", "--dir", str(folder))
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", *kept],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    until(lambda: answers(url))
    yield url
    server.terminate()
    server.wait(10)


def answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.ConnectionError:
        return False


def until(said: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


@pytest.fixture
def detector(stream_server: str) -> Iterator[redis.Redis]:
    """The detector's side of the stream."""
    connected = redis.Redis.from_url(stream_server)
    yield connected
    connected.flushall()


@pytest.fixture
def scan(project, member) -> LiveScan:
    return live.opened(project, member)


def put(detector: redis.Redis, first: int, last: int) -> None:
    """A message for each frame."""
    frames, *_ = live.counted()
    for number in range(first, last):
        detector.xadd("frames", {"frames": body(frames[number : number + 1], number)})


def received(scan: LiveScan) -> int:
    return LiveScan.objects.get(pk=scan.pk).received


def arrived(scan: LiveScan) -> np.ndarray:
    """All frames in the order of their numbers."""
    parts = list(LiveStore(folders.live(scan.measurement_id)).deliveries())
    index = np.concatenate([part.index for part in parts])
    return np.concatenate([part.frames for part in parts])[np.argsort(index)]


def started(scan: LiveScan, *where: str) -> subprocess.Popen[bytes]:
    """The command as somebody at the instrument starts it."""
    words = [sys.executable, "-m", "fiducial_client", "live", str(scan.measurement_id), *where]
    return subprocess.Popen(words, cwd=ROOT / "client", stderr=subprocess.DEVNULL)


@pytest.mark.system
def test_the_command_goes_on_after_it_was_killed_where_it_was(
    access, scan, detector, stream_server
):
    frames, *_ = live.counted()
    put(detector, 0, 12)
    first = started(scan, "--redis", stream_server)
    until(lambda: received(scan) == 12)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    put(detector, 12, FRAMES)
    detector.xadd("frames", {"frames": END})
    again = started(scan, "--redis", stream_server)
    assert again.wait(30) == 0
    scan.refresh_from_db()
    assert (scan.received, scan.why) == (FRAMES, "closed")
    np.testing.assert_array_equal(arrived(scan), frames)
    assert scan.deliveries < FRAMES / 2  # messages travel joined


@pytest.mark.system
def test_what_was_read_and_not_delivered_comes_again(detector, stream_server):
    put(detector, 0, 5)
    killed = next(streaming.RedisStream(stream_server, "frames").messages())
    put(detector, 5, 6)
    again = streaming.RedisStream(stream_server, "frames")
    source = again.messages()
    assert [each.line["index"] for each in next(source)] == [0, 1, 2, 3, 4]
    again.let_go(killed)
    assert [each.line["index"] for each in next(source)] == [5]


@pytest.mark.system
def test_a_message_that_cannot_be_right_keeps_back_no_other(scan, detector, stream_server, typed):
    put(detector, 0, 4)
    detector.xadd("frames", {"frames": b"no json\n123"})
    detector.xadd("frames", {"frames": body(np.zeros((1, 8, 8), np.uint16), 6)})
    put(detector, 7, 9)
    detector.xadd("frames", {"frames": END})
    status, _, told = typed("live", scan.measurement_id, "--redis", stream_server)
    assert status == 0
    assert told.count("Not taken:") == 2
    assert "The scan is closed; it has 6 frames." in told
    scan.refresh_from_db()
    assert scan.last == 8


@pytest.mark.system
def test_a_scan_that_was_closed_meanwhile_ends_the_command(
    scan, detector, stream_server, typed, portal
):
    put(detector, 0, 3)
    assert portal.deliver(str(scan.measurement_id), body(live.counted()[0][:1], 30))["kept"] == 1
    portal.close_live(str(scan.measurement_id))
    status, _, told = typed("live", scan.measurement_id, "--redis", stream_server)
    assert (status, "This scan is closed and takes no more frames." in told) == (3, True)


def test_frames_of_a_zeromq_socket_are_carried_in_one_part_or_two(scan, typed):
    frames, *_ = live.counted()
    pushes = zmq.Context.instance().socket(zmq.PUSH)
    port = pushes.bind_to_random_port("tcp://127.0.0.1")

    def detect() -> None:
        for number in range(0, FRAMES, 4):
            some = frames[number : number + 4]
            if number % 8:
                line = json.dumps({"index": list(range(number, number + 4))}).encode()
                pushes.send_multipart([line, some.tobytes()])
            else:
                pushes.send(body(some, number))
        pushes.send(END)

    detector = threading.Thread(target=detect)
    detector.start()
    status, _, told = typed("live", scan.measurement_id, "--zmq", f"tcp://127.0.0.1:{port}")
    detector.join()
    pushes.close(0)
    assert (status, f"it has {FRAMES} frames" in told) == (0, True)
    np.testing.assert_array_equal(arrived(scan), frames)


def test_what_has_to_be_installed_is_said(scan, typed, monkeypatch):
    monkeypatch.setitem(sys.modules, "zmq", None)
    status, _, told = typed("live", scan.measurement_id, "--zmq", "tcp://127.0.0.1:1")
    assert status == 3
    assert "To read a ZeroMQ socket, install pyzmq beside this client" in told


def test_a_redis_that_does_not_answer_is_said(scan, typed):
    status, _, told = typed("live", scan.measurement_id, "--redis", "redis://127.0.0.1:1/0")
    assert (status, "Redis at redis://127.0.0.1:1/0 does not answer" in told) == (3, True)


def test_messages_are_joined_up_to_what_one_delivery_holds_and_never_move_a_number():
    size = scans.SIDE**2 * 2
    each = [streaming.read(n, body(np.full((1, 32, 32), n, np.uint16), n)) for n in range(300)]
    lists = list(streaming.gathered(each, size))
    assert [len(some) for some in lists] == [256, 44]
    line, _, frames = streaming.joined(lists[1], size).partition(b"\n")
    assert json.loads(line) == {"index": list(range(256, 300))}
    assert len(frames) == 44 * size
    short = streaming.read(0, body(np.zeros((1, 32, 32), np.uint16), [7, 8]))
    with pytest.raises(ValueError, match="do not fit together"):
        streaming.joined([each[0], short], size)
