"""Everything a run needs, built and checked before its first step: from here on there is TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from omegaconf import DictConfig

from nst.build import Pictures, build, build_each, plain
from nst.descend import Stop
from nst.extractor.network import Network
from nst.loss import Objective
from nst.observers import Observer
from nst.optimizer.contract import Optimizer
from nst.precision import Precision
from nst.record import Level, Result
from nst.transfer import check_levels, stylize


@dataclass(frozen=True)
class Setup:
    """A run, ready to go."""

    network: Network
    objective: Objective
    optimizer: Optimizer
    levels: list[Level]
    observers: list[Observer]
    go: Callable[..., Result]  # wants `observers`, `interrupted`, `resume`


def set_up(config: DictConfig, pictures: Pictures) -> Setup:
    """Build every group of `config`.

    Raises:
        InputError: anything in it that cannot serve.
    """
    objective = Objective(
        build(config, "loss.content"), build(config, "loss.style"), build(config, "loss.smooth", True)
    )
    optimizer, pyramid, init = build(config, "optimizer"), build(config, "pyramid"), pictures.first(config)
    observers = list(build_each(config, "observers").values())
    levels = pyramid.levels(pictures.content.shape[1], pictures.content.shape[2], config.steps)
    check_levels(levels, pictures.styles)
    stop = Stop(**plain(config.stop))
    network = build(config, "extractor").load(precision=Precision(config.precision), fallback=bool(config.fallback))
    network.require(objective.layers)
    go = partial(
        stylize,
        pictures.content,
        pictures.styles,
        extractor=network,
        objective=objective,
        optimizer=optimizer,
        steps=config.steps,
        pyramid=pyramid,
        init=init,
        seed=config.seed,
        stop=stop,
    )
    return Setup(network, objective, optimizer, levels, observers, go)
