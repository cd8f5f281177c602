"""Settings of the documentation site: `python -m sphinx -W --keep-going docs site`."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "nst"
author = "The nst developers"
copyright = author  # noqa: A001  Sphinx's name
release = metadata.version("nst")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "complete"]
exclude_patterns = ["_build"]
highlight_language = "none"  # of blocks that name no language
default_role = "code"  # docstrings set code in single backticks

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # tests execute the notebook; the page shows its stored outputs

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
html_math_renderer = "mathml"

html_theme = "pydata_sphinx_theme"
html_title = "nst"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
    "show_prev_next": True,
    "pygments_light_style": "default",
    "pygments_dark_style": "monokai",
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "start": []}
