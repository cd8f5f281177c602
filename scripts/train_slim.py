"""Train the bundled network, a narrow VGG19, by distillation:

    python scripts/train_slim.py PICTURES... --teacher vgg19.h5 [--out FOLDER]

PICTURES are files and folders; the teacher is Keras's VGG19 with all sixteen layers. The same command resumes an
interrupted training; `--begin NETWORK.npz` trains a finished network further. `tensorboard --logdir FOLDER` shows the
curves. KERAS_BACKEND selects the backend: torch, jax or tensorflow.
"""

import argparse
import fnmatch
import hashlib
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

from distill import crops, memory, networks, regression, slim, visited
from distill.backend import to_numpy
from distill.distillation import Distillation
from distill.progress import Progress, validate
from distill.schedule import Schedule
from nst.errors import InputError, check_count, check_number

PLACES = ("pictures", "teacher", "out", "begin", "stop_after")
"""Options that the network's card omits or records elsewhere."""

SIDE, VALIDATED = 144, 32
"""Side in pixels of the pictures of the regression and of held-out pictures; number of pictures for validation."""

LEAST = {
    "steps": 1,
    "pixels": 1024,
    "regressed": 8,
    "held_out": 3,
    "painting": 1,
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
    held_out: np.ndarray  # [n,SIDE,SIDE,3]
    sha256: str  # of the names and contents of all files

    @classmethod
    def read(cls, options: argparse.Namespace) -> "Data":
        """Read all pictures of the command line, before the training begins."""
        files = crops.find(options.pictures, options.without)
        kept, used = crops.split(files, options.held_out, options.seed)
        often = [any(fnmatch.fnmatch(file.name, pattern) for pattern in options.often) for file in used]
        odds = np.where(often, options.times, 1.0)
        held_out = np.stack([crops.centre(crops.read(file), SIDE) for file in kept])
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
        teacher = networks.teacher(options.teacher)
        random = np.random.default_rng(options.seed)
        sample = self.data.training.batch(options.regressed, SIDE, random)
        samples = regression.Samples(teacher, sample, random)
        resumed = self.progress.step is not None
        maps = self._first_maps(samples, resumed)
        self.model = Distillation(self.student, teacher, samples.scales, maps)
        self.model.compile(optimizer=keras.optimizers.Adam(cast(Any, Schedule(options.rate, options.steps))))
        self.pools = visited.pools(self.student, options.sizes, options.pixels)
        if resumed:
            self.progress.restore(self.model, self.pools)
        else:
            self._look_around(0, {}, 0.0)

    def _first_maps(self, samples: regression.Samples, resumed: bool) -> dict[str, np.ndarray]:
        """Set the student's first weights; return the first maps from its layers to the teacher's."""
        if resumed:  # weights and maps are in the checkpoint
            return regression.empty(self.student, samples)
        if self.options.begin:
            networks.load(self.student, slim.read(self.options.begin))
            return regression.maps(self.student, samples)
        return regression.fit(self.student, samples)

    def _task(self) -> dict[str, Any]:
        """The settings that must be equal to resume a training."""
        options = self.options
        return {
            "pictures": self.data.sha256,
            "teacher": {
                "file": options.teacher.name,
                "sha256": hashlib.sha256(options.teacher.read_bytes()).hexdigest(),
            },
            "begin": hashlib.sha256(options.begin.read_bytes()).hexdigest() if options.begin else None,
            "forms": {layer: list(form) for layer, form in networks.FORMS.items()},
            **{key: vars(options)[key] for key in ("held_out", "regressed", "sizes", "pixels", "seed")},
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
        """Validate, log and save a checkpoint."""
        figures |= validate(self.model, self.data.held_out[:VALIDATED])
        figures["dead"] = sum(int(silent.sum()) for silent in slim.dead(self.student, self.data.held_out).values())
        figures["learning_rate"] = float(to_numpy(self.model.optimizer.learning_rate))
        self.progress.log(step, figures, seconds)
        self.progress.save(step, self.model, self.pools)

    def _batch(self, step: int) -> dict[str, np.ndarray]:
        """The batch of a step, at one size. Small sizes are drawn more often: a step with them costs less."""
        random = np.random.default_rng((self.options.seed, step))
        odds = np.array([1 / pool.size for pool in self.pools])
        pool = self.pools[random.choice(len(self.pools), p=odds / odds.sum())]
        if random.random() < 1 / visited.POOLED or not pool.pictures.any():
            pool.paint(self.options.painting, self.data.training, random)
        return pool.batch(random)

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
        path = self.options.out / "vgg19_slim.npz"
        slim.write(path, slim.normalized(self.student, self.data.held_out), card)
        print(f"written: {path}, {path.stat().st_size / 1e6:.1f} MB")


def _check(options: argparse.Namespace) -> None:
    """Raise InputError for a number out of range or a missing file."""
    for name, least in LEAST.items():
        check_count(f"--{name.replace('_', '-')}", vars(options)[name], at_least=least)
    for size in options.sizes:
        check_count("--sizes", size, at_least=32)
    if options.stop_after is not None:
        check_count("--stop-after", options.stop_after, at_least=1)
    check_number("--rate", options.rate, above=0)
    check_number("--times", options.times, above=0)
    if not options.teacher.is_file():
        raise InputError(f"there is no file {options.teacher}")
    if options.begin:
        slim.check(options.begin)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURES", help="files and folders")
    add("--teacher", type=Path, required=True, help="VGG19's weights, all sixteen layers: a Keras file (.h5)")
    add("--out", type=Path, default=Path("outputs/slim"), help="folder of checkpoints, curves and the result")
    add("--without", nargs="*", default=[], metavar="PATTERN", help="file names of pictures to leave out")
    add("--steps", type=int, default=8000, help="training steps, one batch each")
    add("--stop-after", type=int, help="stop at the first checkpoint at or after this step")
    add("--sizes", nargs="+", type=int, default=[64, 128, 256, 512], help="sides of the pictures, rising")
    add("--pixels", type=int, default=98304, help="pixels per batch, at least four pictures")
    add("--begin", type=Path, metavar="NETWORK", help="first weights: those of a finished network (.npz)")
    add("--regressed", type=int, default=400, help="number of crops for the regression of the first weights")
    add("--rate", type=float, default=1e-3, help="peak learning rate of Adam")
    add("--held-out", type=int, default=64, help="number of pictures kept for validation")
    add("--often", nargs="*", default=[], metavar="PATTERN", help="file names of pictures to sample more often")
    add("--times", type=float, default=4.0, help="their weight relative to other pictures")
    add("--painting", type=int, default=4, help="optimizer steps per round of a pool of stylized pictures")
    add("--every", type=int, default=250, help="steps between validations and checkpoints")
    add("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
