"""Train the bundled network, a narrow VGG19, by distillation:

    python scripts/train_slim.py PICTURES... --teacher vgg19.h5 [--teacher deeper.npz] [--out FOLDER]

PICTURES are files and folders. Each layer learns from the first teacher that has it. The same command resumes an
interrupted training; `tensorboard --logdir FOLDER` shows the curves. KERAS_BACKEND selects the backend: torch, jax or
tensorflow.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # forward and backward use two thread pools: neither must spin
import keras
import numpy as np

from distill import crops, memory, networks, slim
from distill.backend import ops, to_numpy
from distill.distillation import Distillation
from distill.progress import Progress, validate
from distill.schedule import Schedule
from distill.visited import Visited
from nst.errors import InputError, check_count, check_number

REVIVAL = 0.55
"""Share of the steps during which dead channels are revived: later ones have no time to learn."""

PLACES = ("pictures", "teacher", "start", "out", "stop_after")
"""Options that the network's card omits or records elsewhere."""

SAMPLE, VALIDATED = 96, 32
"""Number of crops used to initialize scales and maps and to find dead channels; of held-out pictures for validation."""

LEAST = {
    "steps": 1,
    "batch": 4,
    "crop": 32,
    "late_batch": 2,
    "late_crop": 32,
    "held_out": 3,
    "visited": 1,
    "painting": 0,
    "seed": 0,
    "every": 1,
}
"""Lower bounds of the integer options."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train. The exit status is 2 for bad input and 130 for Ctrl-C, after which the same command resumes."""
    options = _parse(arguments)
    try:
        _check(options)
        training = Training(options)
        memory.keep()
        training.run()
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command resumes from the last checkpoint", file=sys.stderr)
        return 130
    return 0


@dataclass(frozen=True)
class Data:
    """Training crops and held-out pictures."""

    training: crops.Crops
    held_out: np.ndarray  # [n,size,size,3]
    sha256: str  # of the names and contents of all files

    @classmethod
    def read(cls, options: argparse.Namespace) -> "Data":
        """Read all pictures of the command line, before the training begins."""
        files = crops.find(options.pictures)
        kept, used = crops.split(files, options.held_out, options.seed)
        often = [any(fnmatch.fnmatch(file.name, pattern) for pattern in options.often) for file in used]
        odds = np.where(often, options.times, 1.0)
        held_out = np.stack([crops.centre(crops.read(file), options.late_crop) for file in kept])
        return cls(crops.Crops([crops.read(file) for file in used], odds), held_out, crops.digest(files))


