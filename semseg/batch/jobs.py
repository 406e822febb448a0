"""What is to be done with each picture, and what makes one result the same as another.

A result is known by the hash of everything that decides on it: the bytes of the picture and of
the text beside it, the settings, what a hand put right, what stands in its files besides, the
model, and how this edition measures. Two files of one name and the same bytes have one result;
other settings make another, beside the first.

>>> picture = Picture("/pictures/a.tif", "1 2")
>>> one, other = Job(picture, "", Settings()), Job(picture, "", Settings(filter=0.5))
>>> one.recipe == other.recipe, identity(one, "ab", None) == identity(one, "ab", None)
(False, True)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

from semseg.batch.pictures import Picture
from semseg.details import NONE, Details
from semseg.export.session import SessionPicture
from semseg.inference.segmenter import MODEL_SHA256
from semseg.operations import to_plain
from semseg.settings import Settings
from semseg.version import NUMBERS

__all__ = ["EDITION", "Job", "identity"]

# what a worker must have in common with whoever shares out the work
EDITION = (NUMBERS, MODEL_SHA256)
LENGTH = 20  # hexadecimal digits of an identity: 80 bits, enough for 10^9 pictures and more


@dataclass(frozen=True)
class Job:
    """One picture to be measured.

    Attributes
    ----------
    picture : Picture
    sample : str
        To which it belongs; it changes no result.
    settings : Settings
    details : Details
        What stands in its files besides; its sample is empty.
    by_hand : SessionPicture or None
        What a person put right and decided on the page (`semseg.batch.by_hand`).
    """

    picture: Picture
    sample: str
    settings: Settings
    details: Details = NONE
    by_hand: SessionPicture | None = None

    @cached_property
    def recipe(self) -> str:
        """Hash of what decides on the result, but for the picture's bytes."""
        hand = self.by_hand
        done = hand and {
            "edits": sorted(hand.edits.items()),
            "operations": [to_plain(each) for each in hand.operations],
            "printed": hand.printed and hand.printed.to_dict(),
        }
        return _hash(
            self.settings.to_dict(),
            replace(self.details, sample="").to_dict(),
            done,
            *EDITION,
        )


def identity(job: Job, sha256: str, sidecar_sha256: str | None) -> str:
    """Under which name a result is kept: of the job, and of the bytes of picture and text."""
    name = job.picture.name  # which its files are called by
    return _hash(job.recipe, sha256, sidecar_sha256, name)[:LENGTH]


def _hash(*values: object) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
