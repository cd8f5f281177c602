"""comparison.csv and the tables for papers hold the same figures."""

import csv
import io

import pytest

from nst.report.comparison import Interval
from nst.report.findings import Findings, find
from nst.report.findings_table import as_csv, as_latex, as_markdown, text
from nst.state import Metric
from tests.report.made_up import PAIRS, run


@pytest.fixture
def findings() -> Findings:
    values = {4: (1.0, 2.0, 3.0), 8: (0.5, 1.0, 2.75)}
    return compared(
        [run(pair, value, w=w) for w, own in values.items() for pair, value in zip(PAIRS, own, strict=True)]
    )


def compared(runs: list) -> Findings:
    found, _ = find(runs)
    assert found is not None
    return found


def test_the_csv_has_a_row_per_setting_and_metric_and_empty_cells_for_the_baseline(findings: Findings) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(findings))))
    assert [(row["setting"], row["metric"]) for row in rows] == [(f"w={w}", m.value) for w in (4, 8) for m in Metric]
    base, other = rows[0], rows[4]
    assert base["baseline"] == other["baseline"] == "w=4"
    assert base["difference"] == base["different"] == base["p"] == ""
    assert float(other["mean"]) == pytest.approx(4.25 / 3, rel=1e-5)
    assert float(other["difference"]) == pytest.approx(-1.75 / 3, rel=1e-5)
    assert float(other["difference_low"]) < float(other["difference"]) < float(other["difference_high"])
    assert (other["wins"], other["p"], other["different"], other["pairs"]) == ("3", "0.25", "False", "3")


def test_markdown_and_latex_have_a_row_for_each_setting(findings: Findings) -> None:
    markdown, latex = as_markdown(findings), as_latex(findings)
    mean = findings.means[Metric.style_distance][findings.settings[1]]
    assert f"| w=8 | {mean.mean:.1f} ± {mean.half:.1f} | -0.58 ± 0.95 | 3/3 |" in markdown
    assert rf"w=8 & {mean.mean:.1f} $\pm$ {mean.half:.1f} & $-$0.58 $\pm$ 0.95 & 3/3 &" in latex
    assert latex.count(r"\\") == 3
    assert latex.startswith("% Means over 3 pairs")


def test_the_caption_says_how_many_pairs_a_difference_needs(findings: Findings) -> None:
    assert "With 3 pairs nothing can be called different; that needs 8." in findings.caption
    assert "nothing can be" not in compared([run((f"c{i}", "s"), i * w, w=w) for w in (1, 2) for i in range(8)]).caption


def test_names_are_escaped_for_each_format() -> None:
    found = compared([run(pair, 1.0, key=value) for value in ("a_b|50%<i>\n*", "b") for pair in PAIRS])
    assert r"key=a\_b\textbar{}50\%\textless{}i\textgreater{} *" in as_latex(found)
    assert r"key=a_b\|50%&lt;i> \*" in as_markdown(found)


def test_a_setting_is_no_spreadsheet_formula() -> None:
    found = compared([run(pair, 1.0, **{"=x": value}) for value in (1, 2) for pair in PAIRS])
    assert "\n'=x=1," in as_csv(found).replace("\r", "")


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (Interval(12.0, 10.0, 14.0, 3), "12.0 ± 2.0"),
        (Interval(0.5, 0.488, 0.512, 3), "0.500 ± 0.012"),
        (Interval(1234.5, 1000, 1469, 3), "1234 ± 234"),
        (Interval(1, 1, 1 + 1e-15, 3), "1.0 ± 0.0"),
        (Interval(0, -1e-9, 1e-9, 3), "0.000000 ± 0.000000"),
    ],
)
def test_half_an_interval_has_two_significant_digits(found: Interval, shown: str) -> None:
    assert text(found) == shown
