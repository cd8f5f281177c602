"""The names of VGG19's convolutions, Keras's, which networks and losses share."""

from __future__ import annotations

from nst.errors import InputError, check_list, suggestion

BLOCKS = (2, 2, 4, 4, 4)  # convolutions per block
LAYERS = tuple(f"block{b}_conv{c}" for b, count in enumerate(BLOCKS, 1) for c in range(1, count + 1))
STYLE_LAYERS = tuple(f"block{b}_conv1" for b in range(1, len(BLOCKS) + 1))  # where style is measured
IMAGE = "image"  # the layer that is the picture itself, [1,H,W,3]


def block_of(layer: str) -> int:
    """Its block, counted from 1; each is half as large as the one before."""
    return int(layer[5])


def check_layers(what: str, layers: object) -> tuple[str, ...]:
    """`layers` as a tuple; InputError for an unknown one, a repeated one, or none at all."""
    names = tuple(check_list(what, layers))
    for layer in names:
        if layer not in LAYERS:
            raise InputError(f"{what}: layer '{layer}' is unknown{suggestion(layer, LAYERS)}")
    if not names or len(set(names)) < len(names):
        raise InputError(f"{what} must name at least one layer, and none twice")
    return names
