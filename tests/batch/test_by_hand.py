"""What a person decides on pictures of a run: kept, measured, pooled."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from semseg.__main__ import main
from semseg.batch.by_hand import decisions, digests, place_of_decisions, save
from semseg.batch.jobs import EDITION, Job
from semseg.batch.ledger import Ledger
from semseg.batch.pictures import Picture, find_pictures
from semseg.batch.pooling import EDITED, samples
from semseg.batch.run import RunFolder
from semseg.batch.running import entry, plan
from semseg.batch.worker import measure
from semseg.errors import SettingsError
from semseg.export.session import read_session, session_of
from semseg.settings import Settings
from tests.support.drawn_analysis import drawn
from tests.support.runs import finished, rows

SHA = "0" * 64  # of drawn analyses


def decided(**changes):
    session = session_of([drawn(manual={3: False})])
    of_this = {"numbers": EDITION[0], "model_sha256": EDITION[1]}
    return replace(session, **{**of_this, **changes})


def test_what_was_decided_comes_back_for_the_picture_of_these_bytes(tmp_path):
    assert decisions(tmp_path, SHA) is None
    assert digests(tmp_path) == {}
    save(tmp_path, decided())
    found = decisions(tmp_path, SHA)
    assert found.picture.edits == {3: False}
    assert digests(tmp_path) == {SHA: found.digest}
    job = found.applied(Job(Picture("/a", "1"), "A", Settings(provider="cpu", filter=0.9)))
    assert (job.settings.provider, job.settings.filter) == ("cpu", None)
    assert (job.sample, job.by_hand) == ("A", found.picture)
    assert decisions(tmp_path, "1" * 64) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not valid JSON"),
        (decided(model_sha256="e" * 64).to_json(), "another edition of semseg"),
        (decided(numbers=1).to_json(), "another edition of semseg"),
        (decided(pictures=()).to_json(), "of another picture"),
    ],
)
def test_decisions_that_cannot_be_used_are_said_and_name_their_place(tmp_path, content, said):
    place = save(tmp_path, decided())
    place.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as error:
        decisions(tmp_path, SHA)
    assert str(place) in str(error.value)


def test_settings_alone_may_be_of_another_edition(tmp_path):
    picture = replace(decided().pictures[0], edits={})
    save(tmp_path, decided(numbers=1, pictures=(picture,)))
    assert decisions(tmp_path, SHA).picture.edits == {}


def test_what_was_edited_is_done_again_when_that_is_asked_for(tmp_path):
    run = RunFolder(tmp_path)
    jobs = [Job(Picture(f"/{name}", "1"), "", Settings()) for name in "abc"]
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with ledger.opened():
        for job, state in zip(jobs, ("done", "failed", "done"), strict=True):
            name = job.picture.name
            row = {"state": state, "sentence": "", "sha256": name * 64, "id": name * 20}
            ledger.add(entry(job, {**row, "hand": ""}))
            (run.place(row["id"])).mkdir(parents=True)
            (run.place(row["id"]) / "row.json").write_text("{}")

    def planned(**options):
        made = plan(jobs, run, ledger, **options)
        return [[job.picture.name for job in part] for part in (made.todo, made.edited)]

    assert planned(retry_edited=True) == [[], []]
    for name in "ab":
        picture = replace(decided().pictures[0], sha256=name * 64)
        save(tmp_path, decided(pictures=(picture,)))
    assert planned() == [[], ["a", "b"]]
    assert planned(retry=True) == [["b"], ["a"]]
    assert planned(retry_edited=True) == [["a", "b"], []]
    with ledger.opened():
        ledger.add({**ledger.rows["/a"], "hand": digests(tmp_path)["a" * 64]})
    assert planned() == [[], ["b"]]
    place_of_decisions(tmp_path, "a" * 64).unlink()  # taken back
    assert planned() == [[], ["a", "b"]]


def test_a_picture_whose_decisions_cannot_be_used_fails_with_the_reason(draw, tmp_path):
    path = tmp_path / "p.tif"
    draw((150, 200), 36.0).write(path)
    job = Job(find_pictures([str(path)])[0], "", Settings())
    place = place_of_decisions(tmp_path, hashlib.sha256(path.read_bytes()).hexdigest())
    place.parent.mkdir()
    place.write_bytes(b"{")
    row = measure(job, str(tmp_path), 1, EDITION)
    assert row["state"] == "failed"
    assert "decided by hand on it cannot be used: The session file is not valid" in row["sentence"]
    assert row["hand"] == digests(tmp_path)[row["sha256"]]


@pytest.mark.slow
def test_a_run_measures_again_what_was_put_right_and_pools_it(draw, tmp_path, capsys):
    inputs, run = tmp_path / "in", tmp_path / "run"
    inputs.mkdir()
    for number in range(2):
        draw((150, 200), 36.0, seed=number).write(inputs / f"p{number}.tif")
    words = (inputs, "--output", run, "--jobs", "1", "--width-nm", "400")
    assert finished(*words)[0] == 0
    [before, other] = rows(run)
    session = read_session((RunFolder(run).place(before["id"]) / "session.json").read_bytes())
    picture = replace(session.pictures[0], settings={"width_nm": 800.0}, edits={1: False, 2: False})
    save(run, replace(session, pictures=(picture,)))

    assert main(["pool", str(run)]) == 0
    assert "1 of 2 pictures pooled" in capsys.readouterr().out
    [sample] = samples([RunFolder(run)])
    assert [each.why_not for each in sample.entries] == [EDITED, ""]

    status, out, err = finished(*words, "--retry-edited")
    assert status == 0, err
    assert "1 picture to measure; 1 are done." in out
    assert "2 of 2 pictures pooled" in out
    after = {row["name"]: row for row in rows(run)}[before["name"]]
    assert after["pixel_size_nm"] == pytest.approx(2 * before["pixel_size_nm"])
    assert (after["kept"], after["by_hand"]) == (before["kept"] - 2, True)
    assert after["id"] != before["id"]
    assert {row["name"]: row for row in rows(run)}[other["name"]] == other
    kept = read_session((RunFolder(run).place(after["id"]) / "session.json").read_bytes())
    assert kept.pictures[0].edits == {1: False, 2: False}
    # and the line without it leaves all as it is
    assert main(["batch", *map(str, words), "--dry-run", "--rescale", "1", "--crop", "none"]) == 0
    assert capsys.readouterr().out == "0 pictures to measure; 2 are done.\n"
