"""The network: verify the model file, choose a provider, predict the maps.

The model is trusted only by its sha256, which stands here; a file with another one is
refused. Where it runs stands in `semseg.inference.engine`.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semseg.bands import Picture
from semseg.errors import ModelError
from semseg.inference.description import read_description
from semseg.inference.engine import PROVIDERS, Engine, Run, available_providers
from semseg.inference.tiling import Cut, Span, cut, pad_to_multiple, predict_in_tiles

__all__ = [
    "MODEL_PATH",
    "MODEL_SHA256",
    "PROVIDERS",
    "Segmenter",
    "available_providers",
]

MODEL_SHA256 = "dcc81ced28179533dcba0c4ffe30a5bab57600f576905e28f3c3e2c30866293e"
_HERE = Path(__file__).resolve().parent
# inside the package when installed from a wheel, beside it in a checkout
_INSTALLED, _CHECKOUT = _HERE.parent / "model.onnx", _HERE.parent.parent / "models" / "model.onnx"
MODEL_PATH = _INSTALLED if _INSTALLED.exists() else _CHECKOUT

AT_ONCE_PX = 5_500_000  # the body needs about 0.11 GB per megapixel
OVERLAP_PX = 224  # of tiles; more changes hardly a pixel (docs/speed.md)


class Segmenter:
    """The network, ready to run; one instance may serve all threads.

    Parameters
    ----------
    path : path, optional
        Model file; by default the one that comes with semseg.
    sha256 : str, optional
        What the file must hash to; None accepts any file (while a model is being made).
    provider : str
        ``auto`` or one of `PROVIDERS`; the CPU takes over where it cannot run.
    threads : int, optional
        Threads of the CPU provider; by default all cores this process may use.

    Raises
    ------
    ModelError
        The file is missing, altered or no model of semseg; the provider is unknown.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = MODEL_PATH,
        *,
        sha256: str | None = MODEL_SHA256,
        provider: str = "auto",
        threads: int | None = None,
    ) -> None:
        content = _read_model(Path(path), sha256)
        self._engine = Engine(content, provider=provider, threads=threads)
        self.info = read_description(self._engine.metadata, hashlib.sha256(content).hexdigest())

    @property
    def provider(self) -> str:
        """Short name of the provider that runs the network now."""
        return self._engine.provider

    @property
    def notes(self) -> tuple[str, ...]:
        """Why that is not the provider that was asked for; one sentence each."""
        return self._engine.notes

    def predict(
        self,
        image: Picture,
        progress: Callable[[float], None] | None = None,
        *,
        at_once_px: int = AT_ONCE_PX,
        overlap_px: int = OVERLAP_PX,
    ) -> NDArray[np.float16]:
        """Foreground, distance and boundary: (3, ceil(H / r), ceil(W / r)) float16 in 0..1,
        with r the `reduction` of the model.

        Parameters
        ----------
        image : float32, H x W, 0..1
            Prepared and rescaled picture, or what gives its parts.
        progress : callable, optional
            Called with the share done, 0..1.
        at_once_px, overlap_px : int
            Pictures of more pixels are cut into tiles of at most as many, overlapping by so much.

        Raises
        ------
        OutOfMemoryError
            The picture needs more than there is.
        """
        tiles = self.tiles(image.shape, at_once_px, overlap_px)
        maps = self._engine.attempt(
            lambda run: predict_in_tiles(
                image,
                lambda tile: self._predict_whole(tile, run),
                tiles,
                maps=3,
                reduction=self.info.reduction,
                progress=progress,
            )
        )
        return np.minimum(maps, 1, out=maps)  # sums of rounded weights may pass it by 0.001

    def tiles(self, shape: tuple[int, ...], at_once_px: int, overlap_px: int) -> Cut:
        """How a picture of this shape is cut, in pixels of its maps."""
        reduction = self.info.reduction
        height, width = (-(-side // reduction) for side in shape)
        if shape[0] * shape[1] <= at_once_px:
            return Cut([Span(0, height)], [Span(0, width)])
        most, overlap = at_once_px // reduction**2, -(-overlap_px // reduction)
        step = math.lcm(self.info.divisor, reduction) // reduction
        return cut((height, width), most, overlap, step)

    def _predict_whole(self, image: NDArray[np.float32], run: Run) -> NDArray[np.float32]:
        height, width = (-(-side // self.info.reduction) for side in image.shape)
        padded = pad_to_multiple(image, self.info.divisor)
        (maps,) = run({"image": padded[None, None]})
        return maps[0, :, :height, :width]


def _read_model(path: Path, sha256: str | None) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"The model file {path.name} is missing or unreadable; please reinstall semseg."
        ) from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(
            f"The model file {path.name} is not the one that this version of semseg was made "
            "with, so its sizes could not be trusted; please reinstall semseg."
        )
    return content
