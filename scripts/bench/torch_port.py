"""The same evaluation on PyTorch: modules in a row, ReLU in place, autograd, as the popular ports have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.work import CONTENT, DEEPEST, STYLE
from nst.layers import LAYERS

MEAN = (103.939, 116.779, 123.68)


class Extractor(nn.Module):
    """The network up to the deepest layer asked for."""

    def __init__(self, weights: Any, kind: str, dtype: torch.dtype) -> None:
        super().__init__()
        self.kind, self.dtype = kind, dtype
        self.convolutions = nn.ModuleDict()
        for name in LAYERS[: LAYERS.index(DEEPEST) + 1]:
            kernel, bias = weights[name]
            convolution = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
            convolution.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
            convolution.bias.data = torch.from_numpy(np.array(bias))
            self.convolutions[name] = convolution
        self.requires_grad_(False).to(dtype)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """{layer: features}, of an image `[1,3,H,W]` RGB 0..1."""
        x = image
        if self.kind == "vgg19":
            x = image.flip(1) * 255 - torch.tensor(MEAN).view(1, 3, 1, 1)
        x, found = x.to(self.dtype), {}
        for name, convolution in self.convolutions.items():
            if name.endswith("conv1") and name != LAYERS[0]:
                x = nn.functional.avg_pool2d(x, 2)
            x = nn.functional.relu(convolution(x), inplace=True)
            if name in (*STYLE, CONTENT):
                found[name] = x.float()
        return found


def gram(features: torch.Tensor) -> torch.Tensor:
    """`[1,C,h,w]` -> `[C,C]`."""
    F = features.flatten(2)[0]
    return F @ F.T / F.shape[1]


def objective(network: Extractor, content: torch.Tensor, style: torch.Tensor) -> Callable[[torch.Tensor], Any]:
    """A picture -> its loss: relative squared distances, as nst's default has them."""
    with torch.no_grad():
        kept = network(content)[CONTENT]
        grams = {name: gram(features) for name, features in network(style).items() if name in STYLE}

    def loss(image: torch.Tensor) -> torch.Tensor:
        features = network(image)
        total = (features[CONTENT] - kept).square().mean() / kept.square().mean()
        for name in STYLE:
            total = total + 60 / len(STYLE) * (gram(features[name]) - grams[name]).square().mean() / (
                grams[name].square().mean()
            )
        return total

    return loss


def evaluate(name: str, weights: Any, precision: str, side: int) -> Callable[[], object]:
    """A call of which is one evaluation; `precision` is `float32`, NCHW, or `bfloat16`, channels last."""
    torch.manual_seed(1)
    dtype = getattr(torch, precision)
    network = Extractor(weights, name, dtype)
    content, style, image = (torch.rand(1, 3, side, side) for _ in range(3))
    if dtype == torch.bfloat16:
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
    """A call of which multiplies two square matrices."""
    a = torch.randn(size, size).to(getattr(torch, precision))
    return lambda: (a @ a).sum().item()
