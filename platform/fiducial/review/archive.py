"""Looking into a zip from anybody: the hashes of its files, piece by piece, nothing written.

A report's zip is small and plain, so whatever is not is refused, as `workers.readers.archives`
does for maps: names that lead elsewhere, links, passwords, too many files, too much in them.
"""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from fiducial.errors import Refused
from fiducial.reports import sealing

MAX_BYTES = 64 * 2**20  # of the zip
MAX_UNPACKED = 256 * 2**20  # of all its files
MAX_MANIFEST = 2**20
MAX_FILES = 100
MAX_DIRECTORY = 64 * 2**10  # bytes of the zip's own list of files
BLOCK = 2**20
END, END_SIZE = b"PK\x05\x06", 22  # the record that ends a zip without a comment
BEFORE_END, BEFORE_SIZE = b"PK\x06\x07", 20  # stands there in a zip of more than 4 GiB
PACKING = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
JUNK = {"__MACOSX", "__pycache__", ".DS_Store"}  # what machines add by themselves
AGAIN = "Bring the zip as it was downloaded."


@dataclass(frozen=True)
class Looked:
    """`manifest.json` as it lies in the zip, and the SHA-256 of every other file by its name."""

    manifest: bytes
    files: dict[str, str]


def look(file: BinaryIO) -> Looked:
    """Read a report's zip; Refused, in a sentence, where it is none or cannot be trusted."""
    _check_end(file)
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive)
            manifest = members.pop(sealing.MANIFEST, None)
            if manifest is None:
                raise Refused(f"There is no manifest.json in it, so it is no report. {AGAIN}")
            text = b"".join(_blocks(archive, manifest, MAX_MANIFEST))
            return Looked(text, _hashed(archive, members))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as fault:
        raise Refused(f"The zip is damaged or cut off: {fault}. {AGAIN}") from fault


def _check_end(file: BinaryIO) -> None:
    """Before any list of files is read: a list without end would fill the memory."""
    size = file.seek(0, 2)
    if size > MAX_BYTES:
        raise Refused(f"The zip is larger than {MAX_BYTES // 2**20} MiB; no report is.")
    file.seek(max(0, size - END_SIZE - BEFORE_SIZE))
    tail = file.read()
    end, before = tail[-END_SIZE:], tail[:-END_SIZE]
    if not end.startswith(END) or end[-2:] != b"\0\0":
        raise Refused(f"This is no zip, or it was cut off. {AGAIN}")
    if before.startswith(BEFORE_END) or int.from_bytes(end[12:16], "little") > MAX_DIRECTORY:
        raise Refused(f"The zip lists more files than a report has. {AGAIN}")


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files by name; they may lie together in one folder."""
    found: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for member in archive.infolist():
        path = PurePosixPath(member.filename)
        if member.is_dir() or JUNK & set(path.parts):
            continue
        _check(member, path)
        folders.add(path.parent)
        if path.name in found or len(folders) > 1:
            raise Refused(f"Its files do not lie in one folder, each once. {AGAIN}")
        found[path.name] = member
    if len(found) > MAX_FILES:
        raise Refused(f"It holds more than {MAX_FILES} files; no report does.")
    if sum(member.file_size for member in found.values()) > MAX_UNPACKED:
        raise Refused(f"Unpacked it is larger than {MAX_UNPACKED // 2**20} MiB; no report is.")
    return found


def _check(member: zipfile.ZipInfo, path: PurePosixPath) -> None:
    name = member.filename
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise Refused(f"The name of a file in it leads outside of it. {AGAIN}")
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        raise Refused(f"It holds a link or a device, not only files. {AGAIN}")
    if member.flag_bits & 1 or member.compress_type not in PACKING:
        raise Refused(f"It has a password, or is packed in a way that no report is. {AGAIN}")


def _hashed(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    found = {}
    for name, member in members.items():
        digest = hashlib.sha256()
        for block in _blocks(archive, member, member.file_size):
            digest.update(block)
        found[name] = digest.hexdigest()
    return found


def _blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """The content of one file; Refused when it is more than `most` bytes."""
    left = most
    with archive.open(member) as source:
        while block := source.read(BLOCK):
            left -= len(block)
            if left < 0:
                raise Refused(f"A file in it is larger than it may be. {AGAIN}")
            yield block
