"""A training that several processes share comes out as that of one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.short import NAMES
from workers.training import distributed
from workers.training.distributed import Part, part_of

ALONE = [sys.executable, "-m", "tests.training.short"]
TWO = [*ALONE[:2], "torch.distributed.run", "--standalone", "--nproc-per-node=2", *ALONE[1:]]


def begin(how: list[str], scenes: Path, output: Path) -> subprocess.Popen[str]:
    """Start every training command in processes of its own."""
    output.mkdir()
    return subprocess.Popen(
        [*how, str(scenes), str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1"},
    )


def curve(training: subprocess.Popen[str]) -> np.ndarray:
    """Every loss of every step, as the commands said them. What the guide explains is left out: it
    is a ratio of means, and the mean of two ratios is another figure.
    """
    said, complained = training.communicate(timeout=120)
    assert training.returncode == 0, complained
    return np.array(re.findall(r"(?<!explained) (-?\d+\.\d{4})", said), float)


def test_two_processes_learn_as_one_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scenes, one, two = (tmp_path / name for name in ("scenes", "one", "two"))
    scenes.mkdir()
    for n in range(2):
        blocks = rng.uniform(0, 60, (10, 6, 6)).repeat(12, 1).repeat(12, 2).astype(np.float32)
        np.savez(scenes / f"scene-{n}.npz", rate=blocks, guide=blocks.mean(0) / 60)
    alone, together = begin(ALONE, scenes, one), begin(TWO, scenes, two)
    first, second = curve(alone), curve(together)
    assert len(first) == 5 * 2 + 3 + 3 + 3 + 2 + 2  # each step once, whoever shared it
    np.testing.assert_allclose(first, second, atol=4e-4)
    for name in NAMES:
        ours, theirs = (load_file(folder / f"{name}.safetensors") for folder in (one, two))
        for key, weights in ours.items():
            # Where a gradient is as good as zero, AdamW takes a whole step one way or the other.
            assert torch.allclose(weights.float(), theirs[key].float(), atol=3e-3), (name, key)


def test_a_batch_that_does_not_suffice_for_all_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert part_of(3) == Part(3, 0, 3)
    monkeypatch.setattr(distributed, "count", lambda: 4)
    with pytest.raises(SystemExit, match="give --maps of at least ten times their number, 40"):
        part_of(3)


def test_parts_weigh_as_many_maps_as_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three maps, one process has one and the other two."""
    monkeypatch.setattr(distributed, "count", lambda: 2)
    loss, shown = Part(3, 1, 3).weighed(torch.tensor(6.0), {"nll": 3.0})
    assert (float(loss), shown) == (8.0, {"nll": 4.0})
