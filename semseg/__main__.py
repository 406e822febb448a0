"""``python -m semseg``, and the command ``semseg``: see `semseg.cli.main`."""

import sys

from semseg.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
