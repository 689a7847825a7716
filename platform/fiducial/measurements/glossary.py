"""What the numbers of diffraction scans and of calorimeter events mean."""

from fiducial.viewer.definition import Definition

FRAMES: dict[str, Definition] = {
    "overlap": Definition(
        "overlap",
        "1 − step ÷ beam: the step is the median distance from a place to the nearest other one, "
        "the beam the diameter that holds nine tenths of the probe's power (without a probe, from "
        "the autocorrelation of the frames).",
        "Reconstruction needs about 0.6 and more; at 0 neighbouring beams only touch.",
    ),
    "dose": Definition(
        "dose",
        "All counts of all frames, divided by the pixels of the rectangle that was scanned.",
        "More counts, less noise. Resolution and dose go together: half the size, more of it.",
    ),
}

EVENTS: dict[str, Definition] = {
    "fine-cell": Definition(
        "finer cells",
        "The parts a cell is divided into. The calorimeter measures their sum; how it is divided "
        "among them is what a run estimates.",
        "Where a file names none, every cell is divided evenly, and the page says so.",
    ),
    "particle-risk": Definition(
        "risk of a particle",
        "How likely no true particle lies within 72 mm of it that belongs to no other one. It is "
        "learned on showers whose truth is known, from how many samples lack the particle, its "
        "energy, how far samples differ in it, and how near the next one is.",
        "At 0.5 it is as likely a hallucination as not.",
    ),
    "particle-number": Definition(
        "P(N)",
        "How likely the event holds 1, 2, … 5 particles: what the networks say, made honest on "
        "showers they were not taught with.",
        "More than five, or none, were never taught.",
    ),
    "event-sums": Definition(
        "sums",
        "The energies of the finer cells of a measured cell, added up, minus what was measured, in "
        "units of the noise of that cell.",
        "About 1 σ is what noise does; a prediction that is far beyond it contradicts the "
        "measurement.",
    ),
}
