"""What one server gives, to all its visitors and to each: set by its environment.

=========================== ============================================== =======
variable                    meaning                                        default
=========================== ============================================== =======
SEMSEG_CONCURRENT           analyses that run at once                      2
SEMSEG_QUEUE_LENGTH         visitors who may wait in line; 0: none         20
SEMSEG_PER_MINUTE           analyses of one visitor a minute; 0: any       0
SEMSEG_THREADS              threads of one analysis; 0: all cores          0
SEMSEG_SESSION_MEGABYTES    results kept for one visitor, MB               2048
SEMSEG_BATCH_MEGAPIXELS     pictures of one visitor together, megapixels   100
SEMSEG_KEEP_IN_BROWSER      1: browsers may keep a visitor's work; 0: none 1
=========================== ============================================== =======
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache

from semseg.errors import SettingsError

__all__ = ["Limits", "limits"]

PREFIX = "SEMSEG_"
MIN = {"concurrent": 1, "session_megabytes": 1, "batch_megapixels": 1}  # others may be 0
MAX = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The limits of one server; units and meaning stand in the table above."""

    concurrent: int = 2
    queue_length: int = 20
    per_minute: int = 0
    threads: int = 0
    session_megabytes: int = 2048
    batch_megapixels: int = 100
    keep_in_browser: int = 1

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Limits:
        """The limits that these variables set, the usual ones for the rest.

        Raises
        ------
        SettingsError
            A variable holds no whole number, or one out of range.
        """
        given = {}
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            text = environment.get(name, "").strip()
            if not text:
                continue
            least = MIN.get(field.name, 0)
            number = int(text) if text.isdecimal() and len(text) < 10 else -1
            if not least <= number <= MAX:
                raise SettingsError(
                    f"The environment variable {name} is '{text[:40]}'; set it to a whole number "
                    f"from {least} to {MAX}, or not at all."
                )
            given[field.name] = number
        return cls(**given)


@cache
def limits() -> Limits:
    """The limits of this server, read once."""
    return Limits.from_environment(os.environ)
