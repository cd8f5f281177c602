"""First weights of the student, layer by layer, by linear regression on the teacher's features.

Training from random weights spends hours on what a minute of regression finds. Each layer of the student imitates some
channels of the teacher's layer: those from which the other channels follow best. Its kernel is the linear regression of
these channels on the features of the student's layer before, at random positions of some pictures. Where the teacher's
ReLU gives 0, any negative value before the ReLU is right; so the regression is repeated with the negative values that
it found.
"""

from collections.abc import Iterator

import keras
import numpy as np

from distill.backend import to_numpy
from distill.networks import Form, features, normalize, pooled
from nst.layers import LAYERS

CHUNK = 8
"""Pictures per batch."""

POSITIONS = 150
"""Random positions per layer and picture."""

ROUNDS = 6
"""Number of regressions per layer."""

RIDGE = 1e-5
"""Added to the diagonal of covariances, as a share of its mean."""


class Samples:
    """The teacher's features at random positions of some pictures.

    Args:
        teacher: the network to imitate.
        images: `[n,size,size,3]`, RGB 0..1; `size` is a multiple of 16.
        random: draws the positions.
    """

    def __init__(self, teacher: keras.Model, images: np.ndarray, random: np.random.Generator) -> None:
        self.images = images
        sides = {layer: images.shape[1] >> (int(layer[5]) - 1) for layer in LAYERS}
        self.places = {
            layer: [random.permutation(side**2)[:POSITIONS] for _ in images] for layer, side in sides.items()
        }  # {layer: [n][positions]}
        found: dict[str, list[np.ndarray]] = {layer: [] for layer in LAYERS}
        for chunk in chunks(len(images)):
            seen = features(teacher, images[chunk])
            for layer in LAYERS:
                found[layer] += self.at(layer, to_numpy(seen[layer]), chunk)
        self.features = {layer: np.concatenate(values) for layer, values in found.items()}  # {layer: [positions,C]}
        self.scales = {layer: float(values.std()) for layer, values in self.features.items()}

    def at(self, layer: str, features: np.ndarray, chunk: slice) -> list[np.ndarray]:
        """`features` of the pictures `chunk` at the positions of `layer`: `[n,h,w,c]` -> n times `[positions,c]`."""
        return [
            image.reshape(-1, image.shape[-1])[places]
            for image, places in zip(features, self.places[layer][chunk], strict=True)
        ]

    def patches(self, inputs: np.ndarray, layer: str) -> np.ndarray:
        """The 3x3 inputs of the convolution `layer` at its positions, and a 1 for the bias: `[positions, 9 c + 1]`."""
        padded = np.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
        rows = []
        for image, places in zip(padded, self.places[layer], strict=True):
            y, x = np.divmod(places, inputs.shape[2])
            rows.append(np.concatenate([image[y + dy, x + dx] for dy in range(3) for dx in range(3)], axis=1))
        stacked = np.concatenate(rows)
        return np.concatenate([stacked, np.ones((len(stacked), 1), stacked.dtype)], axis=1)


def fit(student: keras.Model, samples: Samples) -> dict[str, np.ndarray]:
    """Set all weights of the student, and return the best linear maps from its layers to the teacher's.

    Returns:
        `{layer: [c,C]}`: maps to the teacher's features divided by `samples.scales`.
    """
    x, maps = np.asarray(normalize(samples.images), np.float32), {}
    for name in LAYERS:
        layer, wanted = student.get_layer(name), samples.features[name] / samples.scales[name]
        x = np.concatenate([to_numpy(pooled(x[chunk], name)) for chunk in chunks(len(x))])
        goal = wanted[:, representative(wanted, layer.form.channels)]
        kernels, bias, found = _solved(layer.form, samples, x, name, goal)
        layer.set_weights([*kernels, bias])
        maps[name] = regress(found, wanted)
        x = np.concatenate([to_numpy(layer(x[chunk])) for chunk in chunks(len(x))])
    return maps


def maps(student: keras.Model, samples: Samples) -> dict[str, np.ndarray]:
    """The best linear maps from the layers of a trained student to the teacher's: as `fit` returns them."""
    found: dict[str, list[np.ndarray]] = {layer: [] for layer in LAYERS}
    for chunk in chunks(len(samples.images)):
        seen = features(student, samples.images[chunk])
        for layer in LAYERS:
            found[layer] += samples.at(layer, to_numpy(seen[layer]), chunk)
    return {
        layer: regress(np.concatenate(found[layer]), samples.features[layer] / samples.scales[layer])
        for layer in LAYERS
    }


