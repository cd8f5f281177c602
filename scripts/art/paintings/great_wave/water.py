"""Bodies of water of the Great Wave: striped along their flow, with key-lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from painter.curve import between, spline
from painter.frame import Array
from painter.palette import rgb
from painter.woodblock import Print

DEEP, MID, LIGHT, PALE = rgb("#17305e"), rgb("#2f639b"), rgb("#7faac0"), rgb("#dadfcd")
KEY = rgb("#16213f")

KEY_WIDTH = 0.0036
STRIPE_KEY_WIDTH = 0.0018
HAIR_WIDTH = 0.0016

POINTS = 100
"""Points of a line of flow."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Stripe:
    """A band of one color along the flow, between two shares of the distance from the first to the last curve."""

    edges: tuple[float, float]
    paint: Array
    reach: tuple[float, float] = (0.0, 1.0)
    """Shares of the curves' length between which the band lies; it narrows to a point at both."""


@dataclass(frozen=True)
class Water:
    """A body of water between two curves of the same direction."""

    first: Points
    last: Points
    stripes: Sequence[Stripe]
    paint: Array

    def flow(self, share: float | Array, reach: tuple[float, float] = (0.0, 1.0)) -> Array:
        """The line of flow [points,2] at a share of the distance from first to last."""
        t = np.linspace(*reach, POINTS) * 200
        first, last = (_at(spline(points, 201), t) for points in (self.first, self.last))
        return first + np.broadcast_to(share, POINTS)[:, None] * (last - first)


def striped(count: int, paints: Sequence[Array], reach: tuple[float, float], fill: float = 0.62) -> list[Stripe]:
    """`count` stripes side by side in recurring colors, with `fill` of the breadth, ends and widths varied."""
    stripes = []
    for i in range(count):
        middle = (i + 0.5 + 0.12 * np.sin(5.0 * i)) / count
        half = fill / 2 / count * (1.0 + 0.35 * np.sin(2.4 * i + 1.0))
        start, end = reach[0] + 0.06 * np.sin(3.1 * i), reach[1] + 0.03 * np.sin(2.3 * i)
        ends = max(0.0, start), min(1.0, end)
        stripes.append(Stripe((middle - half, middle + half), paints[i % len(paints)], ends))
    return stripes


def print_water(block: Print, water: Water) -> None:
    """Print a body of water and its stripes, with key-lines and fine light lines between them."""
    block.color([between(water.flow(0.0), water.flow(1.0))], water.paint)
    for stripe in water.stripes:
        _print_hairs(block, water, stripe)
        _print_stripe(block, water, stripe)
    for share in (0.0, 1.0):
        block.key(water.flow(share), KEY, KEY_WIDTH, 0.5, 0.4)


def _print_stripe(block: Print, water: Water, stripe: Stripe) -> None:
    low, high = stripe.edges
    t = np.linspace(0.0, 1.0, POINTS)
    half = (high - low) / 2 * np.clip(np.minimum(t / 0.35, (1.0 - t) / 0.5), 0.0, 1.0) ** 0.6
    middle = (low + high) / 2 + 0.15 * (high - low) * np.sin(7.0 * t + 20.0 * low)
    sides = [water.flow(middle + sign * half, stripe.reach) for sign in (-1, 1)]
    block.color([between(*sides)], stripe.paint)
    for side in sides:
        block.key(side, KEY, STRIPE_KEY_WIDTH, 0.3, 0.3)


def _print_hairs(block: Print, water: Water, stripe: Stripe) -> None:
    """Fine lines beside a stripe, cut out of the dark."""
    low, high = stripe.edges
    for beside in (-0.32, 1.32):
        start = block.rng.uniform(*stripe.reach) * 0.6
        reach = start, min(stripe.reach[1], start + block.rng.uniform(0.25, 0.5))
        block.key(water.flow(low + beside * (high - low), reach), LIGHT, HAIR_WIDTH, 0.1, 0.1)


def _at(curve: Array, places: Array) -> Array:
    """Points of a curve at fractional indices."""
    indices = np.arange(len(curve))
    return np.stack([np.interp(places, indices, curve[:, i]) for i in (0, 1)], axis=1)
