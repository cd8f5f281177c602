"""The identity of a run: a hash of everything that decides its picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nst.assets.find import Asset
from nst.setting_rules import identity_part
from nst.state import Level

if TYPE_CHECKING:  # it imports TensorFlow
    from nst.extractor.network import Network


def identity(
    config: dict[str, Any],
    assets: dict[str, Asset],
    network: Network,
    levels: Sequence[Level],
    tiles: int | None = None,
) -> str:
    """SHA-256 of the settings, pictures, weights, levels and tiles that decide the picture; equal for equal runs."""
    pictures = {role: asset.sha256 for role, asset in assets.items()}
    computing = [network.options.precision, network.options.convolution]
    weights = [network.source.name, network.source.sha256]
    what = [identity_part(config), pictures, *weights, *computing, [list(level) for level in levels]]
    what += [tiles] if tiles else []
    what += ["eager"] if config.get("eager") else []  # rounds otherwise than a compiled graph
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
