"""VGG16 with its ImageNet weights: VGG19 without one layer in each of the last three blocks."""

from dataclasses import dataclass
from typing import ClassVar

from nst.extractor.vgg19 import VGG19


@dataclass(frozen=True)
class VGG16(VGG19):
    """VGG16 (Simonyan & Zisserman 2015, table 1, column D), used by Kolkin et al. (2019); for Args see `VGG19`."""

    network: ClassVar[str] = "vgg16"
