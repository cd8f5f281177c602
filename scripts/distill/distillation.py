"""The training model: the student, linear maps from its layers to the teacher's layers, and the total loss."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np

from distill.backend import ops
from distill.losses import difference, disagreement, grams, mapped, relative, sampled, squares, unexplained
from distill.networks import CONTENT, features
from nst.layers import LAYERS, STYLE_LAYERS

FEATURE_WEIGHTS = dict.fromkeys(LAYERS, 0.25) | dict.fromkeys(STYLE_LAYERS, 1.0) | {CONTENT: 2.0}
"""Weights of the unexplained variance. The default objective measures style and content at the heavier layers."""

STYLE_WEIGHT, CONTENT_WEIGHT, DISAGREEMENT_WEIGHT = 1.0, 2.0, 0.1
"""Weights of the missed difference of a style layer and of the content layer, and of the disagreement of each."""


class Distillation(keras.Model):
    """`student` learns the features of `teacher`.

    A batch is `{"images": [n,H,W,3], "styles": [p,2], "contents": [q,2]}`. The last two are pairs of indices of images:
    a picture on its way and the style, or the content, that it is optimized to match.

    Args:
        student: the model to train.
        teacher: a fixed model.
        scales: `{layer: number}`; divisors of the teacher's features, about their standard deviation.
        maps: `{layer: [c,d]}`; first values of the linear maps from the student's channels to the teacher's.
    """

    def __init__(
        self,
        student: keras.Model,
        teacher: keras.Model,
        scales: Mapping[str, float],
        maps: Mapping[str, np.ndarray],
    ) -> None:
        super().__init__()
        self.student = student
        self.maps: dict[str, Any] = {}
        for layer, kernel in maps.items():
            self.maps[layer] = keras.layers.Conv2D(kernel.shape[1], 1, use_bias=False, name=f"{layer}_map")
            self.maps[layer].build((None, None, None, kernel.shape[0]))
            self.maps[layer].set_weights([kernel[None, None]])
        names = [f"unexplained/{layer}" for layer in LAYERS]
        names += [f"{what}/{layer}" for what in ("difference", "distance") for layer in (*STYLE_LAYERS, CONTENT)]
        self.means = {name: keras.metrics.Mean(name) for name in names}
        self.teacher = lambda images: features(teacher, images)  # a function: Keras neither tracks nor saves it
        self._scales = dict(scales)
        self.built = True

    def call(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The student's features."""
        return features(self.student, batch["images"])

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The total loss on a batch, a scalar."""
        del y, sample_weight, training
        wanted = {layer: ops.stop_gradient(value) for layer, value in self.teacher(x["images"]).items()}
        total = 0.0
        for layer in LAYERS:
            missed = self.missed(layer, y_pred[layer], wanted[layer])
            self.means[f"unexplained/{layer}"].update_state(missed)
            total = total + FEATURE_WEIGHTS[layer] * missed
        for layer in STYLE_LAYERS:
            kernel = self.maps[layer].kernel[0, 0]
            ours, theirs = grams(y_pred[layer]), grams(wanted[layer]) / self._scales[layer] ** 2
            total = total + STYLE_WEIGHT * self._difference(
                layer, ours, theirs, x["styles"], partial(mapped, kernel=kernel)
            )
        ours, theirs = y_pred[CONTENT], wanted[CONTENT] / self._scales[CONTENT]
        return total + CONTENT_WEIGHT * self._difference(CONTENT, ours, theirs, x["contents"], self.maps[CONTENT])

    def missed(self, layer: str, found: Any, wanted: Any) -> Any:
        """The share of the teacher's variance at a layer that the current linear map leaves unexplained."""
        return unexplained(self.maps[layer](sampled(found, layer)), sampled(wanted, layer) / self._scales[layer])

    def _difference(self, layer: str, ours: Any, theirs: Any, pairs: Any, to_teacher: Callable[[Any], Any]) -> Any:
        """The missed share of the differences of the pairs, and the disagreement of their distances without the map."""
        (own, own_energy), (wanted, energy) = _apart(ours, pairs), _apart(theirs, pairs)
        missed, distances = difference(to_teacher(own), wanted, energy), relative(wanted, energy)
        self.means[f"difference/{layer}"].update_state(missed)
        self.means[f"distance/{layer}"].update_state(ops.mean(distances))
        return missed + DISAGREEMENT_WEIGHT * disagreement(relative(own, own_energy), distances)


def _apart(values: Any, pairs: Any) -> tuple[Any, Any]:
    """(differences of the pairs, `[p,...]`; squared values of the second of each, `[p]`)."""
    goals = ops.take(values, pairs[:, 1], axis=0)
    return ops.take(values, pairs[:, 0], axis=0) - goals, squares(goals)
