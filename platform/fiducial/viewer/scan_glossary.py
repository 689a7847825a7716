"""Words of pages about an object that was reconstructed from a diffraction scan."""

from .definition import Definition

SCANS: dict[str, Definition] = {
    "live-dropped": Definition(
        "dropped frames",
        "Numbers of frames that have not come, though a higher one has.",
        "They may still come, in any order. What is missing when the scan is closed has no part in "
        "any result; the others keep their places, which belong to numbers and not to an order.",
    ),
    "live-backlog": Definition(
        "backlog of the preview",
        "Frames that arrived and have no part in the object shown yet.",
        "It falls to 0 between rounds while the preview keeps up. Where it only grows, frames come "
        "faster than one core can use them: nothing is lost, the picture is behind.",
    ),
    "live-rate": Definition(
        "frames per second",
        "How many frames arrived, or joined the preview, in each of the last five seconds.",
        "The preview takes what is there: it is no faster than the detector, and its rate is that "
        "of arriving while it keeps up.",
    ),
    "transmission": Definition(
        "amplitude and phase",
        "What the object does to the wave: the share of its amplitude that goes through, and by "
        "how many radians it is delayed.",
        "Frames fix neither the object's whole scale and phase, nor a ramp of phase, nor a shift: "
        "compare differences within a picture.",
    ),
    "object-spread": Definition(
        "uncertainty of the object",
        "Standard deviation over posterior samples: objects that agree with the counts as well as "
        "noise and what the model misses allow.",
        "Scaled by what it took on a drawn scan to hold the truth in nine of ten pixels. With few "
        "frames phases may be off by more: slow exchanges with the probe are in no sample.",
    ),
    "object-risk": Definition(
        "risk of a pixel",
        "The probability that the error is larger than τ, a quarter of the range that the picture "
        "spans, if errors are spread as the samples are.",
        "It was not calibrated on measured objects, whose truth nobody knows.",
    ),
    "object-feature-risk": Definition(
        "risk of a feature",
        "The probability that the object has no such feature here: from how many posterior samples "
        "lack it.",
        "It was not calibrated on measured objects. Read it beside the period on which two halves "
        "of the frames agree.",
    ),
    "half-bit": Definition(
        "half-bit period",
        "The finest period at which objects from two halves of the frames (even and odd) still "
        "correlate above the threshold at which a ring holds half a bit.",
        "Halves share their probe and their errors of the stage: agreement is necessary, and no "
        "proof. An object without structure can agree, too.",
    ),
    "left-out": Definition(
        "frames left out",
        "How far frames that had no part in the reconstruction are missed: their deviance over "
        "what counting noise alone would give.",
        "1 is as well as noise allows. Well above it the model lacks something: modes, places, "
        "coherence, a moving sample.",
    ),
    "amplitude-misfit": Definition(
        "misfit R",
        "Squared differences between the roots of the counts seen and expected, over the counts.",
        "It falls with every pass, also when noise is fitted: frames left out judge.",
    ),
    "probe-mode": Definition(
        "mode of the probe",
        "Beams that do not interfere with each other, as of partly coherent light; the percentage "
        "is the share of the power.",
        "A mode of a few percent may stand for vibration, or for what the model lacks.",
    ),
    "residual-pattern": Definition(
        "residual pattern",
        "Counts seen less counts expected, summed over all frames, in standard errors of the sum.",
        "Structure in it is a flaw of the model or of the detector that every frame shares.",
    ),
    "latent-map": Definition(
        "latent map",
        "Two principal components of what the preview's network keeps of each frame.",
        "Distances mean likeness to the network, no quantity of the sample.",
    ),
    "next-place": Definition(
        "where to scan next",
        "Where another frame would take away most of the variance of the object, one after the "
        "other, each knowing those before it.",
        "It counts noise only: what the model misses does not go away with more frames.",
    ),
}
