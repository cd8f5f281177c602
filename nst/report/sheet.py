"""sheet.png: a contact sheet of runs, drawn from its layout."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from nst import settings
from nst.assets.picture_file import opened
from nst.errors import printable
from nst.report.findings import Findings
from nst.report.runs import Run
from nst.report.sheet_layout import Cell, Label, Layout, Thumbs, arrange, constant

FILE = "sheet.png"
PAPER, INK, FAINT, FAILED, BAD = "#ffffff", "#1c1c1e", "#6e6e73", "#f0efed", "#b3261e"
GAP, WIDEST, SMALLEST = 12, 2400, 96
CELL = 300  # largest width of a picture, in pixels
TEXT = 16  # largest font size, in pixels
BELOW = 8  # lines of a paragraph below all pictures, at most
LETTERS = 500  # of a text, at most; more are never visible


def compose(runs: Sequence[Run], thumbs: Thumbs, findings: Findings | None = None) -> Image.Image:
    """Draw the sheet of one or more runs: a grid of settings and pairs, or of two settings, else captioned pictures."""
    varied = settings.varied([(run.overrides, run.settings) for run in runs])
    beside = [] if findings else constant(runs, varied, thumbs)
    layout = arrange(runs, varied, thumbs, len(beside), findings)
    return _Drawing(layout, beside, thumbs, _ratio(runs, thumbs)).draw()


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
        self.heads = 1 + max((len(label.more) for label in layout.columns), default=0)  # lines of a column's label
        self.pictured = any(label.picture for label in layout.columns)

    def draw(self) -> Image.Image:
        """Draw and return the sheet."""
        left = GAP + (self.width + 2 * GAP if self.beside else 0)
        first = left + (self._side_width() + GAP if self.layout.sides else 0)
        top = GAP + (self._head_height() if self.layout.columns else 0)
        step_x, step_y = self.width + GAP, self.height + GAP + (self.lines + 1) * self.line
        right = first + len(self.layout.rows[0]) * step_x
        bottom = max(top + len(self.layout.rows) * step_y, GAP + len(self.beside) * (self.height + self.line + GAP))
        below = [line for text in self.layout.below for line in self._wrapped(text, right - 2 * GAP, BELOW)]
        self.sheet = Image.new("RGB", (right, bottom + len(below) * self.line + (GAP if below else 0)), PAPER)
        self.pen = ImageDraw.Draw(self.sheet)
        for index, label in enumerate(self.beside):
            y = GAP + index * (self.height + self.line + GAP)
            self._picture(label.picture, GAP, y)
            self._text(label.text, GAP, y + self.height + 3, self.width, FAINT)
        for index, line in enumerate(below):
            self._text(line, GAP, bottom + index * self.line, right - 2 * GAP, FAINT)
        self._axes(left, first, top, step_x, step_y)
        for row, cells in enumerate(self.layout.rows):
            for column, cell in enumerate(cells):
                if cell:
                    self._cell(cell, first + column * step_x, top + row * step_y)
        return self.sheet

    def _side_width(self) -> int:
        if any(label.picture for label in self.layout.sides):
            return self.width
        texts = [self.layout.axes[1], *(text for label in self.layout.sides for text in (label.text, *label.more))]
        return min(self.width, max(round(self.font.getlength(text)) for text in texts) + GAP)

    def _head_height(self) -> int:
        return (1 + self.heads) * self.line + GAP + (self.height if self.pictured else 0)

    def _axes(self, left: int, first: int, top: int, step_x: int, step_y: int) -> None:
        """Draw the names and values of the settings."""
        if not self.layout.columns:
            return
        self._text(self.layout.axes[0], first, GAP, step_x * len(self.layout.columns), FAINT)
        for index, label in enumerate(self.layout.columns):
            x = first + index * step_x
            self._picture(label.picture, x, GAP + self.line)
            self._label(label, x, top - GAP // 2 - self.heads * self.line)
        self._text(self.layout.axes[1], left, top - self.line - GAP // 2, self._side_width(), FAINT)
        for index, label in enumerate(self.layout.sides):
            y = top + index * step_y
            self._picture(label.picture, left, y)
            self._label(label, left, y + (self.height + 3 if label.picture else 0))

    def _label(self, label: Label, x: int, y: int) -> None:
        for index, text in enumerate((label.text, *label.more)):
            self._text(text, x, y + index * self.line, self.width, FAINT if index else INK)

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
        self._text(cell.figures, x, below + self.lines * self.line, self.width, FAINT)

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
