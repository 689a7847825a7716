"""Particle flow from sets to sets: which share of every cell belongs to which particle.

A token is a place of a fine map with the energies of its layers; a small transformer lets the
tokens of an event see each other, one head says how many particles there are, and that many learned
slots attend to the tokens. What a slot gets of a token is a softmax over the slots, so no energy is
counted twice and none is lost:

    incidence[i, c] = softmax over i,   energy_i = Σ_c incidence[i, c] · E_c,
    place_i = Σ_c incidence[i, c] · E_c · place_c / energy_i + a small learned correction.

The same in every step: a slot looks where its energy lies, as in k-means, and takes what is near.
(Set-to-set particle flow: Di Bello et al., arXiv 2212.01328; slots: Locatello et al., 2006.15055.)
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MOST = 5  # particles it was taught to count
TOKENS = 192  # brightest places of an event
LEAST_MEV = 1.0  # of a place that is a token
AROUND = 2  # places to each side that a token is told of
SCALE_MM = 100.0  # the unit of places
MOVED = 0.36  # SCALE_MM a slot's place may be corrected by
HIDDEN = -1e4  # logit of what is no token


@dataclass(frozen=True)
class Tokens:
    """Of `b` events: `features` `(b, t, f)`, `place` `(b, t, 2)` in SCALE_MM (x, y) from the middle
    of the plane, `energy` `(b, t)` MeV, 0 where there is no token, and `at` `(b, t)`, the place in
    a flattened map.
    """

    features: Tensor
    place: Tensor
    energy: Tensor
    at: Tensor

    @classmethod
    def of(cls, maps: Tensor, pitch_mm: float) -> "Tokens":
        """Of `maps` `(b, layers, r, r)` MeV with cells of `pitch_mm`; what is below 0 counts 0."""
        maps = maps.clamp_min(0)
        side = maps.shape[-1]
        summed = maps.sum(dim=1)
        most = min(TOKENS, int((summed > LEAST_MEV).flatten(1).sum(dim=1).max().clamp_min(1)))
        energy, at = summed.flatten(1).topk(most, dim=1)
        energy = energy * (energy > LEAST_MEV)
        axis = (torch.arange(side, device=maps.device) - (side - 1) / 2) * (pitch_mm / SCALE_MM)
        place = torch.stack([axis[at % side], axis[at // side]], dim=2).to(maps)
        return cls(_features(maps, energy, place, at), place, energy, at)


@dataclass(frozen=True)
class Slots:
    """What slots took of `b` events, after one step: `incidence` `(b, n, t)` sums to 1 over the
    slots, `log_incidence` is its logarithm; `place` `(b, n, 2)` in SCALE_MM.
    """

    incidence: Tensor
    log_incidence: Tensor
    place: Tensor


class ParticleNet(nn.Module):
    """Number, energies and places of the particles of an event.

    Parameters
    ----------
    layers : layers of the map.
    width : features per token and slot.
    seeing, taking : blocks of the transformer, steps of the slots.
    """

    def __init__(self, layers: int, width: int = 64, seeing: int = 3, taking: int = 3) -> None:
        super().__init__()
        self.width = width
        told = 4 + 2 * layers + (2 * AROUND + 1) ** 2
        self.enter = nn.Sequential(nn.Linear(told, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Seeing(width) for _ in range(seeing))
        self.count = nn.Sequential(
            nn.LayerNorm(3 * width),
            nn.Linear(3 * width, width),
            nn.SiLU(),
            nn.Linear(width, MOST),
        )
        # A row for each slot of each number: one of two particles is sought otherwise than of five.
        self.slots = nn.Parameter(torch.randn(MOST, MOST, width))
        self.steps = nn.ModuleList(Taking(width) for _ in range(taking))

    def forward(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """Features of tokens `(b, t, width)` and logits of 1, 2, … particles `(b, MOST)`."""
        seen = tokens.energy > 0
        x = self.enter(tokens.features)
        for block in self.blocks:
            x = block(x, tokens.place, seen)
        return x, self.count(_pooled(x, tokens.energy))

    def taken(self, tokens: Tokens, features: Tensor, number: Tensor) -> list[Slots]:
        """What `number` `(b,)` slots take, after each step; slots beyond it take nothing."""
        most = int(number.max())
        there = torch.arange(most, device=number.device) < number[:, None]
        slots, place, found = self.slots[number - 1, :most], None, []
        for step in self.steps:
            slots, taken = step(slots, there, place, tokens, features)
            place = taken.place
            found.append(taken)
        return found


class Seeing(nn.Module):
    """A block of the transformer: every token looks at all others, near ones more.

    Each head looks as far as it learns to: a logit falls with the squared distance over its own
    reach. That is a product of vectors, too, for which three numbers of a head's vectors are kept,
    so that no matrix of distances is needed.
    """

    HEADS = 4
    KEPT = 3

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 2 * (width - self.HEADS * self.KEPT))
        self.answers, self.leave = nn.Linear(width, width), nn.Linear(width, width)
        self.each = nn.Sequential(
            nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )
        self.nearness = nn.Parameter(torch.tensor([3.0, 1.5, 0.0, -1.5]))

    def forward(self, x: Tensor, place: Tensor, seen: Tensor) -> Tensor:
        """`x` `(b, t, width)`, `place` `(b, t, 2)`, and which tokens there are, `seen` `(b, t)`."""
        b, t, width = x.shape
        known = self.first(x)
        q, k = self.asked(known).reshape(b, t, 2, self.HEADS, -1).permute(2, 0, 3, 1, 4)
        v = self.answers(known).reshape(b, t, self.HEADS, -1).transpose(1, 2)
        near = self.nearness.exp()[:, None, None].expand(b, -1, t, 1)
        spot = place[:, None].expand(-1, self.HEADS, -1, -1)
        hidden = torch.where(seen, 0, HIDDEN)[:, None, :, None]
        far = spot.square().sum(dim=3, keepdim=True) - hidden
        q = torch.cat([q * q.shape[3] ** -0.5, 2 * near * spot, -near], dim=3)
        found = F.scaled_dot_product_attention(q, torch.cat([k, spot, far], dim=3), v, scale=1.0)
        x = x + self.leave(found.transpose(1, 2).reshape(b, t, width))
        moved: Tensor = x + self.each(self.second(x))
        return moved


class Taking(nn.Module):
    """A step of the slots: each takes its share of every token and learns from what it took."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = nn.LayerNorm(width)
        self.asks, self.answers = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.learns = nn.Linear(width + 3, width)
        self.others = nn.MultiheadAttention(width, 4, batch_first=True)
        self.each = nn.Sequential(
            nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )
        self.nearness = nn.Parameter(torch.tensor(0.0))
        self.moves = nn.Linear(width, 2)
        nn.init.zeros_(self.moves.weight)
        nn.init.zeros_(self.moves.bias)

    def forward(
        self, slots: Tensor, there: Tensor, place: Tensor | None, tokens: Tokens, features: Tensor
    ) -> tuple[Tensor, Slots]:
        """`slots` `(b, n, width)`, those `there` `(b, n)`, at `place` `(b, n, 2)` if known."""
        key, value = self.answers(self.tokens(features)).chunk(2, dim=2)
        logits = self.asks(self.first(slots)) @ key.transpose(1, 2) * key.shape[2] ** -0.5
        if place is not None:
            apart = (place[:, :, None] - tokens.place[:, None]).square().sum(dim=3)
            logits = logits - self.nearness.exp() * apart
        log_incidence = logits.masked_fill(~there[:, :, None], HIDDEN).log_softmax(dim=1)
        incidence = log_incidence.exp()
        mine = incidence * tokens.energy[:, None]
        energy = mine.sum(dim=2, keepdim=True)
        weight = mine / energy.clamp_min(1e-3)
        middle = weight @ tokens.place
        told = torch.cat([weight @ value, middle, energy.clamp_min(1).log() / 10], dim=2)
        slots = slots + self.learns(told)
        asked = self.second(slots)
        slots = slots + self.others(asked, asked, asked, ~there, need_weights=False)[0]
        slots = slots + self.each(slots)
        found = middle + MOVED * torch.tanh(self.moves(slots))
        return slots, Slots(incidence, log_incidence, found)


