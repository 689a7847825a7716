"""The separate, limited process: what it writes, and how every bad end is worded and contained."""

import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.data import data_path
from tests.readers import files, hostile
from workers import store
from workers.readers import process

MEMORY = 3 * 2**29  # 1.5 GiB


def request(folder: Path, paths, corrections=None, memory=MEMORY, seconds=60) -> dict:
    return {
        "files": [str(path) for path in paths],
        "corrections": corrections or {},
        "output": str(folder / "out.zarr"),
        "reply": str(folder / "reply.json"),
        "memory_bytes": memory,
        "seconds": seconds,
    }


def ingest(folder: Path, paths, *, timeout=250, **options) -> dict:
    folder.mkdir(exist_ok=True)
    return process.ingest(request(folder, paths, **options), timeout=timeout)


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "reply.json")


def test_ooid_folder_becomes_a_measurement_ready_to_run(tmp_path):
    paths = sorted(data_path("xray/khufai-ooid-b3").iterdir())
    reply = ingest(tmp_path / "to", paths)
    assert reply["state"] == "ready"
    assert reply["summary"]["channels"] == ["Fe", "Mg", "Mn", "Si", "Sr"]
    assert reply["summary"]["has_guide"]
    assert reply["summary"]["shape"] == [600, 300]
    assert [row["channel"] for row in reply["summary"]["files"]] == [
        "guide",
        "Fe",
        "Mg",
        "Mn",
        "Si",
        "Sr",
        "skip",
    ]
    factors = [c["variance_factor"] for c in reply["summary"]["per_channel"].values()]
    assert min(factors) > 0.75
    assert max(factors) < 1.3
    written = store.read_measurement(tmp_path / "to" / "out.zarr")
    np.testing.assert_array_equal(written.values[1], np.loadtxt(paths[2]).astype(np.float32))
    assert reply["content_hash"] == store.content_hash(tmp_path / "to" / "out.zarr")
    assert left_behind(tmp_path / "to") == ["out.zarr"]


