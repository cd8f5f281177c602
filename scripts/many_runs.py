"""Make a folder of many run folders from one real run, to test the report and TensorBoard under load:

python scripts/many_runs.py outputs/RUN 1000 /tmp/many && time python -m nst.report /tmp/many
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

WEIGHTS = np.geomspace(1, 2000, 25).round(1).tolist()
OPTIMIZERS = ("lbfgs", "adam", "sgd")
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
    """Make one run folder, with its own seed, style weight, optimizer and made-up metrics."""
    weight = WEIGHTS[index % len(WEIGHTS)]
    optimizer = OPTIMIZERS[index // len(WEIGHTS) % len(OPTIMIZERS)]
    overrides = [f"seed={index}", f"loss.style.weight={weight}", f"optimizer={optimizer}"]
    folder = out / ",".join(part.removeprefix("loss.") for part in overrides)
    folder.mkdir(parents=True)
    status = str(random.choice(list(STATUS_ODDS), p=list(STATUS_ODDS.values())))
    style, content = weight**-0.4 * random.lognormal(0, 0.2), weight**0.2 * random.lognormal(0, 0.1)
    changed_record = {
        **record,
        "overrides": overrides,
        "choices": {**record["choices"], "optimizer": optimizer},
        "status": status,
        "error": None if status == "done" else f"made up: {status}",
        "metrics": {**record["metrics"], "style_distance": style, "content_distance": content},
    }
    changed_config = {**config, "seed": index}
    changed_config["loss"] = {**config["loss"], "style": {**config["loss"]["style"], "weight": weight}}
    (folder / "result.json").write_text(json.dumps(changed_record))
    (folder / "config.yaml").write_text(yaml.safe_dump(changed_config, sort_keys=False))
    (folder / "overrides.yaml").write_text(yaml.safe_dump(overrides))
    for name in (*COPIED, *(["result.png"] if status != "failed" else [])):
        if (source / name).is_file():
            shutil.copy(source / name, folder / name)


if __name__ == "__main__":
    sys.exit(main())
