"""A process that prepares one piece of work and does it once per input line.

It prints lines of JSON: {"base": MiB before the work}, {"ready": true}, {"seconds": ...} for each input line, and
{"peak": MiB} when its input ends.
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
    """The function that does the work `what` with `library`."""
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
    from nst.extractor import slim_file

    return slim_file.read(slim_file.FILE).weights


def main() -> None:
    """Prepare the work, then answer input lines."""
    library, what, *rest = sys.argv[1:]
    import_module("tensorflow" if library == "nst" else "torch")
    reply({"base": peak_memory_mib()})
    precision, side = rest
    once = work(library, what, precision, int(side))
    once()  # the first call includes set-up
    reply({"ready": True})
    for _line in sys.stdin:
        started = time.perf_counter()
        once()
        reply({"seconds": time.perf_counter() - started})
    reply({"peak": peak_memory_mib()})


def reply(answer: dict[str, Any]) -> None:
    """Print `answer` as a line of JSON."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
