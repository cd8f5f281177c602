"""Recomputing changes what is kept, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst import Features, Gram, Objective, Style, TotalVariation
from nst.evaluation import evaluation
from nst.extractor.network import Network, Source
from nst.extractor.winograd import CHANNELS
from nst.loss import Reference, Target
from nst.loss.content.laplacian import Laplacian
from tests.conftest import blobs

CONTENT, STYLE, START = blobs(56, 72, 0), blobs(50, 60, 1), blobs(56, 72, 2)


@dataclass(frozen=True)
class Across:
    """A loss that looks at two layers at once, which no block can take by itself."""

    weight: float = 1.0
    layers: tuple[str, ...] = ("block1_conv2", "block3_conv1")

    def target(self, reference: Reference) -> Target:
        del reference
        return Target({}, {"both": tf.constant(1e-3)})

    def __call__(self, features: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
        del target
        first, second = (tf.reduce_mean(features[layer]) for layer in self.layers)
        return {"both": first * second}


@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize(
    ("content", "style"),
    [
        (Features(layers=("block2_conv2", "block4_conv2")), Gram()),
        (Across(), Gram()),
        (Laplacian(), Gram(layers=("block1_conv1",))),
        (Laplacian(), Gram(weight=0)),
    ],
)
def test_recomputing_gives_the_same_loss_and_gradient(
    network: Network, pooling: str, content: Any, style: Gram
) -> None:
    objective = Objective(content, style, TotalVariation())
    keeping = network.but(pooling=pooling)
    kept, again = (
        evaluation(which, objective, [Style(STYLE)])(CONTENT)(tf.constant(START))
        for which in (keeping, keeping.recomputing)
    )
    assert keeping.recomputing.recompute
    tf.nest.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 * np.abs(a).max()), kept, again
    )


@pytest.fixture(scope="module")
def wide() -> Network:
    """A network whose layers are wide enough for Winograd's way, drawn."""
    random, weights, inputs = np.random.default_rng(3), {}, 3
    for layer in ("block1_conv1", "block1_conv2", "block2_conv1"):
        kernel = random.normal(0, (2 / (9 * inputs)) ** 0.5, (3, 3, inputs, CHANNELS)).astype(np.float32)
        weights[layer], inputs = (kernel, np.zeros(CHANNELS, np.float32)), CHANNELS
    return Network(weights, lambda x: x - 0.5, pooling="avg", precision="float32", source=Source("drawn", "drawn", ""))


def test_winograd_and_recomputing_lead_to_the_same_gradient_in_the_compiled_step(wide: Network) -> None:
    objective = Objective(Features(layers=("block1_conv2",)), Gram(layers=("block1_conv1", "block2_conv1")))
    winograd = wide.but(convolution="winograd")
    direct, *others = (
        evaluation(which, objective, [Style(STYLE)])(CONTENT)(tf.constant(START))
        for which in (wide, winograd, winograd.recomputing)
    )
    for other in others:
        assert float(other.total) == pytest.approx(float(direct.total), rel=1e-4)
        np.testing.assert_allclose(other.gradient, direct.gradient, atol=1e-3 * np.abs(direct.gradient).max())


def test_recomputing_runs_the_convolutions_again(network: Network) -> None:
    def convolutions(which: Network) -> int:
        from nst.evaluation import PICTURE, _any_size, _compiled, _measured

        objective = Objective(Features(), Gram())
        shares = [tf.constant(1.0)]
        targets = _measured(which, objective, 1, False)(tf.constant(CONTENT), [tf.constant(STYLE)], shares, [])
        step = _compiled(which, objective.terms)
        graph = step.get_concrete_function(PICTURE, tf.nest.map_structure(_any_size, targets)).graph
        return sum(operation.type == "Conv2D" for operation in graph.get_operations())

    direct = network.but(convolution="direct")
    layers = 13  # to block5_conv1
    assert convolutions(direct) == 2 * layers
    assert convolutions(direct.recomputing) == 3 * layers + 1  # the first one twice
