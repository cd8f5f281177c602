"""The same evaluation on PyTorch, written like the popular ports: sequential modules, in-place ReLU, autograd."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from bench.work import CONTENT, DEEPEST, STYLE
from nst.layers import LAYERS

torch: Any = import_module("torch")  # from the extra `bench`; the type checker does not have it

MEAN = (103.939, 116.779, 123.68)


class Extractor(torch.nn.Module):
    """The network up to the layer `DEEPEST`."""

    def __init__(self, weights: Any, kind: str, dtype: Any, pooling: str = "avg") -> None:
        super().__init__()
        self.kind, self.dtype = kind, dtype
        self.pool = torch.nn.MaxPool2d(2) if pooling == "max" else torch.nn.AvgPool2d(2)
        self.convolutions = torch.nn.ModuleDict()
        for name in LAYERS[: LAYERS.index(DEEPEST) + 1]:
            *kernels, bias = weights[name]
            *before, last = [_convolution(kernel) for kernel in kernels]
            last.bias = torch.nn.Parameter(torch.from_numpy(np.array(bias)))
            self.convolutions[name] = torch.nn.Sequential(*before, last)
        self.requires_grad_(False).to(dtype)

    def forward(self, image: Any) -> dict[str, Any]:
        """{layer: features} of an image `[1,3,H,W]`, RGB 0..1."""
        return self.features(to_network(image) if self.kind == "vgg19" else image)

    def features(self, x: Any) -> dict[str, Any]:
        """{layer: features} of a preprocessed image, as in the training of the network."""
        x, found = x.to(self.dtype), {}
        for name, convolution in self.convolutions.items():
            if name.endswith("conv1") and name != LAYERS[0]:
                x = self.pool(x)
            x = torch.nn.functional.relu(convolution(x), inplace=True)
            if name in (*STYLE, CONTENT):
                found[name] = x.float()
        return found


def _convolution(kernel: Any) -> Any:
    """A convolution with `kernel`, `[k,k,in,out]`, and without bias."""
    side, _, inputs, outputs = kernel.shape
    convolution = torch.nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
    convolution.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
    return convolution


def to_network(image: Any) -> Any:
    """RGB 0..1 -> BGR 0..255 minus the mean."""
    return image.flip(1) * 255 - torch.tensor(MEAN).view(1, 3, 1, 1)


def gram(features: Any) -> Any:
    """`[1,C,h,w]` -> `[C,C]`."""
    F = features.flatten(2)[0]
    return F @ F.T / F.shape[1]


def objective(network: Extractor, content: Any, style: Any) -> Callable[[Any], Any]:
    """A function from picture to loss: relative squared distances, as in the defaults of nst."""
    with torch.no_grad():
        target = network(content)[CONTENT]
        grams = {name: gram(features) for name, features in network(style).items() if name in STYLE}

    def loss(image: Any) -> Any:
        features = network(image)
        total = (features[CONTENT] - target).square().mean() / target.square().mean()
        for name in STYLE:
            total = total + 60 / len(STYLE) * (gram(features[name]) - grams[name]).square().mean() / (
                grams[name].square().mean()
            )
        return total

    return loss


def evaluate(name: str, weights: Any, precision: str, side: int, channels_last: bool) -> Callable[[], object]:
    """A function: each call is one evaluation."""
    torch.manual_seed(1)
    dtype = getattr(torch, precision)
    network = Extractor(weights, name, dtype)
    content, style, image = (torch.rand(1, 3, side, side) for _ in range(3))
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        content, style, image = (x.contiguous(memory_format=torch.channels_last) for x in (content, style, image))
    loss = objective(network, content, style)
    image.requires_grad_()

    def once() -> object:
        image.grad = None
        loss(image).backward()
        return image.grad

    return once


def multiply(precision: str, size: int) -> Callable[[], object]:
    """A function: each call multiplies two `size` x `size` matrices."""
    a = torch.randn(size, size).to(getattr(torch, precision))
    return lambda: (a @ a).sum().item()
