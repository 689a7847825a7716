"""PostgreSQL and Redis of the benchmark's own, and a facility on them as a deployment starts it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.factories.facility import ROOT, Facility, Process, answers, facility, wait_for

SERVICES = ROOT / ".ci" / "services"
PATIENCE = 1800.0  # seconds
DEPLOYED = {
    "DJANGO_SETTINGS_MODULE": "fiducial.settings.facility",
    "FIDUCIAL_SECRET_KEY": "of a benchmark",
    "FIDUCIAL_HOSTS": "127.0.0.1",
    "FIDUCIAL_LEASE_SECONDS": "3600",  # workers in the rows, which nobody started, count as alive
}


class Services:
    """Both services, in one folder, named by the environment while they are there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def again(self, name: str) -> None:
        """Let `redis` or `postgres` crash, and start it on the same port."""
        subprocess.run([SERVICES, "again", self.folder, name], check=True)


@contextmanager
def services(**environment: str) -> Iterator[Services]:
    """Use as a context: started with `environment`, which all that starts inside has, too."""
    folder, before = Path(tempfile.mkdtemp(prefix="fiducial-services-")), dict(os.environ)
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    os.environ.update(environment)
    try:
        subprocess.run([SERVICES, "start", folder], check=True)
        for line in (folder / "services.env").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            os.environ[name] = value
        yield Services(folder)
    finally:
        subprocess.run([SERVICES, "stop", folder], check=False)
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def deployed() -> Iterator[Facility]:
    """A facility with the settings of one, on services of its own; its member is called so."""
    with (
        services(),
        tempfile.TemporaryDirectory(prefix="fiducial-facility-") as home,
        facility(Path(home), **DEPLOYED) as made,
    ):
        yield made


def inside(call: str) -> Any:
    """What a function of this package (`module.function`) answers inside a portal's settings."""
    module = call.partition(".")[0]
    code = f"from tests.benchmarks.facility import {module}\nanswer = {call}()"
    with deployed() as made:
        return made.shell(code, PATIENCE)


def portal(made: Facility) -> tuple[Process, str]:
    """Start the web server with the script of the deployment; returns it and its address."""
    address = free_address()
    command = [str(ROOT / "docker" / "entry" / "portal")]
    process = made.start("portal", command, FIDUCIAL_BIND=address)
    wait_for(lambda: answers(f"http://{address}/account/login/"), "the portal", process.log)
    return process, f"http://{address}"


def cpu_seconds(process: Process) -> float:
    """What the processes it started have computed so far."""
    stats = [Path(f"/proc/{pid}/stat").read_text() for pid in process.children()]
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def free_address() -> str:
    """An address of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
