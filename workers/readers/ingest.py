"""The separate, limited process that opens uploaded files: `python -m workers.readers.ingest`.

It takes a request file (docs/contracts.md §1), limits itself before any parser is imported, reads,
writes the measurement whole or not at all, and leaves a reply. What it cannot reply (killed for
memory or time), `workers.readers.process` words.
"""

import contextlib
import errno
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

MAX_FILE_BYTES = 2**32
MAX_OPEN_FILES = 256
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def limit_self(memory_bytes: int, seconds: int) -> None:
    """Lower what this process may use; never above what it was given."""
    _lower(resource.RLIMIT_AS, memory_bytes)
    # The soft limit ends the process with a signal that says why; the hard one only kills.
    _lower(resource.RLIMIT_CPU, seconds, slack=2)
    _lower(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(what: int, wanted: int, slack: int = 0) -> None:
    _, ceiling = resource.getrlimit(what)
    unlimited = ceiling == resource.RLIM_INFINITY
    soft, hard = (w if unlimited else min(w, ceiling) for w in (wanted, wanted + slack))
    resource.setrlimit(what, (soft, hard))


def main(request_file: Path) -> None:
    """Carry out one request; the reply says how it ended."""
    request = json.loads(request_file.read_text())
    limit_self(int(request["memory_bytes"]), int(request["seconds"]))
    reply_file = Path(request["reply"])
    try:
        reply = _carry_out(request)
    except MemoryError:
        reply = refused(
            "all files",
            "Reading took more memory than one upload may use.",
            "Upload fewer channels, or cut the map into fields.",
        )
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        reply = no_room()
    _write_whole(reply_file, json.dumps(reply))


def _carry_out(request: dict[str, Any]) -> dict[str, Any]:
    # Imported here, under the limits: no parser is loaded by a process that may use everything.
    from workers.measured import Uploaded
    from workers.measurement import Measurement
    from workers.readers import ReadError, read, read_windows
    from workers.readers.summary import summarise
    from workers.store import StoreError, write_measurement

    try:
        told = request.get("corrections")
        measurement: Uploaded
        if windows := request.get("windows"):
            numbered = {int(n): [Path(name) for name in names] for n, names in windows.items()}
            measurement = read_windows(numbered, told)
        else:
            measurement = read([Path(name) for name in request["files"]], told)
        summary = summarise(measurement)
        if isinstance(measurement, Measurement) and measurement.content == "movie":
            from workers.recipes.unit_glance import glance  # needs scikit-learn; few are movies

            summary["glance"] = glance(measurement.values, summary)
        digest = write_measurement(Path(request["output"]), measurement)
    except ReadError as error:
        reply = {"state": "refused", "problems": [asdict(error.problem)]}
        return reply | ({"content": error.content} if error.content else {})
    except StoreError as error:
        return refused("the store", str(error), "Try again later, or tell the operator.")
    return {
        "state": "attention" if summary["open"] else "ready",
        "summary": summary,
        "problems": [asdict(problem) for problem in measurement.problems],
        "content_hash": digest,
    }


def refused(where: str, what: str, do: str) -> dict[str, Any]:
    """The reply that nothing was read, and why."""
    problem = {"severity": "refused", "where": where, "what": what, "do": do}
    return {"state": "refused", "problems": [problem]}


def no_room() -> dict[str, Any]:
    """The reply of a full disk."""
    return refused(
        "the store",
        "There is no room left on the disk of the server; nothing was kept of this reading.",
        "Your files are safe where they were uploaded: tell the operator, then try again.",
    )


def _write_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader sees all of it or none."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text)
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
