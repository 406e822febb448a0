"""Pictures for the command line, and the command line in this process."""

from __future__ import annotations

import contextlib
import io

import pytest

from semseg.__main__ import main
from semseg.cli import analyze
from tests.support.command import SHAPE


@pytest.fixture(scope="module")
def picture(draw):
    return draw(SHAPE, 36.0, seed=8)


@pytest.fixture(scope="module")
def run(make_segmenter):
    """Run ``python -m semseg analyze`` in this process: exit status, stdout, stderr."""

    def analyse(*arguments):
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(analyze, "Segmenter", make_segmenter)
            try:
                status = main(["analyze", *map(str, arguments)])
            except SystemExit as stop:
                status = stop.code
        return status, out.getvalue(), err.getvalue()

    return analyse


@pytest.fixture(scope="module")
def folder(picture, tmp_path_factory):
    """``a.png`` without a scale, ``b.tif`` with 2 nm per pixel, and files that are no pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    picture.write(folder / "a.png")
    picture.write(folder / "b.tif", pixel_size_nm=2.0)
    (folder / "empty.tif").write_bytes(b"")
    (folder / "text.png").write_text("not a picture")
    (folder / "half.png").write_bytes(picture.png()[:2000])
    return folder
