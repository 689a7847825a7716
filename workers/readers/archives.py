"""Unpacking a zip of map files without letting it write elsewhere, or swell without end."""

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from workers.readers.problems import refusal

MAX_MEMBERS = 20_000
MAX_UNPACKED_BYTES = 2**31
MAX_RATIO = 200  # maps of counts shrink 3 to 30 times
FREE_OF_RATIO_BYTES = 2**26  # a small archive of empty maps may shrink as far as it likes
_JUNK = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
_PACK_AGAIN = "Pack the map files again as a plain zip, or upload them one by one."


def recognises(path: Path, head: bytes) -> bool:
    """By the magic of the zip format (an `.npz` is one too and is asked for before)."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def unpack(path: Path, folder: Path) -> list[Path]:
    """Unpack `path` into `folder`; returns its files, a folder `….zarr` as one.

    Refused: names that lead outside, links, encryption, too many members, too much data. The
    sizes are counted while writing, because what an archive declares of itself can be a lie.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not _is_junk(m)]
            _check(path, members)
            left = MAX_UNPACKED_BYTES
            for member in members:
                left -= _write(path, archive, member, folder, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise refusal(
            path.name, f"The zip archive is damaged or cut off: {error}.", "Upload it again."
        ) from error
    return _maps_in(folder)


def _is_junk(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename).parts
    return any(part in _JUNK or part.startswith("._") for part in parts)


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise refusal(path.name, "The zip archive is empty.", _PACK_AGAIN)
    if len(members) > MAX_MEMBERS:
        raise refusal(path.name, f"It holds more than {MAX_MEMBERS:,} files.", _PACK_AGAIN)
    for member in members:
        where = f"{path.name}/{member.filename[:100]}"
        name = PurePosixPath(member.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in str(name):
            raise refusal(where, "Its name leads outside the archive.", _PACK_AGAIN)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise refusal(where, "It is a link or a device, not a file.", _PACK_AGAIN)
        if member.flag_bits & 1:
            raise refusal(where, "It is encrypted.", "Pack the files without a password.")
    unpacked = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    if unpacked > MAX_UNPACKED_BYTES:
        raise _bomb(path, f"It declares {unpacked / 2**30:,.1f} GiB of files")
    if unpacked > FREE_OF_RATIO_BYTES and unpacked / packed > MAX_RATIO:
        raise _bomb(path, f"It would swell {unpacked / packed:,.0f} times")


def _write(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int
) -> int:
    """Write one member, at most `left` bytes of it; returns how many bytes it was."""
    target = folder / member.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("xb") as sink:
        while block := source.read(2**20):
            sink.write(block)
            if sink.tell() > min(left, member.file_size):
                raise _bomb(path, "It holds more than it declares")
        shutil.copystat(path, target)
        return sink.tell()


def _bomb(path: Path, what: str) -> Exception:
    return refusal(
        path.name,
        f"{what}; up to {MAX_UNPACKED_BYTES / 2**30:.0f} GiB at {MAX_RATIO} times are unpacked.",
        "Upload the map files in several archives, or one by one.",
    )


def _maps_in(folder: Path) -> list[Path]:
    """The files below `folder`, sorted; a Zarr folder counts as one."""
    zarrs = {
        file.parent for name in ("zarr.json", ".zgroup", ".zarray") for file in folder.rglob(name)
    }
    roots = {z for z in zarrs if not any(other in z.parents for other in zarrs)}
    files = {
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(root in file.parents for root in roots)
    }
    return sorted(roots | files)
