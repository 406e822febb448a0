"""What can go wrong, in words a microscopist can act on.

::

    Exception
    └── SemsegError                 everything below; catch this one
        ├── UnreadableImageError    empty, truncated, not a picture, unsupported codec
        ├── ImageTooLargeError      more pixels than the limit allows
        ├── UnsuitableImageError    readable, but constant, a strip, or smaller than 64 px
        ├── CalibrationError        a pixel size or width that cannot be right
        ├── SettingsError           a setting out of its range
        ├── EditError               a correction by hand that cannot be made
        ├── ModelError              the model file is missing, damaged or of another version
        ├── OutOfMemoryError        a picture that needs more memory than there is
        └── OutputError             a file that cannot be written

``str(error)`` is one sentence: what is wrong with this file, and what to do. It never holds a
traceback; the cause, where there is one, is in ``__cause__``.
"""

__all__ = [
    "CalibrationError",
    "EditError",
    "ImageTooLargeError",
    "ModelError",
    "OutOfMemoryError",
    "OutputError",
    "SemsegError",
    "SettingsError",
    "UnreadableImageError",
    "UnsuitableImageError",
    "printable",
    "sentence",
]


class SemsegError(Exception):
    """Base of every error that semseg raises on purpose."""


class UnreadableImageError(SemsegError):
    """The file is empty, truncated, not a picture, or uses an unsupported codec."""


class ImageTooLargeError(SemsegError):
    """The file declares more pixels than the limit; it was not decoded."""


class UnsuitableImageError(SemsegError):
    """The picture can be read but not measured: constant, a strip, or a side under 64 px."""


class CalibrationError(SemsegError):
    """A pixel size or image width that is not a positive, finite length."""


class SettingsError(SemsegError):
    """A setting is unknown or out of its range."""


class EditError(SemsegError):
    """A correction by hand cannot be made: the particle is gone, a line does not part it, ..."""


class ModelError(SemsegError):
    """The model file is missing, damaged or of another version."""


class OutOfMemoryError(SemsegError):
    """A picture needs more memory than there is."""

    def __init__(
        self,
        message: str = (
            "There is not enough memory to analyse this picture; close other programs, crop it, "
            "or choose a smaller rescale factor."
        ),
    ) -> None:
        super().__init__(message)


class OutputError(SemsegError):
    """A file or folder cannot be written: read-only, full, or kept open by another program."""


def printable(text: str) -> str:
    """`text` in one line; a file's control characters would speak to the terminal.

    >>> printable("a\\tb  \\x1b[2J.tif")
    'a b  \ufffd[2J.tif'
    """
    return "".join(ch if ch.isprintable() else " " if ch.isspace() else "\ufffd" for ch in text)


def sentence(error: BaseException) -> str:
    """What went wrong with a picture, for any exception."""
    if isinstance(error, MemoryError):
        error = OutOfMemoryError()
    if isinstance(error, SemsegError):
        return str(error)
    return (
        f"This picture could not be analysed ({type(error).__name__}), which is a fault of semseg; "
        "please report it, and try a part of the picture meanwhile."
    )
