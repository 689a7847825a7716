"""JEOL `.cnd` files: what was measured, and which element the numbered maps beside them show.

Two generations: `$XM_…` keywords (JXA-8530F and later, one file per map) and lines of value and
description (JXA-8800/8900; `0.cnd` describes the whole session, element by element).
"""

import re
from pathlib import Path
from typing import Any

from workers.readers import text
from workers.readers.contents import Contents
from workers.readers.elements import parse_channel

MAX_BYTES = 2**20
_KEYWORD = re.compile(r"^\$(XM_\w+|SEM_DATA_VERSION)(?:%\d+)?[ \t]*(.*?)[ \t]*$", re.M)
_ELEMENT = re.compile(r"^(\S+)\s+Element Name No\.(\d+)", re.M)
_ELECTRON_SIGNALS = {"SEI": "SEI", "TOP": "TOPO", "COM": "BSE", "BEI": "BSE"}


def recognises(path: Path, head: bytes) -> bool:
    """By its keywords or its descriptions; a map never starts with either."""
    if not text.looks_like_text(head) or path.stat().st_size > MAX_BYTES:
        return False
    start = head.decode("latin-1")
    return bool(_KEYWORD.search(start)) or "-axis Step Number" in start or "Step Size [um]" in start


def read(path: Path) -> Contents:
    """Facts and labels; a `.cnd` holds no map itself."""
    body = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    keywords = {match[1]: match[2] for match in _KEYWORD.finditer(body)}
    facts, labels = _from_keywords(path, keywords) if keywords else _from_descriptions(path, body)
    return Contents(format="JEOL conditions", facts=facts, labels=labels)


def _from_keywords(path: Path, said: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    facts: dict[str, Any] = {}
    sweeps = _number(said.get("XM_AP_SA_ACCUM")) or 1.0
    if (dwell := _number(said.get("XM_AP_SA_DWELL_TIME"))) is not None:
        facts["dwell_ms"] = dwell * sweeps
    if (step := _number(said.get("XM_AP_SA_PIXEL_SIZE"))) is not None:
        facts["pixel_size_um"] = step
    ampere = _number(said.get("XM_DATA_PROBE_CURRENT") or said.get("XM_EC_TARGET_PROBE_CURRENT"))
    if ampere is not None:
        facts["current_na"] = ampere * 1e9
    if (voltage := _number(said.get("XM_EC_ACCEL_VOLT"))) is not None:
        facts["beam_kv"] = voltage
    if instrument := said.get("XM_ANALYSIS_INSTRUMENT"):
        facts["instrument"] = f"JEOL {instrument}"
    signal = said.get("XM_ELEM_IMS_SIGNAL_TYPE") or said.get("XM_CRYSTAL", "")
    name = _ELECTRON_SIGNALS.get(signal[:3].upper()) or said.get("XM_ELEM_NAME")
    return facts, _label(path.stem, name or said.get("XM_ELEMENT"))


def _from_descriptions(path: Path, body: str) -> tuple[dict[str, Any], dict[str, str]]:
    facts: dict[str, Any] = {}
    for key, description, scale in (
        ("dwell_ms", r"Dwell Time \[msec\]", 1.0),
        ("pixel_size_um", r"X Step Size \[um\]", 1.0),
        ("beam_kv", r"Acc(?:elerating)?\.? Voltage \[kV\]", 1.0),
        ("current_na", r"(?:Probe|Beam) Current \[A\]", 1e9),
    ):
        if match := re.search(rf"^\s*(\S+)\s+{description}", body, re.M | re.I):
            value = _number(match[1])
            if value is not None:
                facts[key] = value * scale
    labels: dict[str, str] = {}
    elements = _ELEMENT.findall(body)
    if path.stem == "0":
        for name, number in elements:
            labels |= _label(number, name)
    elif elements:
        labels = _label(path.stem, elements[0][0])
    return facts, labels


def _label(stem: str, name: str | None) -> dict[str, str]:
    channel = parse_channel(name) if name else None
    return {stem: channel} if channel else {}


def _number(words: str | None) -> float | None:
    """The first word of `words` as a number above 0, if it is one."""
    try:
        value = float((words or "").split()[0])
    except (IndexError, ValueError):
        return None
    return value if 0 < value < float("inf") else None
