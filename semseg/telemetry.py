"""Nothing is told to the makers of ONNX Runtime.

Its official builds for Linux and macOS report to Microsoft unless they are told not to (since
1.29): names, hashes and providers of models, how long they ran, and an identifier of the computer,
kept in ``~/.cache/Microsoft``. They decide when they are loaded, so this module comes before
whatever loads them: `semseg` imports it first. Whoever has set the variable is left to it.
https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
"""

from __future__ import annotations

import os

__all__ = ["VARIABLE"]

VARIABLE = "ORT_DISABLE_TELEMETRY"

os.environ.setdefault(VARIABLE, "1")
