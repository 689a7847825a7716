"""What a reader finds in one file, before anybody has decided what it shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem, Units

FACTS = ("pixel_size_um", "dwell_ms", "current_na", "sampling")


@dataclass(frozen=True)
class Layer:
    """One 2-D map of a file.

    `values` is float32 (h, w), NaN where the file holds no number. `source` is how a person calls
    the map and corrects it: the file's name, with "#2" (page 2) or "/Si" (a part) behind it where
    the file holds several. `name` is what the file itself calls the map, the file's name where it
    says nothing, and None where nothing is said at all (page 7 of a stack). `quantity` is which of
    the quantities of one scan it shows, where a file keeps several.
    """

    source: str
    values: NDArray[np.float32]
    name: str | None
    units: Units | None = None
    is_electron_image: bool = False
    quantity: str | None = None


@dataclass(frozen=True)
class Contents:
    """Everything one file tells: its maps, facts of the acquisition, names for other files' maps.

    `facts` holds what was read of FACTS and whatever else deserves to be kept as provenance;
    `labels` maps the stem of another file ("3" for "3_map.txt") to the channel it shows.
    """

    format: str
    layers: tuple[Layer, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
