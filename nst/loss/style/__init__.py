"""Losses that draw the picture to the style; one per file."""
