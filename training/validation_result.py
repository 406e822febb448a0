"""What one model does on one set of labelled pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from semseg.analysis import Analysis
from semseg.instances.out_of_domain import REASON
from training.dataset import median_ecd
from training.metrics import Reliability
from training.pictures import Labelled

__all__ = ["Result"]


@dataclass(frozen=True, eq=False)
class Result:
    """What one model does on one set of labelled pictures."""

    pictures: list[Labelled]
    pooled: dict[str, dict[str, float]]
    table: pd.DataFrame
    analyses: list[Analysis]
    confidence: Reliability

    @property
    def kept(self) -> pd.DataFrame:
        """One row per picture, of the particles kept."""
        return self.table[self.table["of"] == "kept"].reset_index(drop=True)

    @property
    def median_size_error(self) -> float:
        """Error of a picture's median min Feret, median over pictures; nothing found counts 1."""
        return float(self.kept["median min_feret"].abs().fillna(1.0).median())

    @property
    def out_of_domain(self) -> int:
        """Number of pictures classified as out of domain."""
        return sum(bool((a.particles["reason"] == REASON).any()) for a in self.analyses)

    @property
    def right_factor(self) -> float:
        """Share of pictures whose rescale factor is within 25 % of what the truth asks for."""
        wanted = [
            a.model.target_particle_px / median_ecd(p.labels)
            for p, a in zip(self.pictures, self.analyses, strict=True)
        ]
        ratios = self.kept["rescale"].to_numpy() / wanted
        return float(np.mean(np.abs(np.log(ratios)) < np.log(1.25)))
