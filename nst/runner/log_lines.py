"""The lines that a run writes to the terminal and to run.log, before its first step and after its last."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nst.pyramid import Octaves
from nst.runner.folder import PICTURE
from nst.runtime import shell
from nst.runtime.process import displayed
from nst.state import full_size_equivalents

if TYPE_CHECKING:  # it imports TensorFlow
    from nst.runner.setup import Setup

log = logging.getLogger(__name__)


def start(setup: Setup, record: Mapping[str, Any]) -> None:
    """Log the first lines: networks, device, evaluations and memory."""
    levels, source, measuring = setup.transfer.levels, setup.transfer.network.source, setup.metric_network.source
    if source.license:
        log.info("network  %s, from %s (%s)", source.name, source.origin, source.license)
    if measuring != source:
        log.info("metrics  measured with %s, from %s", measuring.name, measuring.origin)
    sizes = ", ".join(f"{level.width}x{level.height}" for level in levels)
    steps, work = sum(level.steps for level in levels), full_size_equivalents(levels)
    text = "%s on %s: %d evaluations (%.0f full-size equivalents) at %s, %.1f GiB of memory"
    memory = record["expected_memory_mib"] / 1024
    log.info(text, source.name, record["provenance"]["device"], steps, work, sizes, memory)
    if setup.transfer.tiles:
        text = "tiles    %d pixels: larger pictures are evaluated tile by tile; %.1f GiB kept between passes"
        log.info(text, setup.transfer.tiles, setup.memory.kept(*setup.transfer.content.shape[1:3]) / 2**30)
    pyramid, (height, width) = setup.transfer.pyramid, setup.transfer.content.shape[1:3]
    if isinstance(pyramid, Octaves) and (why := pyramid.why_single(height, width, setup.transfer.steps)):
        log.info("pyramid  one level only: %s", why)
    if record["resumed_at"]:
        log.info("resuming from evaluation %d, where this run was stopped", record["resumed_at"])


def end(folder: Path, record: Mapping[str, Any], resume_with: str) -> None:
    """Log the last lines: ending, metrics, the picture, and the command for its curves."""
    metrics = record["metrics"]
    named = "  ".join(
        f"{name} {metrics[name]:.4f}"
        for name in ("style_distance", "content_distance", "ssim")
        if metrics[name] is not None
    )
    text, work = "%s after %d evaluations (%.0f full-size equivalents), %.0f s  %s", record["full_size_equivalents"]
    log.info(text, record["ending"], record["evaluations"], work, record["seconds"], named)
    log.info("picture  %s", displayed(folder / PICTURE))
    log.info("curves   tensorboard --logdir %s", shell.quote(displayed(folder.parent)))
    if record["status"] == "interrupted" and resume_with:
        resume(resume_with)


def resume(command: str) -> None:
    """Log the command that resumes the run."""
    log.info("resume   %s", command)
