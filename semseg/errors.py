"""What can go wrong, in words a microscopist can act on.

::

    Exception
    └── SemsegError                 everything below; catch this one
        ├── UnreadableImageError    empty, truncated, not a picture, unsupported codec
        ├── ImageTooLargeError      more pixels than the limit allows
        ├── UnsuitableImageError    readable, but constant or smaller than 64 px
        ├── CalibrationError        a pixel size or width that cannot be right
        ├── SettingsError           a setting out of its range
        └── ModelError              the model file is missing, damaged or of another version

``str(error)`` is one sentence: what is wrong with this file, and what to do. It never holds a
traceback; the cause, where there is one, is in ``__cause__``.
"""

__all__ = [
    "CalibrationError",
    "ImageTooLargeError",
    "ModelError",
    "SemsegError",
    "SettingsError",
    "UnreadableImageError",
    "UnsuitableImageError",
]


class SemsegError(Exception):
    """Base of every error that semseg raises on purpose."""


class UnreadableImageError(SemsegError):
    """The file is empty, truncated, not a picture, or uses an unsupported codec."""


class ImageTooLargeError(SemsegError):
    """The file declares more pixels than the limit; it was not decoded."""


class UnsuitableImageError(SemsegError):
    """The picture can be read but not measured: constant, or a side under 64 px."""


class CalibrationError(SemsegError):
    """A pixel size or image width that is not a positive, finite length."""


class SettingsError(SemsegError):
    """A setting is unknown or out of its range."""


class ModelError(SemsegError):
    """The model file is missing, damaged or of another version."""
