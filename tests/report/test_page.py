"""The report's page in a real browser: every control works, loaded from disk, without network."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nst.report.write import report
from tests.conftest import ROOT
from tests.report.test_report import STYLES, grid, make_run, suite

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

EVIL = "<script>document.title='taken'</script>"


MANY = 270


@dataclass
class Visit:
    """A page, with its errors and its network requests."""

    page: Any
    problems: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()

    def column(self, place: int) -> list[str]:
        return self.texts(f"#rows tr td:nth-child({place})")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six runs of two settings, one run with a script as a value, and one that failed."""
    top = tmp_path_factory.mktemp("report") / "sweep"
    grid(top)
    make_run(top / "evil", weight=7, optimizer=EVIL, distances=(0.9, 0.9))
    make_run(top / "failed", weight=-1, status="failed", error=f"no {EVIL}")
    return report([top]).folder


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More runs than the page shows at a time."""
    top = tmp_path_factory.mktemp("many") / "sweep"
    for weight in range(MANY):
        make_run(top / f"weight={weight}", weight=weight)
    return report([top]).folder


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three settings over four pairs with two seeds; with tags and notes."""
    top = tmp_path_factory.mktemp("pairs") / "sweep"
    for seed in range(2):
        suite(
            top / str(seed), weights=(5, 50, 500), seed=seed, tags=["klimt", f"try{seed}"], notes=f"{EVIL} seed {seed}"
        )
    return report([top]).folder


OpenPage = Callable[..., Visit]


@pytest.fixture
def open_page(browser: Any, folder: Path) -> Iterator[OpenPage]:
    """Open the page; at the end, check that it had no errors and no network requests."""
    visits: list[Visit] = []

    def open_new_page(where: Path = folder, **options: Any) -> Visit:
        page = browser.new_page(**options)
        visit = Visit(page)
        page.on("console", lambda message: visit.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: visit.problems.append(str(error)))
        page.on("request", lambda request: visit.problems.append(request.url) if not local(request.url) else None)
        page.goto((where / "index.html").as_uri())
        visits.append(visit)
        return visit

    yield open_new_page
    for each in visits:
        assert each.problems == []
        each.page.close()


def local(address: str) -> bool:
    return address.startswith(("file://", "data:"))


def test_the_page_shows_every_run(open_page: OpenPage) -> None:
    visit = open_page()
    assert visit.page.title().startswith("sweep")
    assert len(visit.texts("#gallery figure")) == len(visit.texts("#rows tr")) == 8
    assert "7 done, 1 failed" in visit.page.inner_text("#summary")
    visit.page.wait_for_function("document.querySelector('#gallery img').naturalWidth > 0")


def test_a_column_sorts_by_number_in_both_directions(open_page: OpenPage) -> None:
    visit = open_page()
    header = visit.page.locator("#table thead").get_by_role("button", name="style.weight")
    header.click()
    rising = [float(text) for text in visit.column(2)]
    assert rising == sorted(rising)
    header.click()
    assert [float(text) for text in visit.column(2)] == rising[::-1]
    assert visit.page.locator("th[aria-sort=descending]").count() == 1
    visit.page.locator("#table thead").get_by_role("button", name="style distance").click()
    figures = [float(text) for text in visit.column(4) if text]
    assert figures == sorted(figures)
    assert visit.column(4)[-1] == "", "runs without the metric come last"


def test_runs_are_filtered_by_setting_metric_and_word(open_page: OpenPage) -> None:
    visit = open_page()
    page = visit.page
    filters = page.locator("#filters")
    filters.get_by_label("optimizer").select_option("adam")
    assert page.inner_text("#count") == "3 of 8 runs"
    assert set(visit.column(3)) == {"adam"}
    assert page.locator("#gallery figure").count() == page.locator("#scatter circle").count() == 3
    filters.get_by_label("style distance").fill("0.03")
    assert [float(text) for text in visit.column(2)] == [50, 500]
    page.get_by_role("button", name="Show all").click()
    page.get_by_placeholder("words").fill("failed")
    assert len(visit.column(1)) == 1


@pytest.mark.parametrize(("optimizer", "named"), [("sgd", True), ("a rule of many words, one that nobody has", False)])
def test_points_have_a_label_if_there_is_space(
    open_page: OpenPage, tmp_path: Path, optimizer: str, named: bool
) -> None:
    for weight, chosen in ((5, "adam"), (50, optimizer)):
        make_run(tmp_path / f"{weight}", weight=weight, optimizer=chosen, distances=(1 / weight, weight / 100))
    page = open_page(report([tmp_path]).folder).page
    assert page.locator("#scatter circle").count() == 2
    assert (page.locator("#scatter text", has_text="adam").count() == 1) == named


