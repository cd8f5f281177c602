"""Smoothness as total variation (Rudin et al. 1992; in style transfer since Mahendran & Vedaldi 2015, equation 4).

With dx, dy the differences of neighbouring pixels of the picture (RGB 0..1) across and down, and e the exponent:

    anisotropic   v = mean(|dx|^e) + mean(|dy|^e)
    isotropic     v = mean((dx^2 + dy^2)^(e/2))                    over the (H-1)(W-1) pixels that have both
    diagonal      v = (mean(|dx|^e) + mean(|dy|^e)) / 3 + (mean(|d1|^e) + mean(|d2|^e)) / 12
                  d1, d2 along the diagonals; the border repeated, so that every mean is over all pixels
    canonical     v
    term          weight * normalizer * v

normalizer    a factor on v        what the term becomes
target        1 / v(content)       the variation as a part of the content's own: no unit, the same at every size
mean          1                    v
sum           3 (H-1)(W-1)         the sum over pixels and channels (to the border's one line)
half_sum      half of it

With e = 1, `anisotropic` and `sum` it is tf.image.total_variation; e = 2.5, `isotropic` and `sum` is keras.io's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from nst.errors import check_name, check_number
from nst.loss import IMAGE, Reference, Target, check_normalizer, check_weight
from nst.record import Features

NORMALIZERS = {
    "target": lambda v, pixels: 1 / (v + 1e-12),
    "mean": lambda v, pixels: 1.0,
    "sum": lambda v, pixels: 3 * pixels,
    "half_sum": lambda v, pixels: 1.5 * pixels,
}


def anisotropic(image: Any, exponent: float) -> Any:
    """`[1,H,W,3]` -> scalar; the formula is on top of the file, as for the two below."""
    dx, dy = image[:, :, 1:] - image[:, :, :-1], image[:, 1:] - image[:, :-1]
    return _power(dx, exponent) + _power(dy, exponent)


def isotropic(image: Any, exponent: float) -> Any:
    """Rotates with the picture."""
    here = image[:, :-1, :-1]
    dx, dy = image[:, :-1, 1:] - here, image[:, 1:, :-1] - here
    square = dx**2 + dy**2
    if exponent == 2:
        return tf.reduce_mean(square)
    return tf.reduce_mean((square + 1e-12) ** (exponent / 2))  # the root of 0 has no slope


def diagonal(image: Any, exponent: float) -> Any:
    """All eight neighbours."""
    padded = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    here, right, below = padded[:, 1:-1, 1:-1], padded[:, 1:-1, 2:], padded[:, 2:, 1:-1]
    d1, d2 = padded[:, 2:, 2:] - here, padded[:, 2:, :-2] - here
    straight = _power(right - here, exponent) + _power(below - here, exponent)
    return straight / 3 + (_power(d1, exponent) + _power(d2, exponent)) / 12


def _power(difference: Any, exponent: float) -> Any:
    return tf.reduce_mean(difference**2 if exponent == 2 else tf.abs(difference) ** exponent)


FORMS = {"anisotropic": anisotropic, "isotropic": isotropic, "diagonal": diagonal}


@dataclass(frozen=True)
class TotalVariation:
    """Total variation of the picture; see the top of the file.

    Args:
        weight: 0 leaves the term out.
        form: a key of `FORMS`.
        exponent: from 1 up; 1 leaves edges, 2 blurs them.
        normalizer: a key of `NORMALIZERS`.
    """

    weight: float = field(default=0.15, compare=False)
    form: str = "isotropic"
    exponent: float = 1.0
    normalizer: str = field(default="target", compare=False)

    def __post_init__(self) -> None:
        check_weight("loss.smooth", self.weight)
        check_name("loss.smooth.form", self.form, FORMS)
        check_number("loss.smooth.exponent", self.exponent, at_least=1)
        check_normalizer("loss.smooth", self.normalizer, NORMALIZERS)

    @property
    def layers(self) -> Sequence[str]:
        """The picture itself."""
        return (IMAGE,)

    def target(self, reference: Reference) -> Target:
        """Nothing but the scale."""
        image = reference.content[IMAGE]
        pixels = float((image.shape[1] - 1) * (image.shape[2] - 1))
        factor = NORMALIZERS[self.normalizer](FORMS[self.form](image, self.exponent), pixels)
        return Target({}, {IMAGE: tf.cast(self.weight * factor, image.dtype)})

    def __call__(self, features: Features, target: dict[str, Any]) -> dict[str, Any]:
        """{image: v}."""
        del target
        return {IMAGE: FORMS[self.form](features[IMAGE], self.exponent)}
