"""The schema of a config: its top-level keys and their types. Hydra rejects other keys.

The keys of a group are the parameters of its constructor. Defaults are in conf/config.yaml. This module does not import
TensorFlow, because `--help` needs it.
"""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from nst.runner.hydra_versions import REPLACE
from nst.runtime.precision import Precision
from nst.state import Metric, MetricNetwork


@dataclass
class StopSettings:
    """When a level ends early: see `nst.transfer.optimize.Stop`."""

    patience: int | None = MISSING
    tolerance: float = MISSING


@dataclass
class Output:
    """The folder for outputs, and the formats, bits and resolution of pictures."""

    folder: str = MISSING
    formats: list[str] = MISSING
    bits: int = MISSING
    dpi: float | None = MISSING


@dataclass
class Metrics:
    """How results are measured."""

    network: MetricNetwork = MISSING


@dataclass
class Losses:
    """The objective's terms."""

    content: Any = MISSING
    style: Any = MISSING
    smooth: Any = MISSING


@dataclass
class Config:
    """The config of a run."""

    content: Any = MISSING
    style: Any = MISSING
    extractor: Any = MISSING
    loss: Losses = field(default_factory=Losses)
    optimizer: Any = MISSING
    init: Any = MISSING
    color: Any = MISSING
    pyramid: Any = MISSING
    observers: Any = MISSING
    size: Any = MISSING
    steps: int | None = MISSING
    seed: int = MISSING
    replicates: int | None = MISSING
    pair: str | None = MISSING
    pairs: Any = MISSING
    ablate: list[Any] = MISSING
    baseline: str | None = MISSING
    tags: list[str] = MISSING
    notes: str | None = MISSING
    jitter: int = MISSING
    tiles: Any = MISSING
    precision: Precision = MISSING
    threads: int | None = MISSING
    fallback: bool = MISSING
    eager: bool = MISSING
    traceback: bool = MISSING
    checkpoint: float | None = MISSING
    score: list[Metric] = MISSING
    metrics: Metrics = field(default_factory=Metrics)
    stop: StopSettings = field(default_factory=StopSettings)
    output: Output = field(default_factory=Output)
    sweep_dir: str = MISSING


MIXED = ("loss/content", "loss/style")  # groups with the choice `mix`
LISTED = ("observers",)  # groups that take a list of choices, like observers=[wandb,mlflow]
GROUPS = (*MIXED, "loss/smooth", "content", "style", "extractor", "optimizer", "init", "color", "pyramid", "observers")


def register() -> None:
    """Make the schema known to Hydra as `schema`."""
    ConfigStore.instance().store(name="schema", node=Config, **REPLACE)
