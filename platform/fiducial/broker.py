"""The embedded broker: message files in one folder, for a machine with nothing but Python.

kombu's filesystem transport with its two races closed: a message appears under its final name only
when it is complete, and it is taken by a rename within one file system, so that no reader ever sees
half a message and no two readers the same one.
"""

import os
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """A channel whose messages are files `<time>_<id>.<queue>.msg` in `folder`/messages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = Path(self.transport_options["folder"])
        self._messages = folder / "messages"
        self._moving = folder / "moving"  # being written or being read
        for place in (self._messages, self._moving):
            place.mkdir(parents=True, exist_ok=True)

    @property
    def data_folder_in(self) -> str:
        return str(self._messages)

    @property
    def control_folder(self) -> Path:
        """Where bindings lie, for whoever addresses a queue through an exchange of its name."""
        return Path(self.transport_options["folder"]) / "control"

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:
        name = f"{time_ns()}_{uuid.uuid4()}.{queue}.msg"
        written = self._moving / name
        written.write_text(dumps(payload))
        written.rename(self._messages / name)

    def _get(self, queue: str) -> dict[str, Any]:
        for name in sorted(os.listdir(self._messages)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = self._moving / f"{name}.taken"
            try:
                (self._messages / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            text = taken.read_text()
            taken.unlink()
            return loads(text)
        raise Empty()


class Transport(filesystem.Transport):
    """What `broker_url` names when no other broker is configured.

    It serves Celery's event loop, as Redis does, so that a worker's children have a pipe each. In
    the loop for blocking transports they share one pipe and a lock, and a child that is killed
    while it holds that lock leaves a worker that is alive and deaf.
    """

    Channel = Channel
    global_state = filesystem.virtual.BrokerState()
    implements = filesystem.Transport.implements.extend(asynchronous=True)

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        loop.call_repeatedly(self.polling_interval, self._deliver_waiting)

    def _deliver_waiting(self) -> None:
        with suppress(Empty):
            while True:
                self.cycle.get(self._deliver)


def clear_debris(folder: Path, *, older_than: float = 3600.0) -> None:
    """Remove messages whose writer or reader died in the middle, older than some seconds."""
    for path in (folder / "moving").glob("*"):
        if time_ns() / 1e9 - path.stat().st_mtime > older_than:
            path.unlink(missing_ok=True)
