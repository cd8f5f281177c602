"""VGG16 with its ImageNet weights: what VGG19 is, with three fewer layers (column D of the same table)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nst.extractor.vgg19 import VGG19, Published
from nst.layers import VGG16_LAYERS


@dataclass(frozen=True)
class VGG16(VGG19):
    """The network of Kolkin et al. (2019) and others; its settings are VGG19's."""

    published: ClassVar[Published] = Published("vgg16", "md5:6d6bbae143d832006294945121d1f1fc", VGG16_LAYERS)
