"""What the numbers of a plan mean; `fiducial.viewer.glossary` puts them one click away."""

from fiducial.viewer.definition import Definition

PLANS: dict[str, Definition] = {
    "plan-step": Definition(
        "step",
        "The distance between measured pixels, with columns × rows of the map.",
        "A coarse map is enlarged to the finest step, so all plans end on the same grid.",
    ),
    "plan-dwell": Definition(
        "dwell",
        "Counting time of one pixel: the beam time divided by the number of pixels, less the "
        "overhead.",
        "All plans spend the whole beam time.",
    ),
    "plan-overhead": Definition(
        "overhead",
        "The share of the beam time that goes into moving and settling, without counting.",
        "Where it is large, fewer pixels count more.",
    ),
    "plan-counts": Definition(
        "expected counts",
        "Mean counts of a measured pixel: current × dwell × (sensitivity × wt% + background), "
        "or the rate of your quick scan.",
        "Their counting noise is the square root.",
    ),
    "plan-error": Definition(
        "predicted error",
        "Root mean square difference between estimate and truth to be expected in a pixel of "
        "the finest step: that of the best linear estimate (Wiener) of a mosaic of grains, "
        "whose covariance is spread² · exp(−distance / grain size), from Poisson counts.",
        "Below it, the same as a share of the element's spread, and what causes most of it: "
        "counting noise, or the step, which leaves out what lies between (resolution).",
    ),
    "plan-spread": Definition(
        "spread",
        "Standard deviation of an element over the field, in pixels of the finest step, "
        "without counting noise. Where you give none: 0.8 of the mean, the median of 50 real "
        "element maps of five rocks.",
        "A tenth of those maps lay below 0.28 of their mean and a tenth above 1.9: where it "
        "matters, take a quick scan.",
    ),
    "plan-overall": Definition(
        "overall error",
        "Root mean square of the predicted errors of all elements, each as a share of its own "
        "spread.",
        "100 % would be no better than knowing the mean. Elements of few counts weigh as much "
        "as the bright ones.",
    ),
    "plan-grain": Definition(
        "mean grain size",
        "Mean linear intercept: the length of a line across the field, divided by the number "
        "of grain boundaries it meets.",
        "Count it on an electron or optical image. It decides how much lies between the "
        "pixels of a coarse scan.",
    ),
    "plan-sensitivity": Definition(
        "sensitivity",
        "Counts per second, nanoampere and wt%. Where you give none: Si 16.9, Ti 21.5, Mg 14, "
        "Ca 7.7, Fe 5.1, Ni 5.0, S 3.5, measured on the standards of one microprobe, and 7.7 "
        "for other elements.",
        "Your instrument can differ by a factor of several: the counts of a quick scan are safer.",
    ),
    "plan-ratio": Definition(
        "real error ÷ predicted",
        "The error that our estimate of a simulated scan then had, divided by the one the "
        "planner had predicted from a quick scan and the grain size.",
        "Below 1 the estimate was better than predicted.",
    ),
    "plan-ordered": Definition(
        "better plan named rightly",
        "Of pairs of plans, a finer and a longer counted coarser one, predicted to differ by "
        "10 % or more: how often the one predicted to be better was.",
        "50 % would be tossing a coin.",
    ),
    "plan-regret": Definition(
        "error lost by the choice",
        "By how much the real error of the plan named best was larger than that of the other of "
        "two, on average; nothing where the better was named. Of plans less than 10 % apart the "
        "finer is named.",
        "A wrong order between plans that are nearly as good costs little.",
    ),
}
