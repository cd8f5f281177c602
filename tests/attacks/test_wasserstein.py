"""Random pictures and styles of every rank: the Wasserstein loss is finite, never negative and near its formula."""

import numpy as np
import pytest

from tests.loss.test_published_losses import wasserstein_errors

KINDS = ("full", "decaying", "low rank", "flat", "almost flat")
PAIRS = 400


def features(rng: np.random.Generator, channels: int, positions: int, scale: float) -> np.ndarray:
    """Float32 `[positions, channels]` of a random kind."""
    kind, level = rng.choice(KINDS), rng.uniform(size=(1, channels)).repeat(positions, 0)
    if kind == "flat":
        values = level
    elif kind == "almost flat":
        values = level + 1e-4 * rng.normal(size=(positions, 1)) * rng.normal(size=(1, channels))
    elif kind == "low rank":
        rank = int(rng.integers(1, channels // 3))
        values = rng.normal(size=(positions, rank)) @ rng.normal(size=(rank, channels)) / np.sqrt(rank)
        values += 5 * level * rng.integers(2)
    else:
        decay = np.exp(-8 * np.arange(channels) / channels * (kind == "decaying"))
        mixed = rng.normal(size=(positions, channels)) * decay @ rng.normal(size=(channels, channels))
        values = np.maximum(mixed / np.sqrt(channels), 0)
    return (values * scale).astype(np.float32)


@pytest.mark.slow
def test_the_wasserstein_loss_of_random_pairs_is_that_of_its_formula() -> None:
    """Nearer with at most 31 positions per channel, where sums are in float64."""
    rng = np.random.default_rng(20)
    for _ in range(PAIRS):
        channels, scale = int(rng.choice([8, 32, 64])), float(rng.choice([0.1, 1, 10, 100, 1000]))
        factors = rng.choice([1 / channels, 2 / channels, 0.5, 1, 2, 10, 31, 32, 60], 2)
        counts = [max(1, round(channels * factor)) for factor in factors]
        F, S = (features(rng, channels, count, scale) for count in counts)
        if rng.integers(4) == 0:
            noise = float(rng.choice([0, 1e-6, 1e-3])) * rng.normal(size=S.shape)
            S = (np.resize(F, S.shape) * (1 + noise)).astype(np.float32)
        distance, error, wrong = wasserstein_errors(F, S)
        few = max(factors) < 32
        where = f"{channels} channels, {counts} positions, scale {scale}: {distance}, {error}, {wrong}"
        assert distance >= 0, where
        assert error < (3e-6 if few else 2e-3), where
        assert wrong < (1e-4 if few else 5e-2), where
    print(f"{PAIRS} pairs of features: all held")
