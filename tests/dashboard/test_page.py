"""The page of a watch in a real browser: it follows runs, fits the screen, and asks no other host."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nst.dashboard.watcher import Watcher
from nst.report import plan
from tests.dashboard.conftest import Start, state
from tests.report.test_report import make_run

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

EVIL = "<img src=x onerror=document.title='taken'>"
OpenPage = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, serve: Callable[..., Any], watcher: Watcher) -> Iterator[OpenPage]:
    """Open the page; at the end, check that it had no errors and asked nothing of other hosts."""
    problems, pages = [], []
    with serve(watcher) as server:

        def open_new_page(**options: Any) -> Any:
            page = browser.new_page(**options)
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            pages.append(page)
            page.goto(server.address)
            return page

        asked: list[str] = []
        yield open_new_page
        for page in pages:
            page.close()
        assert problems == []
        assert not [url for url in asked if not url.startswith((server.address, "data:"))]


def sees(page: Any, selector: str, text: str) -> None:
    playwright.expect(page.locator(selector)).to_contain_text(text, timeout=20_000)


def test_it_follows_a_run_to_its_end(open_page: OpenPage, start: Start, watcher: Watcher) -> None:
    page = open_page()
    sees(page, "#summary", "no run is running")
    assert page.locator("#none").is_visible()
    run = start()
    state(watcher)
    sees(page, "#gallery figure", "30 of 120 evaluations · about 27 s left")
    sees(page, "#gallery figure", "80x60 · level 2 of 2 · loss 0.3333 · 0.3 s/evaluation")
    playwright.expect(page.locator("#gallery img")).to_have_js_property("naturalWidth", 80)
    first = page.locator("#gallery img").get_attribute("src")
    assert page.locator("progress").evaluate("node => node.value") == 0.25
    assert page.title().startswith("25 % · ")
    run.write(60, "red")
    state(watcher)
    sees(page, "#gallery figure", "60 of 120")
    playwright.expect(page.locator("#gallery img")).not_to_have_attribute("src", first)
    run.end()
    state(watcher)
    sees(page, "#gallery figure", "done120 evaluations · 37 s")
    assert not page.locator("#gallery progress").is_visible()
    assert page.locator("#gallery figure").count() == 1


def test_it_shows_a_sweep_with_its_plan_and_losses(
    open_page: OpenPage, start: Start, watcher: Watcher, tmp_path: Path
) -> None:
    plan.write_runs(tmp_path / "sweep", ["a", "b", "c", "d"])
    start("sweep/a", weight=4.0).end()
    page = open_page()
    start("sweep/b", weight=8.0)
    start("sweep/c", weight=16.0)
    state(watcher)
    sees(page, "#sweeps", "sweep 1 of 4 runs ended · 2 running · 1 not started")
    sees(page, "#summary", "2 running, 1 done")
    names = page.locator("#gallery .name").all_inner_texts()
    assert names == [f"style.weight={weight}" for weight in ("8.0", "16.0", "4.0")], "the one that ended comes last"
    assert page.locator("#curves polyline").count() == 3
    assert page.locator("#terms button").all_inner_texts() == ["total", "content", "style"]
    page.get_by_role("button", name="style", exact=True).click()
    assert "style, weighted" in page.locator("#curves").inner_text()
    assert page.locator("#gallery polyline").first.get_attribute("points")


def test_a_picture_is_enlarged_and_stays_current(open_page: OpenPage, start: Start, watcher: Watcher) -> None:
    page, run = open_page(), start()
    state(watcher)
    page.get_by_role("button", name="Enlarge run").click()
    sees(page, "#caption", "run · running · 30 of 120")
    first = page.locator("#enlarged img").get_attribute("src")
    run.write(60, "red")
    state(watcher)
    sees(page, "#caption", "60 of 120")
    playwright.expect(page.locator("#enlarged img")).not_to_have_attribute("src", first)
    page.keyboard.press("Escape")
    assert not page.locator("#viewer").is_visible()


def test_names_and_errors_are_displayed_as_text(open_page: OpenPage, watcher: Watcher, tmp_path: Path) -> None:
    page = open_page()
    make_run(tmp_path / EVIL.replace("/", ""), status="failed", error=f"no {EVIL}")
    state(watcher)
    sees(page, "#gallery .name", EVIL)
    sees(page, "#gallery .bad >> nth=1", f"no {EVIL}")
    assert page.locator("#gallery img").count() == 0
    assert page.title() != "taken"


def test_the_end_of_the_command_is_visible(browser: Any, serve: Callable[..., Any], watcher: Watcher) -> None:
    page = browser.new_page()
    with serve(watcher) as server:
        page.goto(server.address)
        sees(page, "#summary", "no run is running")
        assert not page.locator("#connection").is_visible()
    sees(page, "#connection", "The connection is lost")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1300])
def test_it_fits_the_screen_and_follows_the_color_scheme(
    open_page: OpenPage, start: Start, watcher: Watcher, tmp_path: Path, scheme: str, width: int
) -> None:
    plan.write_runs(tmp_path / "sweep", ["loss.style.weight=4,optimizer=adam,content.image=a_long_name.jpg", "b"])
    start("sweep/loss.style.weight=4,optimizer=adam,content.image=a_long_name.jpg")
    start("single" * 20)
    state(watcher)
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.wait_for_selector("#curves polyline")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#gallery figure > button:enabled").first.click()
    assert page.locator("#viewer").evaluate("node => node.scrollWidth <= node.clientWidth")
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    lightness = [sum(map(int, color[4:-1].split(","))) for color in (ink, paper)]
    assert (lightness[0] > lightness[1]) == (scheme == "dark")
