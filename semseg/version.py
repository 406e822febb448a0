"""The version, in one place: read by the package, its metadata and every output."""

__version__ = "0.2.0"

# Raised by every change that lets the same file give other numbers with the same model: other
# particles, sizes, shapes, statistics. Results with the same NUMBERS and model can be compared,
# whatever their versions. tests/test_version.py holds the sample to it; CHANGELOG.md has the rules.
NUMBERS = 8
