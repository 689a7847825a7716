"""Tables of cells and events as parquet, and as trees of a ROOT file, through pyarrow and uproot.

Columns and branches are called as those of text tables. A branch may hold a number for each event
or a list with one for each of its cells; where none says the number of an event, events are counted
from 0. Trees as COCOA writes them, which state no sizes, are read by `cocoa`.

Both libraries are an optional extra and imported here only, when such a file is read, in the
separate ingest process.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.readers.calorimeter import cocoa, table
from workers.readers.calorimeter.table import Table
from workers.readers.limits import MAX_VALUES
from workers.readers.problems import refusal

PARQUET, ROOT = b"PAR1", b"root"
TREES = ("TTree", "ROOT::RNTuple")
Column = NDArray[np.float64]


def recognises(head: bytes) -> bool:
    """By the first four bytes."""
    return head[:4] in (PARQUET, ROOT)


def read(path: Path) -> list[Table]:
    """The tables in a file; raises ReadError for one that holds no cells, or is damaged."""
    with path.open("rb") as file:
        parquet = file.read(4) == PARQUET
    library = _imported(path.name, "pyarrow.parquet" if parquet else "uproot")
    try:
        found = _parquet(path, library) if parquet else _root(path, library)
    except (OSError, ValueError, KeyError, NotImplementedError, IndexError) as error:
        raise refusal(
            path.name,
            f"The file cannot be read: {str(error).splitlines()[0][:120]}.",
            "It may have been cut off: copy or export it again.",
        ) from error
    if not found:
        raise refusal(
            path.name,
            "Nothing in this file holds cells of events.",
            "Columns must be called event, cell and energy, or event, layer, x, y and so on.",
        )
    return found


def _imported(name: str, library: str) -> Any:
    try:
        return importlib.import_module(library)
    except ImportError:
        raise refusal(
            name,
            f"Reading this file needs {library.partition('.')[0]}, which is not installed here.",
            "Ask the operator for it (pip install 'fiducial[events]'), or upload a text table.",
        ) from None


def _parquet(path: Path, library: Any) -> list[Table]:
    file = library.ParquetFile(path)
    kinds = {field.name.lower(): field for field in file.schema_arrow}
    if not table.holds_cells(kinds):
        return []
    _check_size(path.name, file.metadata.num_rows * len(kinds))
    read = file.read()
    columns = [_numbers(read.column(field.name).to_numpy(), field.name) for field in kinds.values()]
    return [table.named(path.name, list(kinds), columns, _lines(read.num_rows))]


def _numbers(values: Any, name: str) -> Column:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"the column {name} holds no numbers") from None


def _root(path: Path, library: Any) -> list[Table]:
    with library.open(path) as file:
        trees = [file[key] for key, kind in file.classnames().items() if kind in TREES]
        if cocoa.are(trees):
            return cocoa.tables(path.name, trees)
        for tree in trees:
            branches: list[str] = tree.keys()
            names = {name.lower(): name for name in branches}
            if table.holds_cells({"event", *names}):
                return [_tree(path.name, tree, names)]
    return []


def _tree(name: str, tree: Any, names: dict[str, str]) -> Table:
    """A row for each cell of each entry; a number of an entry is repeated for each of its cells."""
    known = {field: branch for field, branch in names.items() if table.is_known(field)}
    read = {field: tree[branch].array() for field, branch in known.items()}
    lists = {field: values for field, values in read.items() if values.ndim == 2}
    count = np.ones(tree.num_entries, np.int64)
    if lists:
        ak = importlib.import_module("awkward")
        counts = {field: np.asarray(ak.num(values)) for field, values in lists.items()}
        count = next(iter(counts.values()))
        for field, of_it in counts.items():
            if not np.array_equal(of_it, count):
                raise ValueError(f"the branches of {tree.name} differ in length, {field} too")
        lists = {field: np.asarray(ak.flatten(values)) for field, values in lists.items()}
    _check_size(name, int(count.sum()) * len(read))
    columns = {
        field: np.asarray(lists[field] if field in lists else np.repeat(values, count), np.float64)
        for field, values in read.items()
    }
    if not any(field.startswith("event") for field in columns):
        columns["event"] = np.repeat(np.arange(tree.num_entries, dtype=np.float64), count)
    return table.named(name, list(columns), list(columns.values()), _lines(int(count.sum())))


def _check_size(name: str, values: int) -> None:
    if values > MAX_VALUES // 4:
        raise refusal(
            name,
            f"It declares {values:,} numbers; up to {MAX_VALUES // 4:,} can be read.",
            "Cut it into parts of fewer events.",
        )


def _lines(count: int) -> NDArray[np.int64]:
    return np.arange(1, count + 1)
