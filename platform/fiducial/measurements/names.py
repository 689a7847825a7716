"""Making the name of an uploaded file harmless without making it unrecognisable."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from fiducial.errors import Refused

MAX_DEPTH = 12
MAX_LENGTH = 200  # as long as the database column

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


def harmless_path(given: str) -> str:
    """A relative path with "/" that stays inside its folder: "..\\a/b?.txt" -> "a/b_.txt".

    Folders are kept (an OME-Zarr map is a folder). Refused when nothing is left of the name, or
    when it is too deep or too long to keep.
    """
    normal = unicodedata.normalize("NFC", given).replace("\\", "/")
    components = [_UNSAFE.sub("_", part).strip() for part in normal.split("/")]
    path = "/".join(part for part in components if part and part.strip("."))
    if not path:
        raise Refused(f"“{given}” is not a usable file name; rename the file and try again.")
    if len(path) > MAX_LENGTH or path.count("/") >= MAX_DEPTH:
        raise Refused(
            f"The name “…{path[-60:]}” is too long or too deeply nested "
            f"(at most {MAX_LENGTH} characters and {MAX_DEPTH} folders); shorten it and try again."
        )
    return path


def window_number(path: str) -> int | None:
    """The number of the audit window a file belongs to: the end of its folder's name.

    "07/Si.txt" and "window 7/map.zarr" are of window 7; None where no folder says.
    """
    folders = PurePosixPath(path).parent.parts
    inner = next((i for i, part in enumerate(folders) if part.endswith(".zarr")), len(folders))
    number = re.search(r"(\d{1,4})$", folders[inner - 1]) if inner else None
    return int(number[1]) if number else None


def refuse_clashes(paths: Iterable[str]) -> None:
    """Refused when two paths could not both exist as files, on any file system."""
    files: dict[str, str] = {}
    for path in paths:
        if (other := files.setdefault(path.casefold(), path)) is not path:
            raise Refused(f"Two files are both called “{other}”; rename one and try again.")
    for folded, path in files.items():
        for end in (i for i, letter in enumerate(folded) if letter == "/"):
            if folded[:end] in files:
                raise Refused(f"“{path[:end]}” is a file and a folder at once; rename one of them.")
