"""Where a store lies: a folder of this machine, or a bucket; what both can do beyond reading.

A folder is a `Path`, a bucket an `ObjectPlace`. Both know `/`, `name`, `exists`, `is_file`,
`read_bytes` and `read_text`; the functions here do the rest for either.
"""

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from workers.store.objects import ObjectPlace

Place = Path | ObjectPlace
AT_ONCE = 8  # objects asked for or sent side by side: most of the time goes into waiting


def files(place: Place) -> dict[str, int]:
    """Every file below a place: its path from there, with "/", and its bytes; {} for none."""
    if isinstance(place, ObjectPlace):
        return place.files()
    found = {}
    for folder, _, names in os.walk(place):
        for name in names:
            path = Path(folder, name)
            with suppress(FileNotFoundError):  # it was moved or removed meanwhile
                found[path.relative_to(place).as_posix()] = path.lstat().st_size
    return found


def size_of(place: Place) -> int:
    """Bytes of all files below a place; 0 where there is none."""
    return sum(files(place).values())


def sha256(place: Place) -> str:
    """SHA-256 (hex) of one file."""
    if isinstance(place, Path):
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for piece in place.pieces():
        digest.update(piece)
    return digest.hexdigest()


def sha256_of_each(place: Place) -> dict[str, str]:
    """SHA-256 (hex) of every file below a place, by its path from there, in the order of bytes."""
    names = sorted(files(place), key=str.encode)
    if isinstance(place, Path):
        return {name: sha256(place / name) for name in names}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(names, pool.map(lambda name: sha256(place / name), names), strict=True))


def remove(place: Place) -> None:
    """Remove everything below a place; harmless where there is nothing."""
    if isinstance(place, ObjectPlace):
        place.remove()
    else:
        shutil.rmtree(place, ignore_errors=True)


def move(source: Place, target: Place) -> None:
    """Give what lies at `source` the place `target`, of the same kind, over what was left there.

    A folder is renamed. Objects are copied by their store first and removed then: until this
    returns, nothing may count on either.
    """
    remove(target)
    if isinstance(source, Path) and isinstance(target, Path):
        source.rename(target)
        return
    if not (isinstance(source, ObjectPlace) and isinstance(target, ObjectPlace)):
        raise TypeError("carry it: only what lies in the same kind of place is moved")
    found = source.files()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        copies = [
            pool.submit((source / name).copy_to, target / name, bytes_)
            for name, bytes_ in found.items()
        ]
        for copy in copies:
            copy.result()
    source.remove()