class Training:
    """One training run and its folder."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.data = Data.read(options)
        self.progress = Progress(options.out, self._task())
        self.progress.begin({key: value for key, value in vars(options).items() if key not in PLACES})
        keras.utils.set_random_seed(options.seed)
        self.student = networks.student(seed=options.seed)
        if options.start:
            networks.load(self.student, slim.read(options.start))
        teachers = [networks.teacher(file) for file in options.teacher]
        self.sample = self.data.training.batch(SAMPLE, options.crop, np.random.default_rng(options.seed))
        features = networks.targets(teachers, self.sample[: SAMPLE // 4])
        scales = {layer: float(ops.std(value)) for layer, value in features.items()}
        channels = {layer: value.shape[-1] for layer, value in features.items()}
        self.model = Distillation(self.student, teachers, scales, channels)
        self.model.compile(optimizer=keras.optimizers.Adam(cast(Any, Schedule(options.rate, options.steps))))
        self.visited = Visited(self.student, options.visited, options.crop)
        if self.progress.step is None:
            self.model.fit_maps(self.sample[: SAMPLE // 4])
            self._look_around(0, {}, 0.0)
        else:
            self.progress.restore(self.model, self.visited)

    def _task(self) -> dict[str, Any]:
        """The settings that must be equal to resume a training."""
        options = self.options
        return {
            "pictures": self.data.sha256,
            "teachers": [_named(file) for file in options.teacher],
            "started_from": _named(options.start) if options.start else "random weights (He normal)",
            "widths": networks.WIDTHS,
            **{key: vars(options)[key] for key in ("held_out", "crop", "late_crop", "visited", "seed")},
        }

    def run(self) -> None:
        """Train to the last step, validate and save every `--every` steps, then write the weights."""
        options, logs, began = self.options, [], time.monotonic()
        for step in range(self.progress.step or 0, options.steps):
            logs.append(self.model.train_on_batch(self._batch(step), return_dict=True))
            if (step + 1) % options.every == 0 or step + 1 == options.steps:
                averages = {key: float(np.mean([float(log[key]) for log in logs])) for key in logs[0]}
                self._look_around(step + 1, averages, time.monotonic() - began)
                logs, began = [], time.monotonic()
                if options.stop_after and options.stop_after <= step + 1 < options.steps:
                    return
        self._write()

    def _look_around(self, step: int, figures: dict[str, float], seconds: float) -> None:
        """Validate, log, revive dead channels, optimize the stylized training pictures, and save a checkpoint."""
        random = np.random.default_rng((self.options.seed, step, 1))
        figures |= validate(self.model, self.data.held_out[:VALIDATED])
        figures["dead"] = sum(int(silent.sum()) for silent in self._dead().values())
        figures["learning_rate"] = float(to_numpy(self.model.optimizer.learning_rate))
        self.progress.log(step, figures, seconds)
        if step < REVIVAL * self.options.steps:
            slim.revive(self.student, self.sample, random, self.model.maps)
        if not self._is_late(step):
            self.visited.paint(self.options.painting, self.data.training, random)
        self.progress.save(step, self.model, self.visited)

    def _dead(self) -> dict[str, np.ndarray]:
        """The channels that are zero on all held-out pictures."""
        return slim.dead(self.student, self.data.held_out)

    def _is_late(self, step: int) -> bool:
        return step >= self.options.steps * (1 - self.options.late)

    def _batch(self, step: int) -> np.ndarray:
        options, random = self.options, np.random.default_rng((self.options.seed, step))
        if self._is_late(step):
            return self.data.training.batch(options.late_batch, options.late_crop, random)
        pairs = min(options.batch // 4, options.visited)
        fresh = self.data.training.batch(options.batch - 2 * pairs, options.crop, random)
        return np.concatenate([fresh, self.visited.pairs(pairs, random)])

    def _write(self) -> None:
        card = {
            "what": "a narrow VGG19 with its sixteen layers, trained by scripts/train_slim.py",
            "learned_from": len(self.data.training.pictures),
            "task": self.progress.task,
            "legs": self.progress.legs,
            "backend": keras.backend.backend(),
            "seconds": round(self.progress.seconds),
            "curve": self.progress.curve,
        }
        before = self.options.start and self.options.start.with_suffix(".json")
        if before and before.is_file():
            card["before"] = json.loads(before.read_text())  # the training it started from
        path = self.options.out / "vgg19_slim.npz"
        living = slim.pruned(networks.weights_of(self.student), self._dead())
        card["widths"] = {layer: len(bias) for layer, (_, bias) in living.items()}
        student = networks.student(card["widths"])
        networks.load(student, living)
        slim.write(path, slim.normalized(student, self.data.held_out), card)
        print(f"written: {path}, {path.stat().st_size / 1e6:.1f} MB")


def _check(options: argparse.Namespace) -> None:
    """Raise InputError for a number out of range or a missing file."""
    for name, least in LEAST.items():
        check_count(f"--{name.replace('_', '-')}", vars(options)[name], at_least=least)
    if options.stop_after is not None:
        check_count("--stop-after", options.stop_after, at_least=1)
    check_number("--rate", options.rate, above=0)
    check_number("--times", options.times, above=0)
    check_number("--late", options.late, at_least=0, at_most=1)
    for file in (*options.teacher, *([options.start] if options.start else [])):
        if not file.is_file():
            raise InputError(f"there is no file {file}")


def _named(file: Path) -> dict[str, str]:
    return {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURES", help="files and folders")
    add("--teacher", action="append", type=Path, required=True, help="trained weights, .h5 or .npz; may be repeated")
    add("--out", type=Path, default=Path("outputs/slim"), help="folder of checkpoints, curves and the result")
    add("--start", type=Path, help="a slim network to start from, at most as wide as this one")
    add("--steps", type=int, default=8000, help="training steps, one batch each")
    add("--stop-after", type=int, help="stop at the first checkpoint at or after this step")
    add("--batch", type=int, default=8, help="pictures per batch: a quarter stylized, a quarter their styles")
    add("--crop", type=int, default=144, help="side of the pictures in pixels")
    add(
        "--late",
        type=float,
        default=0.15,
        help="share of the steps, at the end, with larger crops and no stylized pictures",
    )
    add("--late-batch", type=int, default=4, help="pictures per late batch")
    add("--late-crop", type=int, default=208, help="side of late and held-out pictures in pixels")
    add("--rate", type=float, default=1e-3, help="peak learning rate of Adam")
    add("--held-out", type=int, default=64, help="number of pictures kept for validation")
    add("--often", nargs="*", default=[], metavar="PATTERN", help="file names of pictures to sample more often")
    add("--times", type=float, default=4.0, help="their weight relative to other pictures")
    add("--visited", type=int, default=8, help="size of the pool of stylized pictures")
    add("--painting", type=int, default=25, help="optimizer steps per round on the pool")
    add("--every", type=int, default=250, help="steps between validations, checkpoints and rounds on the pool")
    add("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
