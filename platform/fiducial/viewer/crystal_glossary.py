"""Words of pages about a crystal that was found in a rocking curve."""

from .definition import Definition

CRYSTALS: dict[str, Definition] = {
    "crystal-density": Definition(
        "magnitude and phase of a crystal",
        "How much of the lattice scatters into the peak, as a share of the largest, and by how "
        "many radians planes are displaced along the scattering vector.",
        "The counts fix neither the crystal's place, nor a constant phase, nor which of it and its "
        "inverted twin is there.",
    ),
    "crystal-support": Definition(
        "support",
        "Where the crystal may be: found on the way by cutting its blurred magnitude "
        "(shrink-wrap).",
        "Nobody measured it. A support that is too wide takes in noise, one that is too tight cuts "
        "the crystal.",
    ),
    "starts-agree": Definition(
        "agreement of starts",
        "The lowest correlation of any two crystals, each found from other random phases and moved "
        "upon the other.",
        "Starts that agree may still share what the method assumes: the support, and nothing where "
        "nothing was counted.",
    ),
    "phase-transfer": Definition(
        "amplitude that starts share",
        "The amplitude of the average of all starts over the measured one, shell by shell: 1 where "
        "all found the same phases, about 0 where they are random.",
        "Detail finer than where it falls below one half was not found, but drawn.",
    ),
    "crystal-misfit": Definition(
        "misfit R of a crystal",
        "Squared differences between the roots of the counts and the amplitude of the crystal "
        "within its support, over the counts.",
        "Its root is what papers often state. A wider support fits better, and tells less.",
    ),
}
