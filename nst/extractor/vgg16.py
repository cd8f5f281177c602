"""VGG16 with its ImageNet weights: what VGG19 is, with three fewer layers (column D of the same table)."""

from dataclasses import dataclass
from typing import ClassVar

from nst.extractor.vgg19 import VGG19


@dataclass(frozen=True)
class VGG16(VGG19):
    """The network of Kolkin et al. (2019) and others; its settings are VGG19's, its weights are Keras's."""

    network: ClassVar[str] = "vgg16"
