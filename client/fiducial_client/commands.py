"""What each command does; it returns its exit status."""

import argparse
import getpass
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from . import bars, config, streaming
from .client import Client
from .config import Access, access
from .models import Measurement, Model, Report, Run
from .sealing import Seal, check

DONE, FAILED = 0, 1
REPORT = "report"
KINDS = (REPORT, "text", "tiff", "ome-zarr", "provenance", "answers", "units", "frames")


def login(asked: argparse.Namespace) -> int:
    """Ask for a token, try it, and keep it."""
    secret = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    wanted = Access(asked.address.rstrip("/"), secret.strip())
    with Client(wanted) as portal:
        count = sum(1 for _ in portal.projects())
    kept = config.save(wanted)
    say(f"The token is valid: it sees {count} project(s). It is kept in {kept}.")
    return DONE


def upload(asked: argparse.Namespace) -> int:
    """Upload files as one measurement; print its number."""
    with _portal(asked) as portal:
        project = portal.project(asked.project)
        with bars.sending("Uploading") as progress:
            made = portal.upload(
                asked.files, project=project.id, name=asked.name, progress=progress
            )
        answer(made.id)
        if not asked.wait:
            return DONE
        return _read(list(portal.watch_reading(made.id))[-1])


def submit(asked: argparse.Namespace) -> int:
    """Queue a run; print its number."""
    with _portal(asked) as portal:
        run = portal.submit(
            asked.measurement,
            recipe=asked.recipe,
            parameters=dict(asked.set),
            seed=asked.seed,
            after=asked.after,
        )
    answer(run.id)
    say(run.detail)
    return DONE


def teach(asked: argparse.Namespace) -> int:
    """Queue a lesson; print its number."""
    lesson = {name: getattr(asked, name) for name in ("judge", "scale", "steps", "seed")}
    with _portal(asked) as portal:
        run = portal.teach(asked.measurement, **lesson)
    answer(run.id)
    say(run.detail)
    return DONE


def keep(asked: argparse.Namespace) -> int:
    """Keep what a lesson taught; print the number of the model."""
    with _portal(asked) as portal:
        model = portal.keep(asked.run, asked.name)
    answer(model.id)
    say(f"“{model.name}” is a candidate; an owner of the lab promotes it.")
    return DONE


def models(asked: argparse.Namespace) -> int:
    """Print number, state, factor and name of every model, a line each."""
    with _portal(asked) as portal:
        for model in portal.models():
            answer(f"{model.id}\t{model.state}\t×{model.scale}\t{model.name}")
    return DONE


def promote(asked: argparse.Namespace) -> int:
    """Let runs of the lab ask a model."""
    with _portal(asked) as portal:
        return _moved(portal.promote(portal.model(asked.model).id))


def retire(asked: argparse.Namespace) -> int:
    """Take a model out of use."""
    with _portal(asked) as portal:
        return _moved(portal.retire(portal.model(asked.model).id))


def ask(asked: argparse.Namespace) -> int:
    """Ask somebody for a review; print the number of the request."""
    with _portal(asked) as portal:
        request = portal.ask(asked.report, asked.reviewer, asked.by, blind=asked.blind)
    answer(request.id)
    say(f"{request.reviewer} was asked, by {request.due}.")
    return DONE


def requests(asked: argparse.Namespace) -> int:
    """Print number, report, version, reviewer, day and state of every request, a line each."""
    with _portal(asked) as portal:
        for one in portal.requests(asked.report):
            state = f"{one.state}, newer version exists" if one.newer_version else one.state
            fields = (one.id, one.report, one.version, one.reviewer, one.due, state)
            answer("\t".join(map(str, fields)))
    return DONE


def withdraw(asked: argparse.Namespace) -> int:
    """Ask somebody for a review no more."""
    with _portal(asked) as portal:
        portal.withdraw(asked.report, asked.request)
    say("Withdrawn.")
    return DONE


