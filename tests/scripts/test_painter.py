"""The painting engine: curves, flow, stencils, perspective, strokes."""

import numpy as np
import pytest

from painter import curve, flow, outline_maps, shapes
from painter.brush import Marks
from painter.canvas import Canvas
from painter.frame import MAP_SIDE, Frame, sample
from painter.palette import Ramp, rgb
from painter.perspective import Camera
from painter.stencil import Stencil
from painter.woodblock import Print

ELLIPSE = curve.ellipse((0.5, 0.4), (0.2, 0.1), turn=0.6, count=400)


def area(outline: np.ndarray) -> float:
    x, y = outline.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def lengths(line: np.ndarray) -> np.ndarray:
    return np.hypot(*np.diff(line, axis=0).T)


def canvas(long_side: int = 100, aspect: float = 0.8) -> Canvas:
    return Canvas(long_side, aspect, np.zeros(3))


class TestCurves:
    def test_a_spline_goes_through_its_points_and_a_straight_one_is_straight(self, rng: np.random.Generator) -> None:
        points = rng.random((5, 2))
        np.testing.assert_allclose(curve.spline(points, 4 * 7 + 1)[::7], points, atol=1e-12)
        straight = curve.spline(np.linspace((0.0, 0.0), (1.0, 2.0), 4), 20)
        np.testing.assert_allclose(straight[:, 1], 2 * straight[:, 0], atol=1e-12)

    def test_resampled_points_are_at_equal_distances(self) -> None:
        ring = curve.resample(ELLIPSE, 50, closed=True)
        steps = lengths(np.concatenate([ring, ring[:1]]))
        assert steps.max() / steps.min() < 1.01
        assert len(ring) == 50
        line = curve.resample(ELLIPSE, 50)
        np.testing.assert_allclose(line[[0, -1]], ELLIPSE[[0, -1]])

    def test_rotation_is_reversible_and_keeps_lengths(self, rng: np.random.Generator) -> None:
        points = rng.normal(size=(6, 2))
        turned = curve.rotated(points, 0.7)
        np.testing.assert_allclose(np.hypot(*turned.T), np.hypot(*points.T))
        np.testing.assert_allclose(curve.rotated(turned, -0.7), points)
        np.testing.assert_allclose(curve.rotated(np.array([[1.0, 0.0]]), np.pi / 2), [[0.0, 1.0]], atol=1e-12)

    def test_a_smooth_closed_curve_passes_through_its_corners_and_has_their_area(self) -> None:
        corners = curve.ellipse((0.0, 0.0), (1.0, 1.0), count=12)
        ring = curve.smooth(corners, closed=True)
        assert min(np.hypot(*(ring - corner).T).min() for corner in corners) < 1e-9
        assert area(ring) == pytest.approx(np.pi, rel=0.01)

    def test_a_ribbon_covers_its_length_times_its_width(self) -> None:
        path = curve.curl((0.1, 0.2), 0.3, 0.5, 0.4, count=200)
        assert curve.perimeter(path) == pytest.approx(0.5)
        assert area(curve.ribbon(path, 0.01)) == pytest.approx(0.5 * 0.02, rel=0.01)


class TestHatching:
    @pytest.mark.parametrize("angle", [0.0, 0.5, 1.7])
    def test_the_lines_are_inside_the_outline_and_cover_its_area(self, angle: float) -> None:
        starts, ends = shapes.hatch(ELLIPSE, angle, 0.004)
        assert np.hypot(*(ends - starts).T).sum() * 0.004 == pytest.approx(area(ELLIPSE), rel=0.03)
        turned = curve.rotated((starts + ends) / 2 - (0.5, 0.4), -0.6)
        assert ((turned / (0.2, 0.1)) ** 2).sum(axis=1).max() < 1, "midpoints are inside the ellipse"
        np.testing.assert_allclose(curve.rotated(ends - starts, -angle)[:, 1], 0, atol=1e-12)

    def test_a_hole_is_not_hatched(self) -> None:
        outer = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)])
        inner = 0.5 + (outer[::-1] - 0.5) / 2
        starts, ends = shapes.hatch(np.concatenate([outer, inner]), 0.0, 0.01)
        assert np.hypot(*(ends - starts).T).sum() * 0.01 == pytest.approx(0.75, rel=0.02)


class TestFlow:
    def test_opposite_directions_do_not_cancel(self) -> None:
        angles = np.full((2, 2), 0.3)
        np.testing.assert_allclose(flow.blend([(angles, 1.0), (angles + np.pi, 1.0)]), angles)

    def test_a_path_around_a_centre_keeps_its_distance(self) -> None:
        frame = Frame(1.0)
        paths = flow.trace(flow.circling(frame, (0.5, 0.5)), np.array([[0.5, 0.3], [0.8, 0.5]]), np.array([0.3, 0.2]))
        radii = np.hypot(*(paths - 0.5).transpose(2, 0, 1))
        assert np.ptp(radii, axis=1).max() < 0.005
        np.testing.assert_allclose([lengths(path).sum() for path in paths], [0.3, 0.2], rtol=0.01)

    def test_level_lines_follow_equal_heights(self) -> None:
        frame = Frame(0.5)
        heights = 2 * frame.x + frame.y
        angles = flow.level_lines(heights)
        np.testing.assert_allclose(2 * np.cos(angles) + np.sin(angles), 0, atol=1e-9)

    def test_depth_is_the_distance_from_the_outline(self) -> None:
        frame = Frame(0.8)
        circle = curve.ellipse((0.5, 0.4), (0.2, 0.2), count=300)
        found, true = outline_maps.depth(frame, circle), 0.2 - frame.distance((0.5, 0.4))
        near = np.abs(true) < outline_maps.MARGIN
        assert np.abs(found - true)[near].max() < 1 / MAP_SIDE
        assert ((found > 0) == (true > 0))[np.abs(true) > 0.002].all()


