"""docs/knobs.md: tables of all settings in conf/, with strips of pictures that show their effect."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"
PAGE = ROOT / "docs" / "knobs.md"
STRIPS = ROOT / "docs" / "knobs"
