"""Lists of elements with a number each, as a person types them: “Si 20 ± 12, Mg 15, Cr trace”."""

import re
from dataclasses import dataclass

from fiducial.measurements.elements import SYMBOLS

MOST = 20
_NUMBER = r"\d{1,9}(?:\.\d{0,6})?"
_ENTRY = re.compile(
    rf"(?P<symbol>[A-Za-z]{{1,2}})\s*(?:(?P<word>[a-z]{{2,}})|(?P<value>{_NUMBER}))?"
    rf"\s*(?:%|wt\s*%)?\s*(?:(?:±|\+/?-)\s*(?P<spread>{_NUMBER}))?\s*(?:%|wt\s*%)?"
)


@dataclass(frozen=True)
class Amount:
    """One entry: a number or a word such as "major", and what stands behind ±."""

    symbol: str
    value: float | str
    spread: float | None


class Unreadable(ValueError):
    """A sentence for the field: which entry is wrong and what to write instead."""


def read(text: str, words: tuple[str, ...] = (), example: str = "Si 20") -> list[Amount]:
    """The entries of `text`, split at commas, semicolons and line ends; raises Unreadable."""
    entries = [entry.strip() for entry in re.split(r"[,;\n]", text) if entry.strip()]
    if len(entries) > MOST:
        raise Unreadable(f"{len(entries)} elements are more than a plan shows: keep {MOST}.")
    found = [_amount(entry, words, example) for entry in entries]
    symbols = [one.symbol for one in found]
    for symbol in symbols:
        if symbols.count(symbol) > 1:
            raise Unreadable(f"{symbol} stands here twice: keep one of them.")
    return found


def _amount(entry: str, words: tuple[str, ...], example: str) -> Amount:
    shown = entry if len(entry) <= 24 else entry[:23] + "…"
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise Unreadable(
            f"“{shown}” could not be read: write an element and a number, as in “{example}”, with "
            "a point for decimals and a comma between elements."
        )
    symbol = match["symbol"][0].upper() + match["symbol"][1:].lower()
    if symbol not in SYMBOLS:
        raise Unreadable(f"“{symbol}” is no element that a map shows: write one such as Si.")
    word = match["word"]
    if word is not None and word not in words:
        known = f" or {', '.join(words)}" if words else ""
        raise Unreadable(f"“{shown}” could not be read: give {symbol} a number{known}.")
    if word is None and match["value"] is None:
        raise Unreadable(f"{symbol} has no amount: write for example “{example}”.")
    value = word if word is not None else float(match["value"])
    if value == 0:
        raise Unreadable(f"{symbol} is given as 0: leave it out, or give what you expect.")
    return Amount(symbol, value, float(match["spread"]) if match["spread"] else None)