def test_a_click_on_a_pareto_point_opens_its_picture_beside_the_content(open_page: OpenPage) -> None:
    visit = open_page()
    page = visit.page
    best = page.locator("#scatter circle.best")
    assert best.count() >= 2
    run = best.first.get_attribute("data-run")
    best.first.click()
    assert page.locator("#viewer").is_visible()
    assert page.input_value("#right") == run
    assert page.locator("#left option:checked").inner_text() == "content: cat"
    assert "python -m nst.repeat" in page.inner_text("#details")
    page.keyboard.press("Escape")
    assert not page.locator("#viewer").is_visible()


def test_the_slider_reveals_the_picture_on_the_right(open_page: OpenPage) -> None:
    visit = open_page()
    page = visit.page
    page.locator("#gallery button").first.click()
    page.locator("#slider").fill("250")
    assert page.locator("#over").evaluate("node => node.style.clipPath") == "inset(0px 75% 0px 0px)"
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    assert abs(int(page.input_value("#slider")) - 800) < 5
    page.locator("#slider").focus()
    before = int(page.input_value("#slider"))
    page.keyboard.press("ArrowLeft")
    assert int(page.input_value("#slider")) == before - 1


def test_the_viewer_lists_only_the_settings_that_differ(open_page: OpenPage) -> None:
    visit = open_page()
    page = visit.page
    page.locator("#gallery button").first.click()
    for side, text in (("left", "style.weight 5, optimizer adam"), ("right", "style.weight 500, optimizer adam")):
        page.locator(f"#{side}").select_option(label=text)
    rows = dict(
        zip(visit.texts("#difference th[scope=row]"), visit.texts("#difference tr td:nth-child(2)"), strict=True)
    )
    assert rows["loss.style.weight"] == "5"
    assert "optimizer" not in rows
    assert "optimizer.box" not in rows


def test_the_page_works_with_the_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page().page
    page.locator("#gallery button").first.focus()
    page.keyboard.press("Enter")
    first = page.input_value("#right")
    page.locator("#keep").focus()
    page.keyboard.press("ArrowRight")
    assert page.input_value("#right") != first
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#right") == first
    page.keyboard.press("Escape")
    page.locator("#scatter circle").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#viewer").is_visible()


def test_a_failed_run_shows_its_error(open_page: OpenPage) -> None:
    page = open_page().page
    page.locator("#filters").get_by_label("status").select_option("failed")
    page.locator("#gallery button").click()
    assert f"no {EVIL}" in page.inner_text("#details")
    assert not page.locator("#keep").is_visible(), "a failed run has no picture to compare"
    page.keyboard.press("ArrowRight")


def test_a_script_in_a_config_is_displayed_as_text(open_page: OpenPage) -> None:
    visit = open_page()
    page = visit.page
    assert EVIL in " ".join(visit.column(3))
    page.locator("#gallery figure", has_text="7").first.locator("button").click()
    own = (ROOT / "nst/report/static/index.html").read_text().count("<script")
    assert page.locator("body script").count() == own, "no scripts other than the page's"
    assert page.title() != "taken"


def test_many_runs_load_in_portions(open_page: OpenPage, many: Path) -> None:
    page = open_page(many).page
    pictures, rows = page.locator("#gallery figure"), page.locator("#rows tr")
    assert 0 < pictures.count() < MANY
    assert 0 < rows.count() < MANY
    page.get_by_role("button", name="more of", exact=False).first.click()
    page.get_by_role("button", name="more of", exact=False).first.click()
    assert pictures.count() == MANY
    assert not page.locator("#more-pictures").is_visible()
    before = rows.count()
    rows.last.scroll_into_view_if_needed()
    page.wait_for_function(f"document.querySelectorAll('#rows tr').length > {before}")
    page.locator("#table thead").get_by_role("button", name="style.weight").click()
    page.locator("#table thead").get_by_role("button", name="style.weight").click()
    assert page.locator("#rows tr td:nth-child(2)").first.inner_text() == str(MANY - 1)
    assert page.locator("#scatter circle").count() == MANY


def test_the_curves_of_selected_runs_are_drawn(open_page: OpenPage) -> None:
    page = open_page().page
    page.wait_for_selector("#curves polyline")
    before = page.locator("#curves polyline").count()
    page.locator("#rows input:checked").first.uncheck()
    assert page.locator("#curves polyline").count() == before - 1
    page.get_by_role("button", name="content", exact=True).click()
    assert "content, weighted" in page.locator("#curves").inner_text()


def test_settings_are_compared_in_a_table_and_in_the_chart(open_page: OpenPage, pairs: Path) -> None:
    visit = open_page(pairs)
    page = visit.page
    assert [text.removesuffix(" ★") for text in visit.texts("#setting-rows td.name")] == [
        f"style.weight={weight}" for weight in (5, 50, 500)
    ]
    assert visit.texts("#setting-rows tr td:last-child") == ["baseline", "undecided", "undecided"]
    assert visit.texts("#setting-rows tr td:nth-child(6)") == ["", "4 of 4", "4 of 4"]
    assert "With 4 pairs nothing can be called different" in page.inner_text("#caption")
    assert page.locator("#scatter circle").count() == 3
    page.locator("#compared").get_by_role("button", name="content distance").click()
    assert visit.texts("#setting-rows tr td:nth-child(6)") == ["", "0 of 4", "0 of 4"]
    page.locator("#setting-head").get_by_role("button", name="mean").click()
    page.locator("#setting-head").get_by_role("button", name="mean").click()
    assert visit.texts("#setting-rows td.name")[0].startswith("style.weight=500")


