"""Training losses of the student, in operations of any backend.

S and T are the features of student and teacher at a layer, `[n,h,w,c]`; P is a linear map of channels. G is a Gram
matrix; i and j are two pictures of the same size.

    unexplained   mean((P S - T)^2) / variance of T about its channel means       Romero et al. 2015, normalized
    difference    |D_PS - D_T|^2 / |D_T|^2, with D = G_i - G_j: the share of the difference of two styles that the
                  student misses; at the content layer D is the difference of features
    disagreement  (log d_S - log d_T)^2, with d = |G_i - G_j|^2 / |G_j|^2: whether the student's own style distance,
                  without the map, is the teacher's

Each is a mean over the pairs of pictures. Floors keep divisors and logarithms finite.
"""

from typing import Any

from distill.backend import ops

FLOOR = 1e-3
"""Share of the energy below which a difference of two pictures has little effect."""


def unexplained(found: Any, wanted: Any) -> Any:
    """The share of the teacher's variance that `found` misses: 0 for exact features, 1 for their mean."""
    mean = ops.mean(wanted, axis=(0, 1, 2), keepdims=True)
    return ops.mean((found - wanted) ** 2) / (ops.mean((wanted - mean) ** 2) + 1e-6)


def sampled(features: Any, layer: str) -> Any:
    """Every eighth row and column in block 1, fourth in block 2, second in block 3: neighbors there are alike."""
    stride = {"1": 8, "2": 4, "3": 2}.get(layer[5], 1)
    return features[:, ::stride, ::stride, :]


def grams(features: Any) -> Any:
    """Gram matrices `[n,c,c]` of features `[n,h,w,c]`: second moments of the channels."""
    count, height, width, channels = ops.shape(features)
    F = ops.reshape(features, (count, height * width, channels))
    return ops.matmul(ops.transpose(F, (0, 2, 1)), F) / ops.cast(height * width, F.dtype)


def mapped(G: Any, kernel: Any) -> Any:
    """Gram matrices `[n,d,d]` of features times `kernel` `[c,d]`, from the features' Gram matrices `[n,c,c]`.

    The map is linear in G: it also takes differences of Gram matrices.
    """
    return ops.matmul(ops.matmul(ops.transpose(kernel), G), kernel)


def difference(found: Any, wanted: Any, energy: Any) -> Any:
    """Share of the differences `wanted`, `[n,...]`, that `found` misses.

    Args:
        found: the student's differences, mapped.
        wanted: the teacher's.
        energy: `[n]`, the teacher's squared values of one of the two pictures, which gives the floor.
    """
    return ops.mean(squares(found - wanted) / (squares(wanted) + FLOOR * energy + 1e-9))


def disagreement(found: Any, wanted: Any) -> Any:
    """Mean squared difference of the logarithms of relative distances, `[n]` each."""
    return ops.mean((ops.log(found + FLOOR) - ops.log(wanted + FLOOR)) ** 2)


def relative(D: Any, energy: Any) -> Any:
    """Relative distances `[n]` from differences `[n,...]` and the squared values `[n]` of one picture."""
    return squares(D) / (energy + 1e-9)


def squares(x: Any) -> Any:
    """Sums of squares: `[n,...]` -> `[n]`."""
    return ops.sum(ops.reshape(x, (ops.shape(x)[0], -1)) ** 2, axis=1)
