"""A portal as an object: its projects, measurements, runs and reports."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from . import uploading
from .config import Access
from .errors import Refused
from .models import Measurement, Model, Project, Report, Request, Run, UploadingFile
from .sealing import Seal, check
from .transport import Transport

POLL_SECONDS = 2.0
Progress = Callable[[int, int], None]
Thing = TypeVar("Thing", Run, Measurement)


class Client:
    """Use as a context manager, or close it. Every call may raise Refused or Unreachable."""

    def __init__(self, access: Access) -> None:
        self._transport = Transport(access)

    def close(self) -> None:
        """Give the connections back; `with` does it by itself."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def projects(self) -> Iterator[Project]:
        """The projects of my labs, newest first."""
        return map(Project.of, self._transport.pages("projects", {}))

    def project(self, named: str) -> Project:
        """The project of that number or name; LookupError where there is none or several."""
        found = [one for one in self.projects() if named in (str(one.id), one.name)]
        if len(found) != 1:
            count = "no project" if not found else "more than one project"
            raise LookupError(f"You have {count} called “{named}”; give its number.")
        return found[0]

    def measurements(self, project: int | None = None) -> Iterator[Measurement]:
        """The measurements of my labs, newest first; of one project if it is named."""
        query = {} if project is None else {"project": project}
        return map(Measurement.of, self._transport.pages("measurements", query))

    def measurement(self, key: str) -> Measurement:
        return Measurement.of(self._transport.look(f"measurements/{key}"))

    def upload(
        self,
        paths: Sequence[Path],
        *,
        project: int,
        name: str = "",
        progress: Progress = lambda sent, total: None,
    ) -> Measurement:
        """Upload the files and folders `paths` as one measurement.

        Called again after an interruption, it sends only what had not arrived. Where the project
        holds these very files already, their measurement is returned. `progress` is told the bytes
        that are there and all bytes.
        """
        files = uploading.gathered(paths)
        announced = [{"path": path, "size": file.stat().st_size} for path, file in files.items()]
        body = {"project": project, "name": name, "files": announced}
        upload = self._transport.ask("POST", "measurements", json=body)
        waiting = [UploadingFile.of(file) for file in upload["files"]]
        part, total = int(upload["part_bytes"]), sum(file.size for file in waiting)
        there = total - sum(_missing(file, part) for file in waiting)
        progress(there, total)

        def more(sent: int) -> None:
            nonlocal there
            there += sent
            progress(there, total)

        for file in waiting:
            uploading.send(self._transport, upload["id"], file, files[file.given], part, more)
        return self._completed(upload["id"])

    def submit(
        self,
        measurement: str,
        *,
        recipe: str,
        parameters: Mapping[str, Any] | None = None,
        seed: int = 0,
        after: str = "",
    ) -> Run:
        """Queue a run; parameters that are left out take the recipe's defaults.

        `after` is a lesson under way: the run waits for it and asks the network that it teaches.
        """
        awaited = {"network": f"lesson:{after}"} if after else {}
        body = {
            "measurement": measurement,
            "recipe": recipe,
            "parameters": {**(parameters or {}), **awaited},
            "seed": seed,
        }
        return Run.of(self._transport.ask("POST", "runs", json=body))

    def teach(
        self, measurement: str, *, judge: str, scale: int = 4, steps: int = 200, seed: int = 0
    ) -> Run:
        """Queue a lesson: a network learns from a map, and the map `judge` of another specimen says
        whether that helped. `scale`: how much finer the maps are that it is for.
        """
        asked = {"judge": judge, "scale": scale, "steps": steps}
        return self.submit(measurement, recipe="teach", parameters=asked, seed=seed)

    def keep(self, run: str, name: str) -> Model:
        """Keep what an accepted lesson taught as a model of its lab, called `name`."""
        return Model.of(self._transport.ask("POST", f"runs/{run}/model", json={"name": name}))

    def live(self, scan: str) -> dict[str, Any]:
        """How a live scan stands: `received`, `dropped`, `used`, `state` and so on."""
        found: dict[str, Any] = self._transport.look(f"measurements/{scan}/live")
        return found

    def deliver(self, scan: str, body: bytes) -> dict[str, Any]:
        """Send frames to a live scan: a line of JSON that names them, a line feed, the frames."""
        path = f"measurements/{scan}/live/frames"
        answer: dict[str, Any] = self._transport.ask("POST", path, content=body)
        return answer

    def close_live(self, scan: str) -> dict[str, Any]:
        """Have a live scan take no more frames: it becomes a measurement like any other."""
        answer: dict[str, Any] = self._transport.ask("POST", f"measurements/{scan}/live/close")
        return answer

    def models(self) -> Iterator[Model]:
        """The models of my labs, newest first."""
        return map(Model.of, self._transport.pages("models", {}))

    def model(self, named: str) -> Model:
        """The model of that number or name; LookupError where there is none or several."""
        found = [one for one in self.models() if named in (one.id, one.name)]
        if len(found) != 1:
            count = "no model" if not found else "more than one model"
            raise LookupError(f"You have {count} called “{named}”; give its number.")
        return found[0]

    def promote(self, key: str) -> Model:
        """Let runs of its lab ask a model; for owners."""
        return Model.of(self._transport.ask("POST", f"models/{key}/promote"))

    def retire(self, key: str) -> Model:
        """Take a model out of use; for owners."""
        return Model.of(self._transport.ask("POST", f"models/{key}/retire"))

    def runs(self, *, state: str = "", measurement: str = "") -> Iterator[Run]:
        """The runs of my labs, newest first."""
        query = {"state": state, "measurement": measurement}
        asked = {name: value for name, value in query.items() if value}
        return map(Run.of, self._transport.pages("runs", asked))

    def run(self, key: str) -> Run:
        return Run.of(self._transport.look(f"runs/{key}"))

    def cancel(self, key: str) -> Run:
        return Run.of(self._transport.ask("POST", f"runs/{key}/cancel"))

    def watch(self, key: str) -> Iterator[Run]:
        """The run again and again, until it is over."""
        return _until_final(lambda: self.run(key))

    def watch_reading(self, key: str) -> Iterator[Measurement]:
        """The measurement again and again, until it was read or a person must act."""
        return _until_final(lambda: self.measurement(key))

    def reports(self, run: str) -> Iterator[Report]:
        """The reports of a run, newest first."""
        return map(Report.of, self._transport.pages("reports", {"run": run}))

    def freeze(self, run: str, title: str = "") -> Report:
        """Freeze a finished run into the next version of its report."""
        return Report.of(self._transport.ask("POST", f"runs/{run}/reports", json={"title": title}))

    def ask(self, report: str, reviewer: str, due: date, *, blind: bool = False) -> Request:
        """Ask the person of the lab with that username or address to decide on a report by a day;
        for owners. `blind`: reviewers learn of each other only once they have decided.
        """
        body = {"reviewer": reviewer, "due": due.isoformat(), "blind": blind}
        return Request.of(self._transport.ask("POST", f"reports/{report}/requests", json=body))

    def requests(self, report: str = "") -> Iterator[Request]:
        """Who was asked to review a report; without one, the reviews that I was asked for."""
        path = f"reports/{report}/requests" if report else "requests"
        return map(Request.of, self._transport.pages(path, {}))

    def withdraw(self, report: str, request: int) -> None:
        """Ask them no more; for owners."""
        self._transport.ask("DELETE", f"reports/{report}/requests/{request}")

    def unblind(self, report: str, reason: str) -> None:
        """End the blind review of a report, with the reason for the trail; for owners."""
        self._transport.ask("POST", f"reports/{report}/unblind", json={"reason": reason})

    def fetch_report(
        self, report: Report, folder: Path, progress: Callable[[int], None] = lambda got: None
    ) -> tuple[Path, Seal]:
        """Download a report as a zip into `folder` and check its seal against the portal's hash."""
        target = folder / f"report-{report.id[:8]}-v{report.version}.zip"
        self._download(f"reports/{report.id}/download", target, progress)
        return target, check(target, report.content_hash)

    def fetch_run(
        self,
        run: str,
        kind: str,
        folder: Path,
        progress: Callable[[int], None] = lambda got: None,
    ) -> Path:
        """Download a finished run: `text`, `tiff`, `ome-zarr`, `provenance`, `answers`, `units`,
        `frames`."""
        tables = dict.fromkeys(("answers", "units", "frames"), "csv")
        suffix = ({"provenance": "json"} | tables).get(kind, "zip")
        target = folder / f"run-{run[:8]}-{kind}.{suffix}"
        self._download(f"runs/{run}/downloads/{kind}", target, progress)
        return target

    def _completed(self, key: str) -> Measurement:
        try:
            return Measurement.of(self._transport.ask("POST", f"measurements/{key}/complete"))
        except Refused as refusal:
            if refusal.kind != "duplicate":
                raise
            return self.measurement(refusal.problem["existing"])

    def _download(self, path: str, target: Path, progress: Callable[[int], None]) -> None:
        """Half a file is never left under the name of a whole one."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        try:
            with self._transport.stream(path) as response, partial.open("wb") as file:
                for piece in response.iter_bytes():
                    file.write(piece)
                    progress(len(piece))
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def _missing(file: UploadingFile, part_bytes: int) -> int:
    return sum(min(part_bytes, file.size - number * part_bytes) for number in file.missing)


def _until_final(look: Callable[[], Thing]) -> Iterator[Thing]:
    while True:
        found = look()
        yield found
        if found.is_final:
            return
        time.sleep(POLL_SECONDS)
