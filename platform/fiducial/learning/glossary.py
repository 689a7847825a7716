"""What the numbers of a lesson mean."""

from fiducial.viewer.definition import Definition

LESSONS: dict[str, Definition] = {
    "lesson-psnr": Definition(
        "PSNR on the judge",
        "Peak signal-to-noise ratio on the map to judge by, in decibels. Its counts are split in "
        "two: the network is shown one half, binned, and compared with the other, whose noise is "
        "taken off by its known size. Mean over the elements and three splits.",
        "Higher is better; 1 dB is 11 % less error.",
    ),
    "lesson-coverage": Definition(
        "coverage off by",
        "How far the share of pixels whose other half lies within the range of sixteen samples "
        "is from the share that should.",
        "0 is right. Both too narrow and too wide count against the network.",
    ),
    "loss": Definition(
        "loss",
        "The natural logarithm of the error over the range of an element, mean over elements, on "
        "the part of the map that this step looked at. The error is against counts, so their own "
        "noise is in it.",
        "It falls while the network learns the map it is taught with. Whether that helps "
        "elsewhere only the other specimen can say.",
    ),
}
