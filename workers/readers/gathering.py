"""From the files a person selected to the layers in them, archives unpacked."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workers.measurement import Problem
from workers.readers import archives, arrays, registry
from workers.readers.contents import Contents, Layer
from workers.readers.elements import SKIP
from workers.readers.problems import NotAMapError, ReadError, refusal
from workers.store import content_hash

CONDITIONS = "conditions"
_COMPANIONS = {".raw": ".rpl"}  # read along with the other


@dataclass(frozen=True)
class File:
    """A selected file: where it lies, and the label by which a person knows it."""

    path: Path
    label: str

    def sha256(self) -> str:
        """SHA-256 (hex) of the file, or the content hash of a Zarr folder."""
        if self.path.is_dir():
            return content_hash(self.path)
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Gathered:
    """The layers of all files, the facts and labels they state, and what was left out."""

    layers: list[Layer] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)  # fact -> file -> value
    labels: dict[str, str] = field(default_factory=dict)
    formats: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)  # name, sha256, channel


def gather(files: Sequence[File], channels: Mapping[str, str]) -> Gathered:
    """Read every one of `files_of` a selection (ReadError).

    `channels` are a person's corrections: a file marked "skip" is not even opened.
    """
    gathered = Gathered()
    unread: list[NotAMapError] = []
    paths = [file.path for file in files]
    for file in files:
        if channels.get(file.label) == SKIP or _is_companion(file, paths):
            _add_row(gathered, file.sha256(), file.label, SKIP)
            continue
        try:
            _add(gathered, file, _labelled(file))
        except NotAMapError as error:
            unread.append(error)
            _add_row(gathered, file.sha256(), file.label, SKIP)
    if not gathered.layers:
        raise (
            unread[0]
            if unread
            else refusal(
                "all files", "There is no map among the files.", "Select the exported element maps."
            )
        )
    gathered.problems += [
        replace(error.problem, severity="note", do="Nothing, if it was selected by accident.")
        for error in unread
    ]
    return gathered


def files_of(paths: Sequence[Path], folder: Path) -> Iterator[File]:
    """Every selected file; archives are unpacked into the empty `folder` (ReadError)."""
    for path, label in zip(paths, _labels(paths), strict=True):
        if not path.exists():
            raise refusal(label, "The file is missing.", "Upload it again.")
        head = registry.head_of(path)
        if archives.recognises(path, head) and not arrays.recognises_npz(path, head):
            inside = folder / f"{len(list(folder.iterdir()))}"
            inside.mkdir()
            for member in archives.unpack(path, inside):
                yield File(member, f"{label}/{member.relative_to(inside).as_posix()}")
        else:
            yield File(path, label)


def _labels(paths: Sequence[Path]) -> list[str]:
    """The names of the files, with as many folders before them as it takes to tell them apart."""
    for depth in range(1, max((len(path.parts) for path in paths), default=1) + 1):
        labels = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(labels)) == len(labels):
            break
    return labels if paths else []


def _is_companion(file: File, paths: Sequence[Path]) -> bool:
    main = _COMPANIONS.get(file.path.suffix.casefold())
    return main is not None and file.path.with_suffix(main) in paths


def _labelled(file: File) -> Contents:
    """What a file holds, its name in every sentence replaced by its label."""
    name = file.path.name

    def relabel(where: str) -> str:
        return file.label + where.removeprefix(name) if where.startswith(name) else where

    try:
        contents = registry.reader_for(file.path).read(file.path)
    except ReadError as error:
        raise type(error)(replace(error.problem, where=relabel(error.problem.where))) from error
    return replace(
        contents,
        layers=tuple(replace(layer, source=relabel(layer.source)) for layer in contents.layers),
        problems=tuple(replace(p, where=relabel(p.where)) for p in contents.problems),
    )


def _add(gathered: Gathered, file: File, contents: Contents) -> None:
    sha256 = file.sha256()
    for key, value in contents.facts.items():
        gathered.facts.setdefault(key, {})[file.label] = value
    gathered.labels |= contents.labels
    gathered.problems += contents.problems
    if contents.format not in gathered.formats:
        gathered.formats.append(contents.format)
    gathered.layers += contents.layers
    for layer in contents.layers:
        _add_row(gathered, sha256, layer.source, None)
    if not contents.layers:
        _add_row(gathered, sha256, file.label, CONDITIONS)


def _add_row(gathered: Gathered, sha256: str, name: str, channel: str | None) -> None:
    gathered.rows.append({"name": name, "sha256": sha256, "channel": channel})
