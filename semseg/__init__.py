"""semseg: particle sizes from electron micrographs.

>>> import semseg
>>> from semseg.data import sample_path
>>> analysis = semseg.analyze(sample_path())  # or the path, or the bytes, of your own image
>>> analysis.particles.loc[:2, ["label", "min_feret_nm", "confidence"]]  # a table of pandas
   label  min_feret_nm  confidence
0      1 ...
1      2 ...
2      3 ...

The way through the program: `read_micrograph` -> `prepare` -> `segment` -> `conclude`,
all four in `analyze`; `write_outputs` writes what was found.
"""

import semseg.telemetry  # noqa: F401  before all that loads ONNX Runtime
from semseg.analysis import Analysis, analyze, conclude, prepare, segment
from semseg.errors import SemsegError
from semseg.export.files import write_outputs
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import Micrograph, read_micrograph
from semseg.preprocessing.preparation import Crop
from semseg.settings import Settings
from semseg.version import __version__

__all__ = [
    "Analysis",
    "Crop",
    "Micrograph",
    "Segmenter",
    "SemsegError",
    "Settings",
    "__version__",
    "analyze",
    "conclude",
    "prepare",
    "read_micrograph",
    "segment",
    "write_outputs",
]
