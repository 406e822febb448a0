"""``semseg page``, as far as nothing has to be served."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from semseg.__main__ import main
from semseg.cli import page
from semseg.page.run.folder import VARIABLE
from tests.support.command import one_sentence
from tests.support.paths import PAGE


def test_without_streamlit_one_sentence_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr(page, "find_spec", lambda name: None)
    assert main(["page"]) == 2
    said = capsys.readouterr()
    assert "pip install streamlit" in one_sentence(said.err)
    assert said.out == ""


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8501.0"])
def test_a_port_that_is_none_is_wrong_usage(port, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["page", f"--port={port}"])
    assert stop.value.code == 2
    assert f"'{port}' is no port" in capsys.readouterr().err


def test_it_runs_what_streamlit_runs_with_the_settings_beside_it(monkeypatch):
    started = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda args, **_: started.append(args))
    assert main(["page", "--host", "0.0.0.0", "--port", "8080"]) == 0
    assert main(["page"]) == 0
    (command, script, *flags), (_, _, *usual) = started
    assert (command, Path(script)) == ("run", PAGE)
    assert tomllib.loads((PAGE.parent / ".streamlit/config.toml").read_text("utf-8"))
    assert {"--server.address=0.0.0.0", "--server.port=8080"} < set(flags)
    assert "--server.address=localhost" in usual
    assert not any("server.port" in flag for flag in usual)  # Streamlit looks for a free one


def test_a_run_is_handed_to_the_server_and_nothing_else_is_one(monkeypatch, tmp_path, capsys):
    started = []
    monkeypatch.setattr(
        "streamlit.web.cli.main", lambda *_, **__: started.append(os.environ.get(VARIABLE))
    )
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(SystemExit) as stop:
        main(["page", "--run", str(tmp_path)])
    assert stop.value.code == 2
    assert "not the folder of a run" in capsys.readouterr().err
    (tmp_path / "ledger.jsonl").touch()
    monkeypatch.chdir(tmp_path.parent)
    assert main(["page", "--run", tmp_path.name]) == 0
    assert started == [str(tmp_path)]


def test_a_run_needs_the_extra_and_the_page_alone_does_not(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(page, "lacking", lambda: "This needs dask, not installed here.")
    monkeypatch.setattr("streamlit.web.cli.main", lambda *_, **__: None)
    assert main(["page"]) == 0
    assert main(["page", "--run", str(tmp_path)]) == 2
    assert "needs dask" in capsys.readouterr().err
