"""The public page tells what this portal sealed, and takes no harm from what it is given."""

import io
import json
import stat
import zipfile
from collections.abc import Callable

import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import archive, services
from fiducial.review.models import Decision
from fiducial.review.signing import key_id, public_key
from fiducial.review.visitors import Visitor
from fiducial.trail.models import Entry
from tests.review.conftest import signed_in

Files = dict[str, bytes]
PLAIN: Files = {"manifest.json": b'{"files":{}}'}


@pytest.fixture
def files(report: Report) -> Files:
    """The downloaded report, unpacked."""
    client = signed_in(report.frozen_by)
    content = client.get(f"/reports/{report.pk}/download").getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return sink.getvalue()


def bring(content: bytes) -> str:
    file = io.BytesIO(content)
    file.name = "report.zip"
    return Client().post("/verify/", {"zip": file}).content.decode()


def named(files: Files, name: str) -> str:
    return next(path for path in files if path.endswith(name))


def test_copy_that_was_not_changed_is_what_was_sealed(report: Report, files: Files) -> None:
    entries = Entry.objects.count()
    text = bring(packed(files))
    assert "Your copy is what this portal sealed" in text
    assert report.content_hash in text
    assert "Sealed on" in text
    assert report.title not in text
    assert Entry.objects.count() == entries


def test_changed_copy_is_named_file_by_file(files: Files) -> None:
    files[named(files, "claims.json")] += b" "
    files.pop(named(files, "provenance.json"))
    files[named(files, "report.html").replace("report.html", "note.txt")] = b"Trust me."
    text = bring(packed(files))
    assert "but your copy was changed" in text
    for sentence in (
        "claims.json was changed after the report was sealed.",
        "provenance.json is missing.",
        "note.txt was added after the report was sealed.",
    ):
        assert sentence in text


def test_forged_manifest_is_not_what_was_sealed(files: Files) -> None:
    name = named(files, "manifest.json")
    facts = json.loads(files[name])
    files[name] = json.dumps(facts | {"title": "Better"}).encode()
    text = bring(packed(files))
    assert "This portal has sealed no such report" in text
    assert "manifest.json was changed: this portal sealed that report otherwise." in text


def test_report_of_another_portal_is_not_ours(files: Files) -> None:
    text = bring(packed(PLAIN))
    assert "This portal has sealed no such report" in text
    assert "sealed that report otherwise" not in text


def test_hash_is_looked_up_and_our_own_files_are_checked(report: Report) -> None:
    address = f"/verify/?hash={report.content_hash.upper()}"
    assert "its files are as they were" in Client().get(address).content.decode()
    claims = reports.folder(report) / "claims.json"
    claims.write_bytes(claims.read_bytes() + b" ")
    text = Client().get(address).content.decode()
    assert "its own files have changed since" in text
    assert "claims.json was changed" in text
    assert "has sealed no such report" in Client().get(f"/verify/?hash={'0' * 64}").content.decode()


def test_decisions_are_told_with_their_signatures_but_without_remarks(
    report: Report, reviewer: User
) -> None:
    visitor = Visitor(report, user=reviewer)
    made = services.decide(visitor=visitor, verdict="reject", remark="Not in the counts.")
    text = Client().get(f"/verify/?hash={report.content_hash}").content.decode()
    assert "rolf" in text
    assert "rejected" in text
    assert "holds" in text
    assert "Not in the counts." not in text
    Decision._base_manager.filter(pk=made.pk).update(verdict="accept")
    text = Client().get(f"/verify/?hash={report.content_hash}").content.decode()
    assert "does not hold" in text


def test_public_key_stands_on_the_page(db: None) -> None:
    text = Client().get("/verify/").content.decode()
    assert public_key() in text
    assert key_id() in text
    assert "BEGIN PUBLIC KEY" in text


@pytest.mark.parametrize("wrong", ["abc", "g" * 64, "0" * 63])
def test_what_is_no_hash_is_refused(db: None, wrong: str) -> None:
    assert "has 64 characters" in Client().get(f"/verify/?hash={wrong}").content.decode()


def test_page_without_a_zip_asks_for_one(db: None) -> None:
    assert "Choose the zip of a report first." in Client().post("/verify/").content.decode()


def test_body_that_is_too_large_is_not_read(db: None) -> None:
    unread = io.BytesIO(b"")
    answer = Client().generic(
        "POST", "/verify/", unread.read(), CONTENT_LENGTH=str(archive.MAX_BYTES + 1)
    )
    assert answer.status_code == 413
    assert "Nothing was read." in answer.content.decode()


def link() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        made.writestr("manifest.json", PLAIN["manifest.json"])
        info = zipfile.ZipInfo("claims.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(info, "/etc/passwd")
    return sink.getvalue()


def twice() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        made.writestr("manifest.json", PLAIN["manifest.json"])
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("manifest.json", b"{}")
    return sink.getvalue()


def locked() -> bytes:
    content = bytearray(packed(PLAIN))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def lying() -> bytes:
    """It declares ten bytes and holds more."""
    content = bytearray(packed(PLAIN | {"claims.json": b"0" * 1000}))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(content)


def long_list() -> bytes:
    return packed(PLAIN | {f"{number:04}": b"" for number in range(3000)})


def long_list_of_the_large_kind() -> bytes:
    """The usual end of a zip, behind one for more than 4 GiB that says something else."""
    content = packed(PLAIN)
    return content[:-22] + b"PK\x06\x07" + bytes(16) + content[-22:]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: b"", "no zip, or it was cut off"),
        (lambda: b"PK" + bytes(500), "no zip, or it was cut off"),
        (lambda: packed(PLAIN)[:-4], "no zip, or it was cut off"),
        (lambda: packed({"claims.json": b"[]"}), "There is no manifest.json"),
        (lambda: packed({"manifest.json": b"{"}), "manifest.json cannot be read"),
        (lambda: packed({"manifest.json": b"[" * 100_000}), "manifest.json cannot be read"),
        (lambda: packed({"manifest.json": b'{"files":{"a":1}}'}), "not one that this portal"),
        (lambda: packed({"manifest.json": bytes(2**20 + 1)}), "larger than it may be"),
        (lambda: packed(PLAIN | {"../claims.json": b""}), "leads outside"),
        (lambda: packed(PLAIN | {"/claims.json": b""}), "leads outside"),
        (lambda: packed(PLAIN | {"other/claims.json": b""}), "do not lie in one folder"),
        (lambda: packed(PLAIN, zipfile.ZIP_LZMA), "packed in a way that no report is"),
        (lambda: packed(PLAIN | {str(n): b"" for n in range(150)}), "more than 100 files"),
        (lambda: packed(PLAIN | {"zeros": bytes(257 * 2**20)}), "Unpacked it is larger"),
        (long_list, "lists more files"),
        (long_list_of_the_large_kind, "lists more files"),
        (link, "a link or a device"),
        (twice, "each once"),
        (locked, "a password"),
        (lying, "damaged or cut off"),
    ],
)
def test_archive_that_cannot_be_trusted_is_refused(
    db: None, content: Callable[[], bytes], sentence: str
) -> None:
    text = bring(content())
    assert sentence in text.replace("&#x27;", "'")
    assert "finding-title" not in text
