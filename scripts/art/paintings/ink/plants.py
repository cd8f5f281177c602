"""Plants in ink: pines with wheels of needles, bamboo, and trees of dots in the distance."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from painter.curve import moved, normals, ribbon, spline
from painter.frame import Array
from painter.ink_brush import INK, PAPER, InkBrush, InkHand
from painter.palette import rgb

BARK, NEEDLE_WASH, LEAF_INK = rgb("#8d6747"), rgb("#4f6f66"), rgb("#1d2a28")

BARK_LINE = InkBrush(0.0052, load=0.95, dryness=0.4, start=0.8, end=0.4)
BARK_SCALE = InkBrush(0.0022, load=0.8, dryness=0.3, start=0.5, end=0.2, peak=0.5)
BRANCH = InkBrush(0.0100, load=0.9, dryness=0.6, hairs=6, start=1.0, end=0.12, peak=0.05)
NEEDLE = InkBrush(0.0018, load=0.95, dryness=0.1, start=0.8, end=0.05, peak=0.2)
CULM = InkBrush(0.0200, load=0.60, dryness=0.40, hairs=13, start=0.95, end=0.95, peak=0.5)
NODE = InkBrush(0.0042, load=1.0, dryness=0.1, start=0.9, end=0.6, peak=0.15)
TWIG = InkBrush(0.0028, load=0.85, dryness=0.3, start=1.0, end=0.3, peak=0.1)
LEAF = InkBrush(0.0130, load=0.95, dryness=0.12, start=0.08, end=0.02, peak=0.34)
TRUNK = InkBrush(0.0036, load=0.7, dryness=0.4, start=1.0, end=0.3, peak=0.1)
DAB = InkBrush(0.0050, load=0.6, dryness=0.25, start=0.5, end=0.4, peak=0.5)

NEEDLES = 26
"""Needles of a wheel."""

WHEEL = 0.030
"""Length of the needles."""

NODE_GAP = 0.0024
"""Unpainted gap between two segments of a culm."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Pine:
    """A trunk and its boughs, each a line from the trunk outwards; `girth` is that of the trunk at its foot."""

    trunk: Points
    girth: float
    boughs: Sequence[Points]


@dataclass(frozen=True)
class Culm:
    """A stem of bamboo from its foot to its top."""

    foot: tuple[float, float]
    top: tuple[float, float]
    segments: int
    strength: float
    leaves: int
    """Bunches of leaves."""


def paint_pine(hand: InkHand, pine: Pine) -> None:
    """Boughs behind, the trunk with its bark, then needles."""
    for bough in pine.boughs:
        hand.stroke(spline(bough, 40), BRANCH)
    _paint_trunk(hand, pine)
    for bough in pine.boughs:
        line = spline(bough, 40)
        for i in np.linspace(9, 39, 9).astype(int):
            _paint_wheel(
                hand, line[i] + hand.rng.normal(0.0, 0.006, 2) - (0.0, 0.004), WHEEL * hand.rng.uniform(0.8, 1.1)
            )


def paint_culm(hand: InkHand, culm: Culm) -> None:
    """Segments from the foot up with gaps at the nodes, then twigs and leaves from the upper nodes."""
    foot, top = np.array(culm.foot), np.array(culm.top)
    t = np.linspace(0.0, 1.0, 200)[:, None]
    line = foot + t * (top - foot) + np.sin(2.6 * t) * (0.012, 0.0)
    cuts = np.linspace(0, 199, culm.segments + 1).astype(int)
    for low, high in itertools.pairwise(cuts):
        piece = line[low : high + 1]
        step = piece[-1] - piece[0]
        gap = NODE_GAP / np.hypot(*step)
        inner = piece[0] + np.linspace(gap, 1.0 - gap, 24)[:, None] * step
        waist = replace(CULM, load=CULM.load * culm.strength, width=CULM.width * (1.0 - 0.35 * low / 200))
        hand.stencil.fill(ribbon(inner, 0.42 * waist.width), PAPER, 0.75)
        hand.stencil.fill(ribbon(inner, 0.46 * waist.width), LEAF_INK, 0.38 * culm.strength)
        hand.stroke(inner, waist, LEAF_INK)
        across = piece[-1] + np.linspace(-0.5, 0.5, 8)[:, None] * (waist.width, 0.0) - (0.0, 0.001)
        hand.stroke(across + np.cos(np.linspace(-3.0, 3.0, 8))[:, None] * (0.0, 0.0016), NODE.thinned(culm.strength))
    for i in range(culm.leaves):
        node = line[cuts[1 + i % culm.segments]]
        _paint_spray(hand, node, float(hand.rng.choice((-1.0, 1.0))), culm.strength)


