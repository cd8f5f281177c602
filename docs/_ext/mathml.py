"""Formulas as MathML, converted when the site is built: browsers draw it without scripts or fonts from elsewhere."""

from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.docutils import nodes
from sphinx.writers.html5 import HTML5Translator


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer `mathml`."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line.

    Raises:
        SkipNode: always; the formula is written.
    """
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula.

    Raises:
        SkipNode: always; the formula is written.
    """
    translator.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode
