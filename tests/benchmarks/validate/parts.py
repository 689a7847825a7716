"""The parts of `make validate`, in the order in which they are run and shown."""

from typing import Any

from tests.benchmarks.validate import (
    answers,
    audit,
    cost,
    golden,
    plan,
    plants,
    real,
    real_features,
    synthetic,
)
from tests.benchmarks.validate.part import Part

PARTS: tuple[Part[Any, Any], ...] = (
    golden.PART,
    plants.PART,
    synthetic.PART,
    real.PART,
    real_features.PART,
    audit.PART,
    answers.PART,
    plan.PART,
    cost.PART,
)
