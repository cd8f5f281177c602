"""What every extractor of the group lets one choose: how its network computes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from nst.errors import InputError, check_name
from nst.extractor.convolution import METHODS, PADDINGS, resolve
from nst.extractor.network import POOLINGS, Network
from nst.precision import Precision


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a network computes.

    Args:
        pooling: `max` as the weights were trained, `avg` as Gatys et al. (2016, section 2) prefer, or `l2`, the root
            of the sum of squares (crowsonkb).
        padding: what lies beyond the edge: `zero` as the weights were trained, `reflect`, `replicate`.
        convolution: `direct`, `winograd` (float32 only), or `auto`, which takes the faster.
        recompute: True computes the insides of the network's blocks again in the backward pass instead of keeping
            them, which takes half as long again and a tenth less memory; `auto` where a run would not fit otherwise.
    """

    pooling: str = "max"
    padding: str = "zero"
    convolution: str = "auto"
    recompute: bool | str = "auto"

    def __post_init__(self) -> None:
        check_name("extractor.pooling", self.pooling, POOLINGS)
        check_name("extractor.padding", self.padding, PADDINGS)
        check_name("extractor.convolution", self.convolution, METHODS)
        if self.recompute != "auto" and not isinstance(self.recompute, bool):
            raise InputError(f"extractor.recompute must be true, false or auto, not {self.recompute}")

    def applied(self, network: Network, precision: Precision) -> Network:
        """`network`, computing as chosen; the same object for the same choice."""
        resolved = precision.resolve()
        method = resolve(self.convolution, resolved)
        return _applied(network, self.pooling, self.padding, resolved, method, self.recompute is True)


@lru_cache(maxsize=8)
def _applied(
    network: Network, pooling: str, padding: str, precision: str, convolution: str, recompute: bool
) -> Network:
    return network.but(
        pooling=pooling, padding=padding, precision=precision, convolution=convolution, recompute=recompute
    )
