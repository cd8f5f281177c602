"""Smoothness as total variation (Rudin et al. 1992; in style transfer since Mahendran & Vedaldi 2015, equation 4).

With dx, dy the differences of neighboring values of the picture (RGB 0..1) across and down, d1, d2 those along the
diagonals, and e the exponent; N is the number of values that the sum is divided by:

    form          canonical v                                                                     N
    isotropic     sum((dx^2 + dy^2)^(e/2)) / N, over pixels that have both                        3 (H-1) (W-1)
    anisotropic   (sum(|dx|^e) + sum(|dy|^e)) / N                                                 3 H W
    separate      mean(|dx|^e) + mean(|dy|^e)                                                     3 H W
    diagonal      (mean(|dx|^e) + mean(|dy|^e)) / 3 + (mean(|d1|^e) + mean(|d2|^e)) / 12,         3 H W
                  edge values repeated
    term          weight * normalizer * v

normalizer    a factor on v            what the term becomes
target        1 / v(content)           the variation relative to the content's: no unit, comparable between sizes;
                                       v(content) counts as at least 0.001
mean          1                        v
sum           N                        the sum
half_sum      N / 2                    half the sum

`anisotropic`, e = 1, `sum` is `tf.image.total_variation`; `isotropic`, e = 2.5, `sum` is the loss of keras.io.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import check_name, check_number
from nst.image.crop import crop
from nst.layers import IMAGE
from nst.loss.contract import Loss, Reference, Target
from nst.state import Features, Scalar, Tensor

FLAT = 1e-3  # lower bound of v(content), for a content without variation

NORMALIZERS: dict[str, Callable[[Any, float], Any]] = {
    "target": lambda v, N: 1 / tf.maximum(v, FLAT),
    "mean": lambda v, N: 1.0,
    "sum": lambda v, N: N,
    "half_sum": lambda v, N: N / 2,
}


def isotropic(image: Tensor, exponent: float) -> Tensor:
    """`[1,H,W,3]` -> scalar; all directions count alike. The formulas are at the top of the file."""
    here = crop(image, bottom=1, right=1)
    dx, dy = crop(image, bottom=1, left=1) - here, crop(image, top=1, right=1) - here
    square = dx**2 + dy**2
    if exponent == 2:
        return tf.reduce_mean(square)
    return tf.reduce_mean((square + 1e-12) ** (exponent / 2))  # sqrt has no finite gradient at 0


def anisotropic(image: Tensor, exponent: float) -> Tensor:
    """`[1,H,W,3]` -> scalar; both sums are divided by the number of values of the picture."""
    dx, dy = _power(_across(image), exponent), _power(_down(image), exponent)
    return (tf.reduce_sum(dx) + tf.reduce_sum(dy)) / tf.cast(tf.size(image), image.dtype)


def separate(image: Tensor, exponent: float) -> Tensor:
    """`[1,H,W,3]` -> scalar; the means of the two directions are added."""
    return tf.reduce_mean(_power(_across(image), exponent)) + tf.reduce_mean(_power(_down(image), exponent))


def diagonal(image: Tensor, exponent: float) -> Tensor:
    """`[1,H,W,3]` -> scalar; all eight neighbors of a pixel count."""
    padded = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    here, right, below = crop(padded, 1, 1, 1, 1), crop(padded, 1, 1, 2, 0), crop(padded, 2, 0, 1, 1)
    d1, d2 = crop(padded, 2, 0, 2, 0) - here, crop(padded, 2, 0, 0, 2) - here
    dx, dy, d1, d2 = (tf.reduce_mean(_power(d, exponent)) for d in (right - here, below - here, d1, d2))
    return (dx + dy) / 3 + (d1 + d2) / 12


def _across(image: Tensor) -> Tensor:
    return crop(image, left=1) - crop(image, right=1)


def _down(image: Tensor) -> Tensor:
    return crop(image, top=1) - crop(image, bottom=1)


def _power(difference: Tensor, exponent: float) -> Tensor:
    return difference**2 if exponent == 2 else tf.abs(difference) ** exponent


FORMS = {form.__name__: form for form in (isotropic, anisotropic, separate, diagonal)}


@dataclass(frozen=True)
class TotalVariation(Loss):
    """Smoothness loss: total variation of the picture (Rudin et al. 1992); the formulas are at the top of the file.

    Args:
        weight: 0 to 1e30; 0 leaves the term out.
        form: a key of `FORMS`.
        exponent: at least 1; 1 preserves edges, 2 blurs them.
        normalizer: a key of `NORMALIZERS`.

    Raises:
        InputError: a setting is out of range or unknown.
    """

    term: ClassVar[str] = "loss.smooth"

    weight: float = field(default=0.05, compare=False)
    layers: Sequence[str] = field(default=(IMAGE,), init=False)
    form: str = "isotropic"
    exponent: float = 1.0
    normalizer: str = field(default="target", compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name("loss.smooth.form", self.form, FORMS)
        check_number("loss.smooth.exponent", self.exponent, at_least=1)
        check_name("loss.smooth.normalizer", self.normalizer, NORMALIZERS)

    def target(self, reference: Reference) -> Target:
        """Only the scale, measured on the content; there is nothing to compare with."""
        image = reference.content[IMAGE]
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        count = (height - 1) * (width - 1) if self.form == "isotropic" else height * width
        values = tf.cast(image.shape[-1] * count, image.dtype)
        factor = NORMALIZERS[self.normalizer](FORMS[self.form](image, self.exponent), values)
        return Target({}, {IMAGE: tf.cast(self.weight * factor, image.dtype)})

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{image: v}`."""
        del target
        return {IMAGE: FORMS[self.form](features[IMAGE], self.exponent)}
