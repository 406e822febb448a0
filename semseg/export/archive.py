"""Files in one ZIP, the same bytes for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

__all__ = ["archive"]

# No clock, so that the same files make the same archive; the first moment a ZIP can name.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def archive(files: Mapping[str, bytes]) -> bytes:
    """Files as a ZIP, in their order; the same files make the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # As Unix would write it on every system: readable by all.
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            container.writestr(entry, content)
    return out.getvalue()
