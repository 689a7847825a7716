"""A line that loses answers: what the portal did once is not done twice."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from fiducial.runs.models import Run
from fiducial_client import Access, Client, transport
from tests.factories import measurements


class Line(socketserver.ThreadingTCPServer):
    """Passes requests on to the portal, and loses the answer to the first that makes something."""

    daemon_threads = True

    def __init__(self, far: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.far, self.lost = far, 0


class Passing(socketserver.StreamRequestHandler):
    server: Line

    def handle(self) -> None:
        head = b"".join(iter(self.rfile.readline, b"\r\n"))
        fields = dict(line.split(b": ", 1) for line in head.lower().splitlines()[1:])
        body = self.rfile.read(int(fields.get(b"content-length", 0)))
        head = head.replace(b"keep-alive", b"close")
        with socket.create_connection(self.server.far) as far, far.makefile("rb") as back:
            far.sendall(head + b"\r\n" + body)
            answer = back.read()
        if head.startswith(b"POST") and not self.server.lost:
            self.server.lost += 1
            return
        self.wfile.write(answer)


@pytest.fixture
def line(live_server) -> Iterator[Line]:
    url = urlsplit(live_server.url)
    with Line((url.hostname, url.port)) as opened:
        thread = threading.Thread(target=opened.serve_forever)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def test_a_run_whose_answer_was_lost_is_queued_once(access, line, project, member, monkeypatch):
    monkeypatch.setattr(transport, "WAITS_SECONDS", (0.05, 0.05, 0.05))
    ready = measurements.ready(project, member)
    through = Access(f"http://127.0.0.1:{line.server_address[1]}", access.token)
    with Client(through) as portal:
        run = portal.submit(str(ready.pk), recipe="toy")
    assert line.lost == 1
    assert [str(one.pk) for one in Run.objects.all()] == [run.id]
