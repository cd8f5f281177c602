"""Names of layers: Keras's names for the convolutions of VGG19, shared by networks and losses."""

from collections.abc import Sequence

from nst.errors import InputError, check_list, suggestion

BLOCKS = (2, 2, 4, 4, 4)  # convolutions per block


def names(blocks: Sequence[int]) -> tuple[str, ...]:
    """The layers, first to last, of a network; `blocks` are the numbers of convolutions per block."""
    return tuple(f"block{b}_conv{c}" for b, count in enumerate(blocks, 1) for c in range(1, count + 1))


LAYERS = names(BLOCKS)
VGG16_LAYERS = names((2, 2, 3, 3, 3))
STYLE_LAYERS = tuple(f"block{b}_conv1" for b in range(1, len(BLOCKS) + 1))  # the layers that measure style
SMALLEST_TILE = 64  # pixels; a smaller tile would be mostly margin, and may have no position in block 5
IMAGE = "image"  # the picture as a layer, [1,H,W,3]


def block_of(layer: str) -> int:
    """The block of `layer`, counted from 1; each block halves height and width."""
    return int(layer[5])


def stride_of(layer: str) -> int:
    """Pixels of the picture from one position of `layer` to the next."""
    return 2 ** (block_of(layer) - 1)


def begins_block(layer: str) -> bool:
    """Whether `layer` is the first of its block."""
    return layer.endswith("conv1")


def check_layers(what: str, layers: object) -> tuple[str, ...]:
    """`layers` as a tuple; InputError if one is unknown or repeated, or if the list is empty."""
    found = tuple(check_list(what, layers))
    for layer in found:
        if layer not in LAYERS:
            raise InputError(f"{what}: layer '{layer}' is unknown{suggestion(layer, LAYERS)}")
    if not found or len(set(found)) < len(found):
        raise InputError(f"{what} must name at least one layer, and each only once")
    return found
