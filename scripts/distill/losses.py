"""What the student is trained to do, in backend-agnostic operations.

With S and T the features of student and teacher at a layer, `[n,h,w,c]`, P a linear map of channels:

    unexplained   mean((P S - T)^2) / variance of T about its channels' means      Romero et al. 2015, normalized
    gram error    sum((G_PS - G_T)^2) / sum(G_T^2), mean over the pictures, the faintest held up by a floor
    distance      d(i, j) = |G_i - G_j|^2 / ((|G_i|^2 + |G_j|^2) / 2), of two pictures of the batch, of S and of T; of
                  features instead of Gram matrices where content is read
    disagreement  mean over the pairs of (log d_S - log d_T)^2                      so that distances of style are kept
"""

from typing import Any

from distill.backend import ops

FLOOR = 1e-3
"""Distances of style under this are as good as none."""


def unexplained(found: Any, wanted: Any) -> Any:
    """The share of the teacher's variance that `found` misses; 0 is all explained, 1 as good as its mean."""
    mean = ops.mean(wanted, axis=(0, 1, 2), keepdims=True)
    return ops.mean((found - wanted) ** 2) / (ops.mean((wanted - mean) ** 2) + 1e-6)


def sampled(features: Any, layer: str) -> Any:
    """Every fourth row and column in block 1, every second in block 2: neighbours there tell the same."""
    stride = {"1": 4, "2": 2}.get(layer[5], 1)
    return features[:, ::stride, ::stride, :]


def grams(features: Any) -> Any:
    """`[n,h,w,c]` -> `[n,c,c]`, second moments of the channels."""
    count, height, width, channels = ops.shape(features)
    F = ops.reshape(features, (count, height * width, channels))
    return ops.matmul(ops.transpose(F, (0, 2, 1)), F) / ops.cast(height * width, F.dtype)


def mapped_grams(G: Any, mean: Any, kernel: Any, bias: Any) -> Any:
    """The Gram matrices of `F kernel + bias`, `[n,d,d]`, from those of F `[n,c,c]` and its mean `[n,c]`."""
    moments = ops.matmul(ops.matmul(ops.transpose(kernel), G), kernel)
    crossed = ops.matmul(mean, kernel)[:, :, None] * bias[None, None, :]
    return moments + crossed + ops.transpose(crossed, (0, 2, 1)) + ops.outer(bias, bias)


def gram_error(found: Any, wanted: Any) -> Any:
    """Relative error of Gram matrices `[n,c,c]`."""
    energy = ops.sum(wanted**2, axis=(1, 2))
    return ops.mean(ops.sum((found - wanted) ** 2, axis=(1, 2)) / (energy + 1e-3 * ops.mean(energy) + 1e-9))


def distances(G: Any) -> Any:
    """`[n,...]` -> `[n,n]`, the relative distances of all pairs; 0 for a picture and itself."""
    flat = ops.reshape(G, (ops.shape(G)[0], -1))
    products = ops.matmul(flat, ops.transpose(flat))
    energy = ops.diagonal(products)  # from the same product, so that what rounding does to both cancels
    sums = (energy[:, None] + energy[None, :]) / 2
    return ops.maximum(2 * (sums - products) / (sums + 1e-9), 0.0)


def disagreement(found: Any, wanted: Any) -> Any:
    """Mean square difference of the logarithms of distances `[n,n]`, over the pairs of different pictures."""
    n = ops.cast(ops.shape(found)[0], found.dtype)
    return ops.sum((ops.log(found + FLOOR) - ops.log(wanted + FLOOR)) ** 2) / (n * (n - 1))