def _features(maps: Tensor, energy: Tensor, place: Tensor, at: Tensor) -> Tensor:
    """What a token is told: where from the event's middle, energies, those around it."""
    layers = maps.shape[1]
    total = energy.sum(dim=1, keepdim=True).clamp_min(LEAST_MEV)
    middle = (energy[:, :, None] * place).sum(dim=1, keepdim=True) / total[:, :, None]
    own = maps.flatten(2).gather(2, at[:, None].expand(-1, layers, -1)).transpose(1, 2)
    side = 2 * AROUND + 1
    around = F.unfold(maps.sum(dim=1, keepdim=True), side, padding=AROUND)
    around = around.gather(2, at[:, None].expand(-1, side**2, -1)).transpose(1, 2)
    bright = (energy + 1).log()[:, :, None]
    known = [
        place - middle,
        bright / 10,
        (bright - total.log()[:, :, None]) / 10,
        (own + 1).log() / 10,
        own / energy.clamp_min(LEAST_MEV)[:, :, None],
        ((around + 1).log() - bright) / 5,
    ]
    return torch.cat(known, dim=2) * (energy > 0)[:, :, None]


def _pooled(x: Tensor, energy: Tensor) -> Tensor:
    """Sum over tokens, largest value and mean weighted by energy, `(b, 3 · width)`."""
    seen = (energy > 0)[:, :, None]
    share = (energy / energy.sum(dim=1, keepdim=True).clamp_min(LEAST_MEV))[:, :, None]
    largest = x.masked_fill(~seen, -torch.inf).amax(dim=1)
    whole = (x * seen).sum(dim=1) / 50
    return torch.cat([whole, torch.where(largest.isfinite(), largest, 0.0), (x * share).sum(1)], 1)
