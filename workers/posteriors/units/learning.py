"""How the autoencoder of one measurement's units is learned from their patches."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from workers.networks.rvae import RVAE, Encoded, Shape
from workers.physics.pose import turned
from workers.posteriors.units.templates import Start

BATCH = 32
RATE = 8e-3
TAUGHT = 0.35  # share of the epochs that follow the templates
WHOLE = 0.1  # share of the epochs after that in which every bin and class is looked at
CHOSEN = 4  # bins and classes looked at in each patch from then on, besides one at random
HELD_OUT = 0.1  # share of the patches that are never learned from
EARLY = 0.1  # share of the epochs in which every latent still says next to nothing
COLLAPSED = 0.05  # nats: a latent that says less has no part in the picture
LEAST_NOISE = math.log(0.01)


@dataclass(frozen=True)
class Epoch:
    """What is told after every epoch: losses in nats a patch, noise, and nats of each latent.

    share : of all epochs, done.
    """

    number: int
    share: float
    loss: float
    held_out: float
    noise: float
    latents: tuple[float, ...]

    @property
    def collapsed(self) -> tuple[int, ...]:
        """The latents that say nothing; none before they had time to say something."""
        if self.share < EARLY:
            return ()
        return tuple(n for n, nats in enumerate(self.latents) if nats < COLLAPSED)


Heard = Callable[[Epoch], None]  # may raise to stop


@dataclass(frozen=True)
class Units:
    """Patches `(n, p, p)` as learning asks for them."""

    seen: Tensor  # (n, pixels in the circle)
    copies: Tensor  # the same turned back by every bin, (n, b, pixels)

    @classmethod
    def of(cls, patches: Tensor, net: RVAE) -> "Units":
        copies = turned(patches, net.angles).flatten(2)[:, :, net.inside]
        return cls(patches.flatten(1)[:, net.inside], copies)

    def __getitem__(self, chosen: Tensor) -> "Units":
        return Units(self.seen[chosen], self.copies[chosen])


def learn(
    patches: Tensor, shape: Shape, start: Start, seed: int, epochs: int, heard: Heard
) -> RVAE:
    """The network that explains patches `(n, p, p)` best, on those it did not learn from.

    First it follows the templates, so that poses are not taken for latents; then it maximises the
    evidence lower bound with bin and class enumerated: log Σ_s exp(−loss of s), in which the
    posterior over s is exact for what z, δ and s say. Most states have no weight, so after a while
    only likely ones are looked at, which is a bound as well.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = RVAE(shape)
    units = Units.of(patches, net)
    order = torch.randperm(len(patches), generator=generator)
    held = order[: max(1, round(HELD_OUT * len(patches)))]
    learned = order[len(held) :] if len(order) > len(held) else order
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    steps = epochs * math.ceil(len(learned) / BATCH)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.15)
    taught, whole = math.ceil(TAUGHT * epochs), math.ceil((TAUGHT + WHOLE) * epochs)
    best, kept = math.inf, net.state_dict()
    for epoch in range(epochs):
        states = shape.bins * shape.classes if epoch < whole else CHOSEN
        losses = []
        mixed = learned[torch.randperm(len(learned), generator=generator)]
        for chosen in torch.split(mixed, BATCH):
            if epoch < taught:
                loss = _taught(net, units[chosen], _part(start, chosen), generator)
            else:
                loss = _bound(net, units[chosen], states, generator, explore=True)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1000.0)
            optimiser.step()
            rates.step()
            losses.append(float(loss.detach()))
        told = _judged(net, units[held], epoch, (epoch + 1) / epochs, sum(losses) / len(losses))
        heard(told)
        if epoch >= whole and told.held_out < best:
            best, kept = told.held_out, {k: v.clone() for k, v in net.state_dict().items()}
    net.load_state_dict(kept)
    return net.eval().requires_grad_(False)


