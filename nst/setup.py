"""Everything a run needs, built and checked before its first step: from here on there is TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst import device
from nst.build import Pictures, build
from nst.descend import Stop
from nst.extractor.network import Network
from nst.loss import Objective
from nst.observers import Observer
from nst.optimizer.contract import Optimizer
from nst.precision import Precision
from nst.record import Level, Result
from nst.transfer import Style, check_levels, stylize


@dataclass(frozen=True)
class Setup:
    """A run, ready to go."""

    pictures: Pictures
    styles: list[Style]
    network: Network
    objective: Objective
    optimizer: Optimizer
    pyramid: Any
    init: Any
    stop: Stop
    seed: int
    steps: int
    observers: list[Observer]
    levels: list[Level]
    device: str

    def stylize(self, interrupted: Callable[[], bool]) -> Result:
        """Go."""
        return stylize(
            self.pictures.content,
            self.styles,
            extractor=self.network,
            objective=self.objective,
            optimizer=self.optimizer,
            steps=self.steps,
            pyramid=self.pyramid,
            init=self.init,
            seed=self.seed,
            stop=self.stop,
            observers=self.observers,
            interrupted=interrupted,
        )


def set_up(config: DictConfig, pictures: Pictures) -> Setup:
    """Build every group of `config`.

    Raises:
        InputError: anything in it that cannot serve.
    """
    named = device.prepare(config.threads)
    objective = Objective(*(build(config, f"loss.{term}") for term in ("content", "style", "smooth")))
    optimizer, pyramid, init = build(config, "optimizer"), build(config, "pyramid"), pictures.first(config)
    observers = list((build(config, "observers") or {}).values())
    styles = [
        Style(picture, source.weight, source.scale, source.aspect)
        for picture, source in zip(pictures.styles, pictures.sources, strict=True)
    ]
    levels = pyramid.levels(*pictures.content.shape[1:3], config.steps)
    check_levels(levels, styles)
    stop = Stop(**{str(key): value for key, value in config.stop.items()})
    network = build(config, "extractor").load(precision=Precision(config.precision), fallback=bool(config.fallback))
    network.require(objective.layers)
    return Setup(
        pictures,
        styles,
        network,
        objective,
        optimizer,
        pyramid,
        init,
        stop,
        config.seed,
        config.steps,
        observers,
        levels,
        named,
    )


def plain(config: DictConfig) -> dict[str, Any]:
    """The config as plain data, every interpolation resolved."""
    return OmegaConf.to_container(config, resolve=True, enum_to_str=True)  # pyright: ignore[reportReturnType]
