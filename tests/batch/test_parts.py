"""Which pictures, what makes results the same, and what is written down of each."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semseg.batch.jobs import Job, identity
from semseg.batch.ledger import Ledger
from semseg.batch.pictures import Picture, find_pictures, read_bytes
from semseg.batch.results import ROW, facts_from, keep, kept_row, row_of
from semseg.batch.run import RunFolder
from semseg.batch.running import plan, settled
from semseg.batch.worker import without_name
from semseg.details import Details
from semseg.errors import OutputError, SettingsError, UnreadableImageError
from semseg.figures.thumbnail import thumbnail_jpeg
from semseg.settings import Settings
from tests.support.drawn_analysis import drawn


@pytest.fixture
def folder(tmp_path):
    """Pictures by their names; what is in them does not matter."""
    for name in ("b.TIF", "a.png", "a.txt", "c.tif", "c-tif.hdr", "notes.md", ".hidden.tif"):
        (tmp_path / name).write_text(name)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "d.tif").write_text("d")
    return tmp_path


def names(pictures):
    return [each.name for each in pictures]


def test_of_a_folder_come_its_pictures_each_with_its_text(folder):
    found = find_pictures([str(folder)])
    assert names(found) == ["a.png", "b.TIF", "c.tif"]
    beside = [each.sidecar and each.sidecar.rpartition("/")[2] for each in found]
    assert beside == ["a.txt", None, "c-tif.hdr"]


def test_folders_within_and_a_pattern(folder):
    assert names(find_pictures([str(folder)], recursive=True))[-1] == "d.tif"
    assert names(find_pictures([str(folder)], pattern="*.tif")) == ["c.tif"]
    assert names(find_pictures([str(folder)], pattern="*.md")) == ["notes.md"]


def test_each_comes_once_and_one_that_is_missing_too(folder):
    given = [str(folder / "c.tif"), str(folder), str(folder / "gone.tif"), str(folder / "a.txt")]
    assert names(find_pictures(given)) == ["a.png", "b.TIF", "c.tif", "gone.tif"]


def test_a_store_elsewhere_gives_the_same(folder):
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for path in folder.iterdir():
        if path.is_file():
            store.pipe(f"/box/{path.name}", path.read_bytes())
    found = find_pictures(["memory://box"])
    assert names(found) == ["a.png", "b.TIF", "c.tif"]
    content, sidecar = read_bytes(found[0])
    assert (content, sidecar) == (b"a.png", ("a.txt", b"a.txt"))
    assert names(find_pictures(["memory://box/*.tif"])) == ["c.tif"]
    store.rm("/box", recursive=True)
    with pytest.raises(UnreadableImageError, match="cannot be fetched"):
        read_bytes(found[0])


def test_a_store_that_cannot_be_reached_is_an_error():
    with pytest.raises(SettingsError, match="cannot be reached"):
        find_pictures(["nowhere://box/a.tif"])


def test_a_change_of_the_file_or_of_its_text_shows_in_the_stamp(folder):
    [before] = find_pictures([str(folder / "a.png")])
    (folder / "a.txt").write_text("other")
    [after] = find_pictures([str(folder / "a.png")])
    assert before.stamp != after.stamp
    assert before.address == after.address


def job(address="/a.tif", stamp="1", settings=None, **more):
    return Job(Picture(address, stamp), "", settings or Settings(), **more)


def test_what_decides_on_a_result_decides_on_its_name():
    usual = identity(job(), "ab", None)
    others = [
        identity(job(), "cd", None),
        identity(job(), "ab", "text"),
        identity(job("/b.tif"), "ab", None),
        identity(job(settings=Settings(edges="weight")), "ab", None),
        identity(job(details=Details(notes="x")), "ab", None),
    ]
    assert len({usual, *others}) == 6
    same = [job("/elsewhere/a.tif"), job(stamp="2"), job(details=Details(sample="x"))]
    assert {identity(each, "ab", None) for each in same} == {usual}


def test_another_edition_makes_other_results(monkeypatch):
    before = job().recipe
    monkeypatch.setattr("semseg.batch.jobs.EDITION", (10**6, "model"))
    assert job().recipe != before


def test_a_ledger_takes_the_last_line_of_each_and_survives_a_torn_one(tmp_path):
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    with ledger.opened():
        ledger.add({"address": "/a", "state": "failed"})
        ledger.add({"address": "/b\udcff", "state": "done"})
        ledger.add({"address": "/a", "state": "done"})
    with path.open("ab") as file:
        file.write(b'{"address": "/c", "st')
    again = Ledger(path)
    assert again.torn == 1
    assert {name: row["state"] for name, row in again.rows.items()} == {
        "/a": "done",
        "/b\udcff": "done",
    }
    with again.opened():
        again.add({"address": "/d", "state": "done"})
    assert list(Ledger(path).rows) == ["/a", "/b\udcff", "/d"]


def test_a_full_disk_is_said(tmp_path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.path = Path("/dev/full")
    with pytest.raises(OutputError, match="has space"), ledger.opened():
        ledger.add({"address": "/a"})


def test_one_process_alone_writes_into_a_run(tmp_path):
    run = RunFolder(tmp_path / "run")
    with run.alone(), pytest.raises(SettingsError, match="Another run is writing"), run.alone():
        pass
    with run.alone():
        pass


def kept(run, identity):
    folder = run.place(identity)
    keep(folder, {"x": b"1"}, {"state": "done"})
    return folder


def test_what_is_done_is_left_alone_and_what_failed_unless_asked(tmp_path):
    run = RunFolder(tmp_path)
    ledger = Ledger(tmp_path / "ledger.jsonl")
    jobs = [job("/a"), job("/b"), job("/c"), job("/d"), job("/e")]
    states = {"/a": "done", "/b": "failed", "/c": "done", "/d": "no scale"}
    with ledger.opened():
        for each in jobs[:4]:
            row = {"address": each.picture.address, "state": states[each.picture.address]}
            recipe = "other" if each.picture.address == "/d" else each.recipe
            ledger.add({**row, "id": f"id{row['address'][1]}", "stamp": "1", "recipe": recipe})
    kept(run, "ida")
    made = plan(jobs, run, ledger)
    # c: its folder is gone; d: with other settings; e: new
    assert [each.picture.address for each in made.todo] == ["/c", "/d", "/e"]
    assert (made.done, made.failed) == ((jobs[0],), (jobs[1],))
    assert jobs[1] in plan(jobs, run, ledger, retry=True).todo
    moved = plan([job("/a", stamp="2")], run, ledger)
    assert len(moved.todo) == 1


def test_a_result_is_whole_or_not_there_and_the_first_stays(tmp_path):
    folder = tmp_path / "ab" / "abcd"
    assert kept_row(folder) is None
    keep(folder, {"a.csv": b"1"}, {"state": "done"})
    assert keep(folder, {"a.csv": b"2"}, {"state": "other"}) == {"state": "done"}
    assert (folder / "a.csv").read_bytes() == b"1"
    (folder / ROW).unlink()  # somebody tidied up
    keep(folder, {"a.csv": b"3"}, {"state": "done"})
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", ROW]
    assert (folder / "a.csv").read_bytes() == b"3"
    assert [path.name for path in folder.parent.iterdir()] == ["abcd"]


def test_a_result_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "ab").write_text("a file in its way")
    with pytest.raises(OutputError):
        keep(tmp_path / "ab" / "abcd", {"a.csv": b"1"}, {})


def test_a_row_holds_what_the_pictures_are_compared_by():
    analysis = drawn()
    row = json.loads(json.dumps(row_of(analysis), allow_nan=False))
    assert (row["state"], row["sentence"], row["counted"]) == ("done", "", 48)
    sizes = analysis.particles.loc[analysis.particles["counted"], "min_feret_nm"]
    assert row["min_feret_d50_nm"] == pytest.approx(float(sizes.median()))
    assert row["min_feret_d50_low_nm"] < row["min_feret_d50_nm"] < row["min_feret_d50_high_nm"]
    assert facts_from(row, comparable=True).median == row["min_feret_d50_nm"]
    assert facts_from(row, comparable=False).median != row["min_feret_d50_nm"]


def test_a_sentence_does_without_the_name_of_its_file():
    said = ["a.tif is empty.", "a.tif: no picture.", "The disk is full.", "a.tiff is odd."]
    told = [without_name(text, "a.tif") for text in said]
    assert told == ["It is empty.", "No picture.", "The disk is full.", "A.tiff is odd."]


def test_a_thumbnail_is_small_and_has_outlines_in_the_colours_of_their_states():
    analysis = drawn(pixel_size_nm=2.0)
    with Image.open(io.BytesIO(thumbnail_jpeg(analysis))) as picture:
        assert picture.size == (analysis.micrograph.width, analysis.micrograph.height)
    with Image.open(io.BytesIO(thumbnail_jpeg(analysis, 100))) as picture:
        assert max(picture.size) == 100
        colours = np.asarray(picture.convert("RGB")).astype(int)
    green, red = colours[..., 1] - colours[..., 0], colours[..., 0] - colours[..., 1]
    assert min((green > 40).sum(), (red > 40).sum()) > 20


def test_a_file_is_taken_when_it_stands_still():
    looks = iter(
        [
            [job("/a", "1")],
            [job("/a", "2"), job("/b", "1")],
            [job("/a", "2"), job("/b", "1")],
            [job("/a", "2"), job("/b", "2")],
            [job("/a", "2"), job("/b", "2")],
        ]
    )
    seconds = iter(range(0, 10**6, 5))
    found = settled(lambda: next(looks), lambda: next(seconds))
    taken = []
    while len(taken) < 3:
        taken += [each for each in [next(found)] if each is not None]
    assert [(each.picture.address, each.picture.stamp) for each in taken] == [
        ("/a", "2"),
        ("/b", "1"),
        ("/b", "2"),
    ]


def test_between_two_looks_there_is_nothing_and_none_looks():
    looks = []
    found = settled(lambda: looks.append("look") or [], lambda: 0.0)
    assert [next(found) for _ in range(50)] == [None] * 50
    assert len(looks) == 1
