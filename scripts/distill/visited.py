"""Pictures that style transfer visits, used as training data.

Style transfer leaves the distribution of the training pictures and finds pictures on which the student is wrong. So the
training optimizes pictures on the current student, with the default objective of nst, at every size of the octaves, and
trains the student with the teacher's features of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from distill.backend import ops, to_numpy
from distill.crops import Crops, resized
from distill.losses import grams, relative, squares
from distill.networks import CONTENT
from nst.layers import STYLE_LAYERS

STYLE_WEIGHTS = (5.0, 12.0)
"""Style weights of the two pictures of a task: both sides of the default, 8."""

SMOOTHNESS = 0.05
"""The default weight of the total variation."""

POOLED = 4
"""Tasks in a pool per task of a batch."""

LIFE = (4, 10)
"""Smallest and largest number of rounds of a picture at one size."""

STATE = ("originals", "contents", "styles", "pictures", "rounds")
FINISHED = ("finished_originals", "finished_pictures")
"""Arrays of a pool that a checkpoint saves."""


class Easel(keras.Model):
    """A model with trainable pictures, `[count,size,size,3]`: it stylizes all of them at once."""

    def __init__(self, student: keras.Model, weights: np.ndarray, size: int) -> None:
        super().__init__()
        self.pictures = self.add_weight(
            shape=(len(weights), size, size, 3), name="pictures", constraint=lambda x: ops.clip(x, 0.0, 1.0)
        )
        self.student = student
        self.style_weights = ops.convert_to_tensor(weights)
        self.built = True
        self.compile(optimizer=keras.optimizers.Adam(0.02))

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
            "variation": to_numpy(variation(contents)),
        }

    def call(self, targets: dict[str, Any]) -> dict[str, Any]:
        """The student's features of the pictures."""
        return self.student(self.pictures)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The default objective of nst, summed over the pictures; `x` is a result of `targets`."""
        del y, sample_weight, training
        goal = {key: ops.convert_to_tensor(value) for key, value in x.items()}
        style = sum(_relative(grams(y_pred[layer]), goal[layer]) for layer in STYLE_LAYERS) / len(STYLE_LAYERS)
        smooth = variation(self.pictures) / ops.maximum(goal["variation"], 1e-3)
        total = self.style_weights * style + _relative(y_pred[CONTENT], goal[CONTENT]) + SMOOTHNESS * smooth
        return ops.sum(total)


def _relative(found: Any, wanted: Any) -> Any:
    return relative(found - wanted, squares(wanted))


def variation(images: Any) -> Any:
    """The isotropic total variation of nst: `[n,H,W,3]` -> `[n]`."""
    here = images[:, :-1, :-1]
    dx, dy = images[:, :-1, 1:] - here, images[:, 1:, :-1] - here
    return ops.mean(ops.sqrt(dx**2 + dy**2 + 1e-12), axis=(1, 2, 3))


class Pool:
    """Tasks at one size: a content, a style, and two pictures on their way, of a low and a high style weight.

    A task is optimized for a few rounds. It is then replaced by one that is finished at the size below, whose pictures
    are enlarged, or by a new one, with the content as first picture.

    Args:
        student: the network on which the pictures are optimized.
        size: side of the pictures in pixels.
        largest: side of the pictures of the largest pool; contents and styles are cropped at this size.
        drawn: tasks in a batch.
        smaller: the pool of the size below, if any.
    """

    def __init__(self, student: keras.Model, size: int, largest: int, drawn: int, smaller: "Pool | None") -> None:
        self.size, self.largest, self.drawn, self.smaller = size, largest, drawn, smaller
        count = POOLED * drawn
        weights = np.tile(np.array(STYLE_WEIGHTS, np.float32), count)
        self.easel = Easel(student, weights, size)
        self.contents = np.zeros((count, size, size, 3), np.float32)
        self.styles: np.ndarray = np.zeros_like(self.contents)
        self.pictures = np.zeros((count, 2, size, size, 3), np.float32)
        self.originals = np.zeros((count, 2, largest, largest, 3), np.float32)  # content and style of each task
        self.rounds = np.zeros(count, int)  # remaining for each task
        self.finished: list[tuple[np.ndarray, np.ndarray]] = []  # (originals, pictures), for the next size

    def paint(self, steps: int, crops: Crops, random: np.random.Generator) -> None:
        """Do one round: replace finished tasks, then optimize all for `steps` steps."""
        for index in np.flatnonzero(self.rounds <= 0).tolist():
            self._replace(index, crops, random)
        pictures = self.pictures.reshape(-1, *self.pictures.shape[2:])
        self.easel.begin(pictures)
        targets = self.easel.targets(*(np.repeat(images, 2, axis=0) for images in (self.styles, self.contents)))
        for _ in range(steps):
            self.easel.train_on_batch(targets)
        self.pictures = to_numpy(self.easel.pictures).reshape(self.pictures.shape).copy()
        self.rounds -= 1

    def _replace(self, index: int, crops: Crops, random: np.random.Generator) -> None:
        if self.pictures[index].any():
            kept = self.originals[index].copy(), self.pictures[index].copy()
            self.finished = [*self.finished, kept][-POOLED * self.drawn :]
        if self.smaller and self.smaller.finished:
            self.originals[index], pictures = self.smaller.finished.pop()
        else:
            self.originals[index] = crops.batch(2, self.largest, random)
            pictures = self.originals[index][[0, 0]]
        self.contents[index], self.styles[index] = resized(self.originals[index], self.size)
        self.pictures[index] = resized(pictures, self.size)
        self.rounds[index] = random.integers(LIFE[0], LIFE[1] + 1)

    def batch(self, random: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw tasks for training: half the images are pictures on their way; see `Distillation` for the pairs."""
        chosen = random.choice(len(self.pictures), self.drawn, replace=False)
        pictures = self.pictures[chosen].swapaxes(0, 1).reshape(-1, self.size, self.size, 3)
        images = np.concatenate([pictures, self.styles[chosen], self.contents[chosen]])
        first, k = np.arange(2 * self.drawn), self.drawn
        pairs = {
            "styles": np.stack([first, 2 * k + first % k], axis=1),
            "contents": np.stack([first, 3 * k + first % k], axis=1),
        }
        return {"images": images, **pairs}

    def state(self) -> dict[str, np.ndarray]:
        """The arrays that a checkpoint saves."""
        arrays = {key: getattr(self, key) for key in STATE}
        for index, key in enumerate(FINISHED):
            arrays[key] = np.array([task[index] for task in self.finished], np.float32)
        return {f"{self.size}/{key}": value for key, value in arrays.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore the arrays from `state`."""
        for key in STATE:
            setattr(self, key, state[f"{self.size}/{key}"])
        self.finished = list(zip(*(state[f"{self.size}/{key}"] for key in FINISHED), strict=True))


def pools(student: keras.Model, sizes: Sequence[int], pixels: int) -> list[Pool]:
    """A pool for each of `sizes`, rising; a batch has about `pixels` pixels."""
    found: list[Pool] = []
    for size in sizes:
        drawn, smaller = max(1, round(pixels / (4 * size**2))), found[-1] if found else None
        found.append(Pool(student, size, max(sizes), drawn, smaller))
    return found
