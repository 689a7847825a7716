"""The features of a run as tables: found in the estimate, and perhaps missed by it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workers.assessment.absence import fit_absence
from workers.assessment.census import PROPOSERS, Counted
from workers.assessment.judgement import Scene, judge
from workers.assessment.resolving import needed
from workers.assessment.risk import FeatureRisk, false_features

Table = dict[str, np.ndarray]

HIGH, LOW = 0.5, 0.1  # more likely absent than not; hardly ever absent


def feature_table(counted: Counted, scene: Scene, risk: FeatureRisk) -> Table:
    """Features of the estimate with their calibrated risk of being absent in truth, the samples
    they are present in, and what it would take to measure them (`assessment.resolving`)."""
    judged = judge(counted, scene)
    needs = needed(counted.features, judged.share, judged.visibility, scene)
    return {
        **counted.features.columns(),
        "risk": risk.probability(judged.covariates()),
        "visibility": judged.visibility,
        "share": judged.share,
        "presence": counted.presence,
        "dwell": needs.dwell,
        "step": needs.step,
    }


def missed_table(counted: Counted, scene: Scene) -> Table:
    """Features of the samples that the estimate lacks; `risk` again of absence in truth."""
    absence = fit_absence(counted.absent, counted.samples)
    judged = judge(counted, scene)
    return {
        **counted.features.columns(),
        "risk": absence.probability(counted.absent, counted.samples),
        "visibility": judged.visibility,
        "share": judged.share,
        "presence": counted.presence,
    }


def summed_up(table: Table, fitted: Mapping[str, Any], area: int) -> dict[str, Any]:
    """What a summary says of the features; `fitted`: the feature risk of the model's card,
    `area`: measured fine pixels of all maps."""
    risk = table["risk"]
    green = int((risk <= fitted["green_limit"]).sum())
    return {
        "count": len(risk),
        "high_risk": int((risk > HIGH).sum()),
        "low_risk": int((risk <= LOW).sum()),
        "false_per_1e4_px": false_features(risk, area),
        "proposers": PROPOSERS,  # samples that were not asked about missed features
        "green": {
            "alpha": fitted["alpha"],
            "limit": fitted["green_limit"],
            "count": green,
            "yield": green / max(len(risk), 1),
        },
    }


def false_by_channel(table: Table, channels: Sequence[str], area: int) -> dict[str, float]:
    """Expected false features per 10⁴ measured pixels of each element's map."""
    return {
        element: false_features(table["risk"][table["channel"] == c], area)
        for c, element in enumerate(channels)
    }