def paint_grove(hand: InkHand, places: Array, height: float, strength: float) -> None:
    """Small trees at `places` [n,2]: a trunk under layers of horizontal dabs."""
    for place in places:
        tall = height * hand.rng.uniform(0.6, 1.3)
        lean = hand.rng.normal(0.0, 0.12) * tall
        hand.stroke(np.linspace(place, moved(place, lean, -tall), 10), TRUNK.thinned(strength))
        for _ in range(38):
            up = hand.rng.uniform(0.35, 1.15)
            spread = 0.42 * tall * np.sqrt(max(0.05, 1.2 - up))
            start = moved(place, lean * up + hand.rng.normal(0.0, 0.6) * spread, -up * tall)
            dab = np.linspace(start, moved(start, 0.007, hand.rng.normal(0.0, 0.001)), 6)
            hand.stroke(dab, DAB.thinned(strength * hand.rng.uniform(0.5, 1.2)), LEAF_INK)


def _paint_trunk(hand: InkHand, pine: Pine) -> None:
    """Bark in brown with a shaded side, scales of bark, and edges in broken strokes."""
    line = spline(pine.trunk, 120)
    girth = pine.girth / 2 * np.linspace(1.0, 0.16, 120) * (1.0 + 0.10 * np.sin(np.linspace(0.0, 21.0, 120)))
    side = normals(line) * girth[:, None]
    hand.stencil.fill(ribbon(line, girth), PAPER)
    hand.stencil.fill(ribbon(line, girth), BARK, 0.55)
    for share, load in ((0.55, 0.30), (0.30, 0.35)):
        hand.stencil.fill(ribbon(line + (1.0 - share) * side, share * girth), INK, load)
    for _ in range(round(7500 * pine.girth)):
        i, across = int(hand.rng.integers(2, 112)), hand.rng.uniform(-0.9, 0.9)
        angles = np.linspace(-1.2, 1.4, 10) + hand.rng.normal(1.2, 0.7)
        size = 0.24 * girth[i] * hand.rng.uniform(0.6, 1.5)
        arc = size * np.stack([1.1 * np.cos(angles), np.sin(angles)], axis=1)
        hand.stroke(line[i] + across * side[i] + arc, BARK_SCALE)
    for sign in (-1.0, 1.0):
        edge = line + sign * side
        for low in range(0, 110, 14):
            hand.stroke(edge[low : low + 17], BARK_LINE)


def _paint_wheel(hand: InkHand, centre: Array, radius: float) -> None:
    """Needles that fan upwards from a point, over a green wash."""
    t = np.linspace(-2.9, -0.25, 14)
    fan = np.concatenate([centre + 0.9 * radius * np.stack([np.cos(t), 0.8 * np.sin(t)], axis=1), [centre]])
    hand.stencil.fill(fan, NEEDLE_WASH, 0.40)
    for angle in np.linspace(-3.05, -0.09, NEEDLES) + hand.rng.normal(0.0, 0.05, NEEDLES):
        reach = radius * hand.rng.uniform(0.8, 1.1)
        tip = centre + reach * np.array([np.cos(angle), 0.85 * np.sin(angle)])
        bow = moved((centre + tip) / 2, 0.0, 0.04 * reach)
        hand.stroke(spline((centre, bow, tip), 8), NEEDLE)


def _paint_spray(hand: InkHand, node: Array, side: float, strength: float) -> None:
    """A twig off a node with two or three bunches of hanging leaves."""
    rng = hand.rng
    reach = rng.uniform(0.05, 0.11)
    tip = node + reach * np.array([side * 0.85, -rng.uniform(0.2, 0.7)])
    twig = spline((node, moved((node + tip) / 2, 0.0, -0.006), tip), 24)
    hand.stroke(twig, TWIG.thinned(strength))
    for i in (10, 17, 23):
        for lean in rng.permutation((-0.8, -0.3, 0.25, 0.75))[: rng.integers(2, 5)]:
            _paint_leaf(hand, twig[i], np.pi / 2 - side * 0.45 + lean + rng.normal(0.0, 0.12), strength)


def _paint_leaf(hand: InkHand, start: Array, angle: float, strength: float) -> None:
    length = hand.rng.uniform(0.050, 0.085)
    ahead = np.array([np.cos(angle), np.sin(angle)])
    bow = hand.rng.normal(0.0, 0.05) * length * np.array([-ahead[1], ahead[0]])
    path = spline((start, start + 0.5 * length * ahead + bow, start + length * ahead), 20)
    hand.stroke(path, LEAF.thinned(strength * hand.rng.choice((0.6, 1.0, 1.05))), LEAF_INK)