def unblind(asked: argparse.Namespace) -> int:
    """End the blind review of a report."""
    with _portal(asked) as portal:
        portal.unblind(asked.report, asked.because)
    say("The review is blind no more; the trail says so.")
    return DONE


def live(asked: argparse.Namespace) -> int:
    """Carry frames to a live scan until it ends."""
    source: streaming.Source
    if asked.redis:
        source = streaming.RedisStream(asked.redis, asked.stream, f"fiducial-{asked.scan}")
    else:
        source = streaming.ZmqSocket(asked.zmq, asked.socket)
    with _portal(asked) as portal:
        received = streaming.forward(portal, asked.scan, source, say)
    say(f"The scan is closed; it has {received} frames.")
    return DONE


def watch(asked: argparse.Namespace) -> int:
    """Follow a run until it is over."""
    with _portal(asked) as portal, bars.running() as show:
        for run in portal.watch(asked.run):
            show(_words(run), 1.0 if run.state == "succeeded" else run.fraction)
    if run.state == "succeeded":
        answer(json.dumps(run.summary))
        return DONE
    say(f"The run {run.state}. {run.error}".strip())
    return FAILED


def fetch(asked: argparse.Namespace) -> int:
    """Download a run's report, or the run itself; print where it lies."""
    with _portal(asked) as portal, bars.fetching("Fetching") as progress:
        if asked.kind != REPORT:
            answer(portal.fetch_run(asked.run, asked.kind, asked.to, progress))
            return DONE
        report = _newest(portal, asked.run, asked.freeze)
        file, seal = portal.fetch_report(report, asked.to, progress)
    answer(file)
    return _told(seal)


def verify(asked: argparse.Namespace) -> int:
    """Check a downloaded report, offline."""
    seal = check(asked.report, asked.hash)
    if seal.holds:
        answer(seal.content_hash)
        if not asked.hash:
            say("Compare this hash with the one on the report's page.")
    return _told(seal)


def answer(value: Any) -> None:
    """What the next command needs."""
    sys.stdout.write(f"{value}\n")


def say(sentence: str) -> None:
    """What a person reads."""
    bars.console.print(sentence, soft_wrap=True, markup=False)


def parameter(text: str) -> tuple[str, Any]:
    """“factor=4” as a name and a value: JSON where it is JSON, words otherwise."""
    name, given, value = text.partition("=")
    if not given or not name:
        raise argparse.ArgumentTypeError(f"“{text}” is not NAME=VALUE, as in factor=4")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def day(text: str) -> date:
    """“2027-01-31” as a day."""
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"“{text}” is no day, as in 2027-01-31") from fault


def folder(text: str) -> Path:
    """A folder that is there, or can be made."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a file, not a folder")
    return path


def _portal(asked: argparse.Namespace) -> Client:
    return Client(access(asked.url))


def _newest(portal: Client, run: str, freeze: bool) -> Report:
    newest = next(portal.reports(run), None)
    if newest is None and freeze:
        return portal.freeze(run)
    if newest is None:
        raise LookupError("This run has no report yet; freeze one with --freeze.")
    return newest


def _moved(model: Model) -> int:
    answer(model.id)
    say(f"“{model.name}” is {model.state} now.")
    return DONE


def _read(made: Measurement) -> int:
    for problem in made.problems:
        say(f"{problem['where']}: {problem['what']} {problem['do']}")
    if made.state == "ready":
        say("The files were read; runs can be made of them.")
        return DONE
    say(f"The portal needs you: open {made.page} there.")
    return FAILED


def _words(run: Run) -> str:
    return run.state.capitalize() if run.is_final else run.detail or run.state


def _told(seal: Seal) -> int:
    for sentence in seal.problems:
        say(f"NOT AS SEALED: {sentence}")
    if seal.holds:
        say("As sealed.")
    return DONE if seal.holds else FAILED
