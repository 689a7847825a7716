"""Rocks: which minerals, textures and bodies go together, and how each kind is laid out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workers.training.minerals import bodies, textures
from workers.training.minerals.bodies import Body
from workers.training.minerals.fields import Field, noise, oscillation, uniform, zoning
from workers.training.minerals.phases import PHASES, Palette
from workers.training.minerals.textures import Filled, Phases, Shape, log_uniform

ACCESSORIES = (
    *("zircon", "apatite", "rutile", "ilmenite", "monazite", "chalcopyrite", "pyrite"),
    *("sphalerite", "barite", "chromite", "schreibersite", "titanite", "pentlandite"),
)
PHENOCRYSTS = (
    *("plagioclase", "clinopyroxene", "amphibole", "orthopyroxene", "biotite", "olivine"),
    *("feldspar", "magnetite", "quartz"),
)
METAMORPHIC = (
    *("quartz", "plagioclase", "feldspar", "biotite", "muscovite", "amphibole", "chlorite"),
    *("clinopyroxene", "garnet", "calcite", "ilmenite", "spinel", "olivine", "epoxy"),
)
FERROMAGNESIAN = ("olivine", "orthopyroxene", "clinopyroxene")
OPAQUE = ("kamacite", "taenite", "troilite", "chromite", "magnetite", "pentlandite")


@dataclass
class Canvas:
    """What lies where on the supersampled grid of `size` pixels a side."""

    rng: np.random.Generator
    size: int
    palette: Palette
    phase: Phases = field(init=False)
    t: Field = field(init=False)

    def __post_init__(self) -> None:
        self.phase = np.zeros((self.size, self.size), np.int32)
        self.t = np.zeros((self.size, self.size), np.float32)

    def draw(self, names: Sequence[str], count: int = 1) -> list[int]:
        """New phases of `count` different minerals out of `names`."""
        chosen = self.rng.choice(len(names), min(count, len(names)), replace=False)
        return [self.palette.draw(names[i]) for i in chosen]

    def fill(self, filled: Filled) -> None:
        self.phase[:], self.t[:] = filled

    def set_in(self, body: Body | None, filled: Filled) -> None:
        """Paint a texture of the body's window inside the body's outline."""
        if body is None:
            return
        inside = body.distance > 0
        self.phase[body.window][inside] = filled[0][inside]
        self.t[body.window][inside] = filled[1][inside]

    def set_zoned(self, body: Body | None, phase: int, offset: float = 0.0) -> None:
        """Paint one zoned grain; a faceted one may have grown differently in each sector."""
        if body is None:
            return
        t = zoning(self.rng, body.distance, body.radius) + np.float32(offset)
        if body.sector is not None and self.rng.random() < 0.25:
            t += self.rng.uniform(0, 0.5, 16).astype(np.float32)[body.sector]
        self.set_in(body, (np.full(body.shape, phase, np.int32), t))


Texture = Callable[[np.random.Generator, Shape, Sequence[int], float], Filled]
INTERGROWTHS: tuple[Texture, ...] = (
    textures.fractal,
    textures.symplectite,
    textures.lamellae,
    textures.fine_matrix,
    textures.grains,
)


def ragged(canvas: Canvas, shape: Shape, names: Sequence[str]) -> Filled:
    """Any intergrowth of two to four of the named minerals."""
    rng = canvas.rng
    ids = canvas.draw(names, int(rng.integers(2, 5)))
    texture = INTERGROWTHS[rng.choice(len(INTERGROWTHS), p=[0.42, 0.1, 0.1, 0.18, 0.2])]
    return texture(rng, shape, ids, log_uniform(rng, 8, 60))


def matrix(canvas: Canvas, shape: Shape, names: Sequence[str]) -> Filled:
    """Groundmass: fine-grained, fractal or unresolved."""
    rng = canvas.rng
    ids = canvas.draw(names, int(rng.integers(2, 6)))
    kind = rng.choice(4, p=[0.32, 0.32, 0.18, 0.18])
    if kind == 0:
        return textures.fine_matrix(rng, shape, ids, 8)
    if kind == 1:
        return textures.fractal(rng, shape, ids, log_uniform(rng, 8, 80))
    if kind == 2:
        mixed = canvas.palette.between(ids[0], ids[1])
        return textures.smooth_mixture(rng, shape, [mixed], 0)
    return textures.grains(rng, shape, ids, log_uniform(rng, 7, 16))


def chondrite(canvas: Canvas) -> None:
    """Chondrules of olivine and pyroxene in glass, metal and sulphide, in a fine matrix."""
    rng, n = canvas.rng, canvas.size
    canvas.fill(matrix(canvas, (n, n), ("fayalite", "serpentine", "troilite", "clinopyroxene")))
    for _ in range(int(rng.integers(1, 7))):
        body = bodies.round_body(rng, (n, n), log_uniform(rng, 0.07, 0.55) * n, 0.25)
        if body is None:
            continue
        kind = rng.choice(4, p=[0.5, 0.28, 0.12, 0.1])
        if kind == 0:
            glass = canvas.draw(("glass", "plagioclase", "clinopyroxene"))[0]
            ids = canvas.draw(FERROMAGNESIAN, int(rng.integers(1, 3)))
            size = log_uniform(rng, 12, 80)
            inner = textures.rounded_in_matrix(rng, body.shape, ids, glass, size)
        elif kind == 1:
            inner = ragged(canvas, body.shape, OPAQUE)
        elif kind == 2:
            ids = canvas.draw(FERROMAGNESIAN) + canvas.draw(("glass", "plagioclase"))
            inner = textures.lamellae(rng, body.shape, ids, 0)
        else:
            ids = canvas.draw((*FERROMAGNESIAN, "plagioclase"), 3)
            inner = textures.grains(rng, body.shape, ids, log_uniform(rng, 16, 90))
        canvas.set_in(body, inner)
        if rng.random() < 0.5:  # an altered or accreted rim
            width = log_uniform(rng, 2, 20)
            rim = Body(body.window, np.where(body.distance < width, body.distance, -1), width)
            canvas.set_in(rim, ragged(canvas, body.shape, (*OPAQUE, "fayalite", "serpentine")))
    for _ in range(int(rng.integers(0, 3))):
        body = bodies.round_body(rng, (n, n), log_uniform(rng, 0.05, 0.25) * n, 0.5)
        if body is not None:
            canvas.set_in(body, ragged(canvas, body.shape, OPAQUE))
    droplets(canvas, OPAQUE)


def ooids(canvas: Canvas) -> None:
    """Concentrically laminated carbonate grains, cemented; little of anything else in them."""
    rng, n = canvas.rng, canvas.size
    cement = canvas.draw(("quartz", "calcite", "dolomite", "muscovite"), 2)
    texture = textures.fractal if rng.random() < 0.6 else textures.fine_matrix
    canvas.fill(texture(rng, (n, n), [*cement, *canvas.draw(("dolomite", "goethite"))], 40))
    mineral = str(
        rng.choice(["dolomite", "calcite", "goethite", "apatite"], p=[0.5, 0.3, 0.1, 0.1])
    )
    radius = log_uniform(rng, 0.08, 0.4) * n
    generations = [canvas.palette.draw(mineral) for _ in range(2)]
    taken = np.zeros((n, n), bool)
    for _ in range(min(int(3 * (n / radius) ** 2), 150)):
        body = bodies.round_body(rng, (n, n), radius * rng.uniform(0.5, 1.3), 0.12)
        if body is None or (taken[body.window] & (body.distance > 0.12 * body.radius)).any():
            continue  # grains touch and dent one another; they do not overlap
        taken[body.window] |= body.distance > 0
        wavy = body.distance + noise(rng, body.shape, 3.0) * rng.uniform(0, 3)
        t = oscillation(rng, wavy.astype(np.float32)) * rng.uniform(0.1, 0.8)
        t = t + uniform(noise(rng, body.shape, rng.uniform(0.5, 2.5))) * rng.uniform(0.05, 0.4)
        phase = np.full(body.shape, generations[int(rng.random() < 0.25)], np.int32)
        specks = uniform(noise(rng, body.shape, rng.uniform(0.3, 2))) > rng.uniform(0.95, 1)
        phase[specks] = cement[0]
        canvas.set_in(body, (phase, t.astype(np.float32)))
        if rng.random() < 0.35:  # a nucleus
            core = body.distance - body.distance.max() * rng.uniform(0.3, 0.8)
            nucleus = Body(body.window, core.astype(np.float32), body.radius / 2)
            canvas.set_in(nucleus, ragged(canvas, body.shape, (mineral, "quartz", "calcite")))


def porphyry(canvas: Canvas) -> None:
    """Zoned phenocrysts of every size in a fine or glassy groundmass."""
    rng, n = canvas.rng, canvas.size
    minerals = (
        "glass",
        "plagioclase",
        "quartz",
        "feldspar",
        "clinopyroxene",
        "magnetite",
        "olivine",
    )
    canvas.fill(matrix(canvas, (n, n), minerals))
    chosen = canvas.draw(PHENOCRYSTS, int(rng.integers(2, 6))) + canvas.draw(("plagioclase",))
    slope, largest = rng.uniform(1.2, 2.4), rng.uniform(0.1, 0.4) * n
    coverage, painted = rng.uniform(0.1, 0.8) * n * n, 0.0
    sizes: list[float] = []
    while painted < coverage and len(sizes) < 350:  # sizes of a power law, large ones first painted
        size = min(4 * rng.random() ** (-1 / slope), largest)
        sizes.append(size)
        painted += 2 * size**2
    for size in sorted(sizes, reverse=True):
        if rng.random() < 0.8:
            aspect = 1.0 if rng.random() < 0.4 else log_uniform(rng, 1, 5)
            body = bodies.faceted_body(rng, (n, n), size, aspect)
        else:
            body = bodies.round_body(rng, (n, n), size * 0.7, 0.3)
        phase = chosen[rng.integers(len(chosen))]
        if body is not None and size > 30 and rng.random() < 0.25:
            sieve = textures.symplectite(rng, body.shape, [phase, *canvas.draw(("glass",))], 0)
            canvas.set_in(body, sieve)
        else:
            canvas.set_zoned(body, phase, rng.uniform(0, 0.3))


def metamorphic(canvas: Canvas) -> None:
    """Touching grains of a few minerals, porphyroblasts, inclusions."""
    rng, n = canvas.rng, canvas.size
    ids = canvas.draw(METAMORPHIC, int(rng.integers(2, 6)))
    canvas.fill(textures.grains(rng, (n, n), ids, log_uniform(rng, 14, 160)))
    if rng.random() < 0.5:
        body = bodies.round_body(rng, (n, n), rng.uniform(0.2, 0.5) * n, 0.5)
        if body is not None:
            canvas.set_in(body, ragged(canvas, body.shape, METAMORPHIC))
    for _ in range(int(rng.integers(0, 5))):
        body = bodies.faceted_body(rng, (n, n), log_uniform(rng, 0.05, 0.3) * n, 1.0)
        canvas.set_zoned(body, canvas.draw(("garnet", "plagioclase", "titanite", "amphibole"))[0])


def crystals_in_matrix(canvas: Canvas) -> None:
    """Cumulates, metal with silicates, sand grains: rounded crystals of one size in a fill."""
    rng, n = canvas.rng, canvas.size
    names = tuple(PHASES)
    fill = canvas.draw(names)[0]
    size = log_uniform(rng, 10, 120)
    ids = canvas.draw(names, int(rng.integers(1, 4)))
    canvas.fill(textures.rounded_in_matrix(rng, (n, n), ids, fill, size))


def free(canvas: Canvas) -> None:
    """Any minerals in any texture, one set into another: what no rock book lists."""
    rng, n = canvas.rng, canvas.size
    names = tuple(PHASES)
    canvas.fill((matrix if rng.random() < 0.5 else ragged)(canvas, (n, n), names))
    for _ in range(int(rng.integers(0, 6))):
        body = bodies.round_body(
            rng, (n, n), log_uniform(rng, 0.08, 0.5) * n, rng.uniform(0.1, 0.6)
        )
        if body is not None:
            inner = matrix if rng.random() < 0.4 else ragged
            canvas.set_in(body, inner(canvas, body.shape, names))


def droplets(canvas: Canvas, names: Sequence[str]) -> None:
    """Small rounded inclusions, some zoned, radius about 2 fine pixels with a long tail."""
    rng, shape = canvas.rng, (canvas.size, canvas.size)
    ids = canvas.draw(names, int(rng.integers(1, 4)))
    for _ in range(int(log_uniform(rng, 3, 60))):
        radius = min(4 * np.exp(rng.normal(0, 0.6)), 40)
        body = bodies.round_body(rng, shape, radius, 0.1)
        canvas.set_zoned(body, ids[rng.integers(len(ids))], rng.uniform(0, 0.5))


def accidents(canvas: Canvas) -> None:
    """What any section has: inclusions, rare bright phases, veins, cracks, polishing pits."""
    rng, shape = canvas.rng, (canvas.size, canvas.size)
    if rng.random() < 0.55:
        droplets(canvas, tuple(PHASES))
    if rng.random() < 0.5:
        droplets(canvas, ACCESSORIES)
    fills = canvas.draw(("epoxy", "quartz", "calcite", "goethite"), 2) + canvas.draw(("epoxy",))
    for _ in range(int(rng.poisson(1.2))):
        fill = fills[rng.integers(len(fills))]
        for piece in bodies.cracks(rng, shape, 1):
            canvas.set_zoned(piece, fill)
    for _ in range(int(rng.poisson(3)) if rng.random() < 0.5 else 0):
        canvas.set_zoned(bodies.round_body(rng, shape, log_uniform(rng, 1.5, 14), 0.4), fills[-1])


STYLES: dict[Callable[[Canvas], None], float] = {
    chondrite: 0.27,
    porphyry: 0.2,
    metamorphic: 0.16,
    ooids: 0.14,
    free: 0.14,
    crystals_in_matrix: 0.09,
}


def lay_out(rng: np.random.Generator, size: int) -> Canvas:
    """A canvas painted with one kind of rock and its accidents."""
    canvas = Canvas(rng, size, Palette(rng))
    kinds = tuple(STYLES)
    kinds[rng.choice(len(kinds), p=list(STYLES.values()))](canvas)
    accidents(canvas)
    return canvas


def composition_table(palette: Palette) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(phases, elements)` wt% of core and rim."""
    return np.stack(palette.core), np.stack(palette.rim)
