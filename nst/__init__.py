"""Config-driven experiments in neural style transfer.

`__init__.pyi` lists the public names. Each is imported on first use: `python -m nst.run --help` executes this file
and must not wait for TensorFlow.
"""

import os
from typing import Any

import lazy_loader

# TensorFlow reads these variables on import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no messages about kernels and missing GPUs
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")  # keep memory between steps: this is up to twice as fast

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
_WITHOUT_TENSORFLOW = ("Composed", "InputError", "compose", "read_image", "report", "write_image")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib import metadata

        return metadata.version("nst")
    if name in __all__ and name not in _WITHOUT_TENSORFLOW:
        from nst.runtime.device import prepare

        prepare()
    return _public(name)