def _part(start: Start, chosen: Tensor) -> Start:
    return Start(start.label[chosen], start.pose[chosen], start.latents[chosen])


def _taught(net: RVAE, units: Units, start: Start, generator: torch.Generator) -> Tensor:
    """The loss in the state the templates found, with their pose and latents to follow."""
    width = 2 * math.pi / net.shape.bins
    b = torch.round(start.pose[:, 0] / width).long()
    delta = (start.pose[:, 0] / width - b) * 2
    b = b % net.shape.bins
    encoded = net.encode(units.copies)
    rows = torch.arange(len(b))
    wanted = torch.cat([start.latents, delta[:, None], start.pose[:, 1:]], dim=1)
    followed = 0.5 * ((encoded.mean[rows, b] - wanted) / 0.1).square().sum(1)
    named = F.cross_entropy(encoded.logits.flatten(1), b * net.shape.classes + start.label)
    return (
        _losses(net, units.seen, encoded, rows, b, start.label, generator) + followed
    ).mean() + named


def _bound(
    net: RVAE, units: Units, states: int, generator: torch.Generator, *, explore: bool
) -> Tensor:
    """−log Σ exp(−loss) over states, and how far the encoder's logits are from that posterior."""
    encoded = net.encode(units.copies)
    logits, k = encoded.logits.flatten(1), net.shape.classes
    chosen = logits.detach().topk(states, dim=1).indices
    if explore and states < logits.shape[1]:
        chance = torch.randint(logits.shape[1], (len(chosen), 1), generator=generator)
        chosen = torch.cat([chosen, chance], dim=1)
    rows = torch.arange(len(chosen))[:, None].expand_as(chosen)
    flat, s = rows.flatten(), chosen.flatten()
    losses = _losses(net, units.seen[flat], encoded, flat, s // k, s % k, generator)
    losses = losses.view(chosen.shape)
    if chosen.shape[1] > states:  # a state counts once
        again = (chosen[:, :-1] == chosen[:, -1:]).any(dim=1)
        losses = torch.cat([losses[:, :-1], losses[:, -1:] + 1e6 * again[:, None]], dim=1)
    share = torch.softmax(-losses.detach(), dim=1)
    named = -(share * torch.log_softmax(logits, dim=1).gather(1, chosen)).sum(1)
    return (-torch.logsumexp(-losses, dim=1) + named).mean()


def _losses(
    net: RVAE,
    seen: Tensor,
    encoded: Encoded,
    rows: Tensor,
    b: Tensor,
    label: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """Negative bound of each state: reconstruction, priors of what is continuous, and the class."""
    mean, log_var = encoded.mean[rows, b], encoded.log_var[rows, b]
    values = mean + torch.exp(0.5 * log_var) * torch.randn(mean.shape, generator=generator)
    image = net.image(values[:, : net.shape.latents], label, net.pose(b, values))
    noise = net.log_noise.clamp_min(LEAST_NOISE)
    misfit = 0.5 * (seen - image).square().sum(1) * torch.exp(-2 * noise) + image.shape[1] * noise
    priors = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(1)
    return misfit + priors - F.log_softmax(net.class_logits, 0)[label]


@torch.no_grad()
def _judged(net: RVAE, held: Units, epoch: int, share: float, loss: float) -> Epoch:
    """The loss on patches that were not learned from, and how many nats each latent holds there."""
    generator = torch.Generator().manual_seed(0)
    states = min(CHOSEN, net.shape.bins * net.shape.classes)
    encoded = net.encode(held.copies)
    b = encoded.logits.flatten(1).argmax(1) // net.shape.classes
    rows = torch.arange(len(b))
    mean, log_var = encoded.mean[rows, b], encoded.log_var[rows, b]
    nats = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).mean(0)
    return Epoch(
        epoch,
        share,
        loss,
        float(_bound(net, held, states, generator, explore=False)),
        float(net.log_noise.exp()),
        tuple(nats[: net.shape.latents].tolist()),
    )
