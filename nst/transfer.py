"""The whole method without files or configs: pictures in, a picture out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nst import init as inits
from nst.color import Color, Free
from nst.descend import Descent, Stop, descend
from nst.detail import enlarged
from nst.errors import InputError
from nst.evaluation import evaluation
from nst.extractor.network import Extractor, Network
from nst.image import check_picture, check_short_side, resize
from nst.jitter import check_jitter, jittered
from nst.layers import block_of
from nst.loss import Objective
from nst.mask import at, composite
from nst.optimizer.contract import Evaluate, Optimizer
from nst.pyramid import Octaves, Single
from nst.record import Ending, Iterate, Level, Point, Result, Standing
from nst.style import Style

log = logging.getLogger(__name__)


def stylize(
    content: np.ndarray,
    styles: Sequence[Style],
    *,
    extractor: Network | Extractor,
    objective: Objective,
    optimizer: Optimizer,
    steps: int | None = None,
    pyramid: Single | Octaves | None = None,
    init: inits.Init | None = None,
    color: Color | None = None,
    mask: np.ndarray | None = None,
    seed: int = 0,
    jitter: int = 0,
    stop: Stop | None = None,
    observers: Sequence[Callable[[Iterate], None]] = (),
    interrupted: Callable[[], bool] = lambda: False,
    resume: Iterate | None = None,
) -> Result:
    """Optimize a picture that has the content of one and the style of others.

    Args:
        content: `[1,H,W,3]` float32, RGB 0..1; the result has its size.
        styles: at least one; one style is a list of one.
        extractor: a network, or a choice of `nst.extractor` that will load it.
        objective: the weighed terms.
        optimizer: any of `nst.optimizer`.
        steps: evaluations (forward and backward passes), over all levels; None takes `pyramid.budget`.
        pyramid: the levels; None is full size only.
        init: the first picture; None is the content.
        color: what becomes of the colors; None leaves them free.
        mask: `[1,H,W,1]`, 0..1: where the picture may change; where it is 0 the content stays. None is everywhere.
        seed: of all that is random.
        jitter: pixels by which each evaluation may see the picture shifted; not for L-BFGS.
        stop: when to end early.
        observers: each is told every `Iterate`.
        interrupted: asked after every step; True ends the run with the picture it has.
        resume: what an observer of a run with the same arguments was told; it goes on from there, to the same picture.

    Raises:
        InputError: a layer the network lacks, a level too small for it, or what is no picture.
    """
    check_picture("content", content)
    check_styles(styles)
    for name, one in [("mask", mask), *(("a style's mask", style.mask) for style in styles)]:
        check_mask(name, one, content)
    network = extractor if isinstance(extractor, Network) else extractor.load()
    network.require(objective.layers)
    check_jitter(jitter, optimizer, styles)
    pyramid, init, color = pyramid or Single(), init or inits.Content(), color or Free()
    original = content
    content, styles = color.before(original, styles)
    levels = pyramid.levels(content.shape[1], content.shape[2], steps)
    check_levels(levels, styles, objective)

    def first(height: int, width: int) -> np.ndarray:
        return init(resize(content, height, width), styles[0].picture, seed)

    bounds = Bounds(mask, content)

    picture = first(levels[0].height, levels[0].width)
    clock = _Clock(observers, levels[-1], *_begun(resume))
    evaluation_at = evaluation(network, objective, styles)
    last, ending, state = None, Ending.STEPS, None
    for index, level in enumerate(levels):
        if resume and index < resume.level:
            continue
        here = resume.standing if resume and index == resume.level else None
        sized = resize(content, level.height, level.width)
        evaluate = bounds.within(jittered(evaluation_at, sized, jitter, seed, here.used if here else 0), level)
        larger = enlarged(picture, level, first if pyramid.detail and init.detail else None)
        start = here or tf.constant(bounds.kept(larger))
        descent = clock.run(index, evaluate, start, state, optimizer, level, stop, interrupted)
        last, ending, state = descent.point or last, descent.ending, descent.state
        if ending is Ending.CONVERGED and descent.evaluations < level.steps:
            text = "level %d of %d ended after %d of %d evaluations: the loss stopped falling"
            log.info(text, index + 1, len(levels), descent.evaluations, level.steps)
        picture = np.asarray(descent.point.image) if descent.point else picture
        if ending in (Ending.INTERRUPTED, Ending.DIVERGED):
            break
    image = presented(resize(picture.clip(0, 1), *content.shape[1:3]), original, color, mask)
    return Result(image, ending, last, clock.evaluations, clock.seconds, clock.equivalents, levels)


def presented(picture: np.ndarray, content: np.ndarray, color: Color, mask: np.ndarray | None = None) -> np.ndarray:
    """The optimizer's picture `[1,H,W,3]`, of any size, as a result shows it: in its colors, within `mask`, in 0..1."""
    content = resize(content, *picture.shape[1:3])
    return Bounds(mask, content).kept(color.after(np.asarray(picture).clip(0, 1), content))


