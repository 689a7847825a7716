"""The command `fiducial`: reads what was typed, ends with a sentence and a status."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import commands
from .config import NoAccess
from .errors import Refused, Unreachable

REFUSED, UNREACHABLE, NO_ACCESS, INTERRUPTED = 3, 4, 5, 130


def main(typed: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status (0 done, 1 failed, 2 usage, 3 to 5: see README)."""
    asked = parser().parse_args(typed)
    try:
        status: int = asked.does(asked)
    except (NoAccess, Refused) as refusal:
        commands.say(str(refusal))
        for one in getattr(refusal, "problem", {}).get("errors", []):
            commands.say(f"  {one['parameter']}: {one['detail']}")
        unknown = isinstance(refusal, NoAccess) or refusal.status == 401
        return NO_ACCESS if unknown else REFUSED
    except Unreachable as silence:
        commands.say(str(silence))
        return UNREACHABLE
    except (LookupError, OSError) as wrong:
        commands.say(str(wrong))
        return REFUSED
    except KeyboardInterrupt:
        commands.say("Interrupted. The same command goes on from here.")
        return INTERRUPTED
    return status


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    root = argparse.ArgumentParser(prog="fiducial", description="Use a Fiducial portal.")
    root.add_argument("--url", help="address of the portal (default: FIDUCIAL_URL, or as saved)")
    every = root.add_subparsers(required=True, metavar="COMMAND")

    login = every.add_parser("login", help="keep an address and a token for later")
    login.add_argument("address", help="such as https://fiducial.example.org")
    login.set_defaults(does=commands.login)

    upload = every.add_parser("upload", help="upload files as one measurement; repeat to go on")
    upload.add_argument("files", nargs="+", type=Path, metavar="FILE")
    upload.add_argument("--project", required=True, help="its name or number")
    upload.add_argument("--name", default="", help="of the measurement (default: the portal's)")
    upload.add_argument("--wait", action="store_true", help="until the files were read")
    upload.set_defaults(does=commands.upload)

    submit = every.add_parser("submit", help="queue a run on a measurement")
    submit.add_argument("measurement")
    submit.add_argument("--recipe", default="xray-ensemble")
    submit.add_argument(
        "--set", action="append", default=[], type=commands.parameter, metavar="NAME=VALUE"
    )
    submit.add_argument("--seed", type=int, default=0)
    submit.add_argument("--after", default="", metavar="RUN", help="a lesson to ask the network of")
    submit.set_defaults(does=commands.submit)

    teach = every.add_parser("teach", help="queue a lesson: teach a network with a map")
    teach.add_argument("measurement")
    teach.add_argument("--judge", required=True, metavar="MEASUREMENT", help="says if it helped")
    teach.add_argument("--scale", type=int, default=4, help="for maps made finer by (2 or 4)")
    teach.add_argument("--steps", type=int, default=200)
    teach.add_argument("--seed", type=int, default=0)
    teach.set_defaults(does=commands.teach)

    keep = every.add_parser("keep", help="keep what an accepted lesson taught as a model")
    keep.add_argument("run")
    keep.add_argument("name")
    keep.set_defaults(does=commands.keep)

    models = every.add_parser("models", help="list the models of your labs")
    models.set_defaults(does=commands.models)

    promote = every.add_parser("promote", help="let runs of the lab ask a model (owners)")
    promote.add_argument("model", help="its name or number")
    promote.set_defaults(does=commands.promote)

    retire = every.add_parser("retire", help="take a model out of use (owners)")
    retire.add_argument("model", help="its name or number")
    retire.set_defaults(does=commands.retire)

    ask = every.add_parser("ask", help="ask somebody to review a report (owners)")
    ask.add_argument("report")
    ask.add_argument("reviewer", help="username or address of a reviewer of the lab")
    ask.add_argument("--by", required=True, type=commands.day, metavar="DAY")
    ask.add_argument("--blind", action="store_true", help="reviewers do not learn of each other")
    ask.set_defaults(does=commands.ask)

    requests = every.add_parser("requests", help="list who was asked for reviews, or what you were")
    requests.add_argument("report", nargs="?", default="", help="default: what you were asked")
    requests.set_defaults(does=commands.requests)

    withdraw = every.add_parser("withdraw", help="ask somebody for a review no more (owners)")
    withdraw.add_argument("report")
    withdraw.add_argument("request", type=int, help="its number")
    withdraw.set_defaults(does=commands.withdraw)

    unblind = every.add_parser("unblind", help="end the blind review of a report (owners)")
    unblind.add_argument("report")
    unblind.add_argument("--because", required=True, metavar="REASON", help="kept in the trail")
    unblind.set_defaults(does=commands.unblind)

    live = every.add_parser("live", help="carry frames from a stream to a live scan")
    live.add_argument("scan", help="the measurement that was opened for frames")
    origin = live.add_mutually_exclusive_group(required=True)
    origin.add_argument("--redis", metavar="URL", help="such as redis://detector/0")
    origin.add_argument("--zmq", metavar="ADDRESS", help="such as tcp://detector:5555")
    live.add_argument("--stream", default="frames", help="of Redis (default: frames)")
    live.add_argument("--socket", choices=("pull", "sub"), default="pull", help="of ZeroMQ")
    live.set_defaults(does=commands.live)

    watch = every.add_parser("watch", help="follow a run until it is over")
    watch.add_argument("run")
    watch.set_defaults(does=commands.watch)

    fetch = every.add_parser("fetch", help="download a finished run or its report")
    fetch.add_argument("run")
    fetch.add_argument("--as", dest="kind", choices=commands.KINDS, default=commands.REPORT)
    fetch.add_argument("--freeze", action="store_true", help="freeze a report if there is none")
    fetch.add_argument("--to", type=commands.folder, default=Path(), metavar="FOLDER")
    fetch.set_defaults(does=commands.fetch)

    verify = every.add_parser("verify", help="check a downloaded report, offline")
    verify.add_argument("report", type=Path)
    verify.add_argument("--hash", default="", help="the content hash on the report's page")
    verify.set_defaults(does=commands.verify)
    return root
