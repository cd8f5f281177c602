"""Build and check everything that a run needs, before its first step. This module imports TensorFlow."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from omegaconf import DictConfig, OmegaConf

from nst.errors import InputError, check_kind
from nst.extractor.contract import Extractor
from nst.extractor.metric_network import metric_network
from nst.extractor.network import Network
from nst.extractor.pins import SINGLE, Pins
from nst.loss.objective import Objective
from nst.metrics import measure_picture
from nst.observers.contract import Observer
from nst.optimizer.contract import Optimizer
from nst.runner.checks import checked_tiles
from nst.runner.instantiate import build, build_each, plain
from nst.runner.memory_estimate import Plan
from nst.runner.pictures import Pictures
from nst.runner.tiling import keepable
from nst.runtime.precision import Precision
from nst.setting_rules import PRUNE_KEY
from nst.style import Style
from nst.transfer.checks import check_settings, check_tiles
from nst.transfer.optimize import Stop
from nst.transfer.transfer import Transfer

log = logging.getLogger(__name__)

EDGE = 0.5  # masks that only touch overlap by less, in resized edges


@dataclass(frozen=True)
class Setup:
    """All objects of a recorded run, ready to start.

    Args:
        pictures: the pictures that the config names.
        transfer: the style transfer to run.
        observers: the observers of the config.
        metric_network: the network that measures the result.
        metric_styles: the styles for the metrics, each with its mask inside the content's mask.
        memory: the properties that determine the run's memory.
    """

    pictures: Pictures
    transfer: Transfer
    observers: Sequence[Observer]
    metric_network: Network
    metric_styles: Sequence[Style]
    memory: Plan

    def by_tiles(self, side: int | None) -> Self:
        """This set-up with larger pictures evaluated by tiles of at most `side` pixels; None: none is."""
        memory = self.memory._replace(tiles=side)
        keep = keepable(memory, self.transfer.levels[-1])
        return replace(self, transfer=replace(self.transfer, tiles=side, keep=keep), memory=memory._replace(keep=keep))

    def measure(self, picture: np.ndarray) -> dict[str, Any]:
        """Measure `picture`, `[1,H,W,3]`, which has the size of the content."""
        return measure_picture(self.metric_network, picture, self.transfer.content, self.metric_styles)


def set_up(config: DictConfig, pictures: Pictures, pins: Pins = SINGLE) -> Setup:
    """Build every group of `config`; `pins` are values that the first run of a sweep fixed for all others.

    Raises:
        InputError: a setting or an input is invalid.
    """
    observers = build_each(config, "observers")
    for name, observer in observers.items():
        check_kind(f"observers.{name}", observer, Observer)
    transfer = transfer_of(config, pictures, masked := masked_styles(pictures), pins)
    measuring = metric_network(config.metrics.network, lambda: transfer.network, pins, fetch=pins.folder is not None)
    pruned = OmegaConf.select(config, PRUNE_KEY) is not None
    plan = Plan.of(transfer, measuring, pruned=pruned)
    return Setup(pictures, transfer, list(observers.values()), measuring, masked, plan)


def transfer_of(
    config: DictConfig, pictures: Pictures, masked: Sequence[Style] | None = None, pins: Pins = SINGLE
) -> Transfer:
    """The transfer of `config`, without tiles.

    Args:
        config: of the run.
        pictures: those that it names.
        masked: `masked_styles(pictures)`, if they are known.
        pins: as for `set_up`.

    Raises:
        InputError: a setting or an input is invalid.
    """
    objective, optimizer = _objective(config), build(config, "optimizer")
    check_kind("optimizer", optimizer, Optimizer)
    pyramid, masked = build(config, "pyramid"), masked or masked_styles(pictures)
    settings: dict[str, Any] = {
        "steps": config.steps,
        "pyramid": pyramid,
        "init": pictures.first(config),
        "color": build(config, "color"),
        "mask": pictures.mask,
        "seed": config.seed,
        "jitter": config.jitter,
        "stop": Stop(**plain(config.stop)),
    }
    styles = masked if objective.guidable else pictures.styles
    levels = pyramid.levels(*pictures.content.shape[1:3], config.steps)
    tiles = checked_tiles(config.tiles)
    check_tiles(tiles if isinstance(tiles, int) else None, objective)  # these two before weights are downloaded
    check_settings(levels, styles, objective, optimizer, config.jitter)
    extractor = build(config, "extractor")
    check_kind("extractor", extractor, Extractor)
    network = extractor.load(precision=Precision(config.precision), fallback=bool(config.fallback), pins=pins)
    return Transfer(pictures.content, styles, network, objective, optimizer, **settings)


def _objective(config: DictConfig) -> Objective:
    content, style = build(config, "loss.content"), build(config, "loss.style")
    return Objective(content, style, build(config, "loss.smooth", optional=True))


def masked_styles(pictures: Pictures) -> list[Style]:
    """The styles, each with the part of its mask that is inside the content's mask; those without a part are left out.

    Raises:
        InputError: no style is left.
    """
    if pictures.mask is None:
        return pictures.styles
    inside = {id(style.mask): _inside(pictures.mask, style.mask) for style in pictures.styles}
    found = [replace(style, mask=inside[id(style.mask)]) for style in pictures.styles]  # shared masks stay shared
    placed = [style for style in found if style.mask is not None]
    if not placed:
        raise InputError("style.masks: every mask is black where content.mask is white; the two must overlap")
    if left_out := len(found) - len(placed):
        log.warning("style.masks: %d of %d styles left out, with masks outside content.mask", left_out, len(found))
    return placed


def _inside(mask: np.ndarray, part: np.ndarray | None) -> np.ndarray | None:
    """The intersection of the content's `mask` with a style's (None: everywhere); None if only soft edges overlap."""
    if part is None:
        return mask
    both = mask * part
    return both if both.max() >= EDGE * min(mask.max(), part.max()) else None
