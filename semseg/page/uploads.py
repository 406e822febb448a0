"""An upload stays in memory, as the page promises."""

import sys

from starlette.formparsers import MultiPartParser

__all__ = ["keep_in_memory"]


def keep_in_memory() -> None:
    """Have Streamlit's server make no temporary file of an upload above 1 MB.

    What an upload may take is bounded by ``server.maxUploadSize``, which the server watches while
    it reads.
    """
    MultiPartParser.spool_max_size = sys.maxsize
