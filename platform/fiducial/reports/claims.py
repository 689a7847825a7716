"""What a report claims: the features of a run that can be believed, and those that cannot."""

from dataclasses import dataclass
from typing import Any

from fiducial.viewer import page
from workers.store import RunStore

TRUSTED = 0.10  # risk up to which a feature is claimed
DOUBTED = 0.50  # risk above which it is more likely absent than not
SHOWN = 4


@dataclass(frozen=True)
class Claim:
    """One feature; `risk` = P(no same-sign feature of half its height within 2 pixels)."""

    element: str
    channel: int
    y: int
    x: int
    size_px: float
    amplitude: float  # counts, signed
    risk: float
    visibility: float  # d: standard errors the counts see of it
    share: float  # of it that the counts fix
    pixel_um: float | None

    @property
    def sentence(self) -> str:
        """The claim in words."""
        kind = "bright" if self.amplitude > 0 else "dark"
        size = self.size_px * (self.pixel_um or 1)
        unit = "µm" if self.pixel_um else "pixels"
        height = f"{self.amplitude:+.3g}".replace("-", "−")
        return (
            f"A {kind} feature of {self.element}, {height} counts against its "
            f"surroundings, about {size:.2g} {unit} across, at row {self.y}, column {self.x}."
        )

    def as_json(self) -> dict[str, Any]:
        """The claim as `claims.json` keeps it."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return facts | {"sentence": self.sentence, "trusted": self.risk <= TRUSTED}


def of_run(store: RunStore) -> list[Claim]:
    """Every listed feature of the run as a claim, riskiest first."""
    measured = store.provenance.get("pixel_size_um")
    pixel_um = measured * store.measured_shape[0] / store.shape[0] if measured else None
    return [
        Claim(
            element=store.channels[int(row["channel"])],
            channel=int(row["channel"]),
            y=round(row["y"]),
            x=round(row["x"]),
            size_px=2 * row["scale"],
            amplitude=row["amplitude"],
            risk=row["risk"],
            visibility=row["visibility"],
            share=row["share"],
            pixel_um=pixel_um,
        )
        for row in page.features(store)
    ]


def believed(claims: list[Claim]) -> list[Claim]:
    """The safest claims, one per element first, so that no element crowds out the others."""
    safe = sorted(
        (claim for claim in claims if claim.risk <= TRUSTED),
        key=lambda claim: (claim.risk, -claim.visibility),
    )
    return _spread(safe)


def doubted(claims: list[Claim]) -> list[Claim]:
    """Features a reader's eye would believe and the run does not: risky ones, strongest first."""
    risky = sorted(
        (claim for claim in claims if claim.risk > DOUBTED), key=lambda claim: -claim.visibility
    )
    return _spread(risky)


def worst(claims: list[Claim]) -> Claim | None:
    """What misleads most: the clearest-looking feature that is probably absent, or the riskiest."""
    absent = doubted(claims)
    return absent[0] if absent else max(claims, key=lambda claim: claim.risk, default=None)


def _spread(claims: list[Claim]) -> list[Claim]:
    firsts = {claim.element: claim for claim in reversed(claims)}.values()
    rest = [claim for claim in claims if claim not in firsts]
    chosen = [*sorted(firsts, key=claims.index), *rest][:SHOWN]
    return sorted(chosen, key=claims.index)
