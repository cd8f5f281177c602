"""Config-driven experiments in neural style transfer.

`__init__.pyi` lists the public names. They are imported when they are first used: `python -m nst.run --help` executes
this file and must not wait for TensorFlow.
"""

import os
from typing import Any

import lazy_loader

# TensorFlow reads these when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no messages about kernels and missing GPUs
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")  # keep memory between steps; giving it back costs up to half

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
_WITHOUT_TENSORFLOW = ("InputError", "read_image", "write_image")


def __getattr__(name: str) -> Any:
    if name in __all__ and name not in _WITHOUT_TENSORFLOW:
        from nst.runtime.device import prepare

        prepare()
    return _public(name)
