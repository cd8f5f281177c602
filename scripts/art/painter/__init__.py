"""A small painting engine: frame, flow, palette, brush, canvas, hand, and techniques built on them."""
