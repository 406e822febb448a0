"""Files that come while a run waits for them."""

from __future__ import annotations

import os
import signal

import pytest

from semseg.__main__ import main
from tests.support.runs import batch, ended, rows, until

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("interruptible")
def test_files_are_measured_as_they_come_until_ctrl_c(draw, tmp_path, capsys):
    folder, run = tmp_path / "in", tmp_path / "run"
    folder.mkdir()
    with batch(folder, "--output", run, "--watch", "--jobs", "1") as process:
        for number in range(2):
            picture = draw((150, 200), 36.0, seed=number)
            picture.write(folder / f"p{number}.tif", pixel_size_nm=2.0)
            # each is written down before the next one comes
            until(lambda wanted=number + 1: len(rows(run)) == wanted, "it is written down")
        with pytest.raises(SystemExit) as stop:
            main(["batch", str(folder), "--output", str(run)])
        assert stop.value.code == 2
        assert f"Another run is writing into {run}" in capsys.readouterr().err
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, its workers included
        _, err = ended(process)
    assert process.returncode == 130, err
    assert "What is done is kept; the same command goes on" in err
    assert "Traceback" not in err
    assert [row["state"] for row in rows(run)] == ["done", "done"]
