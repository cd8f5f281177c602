"""What nst costs on this machine, beside the same work on PyTorch as the popular ports do it:

    python -m pip install ".[bench]"
    python scripts/benchmark.py [--sizes 256 512 1024] [--rounds 5] [--out benchmark.json] [--race PICTURE STYLE]

Contenders take turns in processes of their own, so that what slows the machine slows them all. It prints Markdown:
seconds, GFLOP/s and the share of this machine's own matrix multiplication peak in that precision; memory from 256 to
2048; start-up; what a sweep and the observers add. Weights of VGG19 are drawn: time does not depend on them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import around, work
from bench.turns import Contender, Worker, alone, take_turns
from nst.precision import Precision

MATRIX = 4096
LARGE = 2048


@dataclass
class Row:
    """A line of the table of evaluations."""

    network: str
    library: str
    precision: str
    side: int
    seconds: float
    gflops: float
    of_peak: float  # of this machine's own matrix multiplication, in this precision, the better library's


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024], help="sides in pixels")
    parser.add_argument("--rounds", type=int, default=5, help="evaluations of each contender")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS), help="what is measured")
    parser.add_argument("--out", type=Path, default=Path("benchmark.json"), help="all figures as JSON")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {"machine": around.machine()}
    print(f"Machine: {report['machine']}\n")
    for part in options.parts:
        report[part] = PARTS[part](options)
        options.out.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def precisions() -> list[str]:
    """float32, and what `auto` means here if that is another."""
    return list(dict.fromkeys(["float32", Precision.auto.resolve()]))


def peaks() -> dict[str, float]:
    """{precision: GFLOP/s of a matrix multiplication, the better library's}."""
    contenders = [Contender(library, "matmul", p, MATRIX) for library in ("nst", "torch") for p in precisions()]
    workers = take_turns(contenders, 5)
    speeds = {contender: 2 * MATRIX**3 / 1e9 / min(worker.seconds) for contender, worker in workers.items()}
    return {p: max(speed for contender, speed in speeds.items() if contender.precision == p) for p in precisions()}


def evaluations(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds per evaluation, side by side."""
    from bench.ours import network

    best, rows = peaks(), []
    for name in ("vgg19", "vgg19_slim"):
        weights = network(name, "float32").weights
        for side in options.sizes:
            contenders = [Contender(library, name, p, side) for library in ("nst", "torch") for p in precisions()]
            for contender, worker in take_turns(contenders, options.rounds).items():
                speed = work.gigaflop(weights, side) / worker.median
                rows.append(
                    Row(
                        name,
                        contender.library,
                        contender.precision,
                        side,
                        worker.median,
                        speed,
                        speed / best[contender.precision],
                    )
                )
    print("| network | size | by | precision | s/evaluation | GFLOP/s | of the peak |\n|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.network} | {row.side} | {row.library} | {row.precision} | {row.seconds:.3f} | {row.gflops:.0f} "
            f"| {row.of_peak:.0%} |"
        )
    print(
        f"\nPeak of a {MATRIX}x{MATRIX} multiplication: {', '.join(f'{p} {v:.0f} GFLOP/s' for p, v in best.items())}\n"
    )
    return [asdict(row) for row in rows]


def memory(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Peak memory of each, alone, and how it and the time grow with the picture."""
    del options
    rows = []
    for library, sides in (("nst", (256, 512, 1024, LARGE)), ("torch", (256, 512, 1024))):
        for side in sides:
            worker = alone(Contender(library, "vgg19", "float32", side))
            rows.append({"library": library, "side": side, **_held(worker)})
    print("| vgg19, float32 | size | peak MiB | MiB over the libraries' own, per 1000 pixels | ms per 1000 pixels |")
    print("|---|---|---|---|---|")
    for row in rows:
        thousands = row["side"] ** 2 / 1000
        print(
            f"| {row['library']} | {row['side']} | {row['peak']:.0f} | {(row['peak'] - row['base']) / thousands:.2f} "
            f"| {1000 * row['seconds'] / thousands:.1f} |"
        )
    print()
    return rows


def _held(worker: Worker) -> dict[str, float]:
    return {"base": worker.base, "peak": worker.peak, "seconds": worker.median}


def surroundings(options: argparse.Namespace) -> dict[str, float]:
    """Start-up, sweep, observers."""
    del options
    found = around.measure()
    print("| around the steps | |\n|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value:.3f} |")
    print()
    return found


PARTS = {"evaluations": evaluations, "memory": memory, "around": surroundings}

if __name__ == "__main__":
    sys.exit(main())