class Bounds(NamedTuple):
    """Where the picture may change: the optimizer's picture counts there only, elsewhere the content is seen."""

    mask: np.ndarray | None
    content: np.ndarray

    def kept(self, picture: np.ndarray) -> np.ndarray:
        """`picture` within the bounds, the content elsewhere, at the picture's size."""
        if self.mask is None:
            return picture
        height, width = picture.shape[1:3]
        return composite(picture, resize(self.content, height, width), at(self.mask, height, width))

    def within(self, evaluate: Evaluate, level: Level) -> Evaluate:
        """`evaluate` as a function of what is within the bounds."""
        if self.mask is None:
            return evaluate
        mask = tf.constant(at(self.mask, level.height, level.width))
        below = (1 - mask) * resize(self.content, level.height, level.width)

        def bounded(image: Any) -> Point:
            point = evaluate(mask * image + below)
            return point._replace(image=image, gradient=mask * point.gradient)

        return bounded


def check_styles(styles: Sequence[Style]) -> None:
    """Raise InputError unless `styles` is a list of at least one `Style`."""
    if not isinstance(styles, list | tuple) or not all(isinstance(style, Style) for style in styles) or not styles:
        raise InputError("styles must be a list of at least one style, like [Style(picture)]")
    for style in styles:
        check_picture("style", style.picture)


def check_mask(name: str, mask: np.ndarray | None, content: np.ndarray) -> None:
    """Raise InputError unless `mask` is None or goes with `content`."""
    wanted = (*content.shape[:3], 1)
    if mask is not None and (
        np.shape(mask) != wanted or not 0 <= np.min(mask) <= np.max(mask) <= 1 or not np.any(mask)
    ):
        raise InputError(f"{name} must be an array {list(wanted)} of 0..1, not all of it 0")


def check_levels(levels: Sequence[Level], styles: Sequence[Style], objective: Objective) -> None:
    """Raise InputError for a level, or a style at it, too small for the network or for a loss: before any work."""
    for level in levels:
        check_short_side("the content at the smallest level of the pyramid", level.height, level.width)
        for height, width in [
            (level.height, level.width),
            *(style.size(level.height, level.width) for style in styles),
        ]:
            for name, loss in objective.terms:
                _check_positions(name, loss, height, width)


def _check_positions(term: str, loss: Any, height: int, width: int) -> None:
    smallest = getattr(loss, "smallest", 1)
    for layer in loss.layers if smallest > 1 else ():
        there = min(height, width) >> (block_of(layer) - 1)
        if there < smallest:
            raise InputError(
                f"loss.{term.replace('/', '.parts.')}: patches of {smallest} do not fit {layer}, which has {there} "
                f"positions on a side of a picture of {width}x{height}; ask for a larger size, or for layers before it"
            )


def _begun(resume: Iterate | None) -> tuple[int, float, float]:
    """(evaluations, seconds, equivalents) at the start."""
    return (resume.evaluation, resume.seconds, resume.equivalents) if resume else (0, 0.0, 0.0)


@dataclass
class _Clock:
    """Counts evaluations and seconds over the levels, steps only: what observers hold up is not the method's."""

    observers: Sequence[Callable[[Iterate], None]]
    full: Level  # the last one
    evaluations: int = 0
    seconds: float = 0.0
    equivalents: float = 0.0

    def run(
        self,
        index: int,
        evaluate: Any,
        start: Any,
        before: Any,
        optimizer: Optimizer,
        level: Level,
        stop: Stop | None,
        interrupted: Callable[[], bool],
    ) -> Descent:
        """One level's descent, every point of it told to the observers."""
        started = time.perf_counter()
        used = start.used if isinstance(start, Standing) else 0
        each = level.height * level.width / (self.full.height * self.full.width)
        earlier, worked = self.evaluations - used, self.equivalents - used * each

        def count(used: int) -> None:
            nonlocal started
            self.seconds += time.perf_counter() - started
            self.evaluations, self.equivalents = earlier + used, worked + used * each

        def observe(standing: Standing) -> None:
            nonlocal started
            count(standing.used)
            iterate = Iterate(index, self.evaluations, self.seconds, self.equivalents, standing)
            for observer in self.observers:
                observer(iterate)
            started = time.perf_counter()

        descent = descend(
            evaluate,
            start,
            optimizer,
            steps=level.steps,
            before=before,
            observe=observe,
            stop=stop,
            interrupted=interrupted,
        )
        count(descent.evaluations)  # with a last step that led nowhere
        return descent
