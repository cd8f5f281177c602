"""Ink mountains: an outline, ridges that run down from it, and texture strokes (cun) along the ridges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from painter.curve import moved, spline
from painter.frame import Array, smoothstep
from painter.ink_brush import INDIGO, INK, OCHRE, PAPER, InkBrush, InkHand
from painter.stencil import Map

CONTOUR = InkBrush(0.0046, load=0.85, dryness=0.5, start=0.7, end=0.2)
RIDGE = InkBrush(0.0040, load=0.75, dryness=0.5, start=0.9, end=0.1)
FIBRE = InkBrush(0.0026, load=0.55, dryness=0.5, start=0.9, end=0.1, peak=0.2)
AXE = InkBrush(0.0090, load=0.42, dryness=0.85, hairs=5, start=1.0, end=0.3, peak=0.15)
CREST = InkBrush(0.0034, load=1.2, dryness=0.5, start=0.4, end=0.2, peak=0.4)
FAR_FIBRE = InkBrush(0.0042, load=1.1, dryness=0.7, start=0.8, end=0.1, peak=0.2)
DOT = InkBrush(0.0052, load=0.9, dryness=0.1, start=0.3, end=0.5, peak=0.6)

MANY = 2**62
"""Seeds to choose from."""

MOSS_SHARE = 0.14
"""Share of a ridge's points where moss grows."""

FAR_STROKES = 700
"""Texture strokes of a far range."""

SCATTERED = 12000
"""Candidate positions of texture strokes over the whole sheet."""

Points = Sequence[tuple[float, float]]


ROUGH = 0.006
"""Deviation of an outline from its points."""

STROKE = 0.034
"""Length of texture strokes."""


@dataclass(frozen=True)
class Mountain:
    """A mass of rock. `outline` runs from its left foot over its tops to its right foot."""

    outline: Points
    base: float
    """Height at which it disappears in mist or water."""
    strength: float
    """Strength of all its ink: far mountains are pale."""
    ridges: int
    mist: float = 0.15
    """Height above the base over which it fades."""


def paint_far(hand: InkHand, outline: Points, depth: float, load: float) -> None:
    """A far range: one wash with a wet upper edge that runs out downwards, a thin crest line, pale texture strokes."""
    line = _far_line(hand, outline, 0.004)
    crest = np.interp(hand.stencil.x[0], line[:, 0], line[:, 1])[None, :]
    below = hand.stencil.y - crest
    bleed = hand.stencil.noise(0.02, 0.02, hand.rng) * 0.004
    cover = smoothstep(below - bleed, -0.0012, 0.0022) * smoothstep(below, depth, 0.0)
    folds = 0.65 + 0.5 * hand.stencil.noise(0.04, 0.10, hand.rng)
    hand.wash(cover * folds, INDIGO, load, edge=0.3)
    for i in range(0, len(line) - 14, 11):
        hand.stroke(line[i : i + 14], CREST.thinned(load), INDIGO)
    for x, share in zip(hand.rng.random(FAR_STROKES), hand.rng.random(FAR_STROKES) ** 1.6, strict=True):
        start = np.array([x, np.interp(x, line[:, 0], line[:, 1]) + 0.8 * depth * share])
        lean = 0.6 * np.sin(23.0 * x) + hand.rng.normal(0.0, 0.2)
        path = np.linspace(start, moved(start, 0.022 * np.sin(lean), 0.022 * np.cos(lean)), 8)
        hand.stroke(path, FAR_FIBRE.thinned(load * (1.0 - share)), INDIGO)


def paint_mountain(hand: InkHand, mountain: Mountain) -> None:
    """Veil what lies behind, wash in indigo and ochre, then texture strokes, ridges, moss and contour."""
    outline = _roughen(hand, mountain)
    foot = mountain.base + 0.2
    mask = hand.stencil.mask([np.concatenate([outline, [(outline[-1, 0], foot), (outline[0, 0], foot)]])])
    _wash_body(hand, mountain, mask)
    _scatter(hand, mountain, mask)
    for top in _tops(len(outline), mountain.ridges, hand.rng):
        _paint_ridge(hand.branch(int(hand.rng.integers(MANY))), mountain, outline[top], mask)
    _contour(hand, mountain, outline)


def _wash_body(hand: InkHand, mountain: Mountain, mask: Map) -> None:
    stencil = hand.stencil
    fade = smoothstep(
        stencil.y + 0.04 * (stencil.noise(0.10, 0.03, hand.rng) - 0.5), mountain.base, mountain.base - mountain.mist
    )
    stencil.lay(mask * np.maximum(0.9 * fade, 0.0), PAPER)
    inner = mask * fade
    blotches = smoothstep(stencil.noise(0.07, 0.09, hand.rng), 0.25, 0.85)
    hand.wash(inner * blotches, OCHRE, 0.42 * mountain.strength)
    lean = smoothstep(stencil.noise(0.05, 0.12, hand.rng), 0.35, 0.75)
    hand.wash(inner * lean, INDIGO, 0.55 * mountain.strength, edge=0.5)
    rim = inner * (1.0 - stencil.blur(mask, 0.018))
    hand.wash(np.clip(2.2 * rim, 0.0, 1.0), INK, 0.45 * mountain.strength)


