"""A small autoencoder of element maps: the latent of the literal latent diffusion model.

Four channels on a grid four times coarser (f = 4), as in latent diffusion of photographs (Rombach
2022), without a discriminator and with a fixed small penalty on the latent's size in place of a
learned variance. It loses detail that cannot come back: what it reconstructs of a truth is a
ceiling for everything sampled in it, which `make benchmark-diffusion` reports.
"""

from torch import Tensor, nn

from workers.networks.cellnet import Residual

LATENTS = 4
FACTOR = 4


class Autoencoder(nn.Module):
    """Encoder `(n, 1, H, W) -> (n, LATENTS, H/4, W/4)` and decoder back; locally scaled values."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.width = width
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(FACTOR),
            nn.Conv2d(FACTOR**2, width, 3, padding=1),
            Residual(width, 1),
            Residual(width, 1),
            nn.Conv2d(width, LATENTS, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(LATENTS, width, 3, padding=1),
            Residual(width, 1),
            Residual(width, 1),
            nn.Conv2d(width, FACTOR**2, 3, padding=1),
            nn.PixelShuffle(FACTOR),
        )

    def encode(self, image: Tensor) -> Tensor:
        latent: Tensor = self.encoder(image)
        return latent

    def decode(self, latent: Tensor) -> Tensor:
        image: Tensor = self.decoder(latent)
        return image
