"""Everything a run needs, built and checked before its first step: from here on there is TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from omegaconf import DictConfig, OmegaConf

from nst import memory
from nst.build import Pictures, build, build_each, plain
from nst.descend import Stop
from nst.errors import InputError
from nst.extractor.network import Network
from nst.image import fit
from nst.jitter import SHIFTS, check_jitter
from nst.knobs import WATCH
from nst.loss import Objective
from nst.metric_network import metric_network
from nst.observers import Observer
from nst.optimizer.contract import Optimizer
from nst.pins import SINGLE, Pins
from nst.precision import Precision
from nst.record import Level, Result
from nst.style import Style
from nst.transfer import check_levels, presented, stylize


@dataclass(frozen=True)
class Setup:
    """A run, ready to go."""

    network: Network
    objective: Objective
    optimizer: Optimizer
    levels: list[Level]
    metric_network: Network
    styles: Sequence[Style]  # as the metrics see them, whatever the loss has a form for
    observers: list[Observer]
    memory: float  # bytes expected to be held at most; 0 until `fitted`
    go: Callable[..., Result]  # wants `observers`, `interrupted`, `resume`
    present: Callable[[np.ndarray], np.ndarray]  # a picture on its way -> as the result would show it
    fit: Callable[[], float]  # the bytes that it will take

    def fitted(self) -> Setup:
        """The same, with what memory there is taken into account.

        Raises:
            InputError: the run would not fit.
        """
        return replace(self, memory=memory.expected(self.fit()))


def set_up(config: DictConfig, pictures: Pictures, pins: Pins = SINGLE) -> Setup:
    """Build every group of `config`, with the choices that the sweep it is part of has made already.

    Raises:
        InputError: anything in it that cannot serve.
    """
    color = build(config, "color")
    objective = Objective(
        build(config, "loss.content"), build(config, "loss.style"), build(config, "loss.smooth", True)
    )
    optimizer, pyramid, init = build(config, "optimizer"), build(config, "pyramid"), pictures.first(config)
    observers = list(build_each(config, "observers").values())
    if not isinstance(optimizer, Optimizer):
        raise InputError(f"optimizer: {type(optimizer).__name__} does not extend nst.optimizer.contract.Optimizer")
    levels = pyramid.levels(pictures.content.shape[1], pictures.content.shape[2], config.steps)
    check_levels(levels, pictures.styles, objective)
    stop = Stop(**plain(config.stop))
    extractor = build(config, "extractor")
    network = extractor.load(precision=Precision(config.precision), fallback=bool(config.fallback), pins=pins)
    network.require(objective.layers)
    measured_with = metric_network(config.metrics.network, lambda: network, pins, fetch=pins.folder is not None)
    masked = masked_styles(pictures)
    styles = masked if objective.guidable else pictures.styles
    check_jitter(config.jitter, optimizer, styles)
    height, width = pictures.content.shape[1:3]
    plan = _memory_plan(config, pictures, styles, memory.Plan(network, objective, optimizer, 1.0, 1, measured_with))
    fitted = partial(memory.fitted, plan, height, width)
    go = partial(
        stylize,
        pictures.content,
        styles,
        extractor=network,
        objective=objective,
        optimizer=optimizer,
        steps=config.steps,
        pyramid=pyramid,
        init=init,
        color=color,
        mask=pictures.mask,
        seed=config.seed,
        jitter=config.jitter,
        stop=stop,
    )
    present = partial(presented, content=pictures.content, color=color, mask=pictures.mask)
    return Setup(network, objective, optimizer, levels, measured_with, masked, observers, 0.0, go, present, fitted)


def _memory_plan(config: DictConfig, pictures: Pictures, styles: Sequence[Style], plan: memory.Plan) -> memory.Plan:
    """`plan` with the sizes of the pictures."""
    height, width = pictures.content.shape[1:3]
    pixels, long_side = height * width, max(height, width)
    used = max(math.prod(style.size(height, width)) for style in styles)
    measured = max(math.prod(fit(style.picture.shape[1:3], long_side)) for style in styles)
    return plan._replace(
        style_area=used / pixels,
        targets=SHIFTS if config.jitter else 1,
        metric_area=max(1.0, measured / pixels),
        watched=OmegaConf.select(config, WATCH) is not None,
    )


def masked_styles(pictures: Pictures) -> list[Style]:
    """The styles as the metrics see them: each in its mask, or in the content's."""
    if pictures.mask is None:
        return pictures.styles
    return [style if style.mask is not None else replace(style, mask=pictures.mask) for style in pictures.styles]
