"""In what numbers the network computes. The picture, the losses and the optimizer are float32 always."""

from __future__ import annotations

from enum import Enum


class Precision(Enum):
    """`auto` is float32 everywhere for now."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"

    def resolve(self) -> str:
        """The name of the type the convolutions compute in."""
        return "bfloat16" if self is Precision.bfloat16 else "float32"
