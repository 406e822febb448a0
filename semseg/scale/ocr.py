"""Writing in a picture, by RapidOCR, where that is installed (``pip install 'semseg[ocr]'``).

Its wheel holds the networks (PP-OCRv6), ONNX Runtime runs them, nothing is fetched. They are loaded
when they are first needed, used by one caller at a time, and let go when nobody has needed them for
a while: loaded they take some 0.2 GB, while they read 0.1 GB more.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import sys
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semseg.scale.window import Window

__all__ = ["TextLine", "is_installed", "let_go", "read_lines", "recognise"]

IDLE_SECONDS = 20.0  # after which the networks are let go
# The detector enlarges whatever is less than 736 px high if it is left alone: a label bar would
# take 4 to 18 s. It shrinks what is longer than this instead; letters are read in the original.
MAX_DETECTOR_PX = 960
# The networks in the wheel, by their names: without these RapidOCR would look for them on the net.
MODELS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
PARAMETERS: dict[str, Any] = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Det.limit_type": "max",
    "Det.limit_side_len": MAX_DETECTOR_PX,
    "Global.use_cls": False,  # nobody writes label bars upside down
    "Global.text_score": 0.0,  # who asks decides
    "Global.log_level": "critical",
}

_lock = threading.RLock()
_engine: Any = None
_timer: threading.Timer | None = None


@dataclass(frozen=True)
class TextLine:
    """A line of writing, or a part of one.

    text : str
    confidence : float
        The recogniser's, 0..1.
    box : Window
        Where it stands in the picture that was read, with a margin.
    """

    text: str
    confidence: float
    box: Window


def is_installed() -> bool:
    """Whether text can be read; nothing is loaded for the answer."""
    return bool(_models())


@cache
def _models() -> dict[str, Path]:
    """Where the networks lie; empty where one is missing."""
    found = importlib.util.find_spec("rapidocr")
    if found is None or found.origin is None:
        return {}
    folder = Path(found.origin).parent / "models"
    paths = {part: folder / name for part, name in MODELS.items()}
    return paths if all(path.is_file() for path in paths.values()) else {}


def read_lines(grey: NDArray[np.uint8]) -> list[TextLine]:
    """Find and read the writing in a grey picture (height, width).

    Raises
    ------
    ImportError
        RapidOCR is not installed; ask `is_installed` first.
    """
    found = _run(grey, use_det=True)
    if found.txts is None or found.boxes is None:
        return []
    lines = []
    for text, confidence, corners in zip(found.txts, found.scores, found.boxes, strict=True):
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        box = Window.within(grey.shape, top, left, bottom, right)
        lines.append(TextLine(str(text), float(confidence), box))
    return lines


def recognise(grey: NDArray[np.uint8]) -> str:
    """Read a picture (height, width) that shows one line of writing and little else.

    Raises
    ------
    ImportError
        RapidOCR is not installed; ask `is_installed` first.
    """
    found = _run(grey, use_det=False)
    return "".join(map(str, found.txts or ()))


def let_go() -> None:
    """Free the memory; the next reading loads the networks again."""
    global _engine, _timer
    with _lock:
        if _timer is not None:
            _timer.cancel()
        _engine = _timer = None
    gc.collect()
    # glibc keeps what was freed: 90 of the 190 MB that the networks took (measured)
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _run(grey: NDArray[np.uint8], *, use_det: bool) -> Any:
    global _engine, _timer
    picture = np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    with _lock:
        if _timer is not None:
            _timer.cancel()
        if _engine is None:
            from rapidocr import RapidOCR

            paths = {f"{part}.model_path": str(path) for part, path in _models().items()}
            _engine = RapidOCR(params=PARAMETERS | paths)
        try:
            # what a call says holds for the next one as well
            return _engine(picture, use_det=use_det, use_cls=False, use_rec=True)
        finally:
            _timer = threading.Timer(IDLE_SECONDS, let_go)
            _timer.daemon = True
            _timer.start()
