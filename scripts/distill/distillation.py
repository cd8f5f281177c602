"""The training model: the student, linear maps from its layers to the teachers' layers, and the total loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from distill.backend import ops, to_numpy
from distill.losses import disagreement, distances, gram_error, grams, mapped_grams, sampled, unexplained
from distill.networks import CONTENT, targets
from nst.layers import LAYERS, STYLE_LAYERS

CONTENT_WEIGHT = 3.0
"""Weight of the unexplained variance of the content layer; that of other layers is 1."""

GRAM_WEIGHT, DISTANCE_WEIGHT = 0.3, 2.0
"""Weights of the Gram error and disagreement of a layer; that of its unexplained variance is 1."""


class Distillation(keras.Model):
    """`student` learns the features of `teachers`.

    Args:
        student: the model to train.
        teachers: fixed models; each layer's target is of the first that has it.
        scales: `{layer: number}`; divisors of the teachers' features, about their standard deviation.
        channels: `{layer: number of channels}` of the teachers.
    """

    def __init__(
        self,
        student: keras.Model,
        teachers: Sequence[keras.Model],
        scales: Mapping[str, float],
        channels: Mapping[str, int],
    ) -> None:
        super().__init__()
        self.student = student
        self.maps = {layer: keras.layers.Conv2D(channels[layer], 1, name=f"{layer}_map") for layer in LAYERS}
        for layer in LAYERS:
            self.maps[layer].build((None, None, None, student.get_layer(layer).filters))
        names = [
            *(f"unexplained/{layer}" for layer in LAYERS),
            *(f"disagreement/{layer}" for layer in (*STYLE_LAYERS, CONTENT)),
        ]
        self.means = {name: keras.metrics.Mean(name) for name in names}
        self.teachers = lambda images: targets(teachers, images)  # a function: Keras neither tracks nor saves it
        self._scales = dict(scales)
        self.built = True

    def call(self, images: Any) -> dict[str, Any]:
        """The student's features."""
        return self.student(images)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The total loss on a batch of pictures, a scalar."""
        del y, sample_weight, training
        wanted = self.teachers(x)
        total = 0.0
        for layer in LAYERS:
            missed = self.missed(layer, y_pred[layer], wanted[layer])
            self.means[f"unexplained/{layer}"].update_state(missed)
            total = total + (CONTENT_WEIGHT if layer == CONTENT else 1) * missed
        content = self._far(CONTENT, y_pred[CONTENT], wanted[CONTENT])
        styles = sum(self._style(layer, y_pred[layer], wanted[layer]) for layer in STYLE_LAYERS)
        return total + styles + DISTANCE_WEIGHT * content

    def missed(self, layer: str, found: Any, wanted: Any) -> Any:
        """The share of the teacher's variance at a layer that the current linear map leaves unexplained."""
        mapped = self.maps[layer](sampled(found[: ops.shape(wanted)[0]], layer))
        return unexplained(mapped, sampled(wanted, layer) / self._scales[layer])

    def _style(self, layer: str, found: Any, wanted: Any) -> Any:
        ours, theirs = grams(found), grams(wanted) / self._scales[layer] ** 2
        far = self._far(layer, ours, theirs)
        linear: Any = self.maps[layer]
        mapped = mapped_grams(ours, ops.mean(found, axis=(1, 2)), linear.kernel[0, 0], linear.bias)
        return GRAM_WEIGHT * gram_error(mapped, theirs) + DISTANCE_WEIGHT * far

    def _far(self, layer: str, ours: Any, theirs: Any) -> Any:
        far = disagreement(distances(ours), distances(theirs))
        self.means[f"disagreement/{layer}"].update_state(far)
        return far

    def fit_maps(self, images: np.ndarray) -> None:
        """Set the linear maps to the best ones for `images` (ridge regression)."""
        wanted, found = self.teachers(images), self.student(images)
        for layer in LAYERS:
            goal = to_numpy(sampled(wanted[layer], layer)) / self._scales[layer]
            kernel, bias = regress(to_numpy(sampled(found[layer][: len(goal)], layer)), goal)
            self.maps[layer].set_weights([kernel[None, None], bias])


def regress(found: np.ndarray, wanted: np.ndarray, ridge: float = 1e-4) -> tuple[np.ndarray, np.ndarray]:
    """The kernel `[c,d]` and bias `[d]` that map `found` `[...,c]` to `wanted` `[...,d]` with least squared error."""
    F = found.reshape(-1, found.shape[-1]).astype(np.float64)
    T = wanted.reshape(-1, wanted.shape[-1]).astype(np.float64)
    mean, goal = F.mean(0), T.mean(0)
    covariance = (F - mean).T @ (F - mean) / len(F)
    covariance += ridge * (np.trace(covariance) / len(covariance) + 1e-12) * np.eye(len(covariance))
    kernel = np.linalg.solve(covariance, (F - mean).T @ (T - goal) / len(F))
    return kernel.astype(np.float32), (goal - mean @ kernel).astype(np.float32)
