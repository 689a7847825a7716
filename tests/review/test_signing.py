"""The facility's key is made once, for its owner alone, and its signatures can be checked."""

import stat
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fiducial.review import signing


def test_key_is_made_once_and_only_its_owner_may_read_it(settings, tmp_path) -> None:
    settings.HOME = tmp_path
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: signing.public_key(), range(16)))
    assert len(keys) == 1
    (file,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_signature_is_checked_with_the_published_key_alone() -> None:
    signature = bytes.fromhex(signing.sign(b"accepted"))
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(signing.public_key())).verify(
        signature, b"accepted"
    )
    load_pem_public_key(signing.public_pem().encode()).verify(signature, b"accepted")


def test_signature_of_another_text_or_none_at_all_does_not_hold() -> None:
    signature = signing.sign(b"accepted")
    assert signing.holds(b"accepted", signature)
    assert not signing.holds(b"rejected", signature)
    assert not signing.holds(b"accepted", "")
    assert not signing.holds(b"accepted", "no hex")


def test_another_facility_has_another_key(settings, tmp_path) -> None:
    ours, signature = signing.key_id(), signing.sign(b"accepted")
    settings.HOME = tmp_path
    assert signing.key_id() != ours
    assert not signing.holds(b"accepted", signature)
