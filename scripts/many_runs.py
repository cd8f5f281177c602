"""Make a folder of many run folders from one real run, to test the report and TensorBoard under load.

It looks like a sweep of 18 settings over 12 pairs, with as many seeds as the number of runs allows:

python scripts/many_runs.py outputs/RUN 1000 /tmp/many && time python -m nst.report /tmp/many
"""

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import yaml

PICTURES = Path(__file__).resolve().parents[1] / "nst/bundled/pictures"
PAIRS = tuple(permutations(("harbor", "ink", "mosaic", "composition"), 2))
WEIGHTS = np.geomspace(1, 2000, 9).round(1).tolist()
OPTIMIZERS = ("lbfgs", "adam")
STATUS_ODDS = {"done": 0.97, "failed": 0.02, "diverged": 0.01}
COPIED = ("history.csv", "run.log")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the run folders. The exit status is 2 if the source is not a finished run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of a finished run")
    parser.add_argument("count", type=int, help="number of run folders to make")
    parser.add_argument("out", type=Path, help="the folder to create")
    options = parser.parse_args(arguments)
    if not (options.run / "result.png").is_file() or options.out.exists():
        print(f"{options.run} is not a finished run, or {options.out} already exists", file=sys.stderr)
        return 2
    record = json.loads((options.run / "result.json").read_text())
    config = yaml.safe_load((options.run / "config.yaml").read_text())
    random = np.random.default_rng(0)
    for index in range(options.count):
        make(options.run, options.out, index, record, config, random)
    return 0


def make(
    source: Path, out: Path, index: int, record: dict[str, Any], config: dict[str, Any], random: np.random.Generator
) -> None:
    """Make one run folder: a setting, a pair and a seed, with made-up metrics."""
    rest, setting = divmod(index, len(WEIGHTS) * len(OPTIMIZERS))
    seed, place = divmod(rest, len(PAIRS))
    weight, optimizer = WEIGHTS[setting % len(WEIGHTS)], OPTIMIZERS[setting // len(WEIGHTS)]
    content, style = PAIRS[place]
    overrides = [f"pair={content}_{style}", f"loss.style.weight={weight}", f"optimizer={optimizer}", f"seed={seed}"]
    folder = out / ",".join(part.removeprefix("loss.") for part in overrides)
    folder.mkdir(parents=True)
    status = str(random.choice(list(STATUS_ODDS), p=list(STATUS_ODDS.values())))
    changed_record = {
        **record,
        "overrides": overrides,
        "choices": {**record["choices"], "optimizer": optimizer},
        "status": status,
        "error": None if status == "done" else f"made up: {status}",
        "metrics": {**record["metrics"], **distances(weight, optimizer, place, random)},
        "provenance": {**record["provenance"], "pictures": {"content": picture(content), "style": picture(style)}},
    }
    changed_config = {**config, "seed": seed, "pair": f"{content}_{style}", "tags": ["many", optimizer]}
    changed_config["loss"] = {**config["loss"], "style": {**config["loss"]["style"], "weight": weight}}
    (folder / "result.json").write_text(json.dumps(changed_record))
    (folder / "config.yaml").write_text(yaml.safe_dump(changed_config, sort_keys=False))
    (folder / "overrides.yaml").write_text(yaml.safe_dump(overrides))
    for name in (*COPIED, *(["result.png"] if status != "failed" else [])):
        if (source / name).is_file():
            shutil.copy(source / name, folder / name)


def distances(weight: float, optimizer: str, place: int, random: np.random.Generator) -> dict[str, float]:
    """Made-up metrics: pairs differ most, then weights, then optimizers, then seeds."""
    of_pair = np.random.default_rng(place).lognormal(0, 0.5, 2)
    of_optimizer = 1 + 0.1 * OPTIMIZERS.index(optimizer)
    style, content = of_pair * of_optimizer * [weight**-0.4, weight**0.2] * random.lognormal(0, 0.05, 2)
    return {"style_distance": float(style), "content_distance": float(content)}


@cache
def picture(name: str) -> dict[str, str]:
    """The record of a bundled picture."""
    path = PICTURES / f"{name}.jpg"
    return {"name": name, "path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


if __name__ == "__main__":
    sys.exit(main())
