"""Evaluate the bundled network, beside its teachers, random weights and other networks:

    python scripts/evaluate_slim.py PICTURES... --shallow vgg19.h5 --deep teacher.npz
        --photographs A.jpg B.jpg --paintings C.jpg D.jpg [--network NAME=FILE.npz ...] [--out worth.json]

It prints these figures as Markdown and saves them as JSON:
  (a) the share of the variance of the teachers' layers left unexplained on held-out pictures;
  (b) rank correlations of style and content distances, over all pairs of held-out pictures and paintings;
  (c) style and content distances of pictures optimized on each network, measured with the real VGG19.
Figures already in the JSON, of the same networks and pictures, are not measured again. PICTURES, seed and held-out
count must be those of the training.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"  # nst.stylize optimizes the pictures
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")
import keras
import numpy as np
import tensorflow as tf

from distill import crops, networks, scores, slim, tables, worth
from nst.errors import InputError, check_count
from nst.extractor.network import Network
from nst.extractor.vgg19 import VGG19
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.image.io import read_image

SIDE = 208
"""Side in pixels of the pictures of (a) and (b)."""

RESERVED = ("bundled", "narrow teacher", "random", "both teachers", "untouched photograph")

PAIRED = 60
"""Number of pictures; (b) ranks all their pairs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate; the exit status is 2 for bad input."""
    options = _parse(arguments)
    try:
        Evaluation(options).run()
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


class Evaluation:
    """The pictures, the networks and the figures measured so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        _check(options)
        files = crops.find(options.pictures)
        kept, used = crops.split(files, options.held_out, options.seed)
        self.held_out = [_centre(path) for path in kept]
        self.fitted = [_centre(path) for path in used[:: max(1, len(used) // 64)]]
        self.pairs = {
            f"{photograph.stem} x {painting.stem}": tuple(
                read_image(path, options.size) for path in (photograph, painting)
            )
            for photograph, painting in product(options.photographs, options.paintings)
        }
        paintings = [_centre(path) for path in options.paintings]
        self.paired = paintings + self.held_out[: PAIRED - len(paintings)]
        self.shallow = VGG19(str(options.shallow)).load().as_trained
        self.deep = scores.Stack([networks.teacher(options.deep)])
        self.teachers = scores.Stack([self.shallow, *self.deep.networks])
        bundled = read_slim(FILE, "bundled")
        own = {name: read_slim(file, str(file)) for name, file in options.network}
        learned = crops.digest(files)
        for file in (FILE, *(file for _, file in options.network)):
            _warn_unless_held_out(file, options, learned)
        self.networks = {"bundled": bundled, "narrow teacher": self.deep, **own, "random": _random(bundled)}
        self.teachers_digest = _digest(self.teachers)
        self.old: dict[str, Any] = json.loads(options.out.read_text()) if options.out.is_file() else {}
        self.figures: dict[str, Any] = {}

    def run(self) -> None:
        """Measure all figures, saving after each one, and print the tables."""
        pictures = _digest(*self.fitted, *self.held_out, *self.paired)
        for name, network in self.networks.items():
            self._figure(f"a/{name}", partial(self._unexplained, network), network, pictures)
            self._figure(f"b/{name}", partial(self._correlations, network), network, pictures)
        both = {"both teachers": self.teachers} if self.options.teachers else {}
        for name, extractor in {**self.networks, **both, "untouched photograph": None}.items():
            for pair, (content, style) in self.pairs.items():
                measure = partial(self._score, extractor, content, style)
                self._figure(f"c/{name}/{pair}", measure, extractor, _digest(content, style), self.options.evaluations)
        print(tables.markdown(self.figures))

    def _unexplained(self, network: Any) -> dict[str, float]:
        return worth.unexplained(see(network), self._see_teachers, self.fitted, self.held_out)

    def _correlations(self, network: Any) -> dict[str, float]:
        return worth.correlations(worth.Distances.seen(see(network), self.paired), *self._teachers_distances)

    @cached_property
    def _see_teachers(self) -> worth.See:
        return see(self.teachers)

    @cached_property
    def _teachers_distances(self) -> tuple[worth.Distances, worth.Distances]:
        """Distances on the shallow teacher, and on the deep teacher."""
        return (
            worth.Distances.seen(see(self.shallow), self.paired),
            worth.Distances.seen(see(self.deep), self.paired),
        )

    def _score(self, extractor: Any, content: np.ndarray, style: np.ndarray) -> tuple[float, float]:
        made = scores.paint(extractor, content, style, self.options.evaluations) if extractor else content
        return scores.scored(self.shallow, made, content, style)

    def _figure(self, key: str, measure: Callable[[], Any], *of: Any) -> None:
        """Measure the figure `key`, unless the JSON has it for the same inputs `of`."""
        identity = _digest(self.teachers_digest, *of)
        if self.old.get(key, {}).get("of") != identity:
            self.old[key] = {"of": identity, "is": measure()}
            print(key, self.old[key]["is"], flush=True)
            part = self.options.out.with_suffix(".part")
            part.write_text(json.dumps(self.old, indent=1) + "\n")
            part.replace(self.options.out)
        self.figures[key] = self.old[key]["is"]


def _check(options: argparse.Namespace) -> None:
    """Raise InputError for input that would fail only after hours."""
    for name, least in {"size": 32, "evaluations": 1, "held_out": 1, "seed": 0}.items():
        check_count(f"--{name.replace('_', '-')}", vars(options)[name], at_least=least)
    for what, names in (
        ("--network", [name for name, _ in options.network]),
        ("--photographs", [path.stem for path in options.photographs]),
        ("--paintings", [path.stem for path in options.paintings]),
    ):
        for name in names:
            if names.count(name) > 1 or name in RESERVED or "/" in name:
                raise InputError(f"{what}: the name '{name}' occurs twice, is reserved or contains a slash")
    if not options.out.resolve().parent.is_dir():
        raise InputError(f"--out {options.out}: its folder does not exist")
    for file in (options.shallow, options.deep):
        if not file.is_file():
            raise InputError(f"there is no file {file}")


def _digest(*things: Any) -> str:
    """A short hash of networks, arrays and settings."""
    return hashlib.sha256(b"".join(map(_bytes, things))).hexdigest()[:16]


def _bytes(thing: Any) -> bytes:
    if isinstance(thing, scores.Stack):
        return b"".join(map(_bytes, thing.networks))
    if isinstance(thing, Network):
        return b"".join(array.tobytes() for pair in thing.weights.values() for array in pair)
    if isinstance(thing, keras.Model):
        return b"".join(array.tobytes() for array in thing.get_weights())
    return thing.tobytes() if isinstance(thing, np.ndarray) else repr(thing).encode()


def see(network: Any) -> worth.See:
    """A network as a compiled function of NumPy arrays that returns all layers."""
    compiled = tf.function(lambda image: network(image, network.layers))
    return lambda image: {layer: value.numpy() for layer, value in compiled(tf.constant(image)).items()}


def _centre(path: Path) -> np.ndarray:
    return crops.centre(crops.read(path), SIDE)[None]


def _warn_unless_held_out(file: Path, options: argparse.Namespace, pictures: str) -> None:
    """Print one line if, by its card, the network may have been trained on the pictures of the evaluation."""
    card = file.with_suffix(".json")
    task = json.loads(card.read_text()).get("task", {}) if card.is_file() else {}
    wanted = {"pictures": pictures, "held_out": options.held_out, "seed": options.seed}
    other = [key for key, value in wanted.items() if key in task and task[key] != value]
    if other:
        print(f"{file.name} was trained with other {' and '.join(other)}, perhaps on these pictures", file=sys.stderr)


def _random(like: Network) -> Network:
    """An untrained network of the same widths, with random weights (He normal)."""
    drawn = networks.weights_of(networks.student({layer: len(bias) for layer, (_, bias) in like.weights.items()}))
    return Network(drawn, like.preprocess, source=like.source)


def _named(text: str) -> tuple[str, Path]:
    name, mark, file = text.partition("=")
    if not mark or not Path(file).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE, or the file does not exist")
    try:
        slim.read(Path(file))
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name, Path(file)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURES", help="files and folders")
    add("--shallow", type=Path, required=True, help="VGG19's weights, at least blocks 1-3: a Keras file")
    add("--deep", type=Path, required=True, help="weights of the teacher of blocks 4 and 5")
    add("--network", action="append", default=[], type=_named, metavar="NAME=FILE")
    add("--photographs", nargs="+", type=Path, required=True)
    add("--paintings", nargs="+", type=Path, required=True)
    add("--teachers", action="store_true", help="also optimize pictures on the teachers: slow")
    add("--size", type=int, default=384, help="long side of the pictures of (c)")
    add("--evaluations", type=int, default=200, help="evaluations per picture of (c)")
    add("--held-out", type=int, default=64, help="the value used in the training")
    add("--seed", type=int, default=0, help="the value used in the training")
    add("--out", type=Path, default=Path("worth.json"), help="the JSON; figures in it are not measured again")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
