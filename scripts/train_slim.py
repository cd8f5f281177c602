"""Train the bundled network, a narrow VGG19, by distillation:

    python scripts/train_slim.py PICTURES... --teacher vgg19.h5 [--teacher deeper.npz] [--out FOLDER]

PICTURES are files and folders. A layer is learned from the first teacher that has it. The same command goes on where
an earlier one was stopped; `tensorboard --logdir FOLDER` shows the curves. Keras decides what it runs on:
KERAS_BACKEND=torch, jax or tensorflow.
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
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # two pools of threads, forward and backward: neither may spin
import keras
import numpy as np
from keras import ops

from distill import crops, memory, networks, slim
from distill.distillation import Distillation
from distill.progress import Progress, validate
from distill.visited import Visited
from nst.errors import InputError

WARMUP = 100
COOLDOWN = 0.9
"""The share of the steps over which the learning rate falls to nothing."""


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, a plateau, and half a cosine down to a hundredth."""

    def __init__(self, rate: float, steps: int) -> None:
        self.rate, self.steps = rate, steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step = ops.cast(step, "float32")
        fallen = ops.clip((step - (1 - COOLDOWN) * self.steps) / (COOLDOWN * self.steps), 0.0, 1.0)
        return self.rate * ops.minimum(1.0, (step + 1) / WARMUP) * (0.505 + 0.495 * ops.cos(np.pi * fallen))


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; the exit status is 2 for bad input and 130 for Ctrl-C, after which the same command goes on."""
    options = _parse(arguments)
    memory.keep()
    try:
        training = Training(options)
        training.run()
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


@dataclass(frozen=True)
class Data:
    """What is learned from, and what is held out."""

    training: crops.Crops
    held_out: np.ndarray  # [n,size,size,3]
    sha256: str  # of the names and contents of all files

    @classmethod
    def read(cls, options: argparse.Namespace) -> "Data":
        """The pictures of the command line, every one of which is read before training begins."""
        files = crops.find(options.pictures)
        kept, used = crops.split(files, options.held_out, options.seed)
        digest = hashlib.sha256()
        for file in files:
            digest.update(file.name.encode() + file.read_bytes())
        often = [any(fnmatch.fnmatch(file.name, pattern) for pattern in options.often) for file in used]
        odds = np.where(often, options.times, 1.0)
        held_out = np.stack([crops.centre(crops.read(file), options.late_crop) for file in kept])
        return cls(crops.Crops([crops.read(file) for file in used], odds), held_out, digest.hexdigest())


class Training:
    """One training run and its folder."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.data = Data.read(options)
        keras.utils.set_random_seed(options.seed)
        self.student = networks.student(seed=options.seed)
        if options.start:
            networks.load(self.student, slim.read(options.start))
        teachers = [networks.teacher(file) for file in options.teacher]
        sample = self.data.training.batch(24, options.crop, np.random.default_rng(options.seed))
        features = networks.targets(teachers, sample)
        scales = {layer: float(ops.std(value)) for layer, value in features.items()}
        channels = {layer: value.shape[-1] for layer, value in features.items()}
        self.model = Distillation(self.student, teachers, scales, channels)
        self.model.compile(optimizer=keras.optimizers.Adam(Schedule(options.rate, options.steps)))
        self.visited = Visited(self.student, options.visited, options.crop)
        self.progress = Progress(options.out)
        self.resumed = self.progress.step or None  # where all was looked at before the checkpoint
        if self.resumed:
            self.progress.restore(self.model, self.visited)
        else:
            self.model.fit_maps(sample)

    def run(self) -> None:
        """Train to the last step, with a look around and a checkpoint every so many, then write the weights."""
        options, began = self.options, time.monotonic()
        last = min(options.steps, options.stop_after or options.steps)
        for step in range(self.progress.step, last):
            if step % options.every == 0 and step != self.resumed:
                self._look_around(step, time.monotonic() - began)
                began = time.monotonic()
            self.model.train_on_batch(self._batch(step))
        self._look_around(last, time.monotonic() - began)
        if last == options.steps:
            self._write()

    def _look_around(self, step: int, seconds: float) -> None:
        """Log, validate, revive what is dead, save, and paint the pictures that the next steps learn from."""
        random = np.random.default_rng((self.options.seed, step, 1))
        trained = {key: float(value) for key, value in self.model.get_metrics_result().items()} if step else {}
        for metric in self.model.metrics:
            metric.reset_state()
        figures = trained | validate(self.model, self.data.held_out[:32])
        figures["learning_rate"] = float(ops.convert_to_numpy(self.model.optimizer.learning_rate))
        if step < (1 - COOLDOWN / 2) * self.options.steps:
            sample = self.data.training.batch(32, self.options.crop, random)
            figures["revived"] = slim.revive(self.student, sample, random, self.model.maps)
        self.progress.log(step, figures, seconds)
        self.visited.paint(self.options.painting, self.data.training, random)
        self.progress.save(step, self.model, self.visited)

    def _batch(self, step: int) -> np.ndarray:
        options, random = self.options, np.random.default_rng((self.options.seed, step))
        if step >= options.steps * (1 - options.late):
            return self.data.training.batch(options.late_batch, options.late_crop, random)
        pairs = options.batch // 4
        fresh = self.data.training.batch(options.batch - 2 * pairs, options.crop, random)
        return np.concatenate([fresh, self.visited.pairs(pairs, random)])

    def _write(self) -> None:
        card = {
            "what": "a narrow VGG19 with its sixteen layers, trained by scripts/train_slim.py",
            "pictures": {"count": len(self.data.training.pictures), "sha256": self.data.sha256},
            "teachers": [_named(file) for file in self.options.teacher],
            "started_from": _named(self.options.start) if self.options.start else "random weights (He normal)",
            "options": {key: value for key, value in vars(self.options).items() if isinstance(value, int | float)},
            "backend": keras.backend.backend(),
            "seconds": self.progress.seconds,
            "curve": self.progress.curve,
        }
        path = self.options.out / "vgg19_slim.npz"
        slim.write(path, slim.normalized(self.student, self.data.held_out), card)
        print(f"written: {path}, {path.stat().st_size / 1e6:.1f} MB")


def _named(file: Path) -> dict[str, str]:
    return {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURES", help="files and folders")
    add("--teacher", action="append", type=Path, required=True, help="trained weights, .h5 or .npz; may be repeated")
    add("--out", type=Path, default=Path("outputs/slim"), help="folder of checkpoints, curves and the result")
    add("--start", type=Path, help="a slim network to start from, as narrow or narrower")
    add("--steps", type=int, default=8000, help="batches to learn from")
    add("--stop-after", type=int, help="stop at this step, for the same command without it to go on")
    add("--batch", type=int, default=8, help="pictures in a batch, a quarter of them stylized")
    add("--crop", type=int, default=144, help="their side in pixels")
    add("--late", type=float, default=0.15, help="the share of the steps, at the end, with larger crops")
    add("--late-batch", type=int, default=4, help="pictures in a late batch")
    add("--late-crop", type=int, default=208, help="their side in pixels, and that of the held-out pictures")
    add("--rate", type=float, default=1e-3, help="Adam's learning rate, at its highest")
    add("--held-out", type=int, default=64, help="pictures never learned from")
    add("--often", nargs="*", default=[], metavar="PATTERN", help="names of pictures to draw more often")
    add("--times", type=float, default=4.0, help="how much more often")
    add("--visited", type=int, default=8, help="stylized pictures kept to learn from")
    add("--painting", type=int, default=25, help="steps they are optimized for at a time")
    add("--every", type=int, default=250, help="steps between validations, checkpoints and paintings")
    add("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
