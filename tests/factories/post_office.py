"""A mail server on loopback that keeps what it is given, or takes a call and says nothing."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    taken: list[str]


class _Taking(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self._say("220 post office")
        while words := self.rfile.readline().decode().strip():
            verb = words[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.taken.append(b"".join(lines).decode())
            self._say("221 bye" if verb == "QUIT" else "250 well")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class _Silent(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()


@contextmanager
def post_office(port: int = 0, *, silent: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Its port and the mails it took so far, as long as the context lasts."""
    with _Server(("127.0.0.1", port), _Silent if silent else _Taking) as server:
        server.taken = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], server.taken
        server.shutdown()
