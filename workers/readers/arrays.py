"""NumPy `.npy` and `.npz`: never unpickled, and the header is checked before an array is made."""

import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from workers.readers.contents import Contents, Layer
from workers.readers.limits import MAX_FRAMES, MAX_VALUES, check_array_size, check_map_size
from workers.readers.problems import not_a_map, refusal

Arrays = dict[str, NDArray[Any]]
NUMBERS = "uifcb"  # whole, real, complex, true or false
_NAME_KEYS = ("channels", "elements", "names")
_SAVE_AGAIN = "Save the maps with numpy.savez(file, Si=…, Fe=…) as plain arrays of numbers."


def recognises_npy(path: Path, head: bytes) -> bool:
    """By the magic of the format; a pickle under the name `.npy` is caught too, to refuse it."""
    return head.startswith(npy.MAGIC_PREFIX) or is_pickle(head)


def recognises_npz(path: Path, head: bytes) -> bool:
    """A zip whose members are all `.npy`."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return path.suffix.casefold() == ".npz"
    return bool(names) and all(name.endswith(".npy") for name in names)


def is_pickle(head: bytes) -> bool:
    """Whether bytes start as a pickle of protocol 2 or later does."""
    return len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5


def read_npy(path: Path) -> Contents:
    """A map (h, w), or a stack (c, h, w) whose channels have to be named by a person."""
    with path.open("rb") as file:
        if is_pickle(file.read(2)):
            raise refusal(
                path.name,
                "This is a Python pickle, which can run any program when opened; it was not.",
                _SAVE_AGAIN,
            )
        file.seek(0)
        values = _array(path.name, file, "uifU")
    return Contents("NumPy", tuple(_layers(path.name, path.name, values, names=None)))


def read_npz(path: Path) -> Contents:
    """One map per key; or one stack beside a key `channels` that names its channels."""
    found = members(path, lambda key: True, "uifU")
    named = next((found.pop(key) for key in _NAME_KEYS if key in found), None)
    names = [str(name) for name in named] if named is not None and named.ndim == 1 else None
    layers = [
        layer
        for key, values in found.items()
        for layer in _layers(f"{path.name}/{key}", key, values, names)
    ]
    if not layers:
        raise refusal(path.name, "It holds no array of two axes.", _SAVE_AGAIN)
    return Contents("NumPy", tuple(layers))


def members(path: Path, wanted: Callable[[str], bool], kinds: str = NUMBERS) -> Arrays:
    """The arrays of an npz whose keys are `wanted`, of these kinds of dtype (ReadError)."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_FRAMES:
                raise refusal(path.name, f"It holds more than {MAX_FRAMES:,} arrays.", _SAVE_AGAIN)
            found = {}
            for member in archive.infolist():
                key = member.filename.removesuffix(".npy")
                if wanted(key):
                    with archive.open(member) as file:
                        found[key] = _array(f"{path.name}/{key}", file, kinds)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise refusal(
            path.name, f"The archive is damaged or cut off: {error}.", "Upload it again."
        ) from error
    return found


def _array(where: str, file: IO[bytes], kinds: str) -> NDArray[Any]:
    """The array of an open `.npy`, after its header was found to be plain and of a sane size."""
    try:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran_order, dtype = header(file)
    except ValueError as error:
        raise refusal(where, f"This is not a NumPy array: {error}.", _SAVE_AGAIN) from error
    if dtype.hasobject:
        raise refusal(
            where,
            "It holds Python objects as a pickle, which can run any program when opened; it was "
            "not opened.",
            _SAVE_AGAIN,
        )
    if dtype.kind not in kinds:
        raise not_a_map(where, f"It holds {dtype}, not numbers.", _SAVE_AGAIN)
    check_array_size(where, shape)
    size = math.prod(shape) * dtype.itemsize
    if size > 8 * MAX_VALUES:
        raise refusal(where, f"It declares {size:,} bytes.", _SAVE_AGAIN)
    data = file.read(size)
    if len(data) != size:
        raise refusal(
            where,
            f"It declares {size:,} bytes and holds {len(data):,}: the upload or the file was cut "
            "off.",
            "Upload it again.",
        )
    values: NDArray[Any] = np.frombuffer(data, dtype)
    return values.reshape(shape, order="F" if fortran_order else "C")


def _layers(source: str, name: str, values: NDArray[Any], names: list[str] | None) -> list[Layer]:
    """The layers of an array of two or three axes; an array of other shape holds none."""
    if values.dtype.kind == "U" or values.ndim not in (2, 3):
        return []
    if values.ndim == 2:
        check_map_size(source, values.shape)
        return [Layer(source, values.astype(np.float32), name)]
    if _channels_are_last(*values.shape):
        values = np.moveaxis(values, 2, 0)
    if values.shape[0] > MAX_FRAMES:
        raise refusal(source, f"It holds more than {MAX_FRAMES:,} pictures.", "Cut it into parts.")
    check_map_size(source, values.shape[1:])
    known = names if names is not None and len(names) == len(values) else [None] * len(values)
    return [
        Layer(f"{source}#{number}", plane.astype(np.float32), called)
        for number, (plane, called) in enumerate(zip(values, known, strict=True), 1)
    ]


def _channels_are_last(first: int, second: int, third: int) -> bool:
    """Whether an array is kept as (h, w, c): the last axis is the shortest, and without it the
    picture is nearer to a square than that of a stack (n, h, w) would be."""
    short, long = sorted((first, second))
    return third < short and long * third < second * short
