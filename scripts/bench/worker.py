"""A process that makes one piece of work ready, and does it once for every line it is sent.

It answers each with a line of JSON: first {"base": MiB held before the work}, then {"seconds": ...} for every line,
and {"peak": MiB} when its input ends.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nst.runner.provenance import peak_memory_mib

MATRIX = 4096


def work(library: str, what: str, precision: str, side: int) -> Callable[[], object]:
    """What is to be done, by whom."""
    contender: Any
    if library != "nst":
        from bench import torch_port as contender

        if what != "matmul":
            return contender.evaluate(what, _weights(what), precision, side, library == "torch-channels-last")
    else:
        from bench import ours as contender
    return contender.multiply(precision, MATRIX) if what == "matmul" else contender.evaluate(what, precision, side)


def _weights(name: str) -> Any:
    from bench.work import he_normal

    if name == "vgg19":
        return he_normal()
    import numpy as np

    from nst.layers import LAYERS

    with np.load(Path(__file__).resolve().parents[2] / "nst/bundled/vgg19_slim.npz") as file:
        return {
            layer: tuple(file[f"{layer}/{part}"].astype(np.float32) for part in ("kernel", "bias")) for layer in LAYERS
        }


def main() -> None:
    """Make ready, then answer."""
    library, what, *rest = sys.argv[1:]
    import_module("tensorflow" if library == "nst" else "torch")
    tell({"base": peak_memory_mib()})
    precision, side = rest
    once = work(library, what, precision, int(side))
    once()  # whatever is set up by the first
    tell({"ready": True})
    for _line in sys.stdin:
        started = time.perf_counter()
        once()
        tell({"seconds": time.perf_counter() - started})
    tell({"peak": peak_memory_mib()})


def tell(answer: dict[str, Any]) -> None:
    """A line on the standard output."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
