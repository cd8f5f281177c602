"""The pictures that the painter can paint, a package each, with a function `paint(long_side, seed)`."""
