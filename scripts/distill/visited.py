"""A pool of pictures stylized on the student, used as training data.

Style transfer leaves the distribution of the training pictures and finds pictures on which the student is wrong. So the
training optimizes some pictures on the current student, and trains it with the teachers' features of them.
"""

from typing import Any

import keras
import numpy as np

from distill.backend import ops, to_numpy
from distill.losses import gram_error, grams
from distill.networks import CONTENT
from nst.layers import STYLE_LAYERS

CONTENT_WEIGHT = 0.02


class Easel(keras.Model):
    """A model with trainable pictures, `[count,size,size,3]`: it stylizes all of them at once."""

    def __init__(self, student: keras.Model, count: int, size: int) -> None:
        super().__init__()
        self.pictures = self.add_weight(
            shape=(count, size, size, 3), name="pictures", constraint=lambda x: ops.clip(x, 0.0, 1.0)
        )
        self.student = student
        self.built = True
        self.compile(optimizer=keras.optimizers.Adam(0.03))

    @property
    def trainable_variables(self) -> list[Any]:
        """The pictures; the student is fixed here."""
        return [self.pictures]

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The student's variables, listed so that every backend uses their current values."""
        return self.student.variables

    trainable_weights, non_trainable_weights = trainable_variables, non_trainable_variables

    def begin(self, pictures: np.ndarray) -> None:
        """Set the pictures and reset the state of the optimizer."""
        self.pictures.assign(pictures)
        for variable in self.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(ops.zeros_like(variable))

    def targets(self, styles: np.ndarray, contents: np.ndarray) -> dict[str, np.ndarray]:
        """The targets: `{layer: Gram matrices of styles}`, and the features of contents at the content layer."""
        seen, kept = self.student(styles), self.student(contents)[CONTENT]
        return {
            **{layer: to_numpy(grams(seen[layer])) for layer in STYLE_LAYERS},
            CONTENT: to_numpy(kept),
        }

    def call(self, targets: dict[str, Any]) -> dict[str, Any]:
        """The student's features of the pictures."""
        return self.student(self.pictures)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Relative Gram distance to the styles, plus that to the contents, weighted; `x` is a result of `targets`."""
        del y, sample_weight, training
        goal = {layer: ops.convert_to_tensor(value) for layer, value in x.items()}
        style = sum(gram_error(grams(y_pred[layer]), goal[layer]) for layer in STYLE_LAYERS)
        away = ops.mean((y_pred[CONTENT] - goal[CONTENT]) ** 2) / (ops.mean(goal[CONTENT] ** 2) + 1e-9)
        return style + CONTENT_WEIGHT * away


class Visited:
    """The pool: pictures with their styles. Each picture is optimized for a few rounds, then replaced.

    Args:
        student: the network on which the pictures are optimized.
        count: number of pictures.
        size: side of the pictures in pixels.
    """

    def __init__(self, student: keras.Model, count: int, size: int) -> None:
        self.easel = Easel(student, count, size)
        self.styles = np.zeros((count, size, size, 3), np.float32)
        self.contents: np.ndarray = np.zeros_like(self.styles)
        self.pictures: np.ndarray = np.zeros_like(self.styles)
        self.rounds = np.zeros(count, int)  # remaining for each picture

    def paint(self, steps: int, crops: Any, random: np.random.Generator) -> None:
        """Do one round: replace finished pictures, then optimize all for `steps` steps."""
        size = self.styles.shape[1]
        for index in np.flatnonzero(self.rounds == 0):
            self.styles[index], self.contents[index] = crops.batch(2, size, random)
            noise = random.uniform(0, 1, (size, size, 3)).astype(np.float32)
            self.pictures[index] = noise if random.random() < 0.3 else self.contents[index]
            self.rounds[index] = random.integers(1, 7)
        self.easel.begin(self.pictures)
        targets = self.easel.targets(self.styles, self.contents)
        for _ in range(steps):
            self.easel.train_on_batch(targets)
        self.pictures = to_numpy(self.easel.pictures).copy()
        self.rounds -= 1

    def pairs(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Draw `count` pictures and their styles: `[2 count,size,size,3]`, pictures first."""
        chosen = random.choice(len(self.pictures), count, replace=False)
        return np.concatenate([self.pictures[chosen], self.styles[chosen]])

    def state(self) -> dict[str, np.ndarray]:
        """The arrays that a checkpoint saves."""
        return {key: getattr(self, key) for key in ("styles", "contents", "pictures", "rounds")}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Restore the arrays from `state`."""
        for key, value in state.items():
            setattr(self, key, value)
