"""Config-driven experiments in neural style transfer.

The names below are resolved when first used: `python -m nst.run --help` executes this file and must not wait for
TensorFlow.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

# TensorFlow reads these when it is first imported, wherever that happens.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # it need not tell of kernels and missing GPUs
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")  # keep memory between steps; giving it back costs up to half

_PUBLIC = {
    "Adam": "nst.optimizer.adam",
    "Features": "nst.loss.content.features",
    "Given": "nst.init",
    "Gram": "nst.loss.style.gram",
    "InputError": "nst.errors",
    "Iterate": "nst.record",
    "LBFGS": "nst.optimizer.lbfgs",
    "Noise": "nst.init",
    "Objective": "nst.loss",
    "Octaves": "nst.pyramid",
    "Result": "nst.record",
    "SGD": "nst.optimizer.sgd",
    "Single": "nst.pyramid",
    "Stop": "nst.descend",
    "Style": "nst.style",
    "TotalVariation": "nst.loss.smooth.total_variation",
    "VGG19": "nst.extractor.vgg19",
    "VGG19Slim": "nst.extractor.vgg19_slim",
    "measure_picture": "nst.metrics",
    "read": "nst.image",
    "stylize": "nst.transfer",
    "write": "nst.image",
}
__all__ = sorted(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'nst' has no attribute '{name}'")
    if name in ("read", "write", "InputError"):
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    from nst.device import prepare

    prepare()
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
