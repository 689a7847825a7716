"""The cards of the models that ship: readable without torch, so that a form can quote them."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parents[1] / "models"
XRAY = "xray-ensemble-1"
FLOW = "xray-flow-1"
LATENT = "xray-latent-1"
GUIDE = "xray-guide-1"
VARIATIONAL = "xray-variational-1"
DROPOUT = "xray-dropout-1"
PATCHES = "diffraction-patches-1"
CALORIMETER = "calorimeter-flow-1"
PARTICLES = "particle-flow-1"


@lru_cache(maxsize=8)
def card(name: str = XRAY) -> dict[str, Any]:
    """The card of a model: data, seeds, figures, calibration, hashes, licence."""
    found: dict[str, Any] = json.loads((MODELS / name / "card.json").read_text())
    return found
