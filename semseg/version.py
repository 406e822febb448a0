"""The version, in one place: read by the package, its metadata and every output."""

__version__ = "0.1.0"
