"""The facility's own key (Ed25519): made on first use, kept under HOME, its public half told."""

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

NAME = "decisions.pem"


def sign(text: bytes) -> str:
    """The signature of `text` by the facility's key, in hex."""
    return _key().sign(text).hex()


def holds(text: bytes, signature: str) -> bool:
    """Whether `signature` is the one this facility's key gave to `text`."""
    try:
        _key().public_key().verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key() -> str:
    """The public half: 32 bytes in hex, which anybody may check signatures with."""
    return _raw(_key().public_key()).hex()


def public_pem() -> str:
    """The public half as programs such as OpenSSL read it."""
    public = _key().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_id() -> str:
    """A short name of the key: how the SHA-256 of its public half begins."""
    return hashlib.sha256(_raw(_key().public_key())).hexdigest()[:16]


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _key() -> Ed25519PrivateKey:
    path = settings.HOME / "keys" / NAME
    if not path.exists():
        _make(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} holds no Ed25519 key.")
    return key


def _make(path: Path) -> None:
    """Write a new key; of two processes at one moment the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        # A link, unlike a rename, never replaces a key that decisions are signed with.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
