"""Training losses of the student, in operations of any backend.

S and T are the features of student and teacher at a layer, `[n,h,w,c]`; P is a linear map of channels:

    unexplained   mean((P S - T)^2) / variance of T about its channel means       Romero et al. 2015, normalized
    gram error    sum((G_PS - G_T)^2) / sum(G_T^2), mean over the pictures; a floor keeps the divisor above 0
    distance      d(i, j) = |G_i - G_j|^2 / ((|G_i|^2 + |G_j|^2) / 2), of two pictures of the batch, of S and of T; of
                  features instead of Gram matrices at the content layer
    disagreement  mean over the pairs of (log d_S - log d_T)^2                      preserves distances between pictures
"""

from typing import Any

from distill.backend import ops

FLOOR = 1e-3
"""Added to distances before the logarithm: differences far below it have no effect."""


def unexplained(found: Any, wanted: Any) -> Any:
    """The share of the teacher's variance that `found` misses: 0 for exact features, 1 for their mean."""
    mean = ops.mean(wanted, axis=(0, 1, 2), keepdims=True)
    return ops.mean((found - wanted) ** 2) / (ops.mean((wanted - mean) ** 2) + 1e-6)


def sampled(features: Any, layer: str) -> Any:
    """Every fourth row and column in block 1, every second in block 2; neighbors there are nearly equal."""
    stride = {"1": 4, "2": 2}.get(layer[5], 1)
    return features[:, ::stride, ::stride, :]


def grams(features: Any) -> Any:
    """Gram matrices `[n,c,c]` of features `[n,h,w,c]`: second moments of the channels."""
    count, height, width, channels = ops.shape(features)
    F = ops.reshape(features, (count, height * width, channels))
    return ops.matmul(ops.transpose(F, (0, 2, 1)), F) / ops.cast(height * width, F.dtype)


def mapped_grams(G: Any, mean: Any, kernel: Any, bias: Any) -> Any:
    """Gram matrices `[n,d,d]` of `F kernel + bias`, from the Gram matrices `[n,c,c]` and the mean `[n,c]` of F."""
    moments = ops.matmul(ops.matmul(ops.transpose(kernel), G), kernel)
    crossed = ops.matmul(mean, kernel)[:, :, None] * bias[None, None, :]
    return moments + crossed + ops.transpose(crossed, (0, 2, 1)) + ops.outer(bias, bias)


def gram_error(found: Any, wanted: Any) -> Any:
    """Mean relative error of Gram matrices `[n,c,c]`."""
    energy = ops.sum(wanted**2, axis=(1, 2))
    return ops.mean(ops.sum((found - wanted) ** 2, axis=(1, 2)) / (energy + 1e-3 * ops.mean(energy) + 1e-9))


def distances(G: Any) -> Any:
    """Relative distances `[n,n]` of all pairs in `[n,...]`; 0 on the diagonal."""
    flat = ops.reshape(G, (ops.shape(G)[0], -1))
    products = ops.matmul(flat, ops.transpose(flat))
    energy = ops.diagonal(products)  # from the same product, so that rounding errors cancel
    sums = (energy[:, None] + energy[None, :]) / 2
    return ops.maximum(2 * (sums - products) / (sums + 1e-9), 0.0)


def disagreement(found: Any, wanted: Any) -> Any:
    """Mean squared difference of the logarithms of distances `[n,n]`, over pairs of different pictures."""
    n = ops.cast(ops.shape(found)[0], found.dtype)
    return ops.sum((ops.log(found + FLOOR) - ops.log(wanted + FLOOR)) ** 2) / (n * (n - 1))
