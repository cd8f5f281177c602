"""A process of the race: clones of jcjohnson/neural-style on PyTorch.

    racer.py CONTENT STYLE SIDE EVALUATIONS FOLDER

It optimizes from noise, and writes FOLDER/picture.png and FOLDER/race.json. It saves a checkpoint every `EVERY`
evaluations; an interrupted racer resumes from it.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from bench.torch_port import CONTENT, MEAN, STYLE, Extractor, gram, to_network, torch
from nst.extractor.imagenet import find
from nst.image.io import read_image, write_image
from nst.runtime.atomic import atomic

EVERY = 25  # evaluations between checkpoints
STATE, PICTURE, RECORD = "state.pt", "picture.png", "race.json"


def main() -> None:
    """Optimize the picture, from the checkpoint if there is one. Start-up and checkpoints do not count as time."""
    content, style, side, evaluations, folder = sys.argv[1:]
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    pictures = (read_image(Path(picture), int(side)) for picture in (content, style))
    x, optimizer, closure = begin(*(torch.from_numpy(picture.transpose(0, 3, 1, 2).copy()) for picture in pictures))
    done, seconds = resumed(out / STATE, x, optimizer)
    for evaluation in range(done, int(evaluations)):
        started = time.perf_counter()
        optimizer.step(closure)  # one evaluation, and the update after it
        seconds += time.perf_counter() - started
        if (evaluation + 1) % EVERY == 0:
            with atomic(out / STATE) as part:
                torch.save((evaluation + 1, seconds, x.data, optimizer.state_dict()), part)
    values = (x.detach().numpy() + np.array(MEAN, np.float32).reshape(1, 3, 1, 1))[:, ::-1] / 255  # BGR -> RGB
    write_image(values.transpose(0, 2, 3, 1).clip(0, 1), out / PICTURE)
    (out / RECORD).write_text(json.dumps({"seconds": seconds, "evaluations": int(evaluations)}))


def begin(content, style):
    """The picture, the optimizer, and the function that computes loss and gradient.

    The picture is the preprocessed one, without bounds. Weights are 5 for content and 100 for style, without total
    variation. L-BFGS has 100 pairs, steps of length 1, and no line search.
    """
    torch.manual_seed(0)
    network = Extractor(find("vgg19").read(), "vgg19", torch.float32, "max")
    wanted, model = to_network(content), to_network(style)
    with torch.no_grad():
        kept = network.features(wanted)[CONTENT]
        grams = {name: gram(f) / f.shape[1] for name, f in network.features(model).items() if name in STYLE}
    x = (1e-3 * torch.randn_like(wanted)).requires_grad_()
    optimizer = torch.optim.LBFGS([x], lr=1, max_iter=1, history_size=100, tolerance_grad=-1, tolerance_change=-1)

    def closure() -> float:
        optimizer.zero_grad()
        features = network.features(x)
        loss = 5 * (features[CONTENT] - kept).square().mean()
        for name in STYLE:
            loss = loss + 100 * (gram(features[name]) / features[name].shape[1] - grams[name]).square().mean()
        loss.backward()
        return loss.item()

    return x, optimizer, closure


def resumed(checkpoint: Path, x, optimizer) -> tuple[int, float]:
    """(evaluations, seconds) so far; sets `x` and `optimizer` to the checkpoint."""
    if not checkpoint.is_file():
        return 0, 0.0
    done, seconds, data, state = torch.load(checkpoint)
    x.data.copy_(data)
    optimizer.load_state_dict(state)
    return done, seconds


if __name__ == "__main__":
    main()
