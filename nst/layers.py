"""The names of VGG19's convolutions, Keras's, which networks and losses share."""

from collections.abc import Sequence

from nst.errors import InputError, check_list, suggestion

BLOCKS = (2, 2, 4, 4, 4)  # convolutions per block


def names(blocks: Sequence[int]) -> tuple[str, ...]:
    """The layers of a network with so many convolutions per block, first to last."""
    return tuple(f"block{b}_conv{c}" for b, count in enumerate(blocks, 1) for c in range(1, count + 1))


LAYERS = names(BLOCKS)
VGG16_LAYERS = names((2, 2, 3, 3, 3))
STYLE_LAYERS = tuple(f"block{b}_conv1" for b in range(1, len(BLOCKS) + 1))  # where style is measured
IMAGE = "image"  # the layer that is the picture itself, [1,H,W,3]


def block_of(layer: str) -> int:
    """Its block, counted from 1; each is half as large as the one before."""
    return int(layer[5])


def begins_block(layer: str) -> bool:
    """Whether it is the first of its block."""
    return layer.endswith("conv1")


def check_layers(what: str, layers: object) -> tuple[str, ...]:
    """`layers` as a tuple; InputError for an unknown one, a repeated one, or none at all."""
    found = tuple(check_list(what, layers))
    for layer in found:
        if layer not in LAYERS:
            raise InputError(f"{what}: layer '{layer}' is unknown{suggestion(layer, LAYERS)}")
    if not found or len(set(found)) < len(found):
        raise InputError(f"{what} must name at least one layer, and none twice")
    return found
