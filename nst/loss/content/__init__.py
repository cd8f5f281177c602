"""Losses that hold the picture to the content; one per file."""
