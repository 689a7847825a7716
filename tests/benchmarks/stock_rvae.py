"""A published rVAE on patches, in an environment of its own: what `unit_rivals` starts.

`python stock_rvae.py NAME PATCHES.npy FOUND.npz EPOCHS LATENTS SEED NOISE`. Networks, optimisers
and priors are those the packages ship, unless a function here says otherwise. AtomAI leaves a file
where it is started.
"""

import sys
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

BATCH = 20
# Means and standard deviations of (angle, x, y, latents), one row a patch; CPU seconds.
Found = tuple[np.ndarray, np.ndarray, float]


def stub_torchvision() -> None:
    """Both import it, for drawings and networks that are not used here; it wants another torch."""
    names = {
        "torchvision": (),
        "torchvision.utils": ("make_grid",),
        "torchvision.models": ("mobilenet_v2", "resnet50", "vgg16"),
    }
    for module, held in names.items():
        sys.modules[module] = ModuleType(module)
        vars(sys.modules[module]).update(dict.fromkeys(held))


def pyroved(
    patches: "torch.Tensor", epochs: int, latents: int, seed: int, noise: float | None
) -> Found:
    """With the Bernoulli likelihood it ships, or a Gaussian one of a noise that is told."""
    import pyroved as pv

    likelihood = {"sampler_d": "gaussian", "decoder_sig": noise} if noise else {}
    shape = tuple(patches.shape[1:])
    net = pv.models.iVAE(shape, latents, invariances=["r", "t"], seed=seed, **likelihood)
    trainer = pv.trainers.SVItrainer(net, seed=seed)
    batches = pv.utils.init_dataloader(patches, batch_size=BATCH)
    began = process_time()
    for _ in range(epochs):
        trainer.step(batches)
    seconds = process_time() - began
    mean, sd = net.encode(patches)
    return mean.numpy(), sd.numpy(), seconds


def atomai(patches: "torch.Tensor", epochs: int, latents: int, seed: int) -> Found:
    """With room to turn: the prior it ships holds angles within a tenth of a radian."""
    from atomai.models import rVAE

    net = rVAE(tuple(patches.shape[1:]), latents, seed=seed)
    began = process_time()
    settings = {"training_cycles": epochs, "batch_size": BATCH, "rotation_prior": np.pi / 2}
    net.fit(patches, loss="mse", **settings)
    seconds = process_time() - began
    mean, log_sd = net.encode(patches)
    return mean, np.exp(log_sd), seconds


def main(name: str, given: Path, found: Path, *settings: str) -> None:
    import torch

    stub_torchvision()
    epochs, latents, seed = map(int, settings[:3])
    patches = torch.from_numpy(np.load(given))
    if name == "atomai":
        mean, sd, seconds = atomai(patches, epochs, latents, seed)
    else:
        noise = float(settings[3]) if name == "pyroved_gaussian" else None
        mean, sd, seconds = pyroved(patches, epochs, latents, seed, noise)
    if not np.isfinite([mean, sd]).all():
        sys.exit("its fit diverged")
    np.savez(
        found,
        angle=mean[:, 0],
        angle_sd=sd[:, 0],
        latents=mean[:, -latents:],
        seconds=seconds / epochs / len(patches) * 1000,
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
