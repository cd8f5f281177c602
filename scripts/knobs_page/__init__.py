"""docs/knobs.md: conf/ as a page of tables, with strips of what a knob does to a picture."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"
PAGE = ROOT / "docs" / "knobs.md"
STRIPS = ROOT / "docs" / "knobs"
