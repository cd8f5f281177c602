"""A small painting engine (frame, flow, palette, brush, canvas, hand) and the paintings made with it."""
