"""What the numbers of the page that compares estimators mean."""

from fiducial.viewer.definition import Definition

ESTIMATORS: dict[str, Definition] = {
    "accuracy": Definition(
        "accuracy",
        "PSNR of the estimate against the noise-free truth of synthetic specimens that neither "
        "training nor calibration saw, measured the same way as this map; the range is an "
        "element's 99.9th percentile.",
        "Higher is better; 1 dB is 11 % less error. On another material all of them may be off.",
    ),
    "accuracy-slow": Definition(
        "to the slow scan",
        "PSNR of the estimate against the demo's sealed slow scan, mean over the elements.",
        "The slow scan has counting noise of its own, the same for all estimators: compare the "
        "figures with each other only.",
    ),
    "samples-crps": Definition(
        "CRPS of samples",
        "Distance of single samples to the truth less half the distance between samples, on the "
        "same held-out specimens; a share of an element's range.",
        "Smaller is better. Too narrow and too wide both cost.",
    ),
    "width": Definition(
        "width",
        "Mean width of the 90 % interval on this map, in counts; over several elements the "
        "geometric mean.",
        "Where coverage is alike, the narrower estimator knows more.",
    ),
    "run-cost": Definition(
        "cost",
        "Seconds this run took on its worker, from reading the map to the last table.",
        "Workers differ and share their machine: compare runs of one worker.",
    ),
}
