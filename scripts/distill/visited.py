"""Pictures as style transfer makes them on the student, for the student to learn from.

The optimizer leaves the pictures a network was trained on for those that fool it. So some are optimized now and
then on the student as it is, and told to it with what the teachers make of them.
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
    """`count` pictures of `size` pixels on which a style is optimized, all at once."""

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
        """The pictures: the student is not what is trained here."""
        return [self.pictures]

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The student's, named so that every backend sees them change."""
        return self.student.variables

    trainable_weights, non_trainable_weights = trainable_variables, non_trainable_variables

    def begin(self, pictures: np.ndarray) -> None:
        """Put `pictures` up, and forget the optimizer's momentum from those before."""
        self.pictures.assign(pictures)
        for variable in self.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(ops.zeros_like(variable))

    def targets(self, styles: np.ndarray, contents: np.ndarray) -> dict[str, np.ndarray]:
        """What the pictures are to come near to: {layer: Gram matrices of the styles}, and the contents' features."""
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
        """Relative Gram distance to the styles, and relative distance to the contents; `x` is of `targets`."""
        del y, sample_weight, training
        goal = {layer: ops.convert_to_tensor(value) for layer, value in x.items()}
        style = sum(gram_error(grams(y_pred[layer]), goal[layer]) for layer in STYLE_LAYERS)
        away = ops.mean((y_pred[CONTENT] - goal[CONTENT]) ** 2) / (ops.mean(goal[CONTENT] ** 2) + 1e-9)
        return style + CONTENT_WEIGHT * away


class Visited:
    """A pool of such pictures with their styles; each is carried on for a few rounds, then begun anew.

    Args:
        count: of pictures in the pool.
        size: pixels a side.
    """

    def __init__(self, student: keras.Model, count: int, size: int) -> None:
        self.easel = Easel(student, count, size)
        self.styles = np.zeros((count, size, size, 3), np.float32)
        self.contents: np.ndarray = np.zeros_like(self.styles)
        self.pictures: np.ndarray = np.zeros_like(self.styles)
        self.rounds = np.zeros(count, int)  # left for each picture

    def paint(self, steps: int, crops: Any, random: np.random.Generator) -> None:
        """One round: begin anew what is finished, then optimize all for `steps` steps."""
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
        """`[2 count,size,size,3]`: pictures of the pool, then their styles."""
        chosen = random.choice(len(self.pictures), count, replace=False)
        return np.concatenate([self.pictures[chosen], self.styles[chosen]])

    def state(self) -> dict[str, np.ndarray]:
        """For a checkpoint."""
        return {key: getattr(self, key) for key in ("styles", "contents", "pictures", "rounds")}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """What `state` gave."""
        for key, value in state.items():
            setattr(self, key, value)
