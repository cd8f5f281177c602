"""Losses that hold the picture smooth; one per file."""
