"""The method as a library call, on the bundled network and small pictures."""

from typing import Any

import numpy as np
import pytest

from nst import LBFGS, Adam, Features, Gram, Noise, Objective, Octaves, Single, Style, TotalVariation, Transfer, stylize
from nst.errors import InputError
from nst.extractor.network import Network
from nst.image.io import resize
from nst.init import FromContent
from nst.state import Ending, Iterate
from nst.transfer.evaluate import _compiled
from tests.conftest import blobs

CONTENT, STYLE = blobs(64, 80, 1), blobs(72, 96, 2)


def run(network: Network, **changes: Any) -> tuple[Any, list[Iterate]]:
    seen: list[Iterate] = []
    settings: dict[str, Any] = {
        "network": network,
        "objective": Objective(Features(), Gram(), TotalVariation()),
        "optimizer": LBFGS(),
        "steps": 8,
    }
    settings |= {"content": CONTENT, "styles": [Style(STYLE)], **changes}
    options = {name: settings.pop(name) for name in ("interrupted", "resume") if name in settings}
    observers = settings.pop("observers", [seen.append])
    return stylize(Transfer(**settings), observers=observers, **options), seen


def test_the_loss_falls_and_the_result_has_the_contents_size(network: Network) -> None:
    result, seen = run(network, steps=20)
    assert result.image.shape == CONTENT.shape
    assert 0 <= result.image.min() <= result.image.max() <= 1
    assert float(result.point.total) < 0.25 * float(seen[0].point.total)
    assert (result.ending, result.evaluations) == (Ending.STEPS, 20)


def test_the_result_is_the_last_point(network: Network) -> None:
    result, seen = run(network)
    np.testing.assert_array_equal(result.image, seen[-1].point.image)


def test_equal_settings_give_equal_pixels(network: Network) -> None:
    first, second = (run(network, init=Noise(), seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)


def test_a_level_starts_from_the_previous_levels_picture(network: Network) -> None:
    content = blobs(128, 160, 1)
    result, seen = run(network, content=content, pyramid=Octaves((0.5, 1.0), (1.0, 1.0)), steps=12)
    sizes = [tuple(iterate.point.image.shape[1:3]) for iterate in seen]
    assert sizes == sorted(sizes)
    assert set(sizes) == {(64, 80), (128, 160)}
    assert [iterate.evaluation for iterate in seen] == sorted({iterate.evaluation for iterate in seen})
    assert result.evaluations == 12
    fresh = run(network, content=content, pyramid=Single(), steps=1)[1][0]
    resumed = next(iterate for iterate in seen if iterate.level == 1)
    assert float(resumed.point.total) < float(fresh.point.total)


@pytest.mark.parametrize(("pyramid", "init"), [({"detail": False}, FromContent()), ({}, Noise())])
def test_without_detail_a_level_starts_from_the_previous_levels_resized_picture(
    network: Network, pyramid: dict[str, Any], init: Any
) -> None:
    content = blobs(128, 160, 1)
    _, seen = run(network, content=content, init=init, pyramid=Octaves((0.5, 1.0), (1.0, 1.0), **pyramid), steps=6)
    index = next(index for index, iterate in enumerate(seen) if iterate.level == 1)
    last, start = (np.asarray(seen[k].point.image) for k in (index - 1, index))
    np.testing.assert_array_equal(start, resize(last.clip(0, 1), 128, 160))


def test_a_style_given_twice_equals_the_style_given_once(network: Network) -> None:
    once, _ = run(network)
    twice, _ = run(network, styles=[Style(STYLE, weight=1.0), Style(STYLE, weight=3.0)])
    np.testing.assert_allclose(twice.image, once.image, atol=5e-3)


def test_scale_and_aspect_set_the_styles_size() -> None:
    assert Style(STYLE, scale=1.5).size(64, 80) == (90, 120)
    assert Style(STYLE, aspect="content", scale=0.5).size(64, 80) == (32, 40)
    assert Style(STYLE).at(64, 80).shape == (1, 60, 80, 3)


def test_a_sweep_over_weights_normalizers_pictures_and_sizes_compiles_once(network: Network) -> None:
    objectives = [
        Objective(Features(weight=1.0), Gram(weight=weight, normalizer=normalizer))
        for weight, normalizer in ((1.0, "target"), (5.0, "target"), (9.0, "channels"))
    ]
    compiled: Any = _compiled(network, objectives[0].terms)
    for seed, objective in enumerate(objectives):
        assert _compiled(network, objective.terms) is compiled
        run(network, objective=objective, content=blobs(64, 80, seed), optimizer=Adam(), steps=2)
    run(network, objective=objectives[0], content=blobs(160, 136, 9), optimizer=LBFGS(), steps=4, pyramid=Octaves())
    assert compiled.experimental_get_tracing_count() == 1


def test_a_small_style_weight_stays_closer_to_the_content(network: Network) -> None:
    light, heavy = (run(network, objective=Objective(Features(), Gram(weight=w)), steps=15)[0] for w in (1e-3, 1e3))
    to_content = [float(np.abs(result.image - CONTENT).mean()) for result in (light, heavy)]
    assert to_content[0] < 0.5 * to_content[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"styles": []}, "at least one style"),
        ({"styles": Style(STYLE)}, "at least one style"),
        ({"styles": [Style(STYLE * 255)]}, "style must hold values in 0..1"),
        ({"content": CONTENT[0]}, "content must be an array"),
        ({"steps": 0}, "at least 1"),
        ({"styles": [Style(STYLE, scale=0.3)]}, "style.scale=0.3"),
        ({"content": blobs(24, 80, 1)}, "short side must be at least 32"),
    ],
)
def test_bad_arguments_are_refused(network: Network, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(network, **changes)


def test_bad_styles_are_refused() -> None:
    refused: list[tuple[dict[str, Any], str]]
    refused = [({"weight": 0}, "above 0"), ({"scale": -1}, "above 0"), ({"aspect": "contnt"}, "content")]
    for settings, message in refused:
        with pytest.raises(InputError, match=message):
            Style(STYLE, **settings)
