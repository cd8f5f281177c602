"""Made-up runs, as the report reads them."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nst.report.runs import Run

PAIRS = (("harbor", "ink"), ("cat", "mosaic"), ("rocket", "ink"))


def run(pair: Sequence[str], style: float | None, content: float | None = 1.0, /, **knobs: Any) -> Run:
    """A run of a content and a style with its two distances; `knobs` are its other overrides, `__` for a dot.

    `status`, `tags`, `notes`, `baseline` and `network`, that of its metrics, are no overrides.
    """
    about = {key: knobs.pop(key) for key in ("tags", "notes", "baseline") if key in knobs}
    status, network = knobs.pop("status", "done"), knobs.pop("network", "vgg19")
    roles = dict(zip(("content", "style"), pair, strict=True))
    given = {**roles, **{key.replace("__", "."): value for key, value in knobs.items()}}
    overrides = [f"{key}={value}" for key, value in given.items()]
    metrics = {"style_distance": style, "content_distance": content, "ssim": 0.5, "chroma_distance": 1.0}
    record = {
        "metrics": {**metrics, "network": network},
        "provenance": {"pictures": {role: {"name": name, "sha256": name} for role, name in roles.items()}},
    }
    settings = {"size": 64, "loss.style.weight": 8, **given, **{f"{key}.image": name for key, name in roles.items()}}
    name = ",".join(overrides)
    return Run(Path("/made/up") / name, name, record, settings, overrides, status, **about)


def sweep(
    random: np.random.Generator, pairs: int, effects: Sequence[float], seeds: int = 1, spread: float = 0
) -> list[Run]:
    """A sweep with known effects on all metrics; pairs differ far more than settings, as they do.

    Effects on the style distance are `effects`, on the others parts of them. With a `spread`, effects and noise of a
    pair grow with its difficulty, whose mean is 1: that of a lognormal distribution.
    """
    of_pairs = random.normal(1, 1, (pairs, 4))
    hard = np.exp(random.normal(-(spread**2) / 2, spread, pairs))
    found = []
    for setting, effect in enumerate(effects):
        for pair, seed in itertools.product(range(pairs), range(seeds)):
            change = np.array([1, 0.5, -0.2, 0.3]) * effect + random.normal(0, 0.3, 4)
            style, content, ssim, chroma = of_pairs[pair] + hard[pair] * change
            made = run((f"c{pair}", "ink"), style, content, setting=setting, seed=seed)
            made.record["metrics"].update(ssim=ssim, chroma_distance=chroma)
            found.append(made)
    return found
