"""What the bundled network is worth, beside its teachers, random weights, and any other network:

    python scripts/evaluate_slim.py PICTURES... --shallow vgg19.h5 --deep teacher.npz
        --photographs A.jpg B.jpg --paintings C.jpg D.jpg [--network NAME=FILE.npz ...] [--out worth.json]

It prints, and writes as JSON,
  (a) the variance of the teachers' layers left unexplained on pictures held out of the training;
  (b) rank correlations of distances of style and content over all pairs of held-out pictures and paintings;
  (c) the judge: pictures optimized on each network, their distances under the real VGG19.
What is in the JSON already is not done again. PICTURES, seed and held-out count must be those of the training.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")
import numpy as np
import tensorflow as tf

from distill import crops, judge, networks, tables, worth
from nst.errors import InputError
from nst.extractor.network import Network
from nst.extractor.vgg19 import VGG19
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.image import read
from nst.layers import LAYERS

SIDE = 208
"""Of the pictures of (a) and (b), in pixels."""

PAIRED = 60
"""Pictures whose pairs are ranked."""


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
    """The pictures, the networks and the figures so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        kept, used = crops.split(crops.find(options.pictures), options.held_out, options.seed)
        self.held_out = [_centre(path) for path in kept]
        self.fitted = [_centre(path) for path in used[:: max(1, len(used) // 64)]]
        self.photographs = {path.stem: read(path, options.size) for path in options.photographs}
        self.paintings = {path.stem: read(path, options.size) for path in options.paintings}
        paintings = [_centre(path) for path in options.paintings]
        self.paired = paintings + self.held_out[: PAIRED - len(paintings)]
        self.shallow = VGG19(str(options.shallow), "max").load()
        self.deep = networks.teacher(options.deep)
        self.networks = {"bundled": read_slim(FILE, "bundled")}
        self.networks |= {name: read_slim(Path(file), file) for name, file in options.network}
        self.networks |= {"random": _random(self.networks["bundled"])}
        self.figures: dict[str, Any] = json.loads(options.out.read_text()) if options.out.is_file() else {}

    def run(self) -> None:
        """All of it, saved after every part."""
        for name, network in self.networks.items():
            self._figure(f"a/{name}", partial(self._unexplained, network))
            self._figure(f"b/{name}", partial(self._correlations, network))
        extractors = {**self.networks, "teacher 16x": judge.Stack([self.deep])}
        if self.options.teachers:
            extractors["teachers"] = judge.Stack([self.shallow, self.deep])
        for name, extractor in extractors.items():
            self._judge(name, extractor)
        self._judge("photograph", None)
        print(tables.markdown(self.figures))

    def _unexplained(self, network: Any) -> dict[str, float]:
        shallow = worth.unexplained(see(network), see(self.shallow), self.fitted, self.held_out)
        deep = worth.unexplained(see(network), see(self.deep), self.fitted, self.held_out)
        return {**deep, **shallow}

    def _correlations(self, network: Any) -> dict[str, float]:
        return worth.correlations(see(network), see(self.shallow), see(self.deep), self.paired)

    def _judge(self, name: str, extractor: Any) -> None:
        for (photograph, content), (painting, style) in product(self.photographs.items(), self.paintings.items()):
            measured = partial(self._judged, extractor, content, style)
            self._figure(f"c/{name}/{photograph} x {painting}", measured)

    def _judged(self, extractor: Any, content: np.ndarray, style: np.ndarray) -> tuple[float, float]:
        made = judge.paint(extractor, content, style, self.options.evaluations) if extractor else content
        return judge.judged(self.shallow, made, content, style)

    def _figure(self, key: str, measure: Callable[[], Any]) -> None:
        if key in self.figures:
            return
        self.figures[key] = measure()
        print(key, self.figures[key], flush=True)
        self.options.out.write_text(json.dumps(self.figures, indent=1) + "\n")


def see(network: Any) -> worth.See:
    """A network as a compiled function of NumPy arrays, all layers at once."""
    if isinstance(network, Network):
        compiled = tf.function(lambda image: network(image, network.layers))
    else:
        compiled = tf.function(lambda image: network(image))
    return lambda image: {k: v.numpy() for k, v in compiled(tf.constant(image)).items() if k in LAYERS}


def _centre(path: Path) -> np.ndarray:
    return crops.centre(crops.read(path), SIDE)[None]


def _random(like: Network) -> Network:
    """A network of the same widths whose weights were drawn (He normal) and never trained."""
    drawn = slim_weights(networks.student({layer: like.weights[layer][1].shape[0] for layer in LAYERS}))
    return Network(drawn, like.preprocess, pooling="max", precision="float32", source=like.source)


def slim_weights(student: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """`{layer: (kernel, bias)}` of a Keras student."""
    arrays = networks.weights_of(student)
    return {layer: (arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"]) for layer in LAYERS}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURES", help="files and folders")
    add("--shallow", type=Path, required=True, help="VGG19's weights, at least blocks 1-3, a Keras file")
    add("--deep", type=Path, required=True, help="the teacher of blocks 4 and 5")
    add("--network", action="append", default=[], type=lambda text: text.split("=", 1), metavar="NAME=FILE")
    add("--photographs", nargs="+", type=Path, required=True)
    add("--paintings", nargs="+", type=Path, required=True)
    add("--teachers", action="store_true", help="also optimize on the teachers themselves: slow")
    add("--size", type=int, default=384, help="long side of the judged pictures")
    add("--evaluations", type=int, default=200, help="that they are optimized for")
    add("--held-out", type=int, default=64, help="as in the training")
    add("--seed", type=int, default=0, help="as in the training")
    add("--out", type=Path, default=Path("worth.json"), help="the figures; those in it are not measured again")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
