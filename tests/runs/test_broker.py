"""The embedded broker: whole messages, each taken once."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from fiducial import broker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "broker"


def open_broker(folder: Path) -> Connection:
    return Connection("embedded://localhost", transport_options={"folder": str(folder)})


def take_all(folder: Path) -> list[str]:
    taken = []
    with open_broker(folder) as connection:
        channel = connection.default_channel
        while True:
            try:
                taken.append(channel._get("compute")["body"])
            except Empty:
                return taken


def test_every_message_is_taken_once_however_many_take(folder):
    with open_broker(folder) as connection:
        for number in range(60):
            connection.default_channel._put("compute", {"body": f"{number}"})
    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(take_all, [folder] * 3))
    assert sorted(int(body) for bodies in taken for body in bodies) == list(range(60))
    assert list((folder / "moving").iterdir()) == []


def test_a_message_of_another_queue_is_left_alone(folder):
    with open_broker(folder) as connection:
        connection.default_channel._put("ingest", {"body": "x"})
        assert connection.default_channel._size("ingest") == 1
    assert take_all(folder) == []


def test_a_message_whose_writer_died_is_never_seen_and_cleared_later(folder):
    take_all(folder)
    half = folder / "moving" / "1_x.compute.msg"
    half.write_text(json.dumps({"body": "x"})[:5])
    assert take_all(folder) == []
    broker.clear_debris(folder)
    assert half.exists()
    os.utime(half, (0, 0))
    broker.clear_debris(folder)
    assert not half.exists()
