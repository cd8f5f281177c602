"""A small painting engine: frame, flow, palette, brush, canvas, hand, and what is made of them."""