def test_what_is_not_compared_is_listed(open_page: OpenPage, tmp_path: Path) -> None:
    suite(tmp_path / "sweep", weights=(5, 50))
    shutil.rmtree(next((tmp_path / "sweep").iterdir()))
    visit = open_page(report([tmp_path]).folder)
    (problem,) = visit.texts("#not-compared li")
    assert problem.startswith("pairs not compared")
    assert "pairs not compared" not in visit.page.inner_text("#caption")


def test_intervals_are_drawn_to_scale(open_page: OpenPage, pairs: Path) -> None:
    page = open_page(pairs).page
    numbers, ends = [], []
    for row in page.locator("#setting-rows tr").all()[1:]:
        cell = row.locator("td:nth-child(5)")
        mean, half = (float(text) for text in cell.inner_text().split(" ± "))
        numbers += [mean - half, mean, mean + half]
        span, dot = cell.locator(".span"), cell.locator("circle")
        ends += [float(span.get_attribute("x1")), float(dot.get_attribute("cx")), float(span.get_attribute("x2"))]
    slopes = [(b - a) / (y - x) for a, b, x, y in zip(ends, ends[1:], numbers, numbers[1:], strict=False)]
    assert max(slopes) == pytest.approx(min(slopes), rel=0.2), "the text is rounded"


def test_ticked_settings_filter_everything_below(open_page: OpenPage, pairs: Path) -> None:
    visit = open_page(pairs)
    page = visit.page
    page.get_by_role("checkbox", name="Show only style.weight=50", exact=True).check()
    assert page.inner_text("#count") == "8 of 24 runs"
    assert page.locator("#gallery figure").count() == 8
    page.get_by_role("checkbox", name="Show only style.weight=5", exact=True).check()
    assert page.inner_text("#count") == "16 of 24 runs"
    page.get_by_role("button", name="Show all").click()
    playwright.expect(page.locator("#count")).to_have_text("24 runs")
    assert page.locator("#setting-rows input:checked").count() == 0


def test_the_gallery_is_grouped_by_pair(open_page: OpenPage, pairs: Path) -> None:
    visit = open_page(pairs)
    page = visit.page
    assert sorted(visit.texts("#gallery h3")) == sorted(f"cat x {style}" for style in STYLES)
    assert page.locator("#gallery h3 img").count() == 2 * len(STYLES)
    page.get_by_label("Group by pair").uncheck()
    assert page.locator("#gallery h3").count() == 0
    assert page.locator("#gallery figure").count() == 24


def test_tags_and_notes_are_shown_and_filtered(open_page: OpenPage, pairs: Path) -> None:
    visit = open_page(pairs)
    page = visit.page
    assert "tags: klimt" in page.inner_text("#about")
    assert f"{EVIL} seed 1" in page.inner_text("#about")
    page.locator("#filters label", has_text="tag").locator("select").select_option(label="try1")
    assert page.inner_text("#count") == "12 of 24 runs"
    assert "try1" in page.locator("#gallery figcaption").first.inner_text()
    for word, count in (("taken", 12), ("try1", 12), ("try0", 0)):
        page.get_by_placeholder("words").fill(word)
        assert page.inner_text("#count") == f"{count} of 24 runs"
    page.get_by_role("button", name="Show all").click()
    playwright.expect(page.locator("#count")).to_have_text("24 runs")
    page.locator("#gallery figure button").first.click()
    assert f"{EVIL} seed" in page.inner_text("#details")
    assert page.title() != "taken"


def test_seeds_without_a_comparison_are_one_point(open_page: OpenPage, tmp_path: Path) -> None:
    for seed, shift in enumerate((0.0, 0.2)):
        grid(tmp_path / str(seed), seed=seed, shift=shift)
    page = open_page(report([tmp_path]).folder).page
    assert page.locator("#scatter circle").count() == 6
    assert page.locator("#gallery figure").count() == 12
    assert not page.locator("#settings").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("compared", [False, True])
def test_the_page_fits_the_screen_and_follows_the_color_scheme(
    open_page: OpenPage, folder: Path, pairs: Path, scheme: str, width: int, compared: bool
) -> None:
    where = pairs if compared else folder
    page = open_page(where, color_scheme=scheme, viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#gallery button").first.click()
    assert page.locator("#viewer").evaluate("node => node.scrollWidth <= node.clientWidth")
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    lightness = [sum(map(int, color[4:-1].split(","))) for color in (ink, paper)]
    assert (lightness[0] > lightness[1]) == (scheme == "dark")
