"""Optimize pictures on a network with nst's default settings, and measure their distances with the real VGG19."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from nst.cli.configs import conf_dir, register
from nst.extractor.network import Network
from nst.metrics import measure_picture
from nst.runner.hydra_versions import VERSION_BASE
from nst.runner.pictures import Pictures
from nst.runner.setup import set_up
from nst.transfer.stylize import stylize

PAIRS = (
    ("tubingen", "starry_night_google"),
    ("tubingen", "the_scream"),
    ("tubingen", "seated_nude"),
    ("golden_gate", "the_scream"),
    ("golden_gate", "starry_night_google"),
    ("golden_gate", "great_wave"),
    ("harbor", "starry_night"),
    ("cat", "ink"),
    ("cat", "composition"),
    ("astronaut", "mosaic"),
    ("coffee", "seated_nude"),
    ("rocket", "water_lilies"),
)
"""(content, style): pictures that no training saw. A name is a file in the folder of cases, or nst's own picture."""

PAINTINGS = Path(__file__).parents[2] / "nst" / "bundled" / "pictures"


def settings(content: str, style: str, cases: Path, size: int) -> DictConfig:
    """The default settings for a pair of `PAIRS`; `cases` is the folder of the pictures that are not nst's own."""
    register()
    with initialize_config_dir(conf_dir(), **VERSION_BASE):
        config = compose("config", ["extractor=vgg19_slim", f"size={size}", "observers=quiet", "metrics.network=own"])
    config.content.image, config.style.image = _picture(content, cases), _picture(style, cases)
    return config


def _picture(name: str, cases: Path) -> str:
    """The path of a picture, or its name in nst's catalogue."""
    files = [folder / f"{name}.jpg" for folder in (PAINTINGS, cases)]
    return next((str(file.resolve()) for file in files if file.is_file()), name)


def paint(config: DictConfig, network: Network) -> np.ndarray:
    """The picture that `config` makes on `network`, `[1,H,W,3]`; `config` gives only the options of its own network."""
    transfer = set_up(config, Pictures(config)).transfer
    return stylize(replace(transfer, network=network.replace(**asdict(transfer.network.options)))).image


def scored(metric_network: Network, picture: np.ndarray, config: DictConfig) -> Sequence[float]:
    """(style distance, content distance) of a picture that `config` made, measured with the metric network."""
    pictures = Pictures(config)
    found = measure_picture(metric_network, picture, pictures.content, pictures.styles)
    return found["style_distance"], found["content_distance"]
