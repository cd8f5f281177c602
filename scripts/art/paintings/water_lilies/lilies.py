"""Water lilies: rafts of leaves, each a flat ellipse of dabs, and blossoms of a few thick petals."""

from dataclasses import dataclass, replace

import numpy as np

from painter.brush import Brush
from painter.frame import Array, Point
from painter.hand import Hand
from painter.palette import Ramp

LEAVES = Ramp.of("#1c4a3c", "#2f6c4c", "#4f8f5c", "#7cae6c", "#a9c886", "#cfdfae")
COOL_LEAVES = Ramp.of("#1f4658", "#34707c", "#5a9a96", "#8bbfae", "#bddcc4", "#dfeadc")
SHADE = Ramp.of("#14243f", "#1e3a58", "#2f5668")
RIM = Ramp.of("#8fbb7c", "#c0d89a", "#e6ecc4", "#f4dfd0")
PINK = Ramp.of("#a83a6c", "#d0608c", "#e890ac", "#f6bcc8", "#fce0dc", "#fff6ee")
WHITE = Ramp.of("#8f8fc0", "#bcb8dc", "#e2dcec", "#f6f0ee", "#fffdf6")
HEART = Ramp.of("#e0961e", "#f4c33a", "#fbe27a")

FLATNESS = 0.36
"""Height of a leaf on the picture, relative to its width."""

NEAREST = 0.74
"""Height on the sheet at which leaves have their full size."""


@dataclass(frozen=True)
class Raft:
    """A group of leaves that drift together; lengths are fractions of the long side."""

    centre: Point
    spread: Point
    leaves: int
    blossoms: int


RAFTS = (
    Raft((0.42, 0.055), (0.20, 0.016), 16, 4),
    Raft((0.82, 0.110), (0.16, 0.018), 14, 4),
    Raft((0.18, 0.185), (0.18, 0.024), 15, 4),
    Raft((0.60, 0.240), (0.18, 0.026), 14, 4),
    Raft((0.93, 0.325), (0.10, 0.030), 8, 2),
    Raft((0.27, 0.385), (0.20, 0.036), 14, 5),
    Raft((0.72, 0.510), (0.20, 0.045), 13, 5),
    Raft((0.13, 0.620), (0.15, 0.050), 9, 3),
    Raft((0.52, 0.730), (0.20, 0.040), 10, 4),
    Raft((0.95, 0.720), (0.10, 0.045), 5, 2),
)


