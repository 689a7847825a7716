"""Which element a map shows, from the many ways in which people and programs name their files."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

GUIDE, SKIP = "guide", "skip"

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb "
    "Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am"
)
SYMBOLS = tuple(_SYMBOLS.split())
# No X-ray map shows these, but file names say "at", "He" and "No".
_NEVER = "H He Ne Tc Pm Po At Rn Fr Ra Ac Pa Np Pu Am"
_MAPPED = frozenset(SYMBOLS) - frozenset(_NEVER.split())
_ANY_CASE = {symbol.casefold(): symbol for symbol in _MAPPED}
_WORDS = {
    "pho": "P", "phos": "P", "sul": "S", "sulf": "S", "chl": "Cl", "pot": "K", "sod": "Na",
    "aluminium": "Al", "aluminum": "Al", "barium": "Ba", "calcium": "Ca", "carbon": "C",
    "chlorine": "Cl", "chromium": "Cr", "cobalt": "Co", "copper": "Cu", "fluorine": "F",
    "iron": "Fe", "magnesium": "Mg", "manganese": "Mn", "nickel": "Ni", "oxygen": "O",
    "phosphorus": "P", "potassium": "K", "silicon": "Si", "sodium": "Na", "strontium": "Sr",
    "sulfur": "S", "sulphur": "S", "titanium": "Ti", "vanadium": "V", "zinc": "Zn",
    "zirconium": "Zr",
}  # fmt: skip
_GUIDE_NAMES = "bse bsd bei bes bec compo comp cp sei sem etd cbs inlens topo topo1 topo2 se1 se2"
_GUIDE_WORDS = frozenset(_GUIDE_NAMES.split())
_SKIP_NAMES = "mask masks label labels phase phases total sum overlay layered composite rgb legend"
_SKIP_WORDS = frozenset(_SKIP_NAMES.split())
_LINE = r"[KLM](?:[ab]|alpha|beta)?[1-3]?(?:,[1-3])?"
_LINE_WORD = re.compile(_LINE)
_WITH_LINE = re.compile(rf"([A-Z][a-z]?)-?{_LINE}(?:series)?")
_OXIDE = re.compile(r"([A-Z][a-z]?)(\d*)O(\d*)(?:T|t|tot|\*)?")
_SPLIT = re.compile(r"[\s_\-.()\[\]{}#;:+/\\%,]+")
_SUFFIXES = frozenset(
    {".txt", ".csv", ".tsv", ".dat", ".asc", ".tif", ".tiff", ".npy", ".npz", ".map", ".img"}
)
_GREEK = str.maketrans({"α": "a", "β": "b", "Α": "a", "Β": "b"})


def parse_channel(name: str) -> str | None:
    """The element symbol, "guide" (an electron image), "skip" (a mask or a total), or None.

    >>> parse_channel("obj1_32bt_Si.tif"), parse_channel("Si Kα1.csv"), parse_channel("Al2O3 WT%")
    ('Si', 'Si', 'Al')
    """
    return _best(_tokens(name))


def parse_channels(names: Sequence[str]) -> list[str | None]:
    """As `parse_channel`, for names that belong together: what all of them share names nothing.

    So "Fe-ore_K.txt" beside "Fe-ore_S.txt" is K, and "K K series.csv" beside "Si K series.csv" too.
    """
    tokens = [_tokens(name) for name in names]
    if len(names) > 1:
        shared = Counter(tokens[0])
        for other in tokens[1:]:
            shared &= Counter(other)
        rest = [_without(own, shared) for own in tokens]
        if all(rest):
            tokens = rest
    return [_best(own) for own in tokens]


def _tokens(name: str) -> list[str]:
    path = PurePath(name)
    stem = path.stem if path.suffix.casefold() in _SUFFIXES else path.name
    return [token for token in _SPLIT.split(stem.translate(_GREEK)) if token]


def _without(tokens: list[str], shared: Counter[str]) -> list[str]:
    """`tokens` less those that are shared, taken away from the end."""
    left, kept = shared.copy(), []
    for token in reversed(tokens):
        if left[token]:
            left[token] -= 1
        else:
            kept.append(token)
    return kept[::-1]


def _best(tokens: list[str]) -> str | None:
    """The channel of the token that says most; of equals the last, where samples come first."""
    folded = {token.casefold() for token in tokens}
    if folded & _SKIP_WORDS:
        return SKIP
    if folded & _GUIDE_WORDS or "SE" in tokens:
        return GUIDE
    ranked = [
        (rank, channel)
        for token, after in zip(tokens, [*tokens[1:], ""], strict=False)
        for rank, channel in [_rank(token, after, alone=len(tokens) == 1)]
        if channel
    ]
    if not ranked:
        return None
    top = max(rank for rank, _ in ranked)
    return [channel for rank, channel in ranked if rank == top][-1]


def _rank(token: str, after: str, alone: bool) -> tuple[int, str | None]:
    """(how sure, the channel) of one token; `after` is the token behind it."""
    if token in _MAPPED:
        if _LINE_WORD.fullmatch(after):
            return 6, token
        return (4 if len(token) == 2 else 2), token
    if (match := _WITH_LINE.fullmatch(token)) and match[1] in _MAPPED:
        return 5, match[1]
    if (match := _OXIDE.fullmatch(token)) and match[1] in _MAPPED:
        sure = match[2] or match[3] or len(match[1]) == 2
        return (5, match[1]) if sure else (0, None)
    folded = token.casefold()
    if folded in _WORDS:
        return 3, _WORDS[folded]
    if folded in _ANY_CASE and (alone or len(token) == 2):
        return 1, _ANY_CASE[folded]
    return 0, None
