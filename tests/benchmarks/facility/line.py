"""A line to the portal that counts what goes over it, and can be cut."""

import socket
import socketserver
import threading
from contextlib import suppress

PIECE = 2**16


class Line(socketserver.ThreadingTCPServer):
    """Passes everything on to `far` (host, port); use as a context."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, far: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.far, self.sent = far, 0
        self.ends: set[socket.socket] = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where a program reaches the portal over it."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def cut(self) -> None:
        """Break every connection that is open, in the middle of whatever it carries."""
        for end in list(self.ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.cut()
        super().__exit__(*error)


class _Passing(socketserver.BaseRequestHandler):
    server: Line

    def handle(self) -> None:
        near: socket.socket = self.request
        with socket.create_connection(self.server.far) as far:
            self.server.ends |= {near, far}
            back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
            back.start()
            self._pass(near, far, counted=True)
            back.join()
            self.server.ends -= {near, far}

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool = False) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                self.server.sent += len(piece) if counted else 0
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
