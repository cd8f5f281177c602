"""Evaluate the bundled network, and others, by the real VGG19:

    python scripts/evaluate_slim.py PICTURES... --vgg19 vgg19.h5 --cases FOLDER
        [--without PATTERN...] [--network NAME=FILE.npz ...] [--out worth.json]

It prints these figures as Markdown and saves them as JSON:
  (a) the share of the variance of VGG19's layers left unexplained on held-out pictures;
  (b) rank correlations with VGG19's style and content distances, over all pairs of 60 held-out pictures;
  (c) style and content distances of pictures made on each network and on VGG19 with the default settings, over twelve
      pairs; `--cases` is the folder of the pictures that are not nst's own, such as tubingen.jpg.
Figures already in the JSON, of the same networks and pictures, are not measured again. PICTURES, `--without`, seed and
held-out count must be those of the training.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"  # nst.stylize optimizes the pictures
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")
import numpy as np
import tensorflow as tf
from omegaconf import DictConfig

from distill import crops, scores, slim, tables, worth
from nst.errors import InputError, check_count
from nst.extractor.network import Network
from nst.extractor.vgg19 import VGG19
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.runtime.device import prepare

SIDE = 208
"""Side in pixels of the pictures of (a) and (b)."""

REFERENCE, BUNDLED = "vgg19", "bundled"

PAIRED, FITTED = 60, 64
"""Number of pictures whose pairs (b) ranks, and of pictures on which (a) fits linear maps."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate; the exit status is 2 for bad input."""
    options = _parse(arguments)
    prepare()
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
        files = crops.find(options.pictures, options.without)
        kept, used = crops.split(files, options.held_out, options.seed)
        self.held_out = [_centre(path) for path in kept]
        self.fitted = [_centre(path) for path in used[:: max(1, len(used) // FITTED)]]
        self.configs = {
            f"{content} x {style}": scores.settings(content, style, options.cases, options.size)
            for content, style in scores.PAIRS[: options.pairs]
        }
        self.vgg19 = VGG19(str(options.vgg19)).load().as_trained
        self.networks = {BUNDLED: read_slim(FILE, BUNDLED)}
        self.networks |= {name: read_slim(file, str(file)) for name, file in options.network}
        learned = crops.digest(files)
        for file in (FILE, *(file for _, file in options.network)):
            _warn_unless_held_out(file, options, learned)
        self.old: dict[str, Any] = json.loads(options.out.read_text()) if options.out.is_file() else {}
        self.figures: dict[str, Any] = {}

    def run(self) -> None:
        """Measure all figures, saving after each one, and print the tables."""
        pictures = _digest(*self.fitted, *self.held_out)
        for name, network in self.networks.items():
            self._figure(f"a/{name}", partial(self._unexplained, network), network, pictures)
            self._figure(f"b/{name}", partial(self._correlations, network), network, pictures)
        for pair, config in self.configs.items():
            for name, network in {**self.networks, REFERENCE: self.vgg19}.items():
                self._figure(f"c/{pair}/{name}", partial(self._score, network, config), network, config)
        print(tables.markdown(self.figures))

    def _unexplained(self, network: Network) -> dict[str, float]:
        return worth.unexplained(see(network), see(self.vgg19), self.fitted, self.held_out)

    def _correlations(self, network: Network) -> dict[str, float]:
        return worth.correlations(self._distances(network), self._reference_distances)

    @cached_property
    def _reference_distances(self) -> worth.Distances:
        return self._distances(self.vgg19)

    def _distances(self, network: Network) -> worth.Distances:
        return worth.Distances.seen(see(network), self.held_out[:PAIRED])

    def _score(self, network: Network, config: DictConfig) -> Sequence[float]:
        return scores.scored(self.vgg19, scores.paint(config, network), config)

    def _figure(self, key: str, measure: Callable[[], Any], *of: Any) -> None:
        """Measure the figure `key`, unless the JSON has it for the same inputs `of`."""
        identity = _digest(self.vgg19, *of)
        if self.old.get(key, {}).get("of") != identity:
            self.old[key] = {"of": identity, "is": measure()}
            print(key, self.old[key]["is"], flush=True)
            part = self.options.out.with_suffix(".part")
            part.write_text(json.dumps(self.old, indent=1) + "\n")
            part.replace(self.options.out)
        self.figures[key] = self.old[key]["is"]


def _check(options: argparse.Namespace) -> None:
    """Raise InputError for input that would fail only after hours."""
    for name, least in {"size": 64, "pairs": 1, "held_out": 3, "seed": 0}.items():
        check_count(f"--{name.replace('_', '-')}", vars(options)[name], at_least=least)
    names = [name for name, _ in options.network]
    for name in names:
        if names.count(name) > 1 or name in (REFERENCE, BUNDLED) or "/" in name:
            raise InputError(f"--network: the name '{name}' occurs twice, is reserved or contains a slash")
    if not options.out.resolve().parent.is_dir():
        raise InputError(f"--out {options.out}: its folder does not exist")
    if not options.vgg19.is_file():
        raise InputError(f"there is no file {options.vgg19}")


def _digest(*things: Any) -> str:
    """A short hash of networks, arrays and settings."""
    return hashlib.sha256(b"".join(map(_bytes, things))).hexdigest()[:16]


def _bytes(thing: Any) -> bytes:
    if isinstance(thing, Network):
        return b"".join(array.tobytes() for pair in thing.weights.values() for array in pair)
    return thing.tobytes() if isinstance(thing, np.ndarray) else repr(thing).encode()


def see(network: Network) -> worth.See:
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


def _named(text: str) -> tuple[str, Path]:
    name, mark, file = text.partition("=")
    if not mark or not Path(file).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE, or the file does not exist")
    try:
        slim.check(Path(file))
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name, Path(file)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURES", help="files and folders")
    add("--vgg19", type=Path, required=True, help="VGG19's weights, all sixteen layers: a Keras file (.h5)")
    add("--cases", type=Path, required=True, help="folder of the pictures of (c) that are not nst's own")
    add("--without", nargs="*", default=[], metavar="PATTERN", help="the value used in the training")
    add("--network", action="append", default=[], type=_named, metavar="NAME=FILE")
    add("--size", type=int, default=512, help="long side of the pictures of (c)")
    add("--pairs", type=int, default=len(scores.PAIRS), help="number of pairs of (c)")
    add("--held-out", type=int, default=64, help="the value used in the training")
    add("--seed", type=int, default=0, help="the value used in the training")
    add("--out", type=Path, default=Path("worth.json"), help="the JSON; figures in it are not measured again")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
