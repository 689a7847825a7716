"""What every number on a page means, said once: pages put the sentence one click from the number.

`{% load glossary %}{% define "risk" %}` writes the word as a button that opens its definition;
reports, which must work alone and on paper, link to a list at their end.
"""

from fiducial.learning.glossary import LESSONS
from fiducial.measurements.glossary import EVENTS, FRAMES
from fiducial.plans.glossary import PLANS
from fiducial.runs.glossary import ESTIMATORS

from .crystal_glossary import CRYSTALS
from .definition import Definition
from .scan_glossary import SCANS
from .unit_glossary import UNITS

GROUPS: dict[str, dict[str, Definition]] = {
    "Features": {
        "feature": Definition(
            "feature",
            "A spot, bright or dark, of 2 to 10 pixels across: an extremum of a difference of "
            "Gaussians of the map.",
            "It counts as present elsewhere when there is one of the same sign within 2 pixels and "
            "at least half as high.",
        ),
        "height": Definition(
            "height",
            "How far a feature rises above its surroundings (below them where negative), in counts "
            "per measured dwell.",
            "It is the answer of the filter that found it: about a third of the spot's own height.",
        ),
        "risk": Definition(
            "risk",
            "The probability that the specimen has no such feature here: none of the same sign "
            "within 2 pixels and at least half as high. From how many posterior samples lack it, "
            "calibrated on held-out specimens.",
            "Of a hundred features with a risk of 20 %, about twenty should be missing in truth. "
            "Read it beside visibility and data share.",
        ),
        "missed": Definition(
            "perhaps missed",
            "A feature that samples have and the estimate has not. Its risk is again the "
            "probability that the specimen lacks it, from the samples alone.",
            "A low risk here means that the estimate probably smoothed a real feature away.",
        ),
        "visibility": Definition(
            "visibility d",
            "How many standard errors of counting noise the measured counts change by when the "
            "feature is taken out: d = ‖Σ^(−1/2) A f‖.",
            "Below about 3 the feature could be removed without the counts noticing.",
        ),
        "share": Definition(
            "data share",
            "The part of a structure of this size and place that the counts fix; the rest was "
            "supplied by a prior. Computed without any network: 1 − wᵀC w / wᵀQ w, with Q the "
            "map's own spectrum.",
            "Near 1 it was measured, near 0 it was imagined.",
        ),
        "presence": Definition(
            "right n of m times",
            "In how many of the m posterior samples the feature is present.",
            "A sample is one map that the specimen could be. The risk corrects this count, which "
            "alone is too sure of itself.",
        ),
        "false-features": Definition(
            "false features per 10⁴ px",
            "How many of the features shown are expected to be missing from the specimen: the sum "
            "of their risks, per 10 000 pixels of the measured area.",
            "Zero would be a map without invention. It says nothing of features that were missed.",
        ),
        "green": Definition(
            "green list",
            "The features whose risk lies below a limit that was chosen on held-out specimens so "
            "that at most the share α of those listed is false, on average over specimens.",
            "Its yield is the share of all features that it keeps: a short list is an honest one.",
        ),
    },
    "Pixels": {
        "estimate": Definition(
            "estimate",
            "The map that is shown: the mean of what the model holds possible, made to agree with "
            "the counts within their noise.",
            "It is smoother than the specimen: detail the model is unsure of averages out.",
        ),
        "sample": Definition(
            "posterior sample",
            "One map that the specimen could be, given the counts and the model.",
            "What all samples share is known; what changes from one to the next is not.",
        ),
        "counts": Definition(
            "counts per dwell",
            "The X-rays that one measured pixel would have counted if its whole area looked like "
            "this place.",
            "Maps of every size share this unit and one colour scale.",
        ),
        "interval": Definition(
            "interval",
            "Around the estimate, wide enough to hold the truth in the stated share of pixels: "
            "widened on specimens the networks had never seen, most where the estimate is steep, "
            "after the map agreed with its counts.",
            "The promise is an average over specimens like those; it is none for a single pixel.",
        ),
        "pixel-risk": Definition(
            "risk of a pixel",
            "The probability that the estimate is wrong here by more than τ counts, a tenth of the "
            "element's range.",
            "Not the risk of a feature: a pixel can be off by little while a whole grain is false.",
        ),
        "variance-factor": Definition(
            "noise ÷ Poisson",
            "Variance over mean of neighbouring pixels in the flattest parts of the map.",
            "1 for pure counting; dead-time correction and rescaling move it.",
        ),
    },
    "What the data fixed": {
        "measured": Definition(
            "measured",
            "The part of the estimate that the instrument could see: A†A of the map, as the share "
            "of the energy of its detail.",
            "It can still be noisy; it cannot be invented.",
        ),
        "smooth": Definition(
            "smoothness",
            "What any smooth picture through the counts would show between them, with the map's "
            "own power spectrum and no network.",
            "A cautious guess: edges look soft.",
        ),
        "learned": Definition(
            "learned",
            "What the networks added beyond the smoothest picture that agrees with the counts. "
            "The instrument cannot see it: the counts would be the same without it.",
            "The overlay “invented” shows where.",
        ),
        "resolution": Definition(
            "finest trusted detail",
            "The smallest structure of which the counts fix at least one half, at the mean noise "
            "of the map.",
            "Smaller structures are mostly a prior's, however sharp they look.",
        ),
        "prior-free": Definition(
            "prior-free interval",
            "What the counts alone allow, if all that is known is that no pixel is negative and "
            "none exceeds the brightest measured one: a pixel of a block of f × f may have held "
            "all of it, or nothing.",
            "Very wide. It is the most that can be said without any prior.",
        ),
        "reliance": Definition(
            "prior reliance",
            "1 − width of the interval shown ÷ width of the prior-free interval.",
            "0: the counts alone say as much. Near 1: nearly all that narrows the answer is a "
            "prior.",
        ),
        "limited": Definition(
            "limited by",
            "What most of the predicted variance comes from: counting noise in what was measured, "
            "or detail finer than a measured pixel.",
            "Noise asks for more counts, resolution for finer steps.",
        ),
    },
    "Phases": {
        "phase": Definition(
            "phase",
            "Pixels that look alike in all elements together. There are as many phases as the "
            "posterior keeps apart: redrawn within its spread, at least four in five pixels of "
            "every phase stay in it. Found on the estimate, then again in every sample.",
            "Minerals that the counts cannot tell apart are one phase; mixed pixels along "
            "boundaries may be one of their own.",
        ),
        "mode": Definition(
            "mode",
            "The share of the measured area that belongs to the phase.",
            "It is an area in this section; for the share of the volume the section must be a "
            "fair sample.",
        ),
        "composition": Definition(
            "mean composition",
            "What the pixels of the phase show on average of each element.",
            "In counts, or in wt% where standards were given.",
        ),
        "answer-interval": Definition(
            "interval of an answer",
            "As wide as it had to be on held-out specimens for the truth, sorted into the same "
            "phases, to lie inside nine times in ten. Samples alone scatter too little: averaging "
            "removes their noise, not what a network gets wrong in a whole phase.",
            "An average over specimens like those; no promise for one phase or material.",
        ),
        "rich-in": Definition(
            "rich in",
            "Elements of which the phase has at least half a standard deviation more than the map "
            "as a whole.",
            "A hint at what it may be, no mineral name.",
        ),
        "wt": Definition(
            "wt%",
            "(counts − background) ÷ sensitivity, a straight line through the standards. There is "
            "no matrix correction; how much the standards disagree for want of it is part of the "
            "interval, in which sensitivity and background are drawn anew thousands of times.",
            "Far from the standards in composition, expect errors beyond the interval.",
        ),
        "boundary-width": Definition(
            "width of a boundary",
            "The distance over which the smooth step that fits best (an error function) goes from "
            "10 to 90 % of its height, averaged over three pixels across the line, found anew in "
            "every sample; its interval is calibrated like those of phases.",
            "A map shows what the instrument saw: beam and X-ray volume widen every boundary.",
        ),
    },
    "Agreement with the counts": {
        "chi2": Definition(
            "χ²",
            "Mean squared difference between the measured counts and those the map predicts, in "
            "units of counting noise.",
            "1 for samples of a right posterior, below 1 for their mean. It proves nothing about "
            "detail finer than a measured pixel.",
        ),
        "residual": Definition(
            "residual",
            "Measured minus expected counts, over the standard deviation of counting noise.",
            "Even grain is noise; a pattern means that something is modelled wrongly.",
        ),
        "strict": Definition(
            "strict mode",
            "The estimate returns every measured count exactly, noise included.",
            "It looks faithful and costs accuracy wherever counts are few.",
        ),
        "thinning": Definition(
            "data-only check",
            "The counts are split at random into two independent halves; the map predicted from "
            "one half is scored against the other, which it never saw.",
            "χ² near 1 means that the model errs less than counting noise at measured pixels. It "
            "tests what the instrument sees, not the detail below it.",
        ),
    },
    "How the claims were tested": {
        "held-out": Definition(
            "held-out specimens",
            "Specimens that neither trained nor calibrated the model; a specimen is held out "
            "whole, never a part of it.",
            "Figures measured there say what to expect on a new specimen of a like material.",
        ),
        "coverage": Definition(
            "coverage",
            "How often an interval held the truth on held-out specimens.",
            "A 90 % interval should hold it in 90 of 100 pixels; less is overconfident, more is "
            "wider than needed.",
        ),
        "right": Definition(
            "right n of m times",
            "How many of the features with so low a stated risk were real on held-out specimens.",
            "A risk of up to 10 % should be right at least nine times in ten.",
        ),
        "strata": Definition(
            "strata",
            "Coverage told apart by what the truth is like: the flattest half of the pixels, the "
            "steepest tenth (edges), and places of fewer than five counts.",
            "An average can be right while edges are not.",
        ),
        "reliability": Definition(
            "reliability of risks",
            "Features of held-out specimens in groups of a like stated risk, against the share of "
            "each group that the truth had not.",
            "Right where the two agree. The bars are 95 % intervals of counting.",
        ),
        "ranks": Definition(
            "ranks",
            "How many of the samples lie below the truth, pixel by pixel, on held-out specimens.",
            "Every rank should be as frequent. It cannot see how pixels hang together; TARP can.",
        ),
        "tarp": Definition(
            "TARP",
            "Patches of 16 × 16 pixels: the share of samples that lie nearer to the smoothest "
            "picture than the truth does. Its mean is 0.5 for a right posterior (Lemos et al. "
            "2023). Control: a sample in the truth's place.",
            "Above 0.5 samples are too smooth or too alike, below it too rough. The control shows "
            "whether the test itself is sound.",
        ),
        "ece": Definition(
            "calibration error",
            "Mean distance between a stated probability and how often the event then happened.",
            "0 is perfect; 0.05 means that a stated 20 % was 15 or 25 %.",
        ),
        "auroc": Definition(
            "AUROC",
            "The chance that a false feature has a higher risk than a real one.",
            "0.5 is guessing, 1 is perfect. Detail that cannot be seen caps it: compare it with "
            "its ceiling.",
        ),
        "crps": Definition(
            "CRPS",
            "Continuous ranked probability score: the distance between what the samples say and "
            "the truth, rewarding both accuracy and an honest spread.",
            "Smaller is better. For a single map it is the mean absolute error.",
        ),
        "psnr": Definition(
            "PSNR",
            "Peak signal-to-noise ratio: squared range of the map over mean squared error, in "
            "decibels.",
            "Higher is better; 3 dB is half the squared error.",
        ),
        "material": Definition(
            "known material",
            "Whether the map looks like those the claims were calibrated on: the distance "
            "(Mahalanobis) of what the network sees in it from what it saw in training.",
            "It can only withdraw a claim. Silence is no proof: some foreign textures pass.",
        ),
        "audit": Definition(
            "audit window",
            "A small area of the same specimen, at a place drawn at random, scanned again at full "
            "resolution.",
            "It calibrates the claims on the very specimen they are made about.",
        ),
        "equal-time": Definition(
            "at equal beam time",
            "What the same hours at the instrument would have given if spent otherwise: on a "
            "finer, noisier scan.",
            "A coarse scan is the sum of a fine one, so it can only lose information.",
        ),
    },
    "Audit windows": {
        "audited": Definition(
            "held on this specimen",
            "The share of pixels of the audit windows whose rescanned counts lie in the 90 % "
            "interval, the counting noise of the rescan included. Every window has one vote.",
            "The interval behind it is Student's, of a mean over windows: it holds the share over "
            "the whole map in 95 of 100 drawings.",
        ),
        "widening": Definition(
            "widening",
            "By how much the intervals of an element have to be stretched for nine in ten counts "
            "of the calibrating windows to lie within.",
            "1 means that what was learned on other specimens holds here. The auditing windows, "
            "which did not set it, tell what the stretched intervals hold.",
        ),
        "counting-share": Definition(
            "rescan's own noise",
            "The part of the expected scatter of rescanned counts that is counting noise.",
            "Near 1 the rescan was too short to test the intervals of this element: a longer dwell "
            "would.",
        ),
        "sealed-before": Definition(
            "predicted before measured",
            "A report of the run was sealed, its content hash and the server's time kept, before "
            "the first byte of the windows came.",
            "Then nobody can have fitted the prediction to the answer.",
        ),
        "dwell-ratio": Definition(
            "dwell of the rescan",
            "Counts per pixel in the rescanned windows over those at the same places of the map.",
            "Estimates are multiplied by it before they are compared with the rescan.",
        ),
        "gain": Definition(
            "gain",
            "How many false features a chosen window finds out: expected, the sum of the risks of "
            "the features in it; found, how many of them the rescan lacks.",
            "Windows chosen for their risk say nothing about the rest of the map.",
        ),
    },
    "Estimators side by side": ESTIMATORS,
    "Taught networks": LESSONS,
    "Plans": PLANS,
    "Queue and seal": {
        "estimated-time": Definition(
            "estimated time",
            "From the size of the map, its elements and samples, and the speed of two processor "
            "cores; corrected by earlier runs of this portal where there are any.",
            "An expectation, not a promise: it leaves out runs that join the line later.",
        ),
        "place": Definition(
            "place",
            "How many runs would start before this one if nothing changed.",
            "Labs take turns: who used least computing of late comes first. A place can change "
            "when another lab queues a run.",
        ),
        "content-hash": Definition(
            "content hash",
            "SHA-256 over the names and the SHA-256 of all files.",
            "One changed byte changes it: who has the hash can check the files offline.",
        ),
    },
    "Units of a movie": UNITS,
    "Diffraction": FRAMES,
    "Calorimeter events": EVENTS,
    "Objects of diffraction scans": SCANS,
    "Crystals of rocking curves": CRYSTALS,
}

WORDS = {key: one for group in GROUPS.values() for key, one in group.items()}
