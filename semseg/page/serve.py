"""Start the page's server in this process: what ``streamlit run streamlit_app.py`` does."""

from __future__ import annotations

import os
from pathlib import Path

from streamlit.web import cli

from semseg.batch.run import RunFolder
from semseg.page.run.folder import VARIABLE

__all__ = ["SCRIPT", "serve"]

_PACKAGE = Path(__file__).resolve().parents[1]
# Inside the package when installed from a wheel, at the root of a checkout, where hosts look for
# it. Streamlit reads .streamlit/config.toml beside it, from whatever folder it is started.
_INSTALLED, _CHECKOUT = _PACKAGE / "served", _PACKAGE.parent
SCRIPT = (_INSTALLED if _INSTALLED.exists() else _CHECKOUT) / "streamlit_app.py"


def serve(host: str, port: int | None = None, run: RunFolder | None = None) -> None:
    """Serve the page until the process is asked to end.

    Parameters
    ----------
    host : str
        Address at which the server listens.
    port : int, optional
        Where it listens there; by default Streamlit's own, or the next that is free.
    run : RunFolder, optional
        Whose pictures the page shows, and no other folder's.

    Raises
    ------
    SystemExit
        With status 1 where the port is taken.
    """
    if run is not None:
        os.environ[VARIABLE] = str(run.path)
    # The viewer's files go into a temporary folder, not into the place of the package.
    settings = {"server.address": host, "server.enableStaticServing": "false"}
    if port is not None:
        settings["server.port"] = str(port)
    flags = [f"--{name}={value}" for name, value in settings.items()]
    cli.main(["run", str(SCRIPT), *flags], prog_name="semseg page", standalone_mode=False)
