"""Which run this server shows, fixed when it is started: ``SEMSEG_RUN`` in its environment.

No address and no click leads to another folder.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from semseg.batch.run import RunFolder

__all__ = ["VARIABLE", "is_given", "run"]

VARIABLE = "SEMSEG_RUN"


def is_given() -> bool:
    """Whether this server shows a run."""
    return bool(os.environ.get(VARIABLE, "").strip())


@cache
def run() -> RunFolder:
    """The run of this server.

    Raises
    ------
    SettingsError
        It is not the folder of a run.
    """
    return RunFolder.existing(Path(os.environ[VARIABLE].strip()))
