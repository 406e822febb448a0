"""A micrograph whose truth is known, to try semseg on.

>>> from semseg.data import sample_path, sample_truth
>>> sample_path().name
'sample.tif'
>>> list(sample_truth())[:4]
['label', 'x_px', 'y_px', 'area_px']

It was drawn by ``training/make_sample.py``, not recorded: 1024 x 768 pixels of 7.34375 nm,
particles above row 712 and a label bar below it. ``sample.truth.tif`` beside it holds the labels
of those 712 rows, ``sample.figure.png`` is the figure that an analysis of it writes.
"""

from pathlib import Path

import pandas as pd

__all__ = ["DATA", "sample_path", "sample_truth"]

DATA = Path(__file__).resolve().parent


def sample_path() -> Path:
    """Where the picture lies."""
    return DATA / "sample.tif"


def sample_truth() -> pd.DataFrame:
    """Every particle of the picture: one row each, sizes of the part that shows.

    Columns: ``label`` (id in ``sample.truth.tif``), ``x_px, y_px`` (centroid), ``area_px``,
    ``ecd_nm, min_feret_nm, max_feret_nm`` (as `semseg.measure.shape.measure_shapes` defines them)
    and ``touches_edge`` (of the frame above the label bar).
    """
    return pd.read_csv(DATA / "sample.truth.csv")