def paint_lilies(hand: Hand) -> None:
    """All rafts from far to near: leaves first, blossoms on them."""
    for raft in RAFTS:
        places = _places(hand, raft)
        for place in places:
            _paint_leaf(hand, place, _size(place))
        for place in places[:: max(1, raft.leaves // raft.blossoms)][: raft.blossoms]:
            size = 0.62 * _size(place)
            _paint_blossom(hand, place - np.array([0.0, 0.15 * size]), size, PINK if hand.rng.random() < 0.6 else WHITE)


def _places(hand: Hand, raft: Raft) -> Array:
    """Middles [n,2] of the leaves of a raft from far to near, each as far as possible from earlier ones."""
    places = np.array([raft.centre])
    for _ in range(raft.leaves - 1):
        candidates = raft.centre + hand.rng.normal(0.0, 0.55, (10, 2)) * raft.spread
        gaps = (candidates[:, None] - places) / (1.0, FLATNESS)
        places = np.concatenate([places, candidates[[np.hypot(*gaps.transpose(2, 0, 1)).min(axis=1).argmax()]]])
    return places[places[:, 1].argsort()]


def _size(place: Array) -> float:
    """Half the width of a leaf at a position; near leaves are larger."""
    return 0.016 + 0.044 * max(0.0, place[1] / NEAREST)


def _paint_leaf(hand: Hand, centre: Array, size: float) -> None:
    """Shadow on the water, the leaf in curved dabs, its light rim on the far side."""
    size = size * hand.rng.uniform(0.75, 1.15)
    ramp = COOL_LEAVES if hand.rng.random() < 0.45 else LEAVES
    thick = Brush(width=0.27 * size, contrast=0.10, two_tone=0.22)
    below = centre + np.array([0.03, 0.12]) * size
    _paint_rings(hand, below, size, SHADE, 0.7, thick, (0.6, 0.95), 10)
    tone = hand.rng.uniform(0.36, 0.70)
    _paint_rings(hand, centre, size, ramp, tone - 0.1, replace(thick, width=0.4 * size), (0.0, 0.6), 8)
    _paint_rings(hand, centre, size, ramp, tone, thick, (0.0, 0.95), 26)
    thin = Brush(width=0.11 * size, contrast=0.14, two_tone=0.15)
    start = np.pi * (1.05 + 0.9 * hand.rng.random(5))
    hand.strokes(_arcs(centre, size * hand.rng.uniform(0.9, 1.0, 5), start, 0.7), RIM, 0.5, thin)


def _paint_rings(
    hand: Hand, centre: Array, size: float, ramp: Ramp, tone: float, brush: Brush, reach: Point, count: int
) -> None:
    """Dabs that curve along the leaf's edge, between two shares of its radius; those on the far side are lighter."""
    radii = size * np.sqrt(hand.rng.uniform(reach[0] ** 2, reach[1] ** 2, count))
    start = hand.rng.uniform(0.0, 2.0 * np.pi, count)
    span = 0.55 * size / np.maximum(radii, 0.35 * size)
    paths = _arcs(centre, radii, start, span)
    light = (centre[1] - paths[:, 3, 1]) / (FLATNESS * size)
    hand.strokes(paths, ramp, tone + 0.20 * light, brush)


def _arcs(centre: Array, radii: Array, start: Array, span: Array | float) -> Array:
    """Arcs [n,7,2] of flat ellipses about `centre`, from the angles `start` on."""
    angles = start[:, None] + np.multiply.outer(np.broadcast_to(span, len(start)), np.linspace(0.0, 1.0, 7))
    return centre + radii[:, None, None] * np.stack([np.cos(angles), FLATNESS * np.sin(angles)], axis=-1)


def _paint_blossom(hand: Hand, foot: Array, size: float, ramp: Ramp) -> None:
    """Petals in three ranks, the outer ones flat and dark, the inner ones upright and light, and a yellow heart."""
    smear = foot + hand.rng.normal(0.0, 0.25, (6, 2)) * size + np.array([0.0, 0.75 * size])
    down = np.stack([smear, smear + np.array([0.0, 0.35 * size])], axis=1)
    hand.strokes(down, ramp, 0.35, Brush(width=0.22 * size, contrast=0.15, two_tone=0.2, opacity=0.6))
    _paint_petals(hand, foot, size, ramp, 0.28, np.linspace(-3.35, 0.20, 8), 1.0)
    _paint_petals(hand, foot, size, ramp, 0.55, np.linspace(-2.75, -0.40, 7), 0.95)
    _paint_petals(hand, foot, size, ramp, 0.85, np.linspace(-2.25, -0.90, 5), 0.75)
    hearts = foot + hand.rng.normal(0.0, 0.08, (4, 2)) * size - np.array([0.0, 0.22 * size])
    hand.strokes(
        np.stack([hearts, hearts - np.array([0.0, 0.16 * size])], axis=1), HEART, 0.5, Brush(width=0.15 * size)
    )
    _paint_petals(hand, foot, size, ramp, 0.75, np.array([-3.6, -3.0, 0.45, -0.15, 1.1, 2.0]), 0.55)


def _paint_petals(hand: Hand, foot: Array, size: float, ramp: Ramp, tone: float, angles: Array, reach: float) -> None:
    """One thick tapering dab for each of the angles, from the middle of the blossom outwards."""
    angles = angles + 0.10 * hand.rng.normal(size=len(angles))
    lengths = reach * size * hand.rng.uniform(0.85, 1.1, len(angles))
    ways = np.stack([np.cos(angles), 0.85 * np.sin(angles)], axis=-1)
    steps = np.linspace(0.10, 1.0, 5)[None, :, None]
    paths = foot + steps * lengths[:, None, None] * ways[:, None]
    paths[..., 1] -= 0.10 * size * steps[..., 0] ** 2
    brush = Brush(width=0.34 * size, contrast=0.09, two_tone=0.14, taper=0.75)
    hand.strokes(hand.rng.permutation(paths), ramp, tone, brush)
