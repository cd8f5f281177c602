"""What nst costs on this machine, beside the same work on PyTorch as the popular ports do it:

    python -m pip install ".[bench]"
    python scripts/benchmark.py [--parts evaluations memory around launchers] [--sizes 256 512 1024]
    python scripts/benchmark.py --race PICTURE STYLE WEIGHTS      an hour or two on a processor; goes on if stopped

Contenders take turns in processes of their own, so that what slows the machine slows them all. It prints Markdown:
seconds and GFLOP/s of an evaluation, memory and growth, start-up, what observers, sweeps and launchers add. VGG19's
weights are drawn: time does not depend on them. GFLOP/s count the multiplications of a direct convolution, whoever
spares some.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench import around, race, scale, work
from bench.machine import machine
from bench.turns import Contender, alone, take_turns
from bench.worker import MATRIX
from nst.runtime.precision import Precision, native

PORT = "torch"  # PyTorch as the popular ports run it: float32, NCHW
BEST = "torch-channels-last"  # the best PyTorch does
LARGE = 2048


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024], help="sides in pixels")
    parser.add_argument("--rounds", type=int, default=5, help="evaluations of each contender")
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS), help="what is measured")
    parser.add_argument("--race", type=Path, nargs=3, metavar=("PICTURE", "STYLE", "WEIGHTS"), help="that alone")
    parser.add_argument("--evaluations", type=int, default=race.EVALUATIONS, help="of PyTorch's, in the race")
    parser.add_argument("--out", type=Path, default=Path("benchmark.json"), help="all figures as JSON")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {"machine": machine()}
    print(f"Machine: {report['machine']}\n")
    for name, part in ({"race": racing} if options.race else {name: PARTS[name] for name in options.parts}).items():
        report[name] = part(options)
        options.out.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def precisions() -> list[str]:
    """float32, and what `auto` means here if that is another."""
    return list(dict.fromkeys(["float32", Precision.auto.resolve()]))


def contenders(what: str, side: int) -> list[Contender]:
    """Nst in every precision, the ports' PyTorch, and PyTorch at its best."""
    best = Contender(BEST, what, "bfloat16" if native() else "float32", side)
    return [*(Contender("nst", what, p, side) for p in precisions()), Contender(PORT, what, "float32", side), best]


def peaks() -> dict[str, float]:
    """{precision: GFLOP/s of a matrix multiplication, the better library's}."""
    rivals = [Contender(library, "matmul", p, MATRIX) for library in ("nst", PORT) for p in precisions()]
    speeds = {rival: 2 * MATRIX**3 / 1e9 / min(worker.seconds) for rival, worker in take_turns(rivals, 5).items()}
    return {p: max(speed for rival, speed in speeds.items() if rival.precision == p) for p in precisions()}


def evaluations(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds per evaluation, side by side."""
    from bench.ours import network

    best = peaks()
    told = ", ".join(f"{precision} {speed:.0f} GFLOP/s" for precision, speed in best.items())
    print(f"A product of {MATRIX}x{MATRIX} matrices, the better library's: {told}\n")
    rows = []
    for name in ("vgg19", "vgg19_slim"):
        for side in options.sizes:
            work_done = work.gigaflop(network(name, "float32").weights, side)
            workers = take_turns(contenders(name, side), options.rounds)
            port = next(worker.median for rival, worker in workers.items() if rival.library == PORT)
            rows += [
                {
                    "network": name,
                    "size": side,
                    "by": f"{rival.library}, {rival.precision}",
                    "s/evaluation": worker.median,
                    "of the ports'": worker.median / port,
                    "GFLOP/s": work_done / worker.median,
                    "of that product's": work_done / worker.median / best[rival.precision],
                }
                for rival, worker in workers.items()
            ]
    table(rows, {"s/evaluation": ".3f", "of the ports'": ".2f", "GFLOP/s": ".0f", "of that product's": ".0%"})
    return rows


def memory(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Peak memory of each, alone, and how it and the time grow with the picture."""
    del options
    rows = []
    for library, sides in (("nst", (256, 512, 1024, LARGE)), (PORT, (256, 512, 1024))):
        for side in sides:
            worker = alone(Contender(library, "vgg19", "float32", side))
            megapixels = side**2 / 1e6
            rows.append(
                {
                    "vgg19, float32": library,
                    "size": side,
                    "peak MiB": worker.peak,
                    "with nothing done yet": worker.base,
                    "MiB per megapixel over that": (worker.peak - worker.base) / megapixels,
                    "s per megapixel": worker.median / megapixels,
                }
            )
    table(rows, {"s per megapixel": ".2f"}, ".0f")
    return rows


def surroundings(options: argparse.Namespace) -> dict[str, float]:
    """Start-up, observers, sweep."""
    del options
    found = around.measure()
    table([{"around the steps": name, "": value} for name, value in found.items()], {}, ".3f")
    return found


def launchers(options: argparse.Namespace) -> list[dict[str, Any]]:
    """What a run of a sweep costs beside its steps."""
    del options
    rows = scale.measure()
    table(rows, {}, ".2f")
    return rows


def racing(options: argparse.Namespace) -> dict[str, Any]:
    """Time to quality."""
    content, style, weights = options.race
    found = race.run(content, style, weights, options.out.with_suffix(".race"), options.evaluations)
    rows = [
        {
            "PyTorch from": start,
            "its loss": told["goal"],
            "its s": told["seconds"],
            "nst": overrides,
            "s to that loss": seconds or float("nan"),
            "share": seconds / told["seconds"] if seconds else float("nan"),
        }
        for start, told in ((start, found[start]) for start in race.STARTS)
        for overrides, seconds in told["nst_seconds"].items()
    ]
    table(rows, {"its loss": ".4g", "share": ".3f"}, ".0f")
    return found


def table(rows: Iterable[dict[str, Any]], formats: dict[str, str], other: str = "") -> None:
    """Print Markdown: numbers by their column's format, or `other`."""
    rows = list(rows)
    print(f"| {' | '.join(rows[0])} |\n|{'---|' * len(rows[0])}")
    for row in rows:
        cells = (f"{v:{formats.get(k, other)}}" if isinstance(v, float) else str(v) for k, v in row.items())
        print(f"| {' | '.join(cells)} |")
    print(flush=True)


PARTS = {"evaluations": evaluations, "memory": memory, "around": surroundings, "launchers": launchers}

if __name__ == "__main__":
    sys.exit(main())