def test_a_map_is_read_without_what_only_other_uploads_need(tmp_path):
    counts = np.random.default_rng(0).poisson(40.0, (2, 32, 32))
    np.savez(tmp_path / "maps.npz", Si=counts[0], Fe=counts[1])
    asked = request(tmp_path, [tmp_path / "maps.npz"])
    (tmp_path / "request.json").write_text(json.dumps(asked))
    code = (
        "import sys; from pathlib import Path; from workers.readers import ingest;"
        "ingest.main(Path(sys.argv[1])); print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "request.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads((tmp_path / "reply.json").read_text())["state"] in ("ready", "attention")
    assert not {"torch", "sklearn", "pyarrow", "uproot"} & set(ran.stdout.split())


def test_same_files_give_the_same_content_hash(tmp_path):
    paths = files.npz(tmp_path, files.specimen())
    first, second = (ingest(tmp_path / name, paths) for name in ("a", "b"))
    assert first["content_hash"] == second["content_hash"]


def test_map_nobody_can_name_waits_for_a_person(tmp_path):
    paths = files.jeol(tmp_path, files.specimen(("1", "2")), "{}_map.txt")
    reply = ingest(tmp_path / "to", paths)
    assert reply["state"] == "attention"
    assert reply["summary"]["open"] == ["channels"]
    assert [row["channel"] for row in reply["summary"]["files"]] == [None, None]
    told = ingest(
        tmp_path / "again",
        paths,
        corrections={"channels": {"1_map.txt": "Si", "2_map.txt": "guide"}, "dwell_ms": 15},
    )
    assert told["state"] == "ready"
    assert told["summary"]["channels"] == ["Si"]
    assert told["summary"]["dwell_ms"] == 15


@pytest.mark.parametrize(
    ("write", "words"), hostile.CASES, ids=[write.__name__ for write, _ in hostile.CASES]
)
def test_hostile_file_is_refused_in_a_sentence_and_leaves_nothing(write, words, tmp_path):
    folder = tmp_path / "upload"
    folder.mkdir()
    path = write(folder)
    before = _listing(tmp_path)
    reply = ingest(tmp_path / "to", [path])
    assert reply["state"] == "refused"
    (problem,) = reply["problems"]
    assert problem["severity"] == "refused"
    assert words in problem["what"]
    assert problem["what"].endswith(".")
    assert problem["do"].endswith(".")
    assert str(tmp_path) not in json.dumps(problem)
    assert left_behind(tmp_path / "to") == []
    assert {k: v for k, v in _listing(tmp_path).items() if not k.startswith("to")} == before


def _listing(folder: Path) -> dict[str, str]:
    """Every file and folder below `folder`, files with their hash (sparse giants by size)."""
    return {
        str(path.relative_to(folder)): ""
        if path.is_dir()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        if path.stat().st_size < 2**24
        else str(path.stat().st_size)
        for path in folder.rglob("*")
    }


def test_refused_reading_leaves_an_earlier_one_untouched(tmp_path):
    good = ingest(tmp_path / "to", files.npz(tmp_path, files.specimen()))
    kept = store.content_hash(tmp_path / "to" / "out.zarr")
    (tmp_path / "to" / "out.zarr").rename(tmp_path / "to" / "r1.zarr")
    assert ingest(tmp_path / "to", [hostile.pickle_named_npy(tmp_path)])["state"] == "refused"
    assert store.content_hash(tmp_path / "to" / "r1.zarr") == kept == good["content_hash"]


def test_too_little_memory_is_worded(tmp_path):
    paths = [tmp_path / "Si.npy"]
    block = np.random.default_rng(0).poisson(9, (100, 100)).astype(np.uint16)
    np.save(paths[0], np.tile(block, (60, 60)))
    reply = ingest(tmp_path / "to", paths, memory=700 * 2**20)
    assert reply["state"] == "refused"
    assert "memory" in reply["problems"][0]["what"]
    assert left_behind(tmp_path / "to") == []


def test_process_that_cannot_even_start_is_worded_and_logged(tmp_path, caplog):
    reply = ingest(tmp_path / "to", files.npz(tmp_path, files.specimen()), memory=40 * 2**20)
    assert reply["state"] == "refused"
    assert reply["problems"][0]["what"].endswith(".")
    assert "memory" in reply["problems"][0]["what"] or "ended with code" in caplog.text
    assert left_behind(tmp_path / "to") == []


def test_too_much_processor_time_is_worded(tmp_path):
    row = b"17\t" * 4000 + b"\r\n"
    (tmp_path / "Si.txt").write_bytes(row * 8000)
    reply = ingest(tmp_path / "to", [tmp_path / "Si.txt"], seconds=2)
    assert reply["state"] == "refused"
    assert "longer" in reply["problems"][0]["what"]
    assert left_behind(tmp_path / "to") == []


def test_process_that_hangs_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.0)
    os.mkfifo(tmp_path / "Si.txt")  # opening it waits for a writer that never comes
    reply = ingest(tmp_path / "to", [tmp_path / "Si.txt"], timeout=8)
    assert reply["state"] == "refused"
    assert "longer" in reply["problems"][0]["what"]


def test_full_disk_is_worded_and_leaves_no_debris(tmp_path):
    """A file size limit stands in for the full disk: both end a write the same way."""
    (tmp_path / "to").mkdir()
    paths = [tmp_path / "Si.npy"]
    np.save(paths[0], np.random.default_rng(0).poisson(900, (700, 700)).astype(np.uint16))
    program = (
        "import json, resource, sys\n"
        "from workers.readers import process\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "print(json.dumps(process.ingest(json.load(sys.stdin), timeout=250)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(request(tmp_path / "to", paths)),
        capture_output=True,
        text=True,
        check=True,
        cwd=process.ROOT,
    )
    reply = json.loads(done.stdout)
    assert reply["state"] == "refused"
    assert "no room left" in reply["problems"][0]["what"]
    assert left_behind(tmp_path / "to") == []


def test_parsers_see_nothing_of_the_callers_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("FIDUCIAL_SECRET_KEY", "hidden")
    environment = process._environment(tmp_path)
    assert "FIDUCIAL_SECRET_KEY" not in environment
    inherited = {key for key, value in environment.items() if os.environ.get(key) == value}
    assert inherited <= {"PATH", "PYTHONPATH", "LANG", "PYTHONDONTWRITEBYTECODE"} | {
        key for key in environment if key.endswith(("THREADS", "PRELOAD"))
    }


def test_limits_are_set_before_any_parser_is_imported(tmp_path):
    program = (
        "import resource, sys\n"
        "from workers.readers import ingest\n"
        "loaded = {'h5py', 'tifffile', 'zarr', 'scipy', 'rsciio', 'igor2'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
        "ingest.limit_self(2**30, 7)\n"
        "print([resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in "
        "('AS', 'CPU', 'FSIZE', 'NOFILE', 'CORE')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=process.ROOT,
    )
    assert done.stdout.strip() == str([(2**30, 2**30), (7, 9), (2**32, 2**32), (256, 256), (0, 0)])
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
