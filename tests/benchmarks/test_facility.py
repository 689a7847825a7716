"""The benchmark of the facility in small: its faults, its line and its clock do what they say."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.benchmarks.facility import __main__ as benchmark
from tests.benchmarks.facility import faults
from tests.benchmarks.facility.clock import Clock
from tests.benchmarks.facility.line import Line
from tests.benchmarks.facility.machines import Services
from tests.factories.facility import facility

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")


def test_a_figure_that_is_missing_or_misses_its_bar_is_told(capsys):
    names = (benchmark.AT_LEAST | benchmark.AT_MOST).items()
    found: dict[str, dict[str, float]] = {}
    for name, bar in names:
        part, _, key = name.partition(".")
        found.setdefault(part, {})[key] = bar
    assert benchmark._told(found) == 0
    found["queue"]["claim_p95_ms"] += 1
    del found["upload"]["resumed_ok"]
    assert benchmark._told(found) == 1
    assert capsys.readouterr().out.count("MISSED") == 2


def test_a_run_that_is_finished_twice_is_counted():
    run, other = "0b1f6f0e-5a51-4a55-9b8e-0d4f4ad1a001", "0b1f6f0e-5a51-4a55-9b8e-0d4f4ad1a002"
    told = "".join(f"INFO Run {one} succeeded run={one}\n" for one in (run, other, run))
    assert faults.finished(told) == {run: 2, other: 1}


@needs_cc
def test_a_killed_worker_loses_no_run_and_no_upload(tmp_path: Path):
    with facility(tmp_path / "home") as made:
        ward = faults.Ward(made, Services(tmp_path), Clock(tmp_path))
        told = faults.struck(ward, ward.worker_killed)
    assert (told["lost"], told["double_finished"]) == (0, 0)
    assert (told["states"], told["uploads"]) == ({"succeeded": 4}, 2)


@needs_cc
def test_a_clock_jumps_for_those_who_follow_it_and_for_nobody_else(tmp_path: Path):
    clock = Clock(tmp_path)
    clock.jump(7200)
    code = "import time, datetime; print(time.time(), datetime.datetime.now().timestamp())"
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | clock.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    for told in said.stdout.split():
        assert float(told) - time.time() == pytest.approx(7200, abs=60)


def test_a_line_counts_what_goes_over_it_and_breaks_when_it_is_cut():
    with socket.create_server(("127.0.0.1", 0)) as far:
        threading.Thread(target=_echo, args=(far,), daemon=True).start()
        with (
            Line(far.getsockname()) as line,
            socket.create_connection(line.server_address) as near,
        ):
            near.sendall(b"12345")
            assert near.recv(5) == b"12345"
            assert line.sent == 5
            line.cut()
            assert near.recv(1) == b""


def _echo(far: socket.socket) -> None:
    with far.accept()[0] as end:
        while piece := end.recv(100):
            end.sendall(piece)
