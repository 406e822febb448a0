"""Nanometres per pixel: from the file, the text beside it, the scale bar, or a person."""