class TestPaint:
    def test_the_sum_of_a_mask_is_the_area_at_every_size(self) -> None:
        outlines = (ELLIPSE, curve.ribbon(np.array([[0.1, 0.7], [0.9, 0.75]]), 0.0004))
        for outline in outlines:
            for side in (60, 300):
                stencil = Stencil(canvas(side))
                assert stencil.mask([outline]).sum() / stencil.canvas.scale**2 == pytest.approx(area(outline), rel=0.1)

    def test_a_fill_blends_colors_and_stays_inside_its_outline(self) -> None:
        stencil = Stencil(canvas())
        before = stencil.pixels.copy()
        stencil.fill(ELLIPSE, np.array([1.0, 0.5, 0.0]), 0.5)
        middle = int(0.4 * stencil.canvas.scale), int(0.5 * stencil.canvas.scale)
        np.testing.assert_allclose(stencil.pixels[middle][:3], [0.5, 0.25, 0.0], atol=0.01)
        outside = stencil.mask([ELLIPSE]) == 0
        np.testing.assert_array_equal(stencil.pixels[outside], before[outside])

    def test_an_outline_off_the_canvas_is_not_painted(self) -> None:
        stencil = Stencil(canvas())
        before = stencil.pixels.copy()
        stencil.fill(ELLIPSE + 2.0, np.ones(3))
        np.testing.assert_array_equal(stencil.pixels, before)
        assert stencil.cut([ELLIPSE + 2.0]) is None

    def test_a_stroke_paints_its_band_and_nothing_else(self, rng: np.random.Generator) -> None:
        sheet = canvas()
        path = np.array([[[0.2, 0.4], [0.8, 0.4]]])
        paint = np.ones((1, 2, 3))
        sheet.sweep(path, np.array([0.1]), paint, Marks.make(1, rng))
        painted = sheet.pixels.reshape(sheet.rows, sheet.columns, 4)[..., 0] > 0.3
        rows, columns = np.nonzero(painted)
        scale = sheet.scale
        assert 0.35 * scale - 2 <= rows.min() <= rows.max() <= 0.45 * scale + 2
        assert 0.2 * scale - 2 <= columns.min() <= columns.max() <= 0.8 * scale + 2
        assert painted.sum() > 0.6 * (0.1 * 0.6 * scale**2), "most of the band"

    def test_a_flat_canvas_shows_its_ground_at_any_light(self) -> None:
        ground = rgb("#336699")
        for light in (0.0, 0.5):
            picture = np.asarray(Canvas(40, 0.5, ground).picture(light))
            assert picture.shape == (20, 40, 3)
            np.testing.assert_array_equal(picture, np.broadcast_to([0x33, 0x66, 0x99], picture.shape))

    def test_a_printed_color_is_inside_its_outline(self, rng: np.random.Generator) -> None:
        sheet = Print(canvas(), rng)
        sheet.color([ELLIPSE], np.array([1.0, 0.0, 0.0]))
        stencil, red = sheet.stencil, sheet.stencil.pixels[..., 0]
        assert red[stencil.mask([ELLIPSE]) > 0.9].mean() > 0.5
        assert red[int(0.1 * stencil.canvas.scale), int(0.1 * stencil.canvas.scale)] < 0.1


def test_a_ramp_passes_through_its_colors_and_is_constant_beyond_its_ends() -> None:
    ramp = Ramp.of("#000000", "#ff0000", "#ffffff")
    np.testing.assert_allclose(
        ramp(np.array([-1.0, 0.0, 0.5, 0.75, 2.0])), [[0] * 3, [0] * 3, [1, 0, 0], [1, 0.5, 0.5], [1] * 3]
    )


def test_a_map_is_sampled_at_the_nearest_cells() -> None:
    frame = Frame(0.5)
    points = np.array([[0.25, 0.125], [0.9, 0.4], [2.0, -1.0]])
    np.testing.assert_allclose(sample(frame.x, points), [0.25, 0.9, 1.0], atol=1 / MAP_SIDE)


def test_a_camera_projects_its_height_to_the_horizon_and_shrinks_distant_lengths() -> None:
    camera = Camera(height=10.0, horizon=0.4, focal=1.1, haze=1000.0)
    for distance in (20.0, 500.0):
        np.testing.assert_allclose(camera.project(np.array([3.0, 10.0, distance]))[1], 0.4)
    near, far = (np.diff(camera.project(np.array([[0.0, 0, z], [1.0, 0, z]])), axis=0)[0, 0] for z in (50.0, 100.0))
    assert near == pytest.approx(2 * far)