def _scatter(hand: InkHand, mountain: Mountain, mask: Map) -> None:
    """Texture strokes all over the rock, close in its hollows and sparse where light falls."""
    noise = hand.stencil.noise(0.045, 0.11, hand.rng)
    places = hand.rng.random((SCATTERED, 2)) * (1.0, hand.stencil.shape[0] / hand.stencil.shape[1])
    seeds = hand.rng.integers(MANY, size=SCATTERED)
    inside = hand.stencil.look(mask, places) > 0.5
    places, seeds = places[inside], seeds[inside]
    hollows = smoothstep(hand.stencil.look(noise, places), 0.3, 0.75)
    fades = _fade(mountain, places[:, 1])
    for seed, place, hollow, fade in zip(seeds.tolist(), places, hollows, fades, strict=True):
        branch = hand.branch(seed)
        if branch.rng.random() < (0.55 + 0.45 * hollow) * fade:
            side = 1.0 if hollow > 0.45 else -1.0
            _hang(branch, mountain, place, side, mountain.strength * fade * (0.35 + 0.6 * hollow), mask)


def _paint_ridge(hand: InkHand, mountain: Mountain, top: Array, mask: Map) -> None:
    """A stepped line down from the outline, with strokes on both sides and dots of moss."""
    ridge = _descend(hand, mountain, top)
    seen = (_fade(mountain, ridge[:, 1]) > 0.08) & (hand.stencil.look(mask, ridge) > 0.5)
    seen[:3] = True
    ridge = ridge[: len(ridge) if seen.all() else int(np.argmin(seen))]
    if len(ridge) < 6:
        return
    hand.stroke(ridge, RIDGE.thinned(mountain.strength))
    for place, fade in zip(ridge[1:], _fade(mountain, ridge[1:, 1]), strict=True):
        branch = hand.branch(int(hand.rng.integers(MANY)))
        for side in (-1.0, 1.0, 1.0):
            _hang(branch, mountain, place, side, mountain.strength * fade, mask)
        if branch.rng.random() < MOSS_SHARE:
            _moss(branch, place, mountain.strength * fade)


def _descend(hand: InkHand, mountain: Mountain, top: Array) -> Array:
    """A ridge that goes down in steps, steep and gentle by turns, to the mountain's base."""
    drop = mountain.base - top[1]
    count = max(8, int(drop / 0.009))
    sway = np.cumsum(hand.rng.normal(0.0, 0.6, count))
    slant = (
        hand.rng.normal(0.0, 0.35) + 0.55 * np.sin(np.linspace(0.0, hand.rng.uniform(6.0, 12.0), count)) + 0.12 * sway
    )
    x = top[0] + 0.0085 * np.cumsum(np.tanh(slant))
    y = top[1] + np.cumsum(np.full(count, 0.009) * hand.rng.uniform(0.6, 1.2, count))
    return np.stack([x, y], axis=1)


def _hang(hand: InkHand, mountain: Mountain, place: Array, side: float, strength: float, mask: Map) -> None:
    """A texture stroke beside a ridge: fibers on the lit side, also slanted cuts in the shade."""
    rng = hand.rng
    length = STROKE * rng.uniform(0.5, 1.2)
    start = moved(place + rng.normal(0.0, 0.003, 2), side * rng.uniform(0.0, 0.012), 0.0)
    lean = side * rng.uniform(0.15, 0.75)
    end = start + length * np.array([np.sin(lean), np.cos(lean)])
    if hand.stencil.look(mask, end) < 0.5:
        return
    middle = moved((start + end) / 2, side * 0.12 * length, -0.05 * length)
    axe = side > 0 and rng.random() < 0.3
    hand.stroke(
        spline((start, middle, end), 14), (AXE if axe else FIBRE).thinned(strength * (1.0 if side > 0 else 0.8))
    )


def _moss(hand: InkHand, place: Array, strength: float) -> None:
    for offset in hand.rng.normal(0.0, 0.006, (hand.rng.integers(2, 6), 2)):
        start = place + offset
        hand.stroke(np.linspace(start, moved(start, 0.003, 0.0035), 5), DOT.thinned(strength))


def _contour(hand: InkHand, mountain: Mountain, outline: Array) -> None:
    """The outline in broken strokes, each with its own pressure."""
    i = 0
    while i < len(outline) - 8:
        n = int(hand.rng.integers(8, 26))
        piece = outline[i : i + n]
        fade = float(_fade(mountain, piece[:, 1]).mean())
        if fade > 0.1 and len(piece) > 4:
            hand.stroke(piece, CONTOUR.thinned(mountain.strength * fade * 1.1))
        i += n - int(hand.rng.integers(0, 3))


def _tops(points: int, count: int, rng: np.random.Generator) -> list[int]:
    """Starts of ridges: evenly along the outline, with small deviations."""
    places = (np.arange(count) + rng.uniform(0.2, 0.8, count)) / count
    return [int(place * (points - 1)) for place in places]


def _fade(mountain: Mountain, y: Array) -> Array:
    return smoothstep(y, mountain.base, mountain.base - mountain.mist)


def _roughen(hand: InkHand, mountain: Mountain) -> Array:
    outline = spline(mountain.outline, 260)
    steps = np.interp(np.linspace(0, 1, 260), np.linspace(0, 1, 70), hand.rng.normal(size=70))
    jag = np.interp(np.linspace(0, 1, 260), np.linspace(0, 1, 70), hand.rng.normal(size=70))
    return outline + ROUGH * np.stack([0.7 * steps, jag], axis=1)


def _far_line(hand: InkHand, outline: Points, rough: float) -> Array:
    """Crest of a far range [points,2], a little uneven."""
    line = spline(outline, 200)
    wobble = np.interp(np.linspace(0, 1, 200), np.linspace(0, 1, 50), hand.rng.normal(size=50))
    return line + np.stack([np.zeros(200), rough * wobble], axis=1)
