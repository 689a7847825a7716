"""Words of pages about units of a movie."""

from .definition import Definition

UNITS: dict[str, Definition] = {
    "latent": Definition(
        "latent variable",
        "One of the few numbers by which units of a kind differ once turn and place are taken off; "
        "in standard deviations over all units.",
        "Its sign and scale mean nothing by themselves: look at the pictures along it.",
    ),
    "arc": Definition(
        "arc of an angle",
        "The angles that hold the true one nine times of ten: from samples of the unit's "
        "posterior, which may have several modes.",
        "Modulo the turn that leaves the unit as it is. A wide arc is a unit that does not tell.",
    ),
    "state": Definition(
        "state",
        "Where units dwell between sudden changes: of a hidden Markov model of the angle and the "
        "latent variables, in which each frame counts by its own posterior variance.",
        "Another state is only claimed where the evidence pays for it and it lies six standard "
        "deviations apart: of all units in one state or, where units jump, of each while it stays.",
    ),
    "rank": Definition(
        "rank correlation",
        "Whether two quantities rise together, whatever the curve: 1 always, −1 always "
        "opposite, 0 not at all (Spearman).",
        "Units of one track are not independent: where few are followed, intervals are too narrow.",
    ),
    "rate": Definition(
        "rate of a change",
        "Changes per frame spent in a state: Gamma posterior of (changes + ½) over these frames, "
        "its median and 90 % interval.",
        "A change never seen is not impossible: its interval says how often it could have been "
        "missed.",
    ),
    "landscape": Definition(
        "landscape F",
        "F = −ln p in nats above its lowest, p the density of units: each one's posterior, widened "
        "by Silverman's rule within a state.",
        "It is an energy only where units had time to reach equilibrium.",
    ),
    "explained": Definition(
        "explained",
        "The decoded unit, put back in its pose, matches its patch within its noise: χ² a pixel "
        "below 1.4, or no further from the other units than five robust standard deviations.",
        "What is not explained is something else than the network learned: look at what is left.",
    ),
    "extrapolated": Definition(
        "extrapolated",
        "Where F is higher than at 99 of 100 units: next to no unit was ever seen there.",
        "What is drawn there is the network's idea of what lies between.",
    ),
    "saddle": Definition(
        "height of the way",
        "The highest F on the way between two states above that of its start, in nats. Its "
        "interval holds those of all networks that find as many states, each over units drawn "
        "again.",
        "The way goes where most would go. “At least” stands where F says no more than “never”.",
    ),
    "voices": Definition(
        "networks that agree",
        "How many networks, each learned from another start, find as many states or changes.",
        "One voice is an accident of its start; that all agree does not make the model right.",
    ),
    "descriptor": Definition(
        "classical descriptor",
        "A patch's turn and the magnitudes of its angular harmonics, with the same hidden Markov "
        "model behind them and no learning.",
        "What it finds too does not hang on a network. Where the two differ, look at both.",
    ),
    "unit-noise": Definition(
        "learned noise",
        "Standard deviation of what is left of a patch when the decoded unit is taken off, where "
        "patches range from 0 to 1; noise that neighbouring pixels share is counted once.",
        "Every arc and interval of a unit grows with it.",
    ),
}
