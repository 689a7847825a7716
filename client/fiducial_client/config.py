"""Where the portal is and who is asking: from the environment, or from a file of one's own."""

import ipaddress
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class NoAccess(Exception):
    """No address or token is known, or it would not be safe to use them."""


@dataclass(frozen=True)
class Access:
    """The address of a portal (https, or this very machine) and a token for it."""

    url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NoAccess(f"“{self.url}” is no address; write https://fiducial.example.org.")
        if parts.scheme == "http" and not _is_this_machine(parts.hostname):
            raise NoAccess(f"{self.url} would send your token in the clear; use https.")
        if not self.token.isascii() or not self.token.strip():
            raise NoAccess("The token is empty or damaged; make one on your account page.")


def access(url: str | None = None) -> Access:
    """FIDUCIAL_URL and FIDUCIAL_TOKEN; what they leave open comes from the file of `login`.

    `url` goes before both. Raises NoAccess where something is missing, or others may read the file.
    """
    saved = _saved(path()) if path().exists() else {}
    address = url or os.environ.get("FIDUCIAL_URL") or saved.get("url", "")
    token = os.environ.get("FIDUCIAL_TOKEN") or (
        saved.get("token", "") if address == saved.get("url") else ""
    )
    if not address or not token:
        raise NoAccess(
            "No portal is known here. Run “fiducial login ADDRESS”, or set FIDUCIAL_URL and "
            "FIDUCIAL_TOKEN."
        )
    return Access(address, token)


def path() -> Path:
    """The file that `save` writes."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "fiducial" / "client.toml"


def save(wanted: Access) -> Path:
    """Keep `wanted` for later, readable by its owner alone."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f'url = "{wanted.url}"\ntoken = "{wanted.token}"\n')
    return target


def _saved(file: Path) -> dict[str, str]:
    if file.stat().st_mode & 0o077:
        raise NoAccess(f"Others may read {file}, which holds your token. Run: chmod 600 {file}")
    try:
        found = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as fault:
        raise NoAccess(f"{file} cannot be read ({fault}). Run “fiducial login” again.") from fault
    return {name: str(value) for name, value in found.items()}


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
