"""An identity provider on loopback: OpenID Connect as far as signing in needs it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt

CLIENT = "fiducial"


class Provider:
    """Vouches for whoever `claims` describe, to whoever asks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.claims: dict[str, Any] = {"sub": "1"}

    def settings(self) -> dict[str, Any]:
        """What SOCIALACCOUNT_PROVIDERS needs to know of it."""
        app = {
            "provider_id": "institute",
            "name": "Institute",
            "client_id": CLIENT,
            "secret": "s",
            "settings": {"server_url": self.url, "oauth_pkce_enabled": True},
        }
        return {"openid_connect": {"APPS": [app]}}

    def answer(self, path: str) -> dict[str, Any]:
        """The JSON at `path`."""
        if path.endswith("/openid-configuration"):
            ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            found = {f"{name}_endpoint": f"{self.url}/{end}" for name, end in ends.items()}
            return found | {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/token":
            facts = {"iss": self.url, "aud": CLIENT, "exp": time.time() + 60, **self.claims}
            token = jwt.encode(facts, "k" * 32, "HS256")
            return {"access_token": "a", "token_type": "Bearer", "id_token": token}
        return self.claims


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.dumps(made.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            """Say nothing: the test looks at what the portal says."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Provider(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
