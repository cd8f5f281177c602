"""Several styles, and styles with masks."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hydra.utils import get_class
from omegaconf import OmegaConf
from PIL import Image

from nst import Features, Gram, Objective, Style, Transfer, style, stylize
from nst.errors import InputError
from nst.image import mask
from nst.image.io import read_image
from nst.loss.contract import size_of
from nst.loss.guided import guide
from nst.loss.objective import GUIDABLE
from nst.loss.style.gram import gram
from nst.optimizer.adam import Adam
from nst.transfer.evaluate import evaluation
from tests.conftest import CONF, Outcome, blobs, only_run

LAYERS = ("block1_conv1", "block3_conv1")
OBJECTIVE = Objective(content=Features(weight=0), style=Gram(layers=LAYERS, weight=3.0))
CONTENT = blobs(48, 64, 1)
HALF = np.zeros([1, 48, 64, 1], np.float32)
HALF[:, :, :32] = 1


def point(network, styles: list[Style], objective: Objective = OBJECTIVE):
    return evaluation(network, objective, styles)(CONTENT)(tf.constant(blobs(48, 64, 9)))


def test_a_full_mask_equals_no_mask(network) -> None:
    plain, masked = (point(network, [Style(blobs(48, 48, 2), where)]) for where in (None, np.ones_like(HALF)))
    np.testing.assert_allclose(masked.total, plain.total, rtol=1e-5)
    np.testing.assert_allclose(masked.gradient, plain.gradient, rtol=1e-3, atol=1e-6)


def test_styles_with_the_same_mask_count_as_one_style(network) -> None:
    def total(*styles: Style) -> float:
        return float(point(network, list(styles)).total)

    first, second, other = blobs(48, 48, 2), blobs(48, 48, 3), Style(blobs(48, 48, 4), 1 - HALF, weight=2)
    assert total(Style(first, HALF), Style(first, HALF)) == pytest.approx(total(Style(first, HALF)), rel=1e-5)
    together = total(Style(first, HALF), Style(second, HALF), other)
    separate = [total(Style(picture, HALF, weight=2), other) for picture in (first, second)]
    assert together == pytest.approx(np.mean(separate), rel=1e-5)


def test_a_guided_gram_matrix_is_the_weighted_mean(rng: np.random.Generator) -> None:
    F, T = rng.normal(size=(1, 6, 8, 3)).astype(np.float32), rng.uniform(size=(1, 12, 16, 1)).astype(np.float32)
    t = T.reshape(6, 2, 8, 2).mean((1, 3)).reshape(-1)
    f = F.reshape(-1, 3)
    expected = (f * t[:, None]).T @ f / t.sum()
    np.testing.assert_allclose(
        gram(tf.constant(F) * guide(tf.constant(T), size_of(tf.constant(F)))), expected, rtol=1e-5, atol=1e-6
    )


def test_a_masked_style_has_no_gradient_far_outside_its_mask(network) -> None:
    gradient = np.abs(point(network, [Style(blobs(48, 48, 2), HALF)]).gradient)
    assert gradient[:, :, 48:].max() == 0  # outside the receptive field of the deepest layer at the border
    assert gradient[:, :, :24].mean() > 0


def test_masks_barely_change_the_gradient_per_pixel(network) -> None:
    """Two halves with one style, and the whole picture: the gradient at a pixel is about equal."""
    one = Style(blobs(48, 48, 2))
    halves = [Style(one.picture, HALF), Style(one.picture, 1 - HALF)]
    whole, masked = (np.abs(point(network, styles).gradient) for styles in ([one], halves))
    assert masked[:, :, :24].mean() == pytest.approx(whole[:, :, :24].mean(), rel=0.5)


def test_separate_losses_sum_to_their_weighted_mean(network) -> None:
    pictures, weights = [blobs(48, 48, 2), blobs(40, 56, 3)], [3.0, 1.0]
    together = point(network, [Style(p, weight=w, apart=True) for p, w in zip(pictures, weights, strict=True)])
    separate = [float(point(network, [Style(p)]).total) for p in pictures]
    assert float(together.total) == pytest.approx(np.average(separate, weights=weights), rel=1e-4)
    assert set(together.canonical) == {"style/0", "style/1"}
    averaged = point(network, [Style(p, weight=w) for p, w in zip(pictures, weights, strict=True)])
    assert float(averaged.total) != pytest.approx(float(together.total), rel=1e-2)


def test_the_content_is_unchanged_outside_the_mask(network) -> None:
    soft = mask.at(HALF, 48, 64)
    soft[:, :, 28:36] = np.linspace(1, 0, 8, dtype=np.float32)[None, None, :, None]
    styles, optimizer = [Style(blobs(48, 48, 2), soft)], Adam(learning_rate=0.05)
    result = stylize(Transfer(CONTENT, styles, network, OBJECTIVE, optimizer, steps=6, mask=soft)).image
    np.testing.assert_array_equal(result[:, :, 36:], CONTENT[:, :, 36:])
    assert np.abs(result[:, :, :28] - CONTENT[:, :, :28]).mean() > 0.01


def test_the_gradient_with_bounds_equals_finite_differences(network, rng: np.random.Generator) -> None:
    from nst.state import Level
    from nst.transfer.bounds import Bounds

    soft = rng.uniform(size=HALF.shape).astype(np.float32)
    evaluate = evaluation(network, OBJECTIVE, [Style(blobs(48, 48, 2))])(CONTENT)
    bounded = Bounds(soft, CONTENT).within(evaluate, Level(48, 64, 1))
    x = blobs(48, 64, 9)
    gradient = np.asarray(bounded(tf.constant(x)).gradient)
    steepest = gradient / np.linalg.norm(gradient)
    slope = (bounded(tf.constant(x + 0.1 * steepest)).total - bounded(tf.constant(x - 0.1 * steepest)).total) / 0.2
    assert float(slope) == pytest.approx(float(np.linalg.norm(gradient)), rel=2e-2)


class TestMasks:
    def write_map(self, tmp_path: Path) -> np.ndarray:
        picture = np.zeros([240, 320, 3], np.uint8)
        picture[:, 120:] = (200, 30, 30)
        picture[160:, 200:] = (250, 250, 250)
        Image.fromarray(picture).save(tmp_path / "map.png")
        Image.fromarray(picture).save(tmp_path / "map.jpg", quality=80)
        return picture

    @pytest.mark.parametrize("suffix", ["png", "jpg"])
    def test_regions_are_the_flat_colors_from_dark_to_light(self, tmp_path: Path, suffix: str) -> None:
        picture = self.write_map(tmp_path)
        found = mask.regions(read_image(tmp_path / f"map.{suffix}"), 3, (240, 320), "map")
        for part, color in zip(found, [(0, 0, 0), (200, 30, 30), (250, 250, 250)], strict=True):
            agree = part[0, ..., 0] == (picture == color).all(-1)
            assert agree.mean() > (1 if suffix == "png" else 0.98) - 1e-9
        np.testing.assert_allclose(sum(found), 1)

    def test_a_wrong_number_of_regions_is_refused(self, tmp_path: Path) -> None:
        self.write_map(tmp_path)
        with pytest.raises(InputError, match=r"map has 3 regions \(flat colors\), but there are 2 styles"):
            mask.regions(read_image(tmp_path / "map.png"), 2, (240, 320), "map")

    def test_a_wrong_aspect_ratio_is_refused(self) -> None:
        with pytest.raises(InputError, match="m is 64x48, but the content is 64x64; a mask must have the content"):
            mask.gray(np.ones([1, 48, 64, 3], np.float32), (64, 64), "m")

    def test_an_empty_mask_is_refused(self) -> None:
        with pytest.raises(InputError, match="m is empty"):
            mask.gray(np.zeros([1, 48, 64, 3], np.float32), (48, 64), "m")


class TestBlend:
    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            ({"weights": [1, -1]}, "style.weights must be at least 0"),
            ({"weights": [0, 0]}, "style.weights are all 0"),
            ({"weights": [1]}, "style.weights: 1 for 2 styles"),
            ({"scale": [1.0]}, "style.scale: 1 for 2 styles"),
            ({"masks": ["a.png"]}, "style.masks: 1 for 2 styles"),
            ({"blend": "target"}, "did you mean 'targets'"),
            ({"images": []}, "at least one picture"),
        ],
    )
    def test_bad_lists_are_refused(self, arguments: dict[str, object], problem: str) -> None:
        with pytest.raises(InputError, match=problem):
            style.blend(**{"images": ["a", "b"], **arguments})  # pyright: ignore[reportArgumentType]

    def test_a_style_of_weight_zero_is_skipped(self) -> None:
        (source,) = style.blend(["a", "b"], [0, 2], scale=[1.0, 2.0])
        assert (source.image, source.scale) == ("b", 2.0)


class TestCommands:
    def test_a_blend_runs(self, nst: Callable[..., Outcome], pictures: Path) -> None:
        images = f"style.images=[{pictures / 'style.png'},{pictures / 'content.png'}]"
        assert nst("style=blend", images, "style.weights=[3,1]").status == 0

    def test_a_run_with_region_masks_keeps_the_content_outside_its_mask(
        self, nst: Callable[..., Outcome], pictures: Path
    ) -> None:
        picture = np.zeros([64, 80], np.uint8)
        picture[:, 40:] = 255
        Image.fromarray(picture).save("map.png")
        images = f"style.images=[{pictures / 'style.png'},{pictures / 'content.png'}]"
        outcome = nst("style=blend", images, "style.masks=map.png", "content.mask=map.png", "size=80")
        assert outcome.status == 0, outcome.err
        result, content = read_image(only_run() / "result.png"), read_image(pictures / "content.png")
        assert np.abs(result[:, :, :39] - content[:, :, :39]).max() <= 1.001 / 255

    def test_a_color_coded_mask_is_decoded_once(
        self, nst: Callable[..., Outcome], pictures: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nst.runner import pictures as reader

        picture = np.zeros([64, 80], np.uint8)
        picture[:, 40:] = 255
        Image.fromarray(picture).save("map.png")
        decoded, decode = [], reader.regions
        monkeypatch.setattr(reader, "regions", lambda *found: decoded.append(found) or decode(*found))
        images = f"style.images=[{pictures / 'style.png'},{pictures / 'content.png'}]"
        outcome = nst("style=blend", images, "style.masks=map.png", "steps=1")
        assert outcome.status == 0, outcome.err
        assert len(decoded) == 1

    def test_a_folder_of_pictures_works_as_a_style(self, nst: Callable[..., Outcome], pictures: Path) -> None:
        assert nst(f"style.image={pictures}").status == 0

    def test_an_empty_folder_is_refused(self, nst: Callable[..., Outcome], tmp_path: Path) -> None:
        (tmp_path / "none").mkdir()
        outcome = nst("style.image=none")
        assert outcome.status == 2
        assert "none is a folder without pictures" in outcome.err

    def test_every_loss_has_its_style_distance_measured_inside_the_mask(
        self, nst: Callable[..., Outcome], pictures: Path, tmp_path: Path
    ) -> None:
        Image.fromarray(np.uint8(HALF[0, ..., 0] * 255)).resize((80, 64)).save(tmp_path / "half.png")
        for loss in ("gram", "moments"):  # both do not change the content
            nst("content.mask=" + str(tmp_path / "half.png"), f"loss/style={loss}", "steps=1", f"hydra.run.dir={loss}")
        gram, moments = (
            json.loads(Path(folder, "result.json").read_text())["metrics"] for folder in ("gram", "moments")
        )
        assert gram["style_distance"] == pytest.approx(moments["style_distance"])

    @pytest.mark.parametrize(
        ("loss", "named"),
        [
            ("moments", "style.masks: loss/style=moments cannot be measured in a mask; use loss/style=gram"),
            (
                "mix",
                "style.masks: loss.style.parts.moments cannot be measured in a mask; "
                "use loss/style=gram, or loss.style.parts.moments.weight=0",
            ),
        ],
    )
    def test_masks_with_a_loss_that_does_not_support_them_are_refused(
        self, nst: Callable[..., Outcome], loss: str, named: str
    ) -> None:
        Image.new("L", (80, 64), 255).save("map.png")
        masked = ("style=blend", "style.images=[mosaic]", "style.masks=[map.png]", f"loss/style={loss}")
        outcome = nst(*masked)
        assert outcome.status == 2
        assert named in outcome.err
        if loss == "mix":  # what the message proposes
            assert nst(*masked, "loss.style.parts.moments.weight=0", "steps=1").status == 0


def test_a_refusal_of_masks_names_the_loss_and_every_loss_that_supports_them() -> None:
    files = [file for file in (CONF / "loss" / "style").glob("*.yaml") if file.stem != "mix"]
    losses: dict[str, Any] = {file.stem: get_class(OmegaConf.load(file)._target_) for file in files}
    assert {choice for choice, kind in losses.items() if kind.guidable} == set(GUIDABLE)
    for choice, kind in losses.items():
        if not kind.guidable:
            with pytest.raises(InputError, match=f"loss/style={choice} cannot be measured in a mask; use .*gram"):
                Objective(Features(), kind()).per_style(1, guided=True)


class TestMasksOfContentAndStyles:
    """Where `content.mask` and a style's mask are both white, the style applies."""

    @staticmethod
    def styles(tmp_path: Path, content_mask: np.ndarray, *style_masks: np.ndarray) -> list[style.Style]:
        from nst.runner.pictures import Pictures
        from nst.runner.setup import masked_styles
        from tests.test_config import load

        sides = {"content": np.zeros([64, 64], np.uint8), "mask": content_mask}
        sides |= {f"style{index}": each for index, each in enumerate(style_masks)}
        for name, levels in sides.items():
            Image.fromarray(levels).save(tmp_path / f"{name}.png")
        count = len(style_masks)
        config = load(
            f"content.image={tmp_path}/content.png",
            f"content.mask={tmp_path}/mask.png",
            "style=blend",
            f"style.images=[{','.join(['harbor'] * count)}]",
            f"style.masks=[{','.join(f'{tmp_path}/style{index}.png' for index in range(count))}]",
            "size=64",
        )
        return masked_styles(Pictures(config))

    @staticmethod
    def half(rows: slice, columns: slice) -> np.ndarray:
        levels = np.zeros([64, 64], np.uint8)
        levels[rows, columns] = 255
        return levels

    def test_a_style_applies_only_inside_both(self, tmp_path: Path) -> None:
        top, left, right = (
            self.half(slice(32), slice(64)),
            self.half(slice(64), slice(32)),
            self.half(slice(64), slice(32, 64)),
        )
        found = self.styles(tmp_path, top, left, right)
        for one, part in zip(found, (left, right), strict=True):
            assert one.mask is not None
            np.testing.assert_array_equal(one.mask[0, ..., 0], (top & part) / 255)

    def test_a_style_outside_the_contents_mask_is_left_out(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
        left, right = self.half(slice(64), slice(30)), self.half(slice(64), slice(30, 64))
        assert len(self.styles(tmp_path, left, right, left)) == 1
        assert "style.masks: 1 of 2 styles left out" in caplog.text

    def test_masks_that_do_not_overlap_are_refused(self, tmp_path: Path) -> None:
        left, right = self.half(slice(64), slice(30)), self.half(slice(64), slice(30, 64))
        with pytest.raises(InputError, match=r"every mask is black where content\.mask is white"):
            self.styles(tmp_path, left, right)

    def test_pictures_of_one_folder_share_their_mask(self, tmp_path: Path) -> None:
        from types import SimpleNamespace

        from nst.runner.setup import masked_styles

        picture, mask = np.zeros([1, 64, 64, 3], np.float32), np.ones([1, 64, 64, 1], np.float32)
        shared = [style.Style(picture, mask), style.Style(picture, mask)]
        one, other = masked_styles(SimpleNamespace(mask=mask / 2, styles=shared))  # pyright: ignore[reportArgumentType]
        assert one.mask is other.mask
