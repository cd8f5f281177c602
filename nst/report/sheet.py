"""sheet.png: a contact sheet of runs, laid out by the settings that vary."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from nst import settings
from nst.assets.picture_file import opened
from nst.errors import printable
from nst.report.runs import Run

FILE = "sheet.png"
PAPER, INK, FAINT, FAILED, BAD = "#ffffff", "#1c1c1e", "#6e6e73", "#f0efed", "#b3261e"
GAP, WIDEST, SMALLEST = 12, 2400, 96
CELL = 300  # largest width of a picture, in pixels
TEXT = 16  # largest font size, in pixels
LINES = 12  # settings in a caption, at most
LETTERS = 500  # of a text, at most; more are never visible
ACROSS = 6  # pictures per line, if the runs have no grid
PICTURED = ("content", "style")  # settings with pictures as values

Thumbs = Mapping[str, Path]  # {a run's folder, or a picture's sha256: a small copy}


@dataclass(frozen=True)
class Label:
    """The heading of a column or row."""

    text: str
    picture: Path | None = None


@dataclass(frozen=True)
class Cell:
    """One run, and the caption under its picture."""

    run: Run
    caption: Sequence[str] = ()  # lines


@dataclass(frozen=True)
class Layout:
    """Cells in rows; None leaves a place empty. Without labels, the captions contain all settings that vary."""

    rows: list[list[Cell | None]]
    columns: list[Label]
    sides: list[Label]
    axes: tuple[str, str] = ("", "")  # the settings of the columns and of the rows


def compose(runs: Sequence[Run], thumbs: Thumbs) -> Image.Image:
    """Draw the sheet of one or more runs: a grid for two settings, else a captioned picture per run."""
    varied = settings.varied([(run.overrides, run.settings) for run in runs])
    beside = _constant(runs, varied, thumbs)
    layout = _grid(runs, varied, thumbs) or _captioned(runs, varied, len(beside))
    return _Drawing(layout, beside, thumbs, _ratio(runs, thumbs)).draw()


def _grid(runs: Sequence[Run], varied: Sequence[str], thumbs: Thumbs) -> Layout | None:
    """Arrange two settings as columns and rows, the one with more values across.

    Returns None if two runs share a place, or if most places are empty.
    """
    if len(varied) != 2:
        return None
    values = {knob: sorted({_value(run, knob) for run in runs}, key=_order) for knob in varied}
    across, down = sorted(varied, key=lambda knob: -len(values[knob]))
    places = {(_value(run, down), _value(run, across)): run for run in runs}
    if len(places) != len(runs) or 2 * len(runs) < len(values[across]) * len(values[down]):
        return None
    rows = [[Cell(run) if (run := places.get((y, x))) else None for x in values[across]] for y in values[down]]
    columns, sides = (
        [_label(knob, value, next(run for run in runs if _value(run, knob) == value), thumbs) for value in values[knob]]
        for knob in (across, down)
    )
    return Layout(rows, columns, sides, (settings.short(across), settings.short(down)))


def _captioned(runs: Sequence[Run], varied: Sequence[str], fewest: int) -> Layout:
    """Arrange all runs in lines (at least `fewest`, if there are enough runs), sorted by their captions' values."""
    ordered = sorted(runs, key=lambda run: [_order(_value(run, knob)) for knob in varied])
    cells: list[Cell | None] = [Cell(run, _caption(run, varied)) for run in ordered]
    across = ACROSS if len(cells) <= ACROSS**2 else round((1.5 * len(cells)) ** 0.5)
    lines = max(-(-len(cells) // across), min(fewest, len(cells) // 2))
    across = -(-len(cells) // lines)  # lines of about equal length
    cells += [None] * (lines * across - len(cells))
    return Layout([cells[start : start + across] for start in range(0, len(cells), across)], [], [])


def _caption(run: Run, varied: Sequence[str]) -> list[str]:
    """Return the lines of a caption: the settings that vary, at most `LINES`; the run's name if none does."""
    shown = varied if len(varied) <= LINES else varied[: LINES - 1]
    lines = [f"{settings.short(knob)} {settings.displayed(_value(run, knob))}" for knob in shown] or [run.name]
    return lines if len(shown) == len(varied) else [*lines, f"and {len(varied) - len(shown)} more settings"]


def _value(run: Run, knob: str) -> settings.Value | None:
    return run.settings.get(knob)


def _order(value: settings.Value | None) -> tuple[bool, float, str]:
    number = isinstance(value, int | float)
    return (not number, float(value) if number else 0.0, str(value))


def _label(knob: str, value: settings.Value | None, run: Run, thumbs: Thumbs) -> Label:
    role = next((role for role in PICTURED if knob in (role, f"{role}.image")), None)
    picture = thumbs.get(str(run.pictures.get(role, {}).get("sha256"))) if role else None
    return Label(settings.displayed(value), picture)


def _constant(runs: Sequence[Run], varied: Sequence[str], thumbs: Thumbs) -> list[Label]:
    """Return the source pictures that all runs share."""
    labels = []
    for role in dict.fromkeys(role for run in runs for role in run.pictures):
        digests = {str(run.pictures[role].get("sha256")) for run in runs if role in run.pictures}
        if len(digests) == 1 and not any(knob in (role, f"{role}.image") for knob in varied):
            labels.append(Label(role, thumbs.get(digests.pop())))
    return [label for label in labels if label.picture]


def _ratio(runs: Sequence[Run], thumbs: Thumbs) -> float:
    """Return height / width of a cell: that of the tallest picture, at most 1.5."""
    ratios = []
    for run in runs:
        path = thumbs.get(str(run.folder))
        if path:
            with opened(path, str(path)) as picture:
                ratios.append(picture.height / picture.width)
    return min(max(ratios, default=0.75), 1.5)


class _Drawing:
    """The sheet being drawn."""

    def __init__(self, layout: Layout, beside: Sequence[Label], thumbs: Thumbs, ratio: float) -> None:
        self.layout, self.beside, self.thumbs = layout, beside, thumbs
        across = len(layout.rows[0]) + bool(beside) + bool(layout.sides)
        self.width = max(SMALLEST, min(CELL, WIDEST // across - GAP))
        self.height = round(self.width * ratio)
        self.font = ImageFont.load_default(max(11, min(TEXT, self.width // 12)))
        self.line = round(1.5 * self.font.size) if isinstance(self.font, ImageFont.FreeTypeFont) else TEXT
        self.lines = max(len(cell.caption) for row in layout.rows for cell in row if cell)
        self.pictured = any(label.picture for label in layout.columns)

    def draw(self) -> Image.Image:
        """Draw and return the sheet."""
        left = GAP + (self.width + 2 * GAP if self.beside else 0)
        first = left + (self._side_width() + GAP if self.layout.sides else 0)
        top = GAP + (self._head_height() if self.layout.columns else 0)
        step_x, step_y = self.width + GAP, self.height + GAP + (self.lines + 1) * self.line
        right = first + len(self.layout.rows[0]) * step_x
        bottom = max(top + len(self.layout.rows) * step_y, GAP + len(self.beside) * (self.height + self.line + GAP))
        self.sheet = Image.new("RGB", (right, bottom), PAPER)
        self.pen = ImageDraw.Draw(self.sheet)
        for index, label in enumerate(self.beside):
            y = GAP + index * (self.height + self.line + GAP)
            self._picture(label.picture, GAP, y)
            self._text(label.text, GAP, y + self.height + 3, self.width, FAINT)
        self._axes(left, first, top, step_x, step_y)
        for row, cells in enumerate(self.layout.rows):
            for column, cell in enumerate(cells):
                if cell:
                    self._cell(cell, first + column * step_x, top + row * step_y)
        return self.sheet

    def _side_width(self) -> int:
        if any(label.picture for label in self.layout.sides):
            return self.width
        texts = [*(label.text for label in self.layout.sides), self.layout.axes[1]]
        return min(self.width, max(round(self.font.getlength(text)) for text in texts) + GAP)

    def _head_height(self) -> int:
        return 2 * self.line + GAP + (self.height if self.pictured else 0)

    def _axes(self, left: int, first: int, top: int, step_x: int, step_y: int) -> None:
        """Draw the names and values of the settings."""
        if not self.layout.columns:
            return
        self._text(self.layout.axes[0], first, GAP, step_x * len(self.layout.columns), FAINT)
        for index, label in enumerate(self.layout.columns):
            x = first + index * step_x
            self._picture(label.picture, x, GAP + self.line)
            self._text(label.text, x, top - self.line - GAP // 2, self.width)
        self._text(self.layout.axes[1], left, top - self.line - GAP // 2, self._side_width(), FAINT)
        for index, label in enumerate(self.layout.sides):
            y = top + index * step_y
            self._picture(label.picture, left, y)
            self._text(label.text, left, y + (self.height + 3 if label.picture else 0), self._side_width())

    def _cell(self, cell: Cell, x: int, y: int) -> None:
        run, thumb = cell.run, self.thumbs.get(str(cell.run.folder))
        self._picture(thumb, x, y)
        if thumb is None:
            self.pen.rectangle((x, y, x + self.width - 1, y + self.height - 1), fill=FAILED)
            self._text(run.status, x + GAP, y + GAP, self.width - 2 * GAP, BAD)
            for index, line in enumerate(self._wrapped(run.error, self.width - 2 * GAP, 4)):
                self._text(line, x + GAP, y + GAP + (index + 1) * self.line, self.width - 2 * GAP, FAINT)
        elif run.status != "done":
            self.pen.rectangle((x, y, x + self.width - 1, y + self.line), fill=PAPER)
            self._text(run.status, x + 4, y + 1, self.width - 8, BAD)
        below = y + self.height + 3
        for index, line in enumerate(cell.caption):
            self._text(line, x, below + index * self.line, self.width)
        self._text(_figures(run), x, below + self.lines * self.line, self.width, FAINT)

    def _picture(self, path: Path | None, x: int, y: int) -> None:
        """Draw a picture in the center of its place."""
        if path is None:
            return
        with opened(path, str(path)) as copy:
            copy.draft("RGB", (self.width, self.height))  # decodes at reduced size if that is enough
            picture = ImageOps.contain(copy.convert("RGB"), (self.width, self.height), Image.Resampling.LANCZOS)
        self.sheet.paste(picture, (x + (self.width - picture.width) // 2, y + (self.height - picture.height) // 2))

    def _text(self, text: str, x: int, y: int, width: int, color: str = INK) -> None:
        """Draw one line of text, shortened to `width`."""
        self.pen.text((x, y), cut(text, self.font, width), fill=color, font=self.font)

    def _wrapped(self, text: str, width: int, most: int) -> list[str]:
        lines, line = [], ""
        for word in text[:LETTERS].split():
            if line and self.font.getlength(f"{line} {word}") > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        return [*lines, line][:most]


@lru_cache(maxsize=4096)
def cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int, end: str = "...") -> str:
    """Shorten `text` to `width` pixels, with `end` in place of the rest."""
    text = printable(text[:LETTERS])  # a line break would need two lines
    if font.getlength(text) <= width:
        return text
    fits = bisect_right(range(1, len(text) + 1), width, key=lambda most: font.getlength(f"{text[:most]}{end}"))
    return f"{text[:fits].rstrip()}{end}"


def _figures(run: Run) -> str:
    style, content = run.figure("style_distance"), run.figure("content_distance")
    if style is None or content is None:
        return ""
    return f"style {style:.3f}  content {content:.2f}"