def empty(student: keras.Model, samples: Samples) -> dict[str, np.ndarray]:
    """Linear maps of the shapes that `fit` returns, of zeros."""
    return {
        layer: np.zeros((student.get_layer(layer).form.channels, values.shape[1]), np.float32)
        for layer, values in samples.features.items()
    }


def _solved(
    form: Form, samples: Samples, x: np.ndarray, name: str, goal: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """(kernels, bias, features at the sampled positions) of a layer with inputs `x`."""
    if not form.reduced:
        patches = samples.patches(x, name)
        matrix = rectified(patches, goal)
        return [_square(matrix[:-1])], matrix[-1], np.maximum(patches @ matrix, 0)
    reduce = principal(x[:, ::2, ::2].reshape(-1, x.shape[-1]), form.reduced)
    patches = samples.patches(x @ reduce, name)
    matrix = rectified(patches, goal, form.expanded)
    expand = principal(patches[:, :-1] @ matrix[:-1], form.expanded)
    kernels = [reduce[None, None], _square(matrix[:-1] @ expand), expand.T[None, None]]
    return kernels, matrix[-1], np.maximum(patches @ matrix, 0)


def _square(rows: np.ndarray) -> np.ndarray:
    """`[9 c,o]` -> `[3,3,c,o]`."""
    return rows.reshape(3, 3, -1, rows.shape[-1])


def representative(features: np.ndarray, count: int) -> list[int]:
    """`count` channels of `features`, `[positions,C]`, from which the others follow best by linear regression.

    Each step takes the channel that explains most of the energy that the channels before leave unexplained (greedy
    selection of columns, as in a pivoted Cholesky factorization, but by the sum over all channels).
    """
    residual = features.astype(np.float64).T @ features / len(features)
    floor, chosen = 1e-9 * np.trace(residual), []
    for _ in range(count):
        energies = np.diag(residual)
        gains = np.where(energies > floor, (residual**2).sum(0) / np.maximum(energies, floor), 0.0)
        gains[chosen] = -1
        best = int(gains.argmax())
        chosen.append(best)
        if energies[best] > floor:
            residual -= np.outer(residual[:, best], residual[best]) / residual[best, best]
    return chosen


def rectified(patches: np.ndarray, wanted: np.ndarray, rank: int = 0) -> np.ndarray:
    """The matrix K that makes max(patches K, 0) near `wanted`, which is not negative: `[p,i]`, `[p,o]` -> `[i,o]`.

    The last column of `patches` is 1, for the bias. If `rank` is given, K without the bias has at most this rank.
    """
    covariance, goal = _covariance(patches), wanted
    kernel = np.zeros(())
    for _ in range(ROUNDS):
        kernel = np.linalg.solve(covariance, patches.T @ goal).astype(np.float32)
        if rank:
            kernel = _of_rank(kernel, patches, rank)
        goal = np.where(wanted > 0, wanted, np.minimum(patches @ kernel, 0))
    return kernel


def _of_rank(kernel: np.ndarray, patches: np.ndarray, rank: int) -> np.ndarray:
    """`kernel` projected to a rank, so that its values at `patches` change least; the bias keeps the mean."""
    linear = patches[:, :-1] @ kernel[:-1]
    basis = principal(linear, rank)
    lost = linear.mean(0) - linear.mean(0) @ basis @ basis.T
    return np.concatenate([kernel[:-1] @ basis @ basis.T, kernel[-1:] + lost])


def principal(values: np.ndarray, count: int) -> np.ndarray:
    """The `count` orthonormal directions that keep most energy of `values`: `[p,c]` -> `[c,count]`."""
    return np.linalg.eigh(values.T @ values)[1][:, -count:].astype(np.float32)


def regress(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The matrix K that makes `found` K near `wanted`: `[p,c]`, `[p,d]` -> `[c,d]`."""
    return np.linalg.solve(_covariance(found), found.T @ wanted).astype(np.float32)


def _covariance(x: np.ndarray) -> np.ndarray:
    covariance = (x.T @ x).astype(np.float64)
    return covariance + RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))


def chunks(count: int) -> Iterator[slice]:
    """Slices of `CHUNK` pictures that cover `count`."""
    for start in range(0, count, CHUNK):
        yield slice(start, start + CHUNK)
