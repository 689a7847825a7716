"""A whole facility of its own for one test: database, store, broker, portal and workers to kill.

Everything is real: processes are started as in production, and the test looks at rows and files
from outside. It runs on SQLite and the embedded broker, or on the PostgreSQL and Redis named by
FIDUCIAL_DATABASE_URL and FIDUCIAL_BROKER_URL (a database of its own; Redis is flushed).
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds until a test gives up waiting; machines may be busy
LEASE_SECONDS = 2.0
PR_SET_PDEATHSIG = 1  # from linux/prctl.h

SETUP = """
import json
import django
django.setup()
from django.core.management import call_command
from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.runs import services
from fiducial.runs.models import Run
{code}
print(json.dumps(answer))
"""
SEED = """
call_command("migrate", interactive=False, verbosity=0)
from tests.factories import measurements, people
member = people.person("member")
measurements.ready(measurements.project(people.lab("Lab", member=member)), member)
answer = None
"""
SUBMIT = """
member = User.objects.get(username="member")
measurement = Measurement.objects.get(state="ready")  # what was uploaded since was not read
answer = [
    str(services.submit(
        measurement=measurement, recipe="toy", parameters=parameters, seed=7, by=member
    ).pk)
    for parameters in {runs!r}
]
"""
CANCEL = """
services.cancel(run=Run.objects.get(pk={run!r}), by=User.objects.get(username="member"))
answer = None
"""


class Process:
    """A portal or worker with the processes it started: one process group."""

    def __init__(self, popen: subprocess.Popen, log: Path) -> None:
        self.popen = popen
        self.log = log

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, as a failing machine would."""
        os.killpg(self.popen.pid, number)

    def stop(self) -> None:
        """Ask it to end, as a service manager does, and wait until it has."""
        self.popen.terminate()
        self.popen.wait(timeout=PATIENCE)

    def kill(self) -> None:
        """End the whole group at once and for certain."""
        with suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
        self.popen.wait(timeout=PATIENCE)

    def children(self) -> list[int]:
        """The processes it started that still live."""
        tasks = Path(f"/proc/{self.popen.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def group(self) -> list[int]:
        """Every living process of its group, whether its parent lives or not."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.popen.pid and fields[0] != "Z":
                    found.append(int(stat.parent.name))
        return found


class Facility:
    """Use as a context: every process it started is gone afterwards."""

    def __init__(self, home: Path, template: "Facility | None" = None, **settings: str) -> None:
        self.home = home
        self.store = home / "store"
        self.database_url = _own_database(home, template)
        self.broker_url = os.environ.get("FIDUCIAL_BROKER_URL", "")
        self._settings = settings
        self._processes: list[Process] = []
        if template is not None:
            shutil.copytree(template.home, home, dirs_exist_ok=True)
        if self.broker_url:
            self.lose_tickets()

    def __enter__(self) -> "Facility":
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.kill()
        _drop_database(self.database_url)

    def seed(self) -> None:
        """Make the tables, one member and one measurement that is ready."""
        self.shell(SEED)

    def submit(self, *runs: dict[str, Any]) -> list[str]:
        """Queue toy runs with these parameters; returns their ids."""
        return self.shell(SUBMIT.format(runs=list(runs)))

    def cancel(self, run: str) -> None:
        """Cancel a run as its member."""
        self.shell(CANCEL.format(run=run))

    def shell(self, code: str, patience: float = PATIENCE) -> Any:
        """Run Python inside the portal's settings; returns what it assigned to `answer`."""
        return self.shells(code, 1, patience)[0]

    def shells(self, code: str, count: int, patience: float = PATIENCE) -> list[Any]:
        """Run the same Python in several processes at once; returns what each answered."""
        started = [
            subprocess.Popen(
                [sys.executable, "-c", SETUP.format(code=code)],
                env=self._environment(),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(count)
        ]
        said = [process.communicate(timeout=patience) for process in started]
        for process, (_, errors) in zip(started, said, strict=True):
            assert process.returncode == 0, errors
        return [json.loads(output) for output, _ in said]

    def manage(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command of manage.py to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            env=self._environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def worker(self, name: str = "first", *, queues: str = "compute", lanes: str = "") -> Process:
        """Start a worker; it is listening when its row is there."""
        command = [sys.executable, "manage.py", "worker", "--queues", queues, "--name", name]
        worker = self.start(name, [*command, *(["--lanes", lanes] if lanes else [])])
        listening = "SELECT count(*) FROM runs_worker WHERE name LIKE %s"
        wait_for(
            lambda: self.query(listening, f"{name}@%")[0][0] == 1, f"worker {name}", worker.log
        )
        return worker

    def portal(self) -> tuple[Process, str]:
        """Start the web server; returns it and its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        command = [sys.executable, "-m", "gunicorn", "fiducial.wsgi", "--bind", address]
        portal = self.start("portal", [*command, "--threads", "4", "--graceful-timeout", "2"])
        wait_for(lambda: answers(f"http://{address}/account/login/"), "the portal", portal.log)
        return portal, f"http://{address}"

    def row(self, run: str) -> dict[str, Any]:
        """The run's row, as it lies in the database."""
        key = run if self.on_postgres else run.replace("-", "")
        columns = "state, attempt, token, worker, stage, fraction, error, store_path, seconds_left"
        values = self.query(f"SELECT {columns} FROM runs_run WHERE id = %s", key)[0]
        return dict(zip(columns.split(", "), values, strict=True))

    def wait(self, run: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the run's row satisfies `condition`; returns the row."""
        wait_for(lambda: condition(self.row(run)), f"{run} is {self.row(run)}", *self.logs())
        return self.row(run)

    def wait_until(self, run: str, state: str) -> dict[str, Any]:
        """Wait until the run is in `state`; returns its row."""
        return self.wait(run, lambda row: row["state"] == state)

    def wait_under_way(self, run: str) -> dict[str, Any]:
        """Wait until a worker has done a part of the run."""
        return self.wait(run, lambda row: row["state"] == "running" and row["fraction"] > 0)

    def files(self, run: str) -> list[str]:
        """What lies in the run's folder."""
        folder = self.store / "runs" / run
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def wait_removed(self, run: str) -> None:
        """Wait until nothing of the run is left: the sweeper tells the row first, then removes."""
        wait_for(lambda: self.files(run) == [], f"{run} is removed", *self.logs())

    def lose_tickets(self) -> None:
        """Empty the broker, as a crash without persistence would."""
        if self.broker_url:
            redis.Redis.from_url(self.broker_url).flushdb()
        for message in (self.home / "broker").glob("messages/*"):
            message.unlink()

    def interrupt_database(self) -> None:
        """Cut every connection (PostgreSQL), or let nobody write for longer than a lease."""
        if self.on_postgres:
            _administer(
                self.database_url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{urlsplit(self.database_url).path[1:]}'",
            )
            return
        path = self.home / "fiducial.sqlite3"
        with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(1.5 * LEASE_SECONDS)
            connection.execute("ROLLBACK")

    @property
    def on_postgres(self) -> bool:
        return self.database_url.startswith("postgres")

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from the database behind the portal's back."""
        if self.on_postgres:
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                return connection.execute(sql, values).fetchall()
        path = self.home / "fiducial.sqlite3"
        with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
            return connection.execute(sql.replace("%s", "?"), values).fetchall()

    def start(self, name: str, command: list[str], **settings: str) -> Process:
        """Start a process of the facility that logs under its `name`; it ends with it."""
        log = self.home / f"{name}.log"
        with log.open("ab") as output:
            popen = subprocess.Popen(
                command,
                env=self._environment() | settings,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_the_tests,  # noqa: PLW1509 - no other thread runs here
            )
        process = Process(popen, log)
        self._processes.append(process)
        return process

    def logs(self) -> list[Path]:
        """What its processes wrote, one file for each name."""
        return [process.log for process in self._processes]

    def _environment(self) -> dict[str, str]:
        ours = {
            "DJANGO_SETTINGS_MODULE": "fiducial.settings.embedded",
            "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}",
            "FIDUCIAL_HOME": str(self.home),
            "FIDUCIAL_DATABASE_URL": self.database_url,
            "FIDUCIAL_RECIPES": "tests.recipes.toy",
            "FIDUCIAL_LEASE_SECONDS": str(LEASE_SECONDS),
            "FIDUCIAL_HEARTBEAT_SECONDS": "0.5",
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("FIDUCIAL_STORE")}
        return {**inherited, **ours, **self._settings}


@contextmanager
def facility(home: Path, template: Facility | None = None, **settings: str) -> Iterator[Facility]:
    """A facility that is ready to take runs: a copy of `template`, or seeded anew."""
    with Facility(home, template, **settings) as made:
        if template is None:
            made.seed()
        yield made


def wait_for(condition: Callable[[], bool], what: str, *logs: Path) -> None:
    """Wait until `condition` holds; otherwise fail and show the ends of the logs."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            ends = [f"--- {log.name}\n{log.read_text()[-3000:]}" for log in logs]
            raise AssertionError("\n".join([f"Waited {PATIENCE:.0f} s in vain: {what}", *ends]))
        time.sleep(0.05)


def answers(address: str) -> bool:
    """Whether a page is served there."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as reply:
            return reply.status == 200
    except OSError:
        return False


def _die_with_the_tests() -> None:
    """Have the kernel end this process when the test run is killed (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _own_database(home: Path, template: Facility | None) -> str:
    given = os.environ.get("FIDUCIAL_DATABASE_URL", "")
    if not given.startswith("postgres"):
        return f"sqlite:///{home / 'fiducial.sqlite3'}"
    name = f"fiducial_fault_{uuid.uuid4().hex[:12]}"
    copy = f" TEMPLATE {urlsplit(template.database_url).path[1:]}" if template else ""
    _administer(given, f"CREATE DATABASE {name}{copy}")
    return urlunsplit(urlsplit(given)._replace(path=f"/{name}"))


def _drop_database(url: str) -> None:
    if url.startswith("postgres"):
        _administer(url, f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")


def _administer(url: str, statement: str) -> None:
    with psycopg.connect(
        urlunsplit(urlsplit(url)._replace(path="/postgres")), autocommit=True
    ) as connection:
        connection.execute(statement)
