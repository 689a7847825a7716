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
}
