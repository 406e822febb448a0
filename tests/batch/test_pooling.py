"""What the pictures of runs make together: who is pooled, the tables, the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from semseg.batch.jobs import Job
from semseg.batch.ledger import Ledger, name_of_row
from semseg.batch.pictures import Picture
from semseg.batch.pooling import TWICE, intervals_of, samples
from semseg.batch.results import PARTICLES, keep, particles_parquet, row_of
from semseg.batch.run import RunFolder
from semseg.batch.running import entry
from semseg.batch.summary import PAGE, pool
from semseg.batch.tables import IMAGES
from semseg.batch.worker import failed, files_of
from semseg.errors import OutputError, SettingsError
from semseg.instances import out_of_domain
from semseg.metrology.assessment import assess
from semseg.settings import Settings
from tests.support.drawn_analysis import drawn, without_particles
from tests.support.fake_analysis import redrawn

HOSTILE = '<img src=x onerror=alert(1)>"&.tif'


def abstained():
    analysis = drawn()
    doubtful = analysis.segmentation.particles.assign(doubt=out_of_domain.REASON)
    changed = redrawn(analysis, particles=doubtful)
    particles = changed.particles.assign(
        doubt=out_of_domain.REASON, kept=False, counted=False, reason=out_of_domain.REASON
    )
    return type(changed)(**{**vars(changed), "particles": particles})


def particles_alone(analysis, job):
    return {PARTICLES: particles_parquet(analysis)}


@pytest.fixture
def make(tmp_path):
    """A run of analyses that are there already: (address, sample, analysis or a sentence)."""

    def run(*pictures, name="run", files=particles_alone):
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir(exist_ok=True)
        ledger = folder.ledger()
        with ledger.opened():
            for number, (address, sample, found) in enumerate(pictures):
                job = Job(Picture(address, "1"), sample, Settings())
                if isinstance(found, str):
                    ledger.add(entry(job, failed(job, found)))
                    continue
                known = f"{number:02x}{name}"
                row = {**row_of(found), "sha256": f"{address}{name}"}
                row = keep(folder.place(known), files(found, job), row)
                ledger.add(entry(job, {**row, "id": known, "seconds": 1.0, "worker": name}))
        return folder

    return run


def usual(number, **options):
    return drawn(name=f"p{number}.tif", spread=0.2 + 0.02 * number, **options)


def test_only_what_is_certain_is_pooled_and_the_others_are_told(make):
    run = make(
        ("/p0.tif", "A", usual(0)),
        ("/p1.tif", "A", usual(1, pixel_size_nm=None)),
        ("/p2.tif", "A", usual(2, assumed=True)),
        ("/p3.tif", "A", usual(3, proposed=True)),
        ("/p4.tif", "A", abstained()),
        ("/p5.tif", "A", "p5.tif is empty (0 bytes)."),
        ("/p6.tif", "A", without_particles(usual(6))),
    )
    [sample] = samples([run])
    assert [each.row["name"] for each in sample.used] == ["p0.tif", "p6.tif"]
    why = {each.row["name"]: each.why_not for each in sample.entries}
    assert "does not say how large its pixels are" in why["p1.tif"]
    assert why["p2.tif"] == "Its scale is only assumed: check it."
    assert why["p3.tif"] == "Its scale is only proposed: check it."
    assert why["p4.tif"]
    assert why["p5.tif"] == "It is empty (0 bytes)."
    states = [each.row["state"] for each in sample.entries]
    assert states == ["done", "no scale", "done", "done", "abstained", "failed", "done"]


def test_a_picture_that_comes_twice_into_a_sample_counts_once(make):
    run = make(("/p0.tif", "A", usual(0)), ("/p1.tif", "A", usual(1)), ("/p2.tif", "B", usual(2)))
    ledger = run.ledger()
    with ledger.opened():
        first = ledger.rows["/p0.tif"]
        copy = ledger.rows["/p1.tif"]["id"]  # its result is another one, for its other name
        ledger.add({**first, "address": "/copy/p0_copy.tif", "name": "p0_copy.tif", "id": copy})
        ledger.add({**first, "address": "/other/p0.tif", "sample": "B"})
    one, other = samples([run])
    assert [each.why_not for each in one.entries] == ["", TWICE, ""]
    assert len(one.used) == len(other.used) == 2


def test_pooled_sizes_are_those_of_all_particles_with_intervals_by_image(make):
    analyses = [usual(number) for number in range(6)]
    run = make(*((f"/{each.micrograph.name}", "A", each) for each in analyses))
    [sample] = samples([run])
    found = intervals_of(sample)["min_feret"]
    sizes = np.concatenate(
        [
            each.particles.loc[each.particles["counted"], "min_feret_nm"].to_numpy()
            for each in analyses
        ]
    )
    assert (found.particles, found.images, found.resampled) == (len(sizes), 6, "images")
    assert found.mean.value == pytest.approx(sizes.mean())
    assert found == assess(analyses).intervals  # as the page has it


def test_an_empty_run_and_a_lost_table_are_said(make, tmp_path):
    run = make(name="empty")
    with pytest.raises(SettingsError, match="holds no picture yet"):
        samples([run])
    with pytest.raises(SettingsError, match="is not the folder of a run"):
        RunFolder.existing(tmp_path)
    run = make(("/p0.tif", "A", usual(0)))
    next(run.path.rglob("particles.parquet")).unlink()
    with pytest.raises(SettingsError, match=r"The table of p0\.tif in .* is missing or damaged"):
        pool([run], run.path)


def test_the_tables_open_in_a_line_and_agree(make, tmp_path):
    run = make(
        ("/p0.tif", "TiO2/a b%", usual(0)),
        ("/p1.tif", "TiO2/a b%", usual(1, assumed=True)),
        ("/p2.tif", "", usual(2)),
        ("/p3.tif", "=1+1", usual(3)),
        ("/p4.tif", "lost", "p4.tif is empty."),
    )
    pool([run], run.path)
    particles = pd.read_parquet(run.path / "particles")
    images = pd.read_parquet(run.path / "images.parquet")
    pooled = pd.read_csv(run.path / "pooled.csv", keep_default_na=False)
    assert list(images["state"]) == ["done"] * 4 + ["failed"]
    assert list(images.columns) == IMAGES.names
    counted = particles[particles["counted"]].groupby("image").size()
    done = images[images["state"] == "done"].set_index("address")
    assert counted.to_dict() == done["counted"].to_dict()
    named = done["sample"].to_dict()
    assert particles.groupby("image")["sample"].unique().map("; ".join).to_dict() == named
    assert particles.groupby("image")["pooled"].all().to_dict() == done["pooled"].to_dict()
    assert sorted(set(pooled["sample"])) == ["", "'=1+1", "TiO2/a b%"]
    feret = pooled[(pooled["sample"] == "TiO2/a b%") & (pooled["size"] == "min_feret")].iloc[0]
    assert (feret["pictures"], feret["left_out"]) == (1, 1)
    mine = particles[(particles["image"] == "/p0.tif") & particles["counted"]]
    assert float(feret["d50_nm"]) == pytest.approx(mine["min_feret_nm"].median(), rel=1e-5)
    assert list(tmp_path.rglob(".part-*")) == []


def contents(folder):
    names = ("images.parquet", "pooled.csv", "index.html")
    files = [folder / name for name in names] + sorted(folder.glob("particles/**/*.parquet"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_order_in_which_pictures_came_does_not_show(make):
    pictures = [(f"/p{number}.tif", "AB"[number % 2], usual(number)) for number in range(5)]
    run = make(*pictures)
    pool([run], run.path)
    before = contents(run.path)
    ledger = run.ledger()
    rows = [ledger.rows[address] for address in ("/p3.tif", "/p0.tif", "/p4.tif", "/p1.tif")]
    with ledger.opened():
        for row in rows:
            ledger.add({**row, "seconds": 9.0, "worker": "another"})
    pool([run], run.path)
    assert contents(run.path) == before


def test_many_particles_go_into_several_files(make, monkeypatch):
    monkeypatch.setattr("semseg.batch.tables.ROWS", 100)
    run = make(*((f"/p{number}.tif", "A", usual(number)) for number in range(5)))
    pool([run], run.path)
    parts = sorted((run.path / "particles" / "sample-A").iterdir())
    assert [pq.read_metadata(path).num_rows for path in parts] == [126, 126, 63]


def test_runs_of_several_computers_are_joined(make, tmp_path):
    one = make(("/p0.tif", "A", usual(0)), ("/p1.tif", "A", "p1.tif is empty."), name="one")
    two = make(("/p1.tif", "A", usual(1)), ("/p2.tif", "A", usual(2)), name="two")
    [sample] = pool([one, two], tmp_path / "both").samples
    assert [each.row["name"] for each in sample.used] == ["p0.tif", "p1.tif", "p2.tif"]
    reader = Reader(tmp_path / "both" / "index.html")
    assert {link for link in reader.missing() if "particles.parquet" in link} == set()
    assert PAGE not in reader.content  # which opens one run
    assert len(pd.read_parquet(tmp_path / "both" / "particles")) == 3 * 63


def test_of_two_results_of_one_picture_the_last_run_counts(make):
    one = make(("/p0.tif", "A", usual(0)), name="one")
    two = make(("/p0.tif", "A", usual(3)), name="two")
    for run, other in ((one, two), (two, one)):
        # the same bytes, measured with other settings
        ledger = run.ledger()
        with ledger.opened():
            ledger.add({**ledger.rows["/p0.tif"], "sha256": "same"})
        assert other.path != run.path
    [sample] = samples([one, two])
    assert [each.run.path.name for each in sample.entries] == ["two"]
    [sample] = samples([two, one])
    assert [each.run.path.name for each in sample.entries] == ["one"]


def test_a_full_disk_leaves_the_tables_of_before(make, monkeypatch):
    run = make(("/p0.tif", "A", usual(0)))
    pool([run], run.path)
    before = contents(run.path)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("semseg.batch.tables.pq.ParquetWriter", full)
    with pytest.raises(OutputError, match="No space left on device"):
        pool([run], run.path)
    assert contents(run.path) == before
    assert list(run.path.glob(".part-*")) == []


class Reader(HTMLParser):
    """The rows of a run's page as a person reads them, and where its links lead."""

    def __init__(self, path: Path):
        super().__init__()
        self.folder, self.links, self.rows, self.tags = path.parent, [], [], []
        self.content = path.read_text("utf-8")
        self.feed(self.content)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag == "tr":
            self.rows.append("")

    def handle_data(self, data):
        if self.rows:
            self.rows[-1] = " ".join(f"{self.rows[-1]} {data}".split())

    def missing(self):
        there = [link for link in self.links if not link.startswith(("#", PAGE))]
        assert there
        return [link for link in there if not (self.folder / unquote(link)).exists()]

    def of(self, name):
        """Number and text of a picture's row."""
        [found] = [(i, row) for i, row in enumerate(self.rows) if row.startswith(name)]
        return found


@pytest.mark.slow
def test_the_page_has_a_row_a_picture_outliers_first_and_its_links_lead_somewhere(make):
    run = make(
        *((f"/p{number}.tif", "A", usual(number)) for number in range(4)),
        ("/far.tif", "A", drawn(name="far.tif", pixel_size_nm=70.0)),
        ("/gone.tif", "A", "gone.tif is empty."),
        (f"/{HOSTILE}", "A", drawn(name="p9.tif")),
        files=files_of,
    )
    pool([run], run.path)
    reader = Reader(run.path / "index.html")
    assert reader.missing() == []
    (first, gone), (second, far), (third, _) = map(reader.of, ("gone.tif", "far.tif", "p0.tif"))
    assert first < second < third
    assert re.search(r"Its median is [\d.]+ times that of the others\.", far)
    assert "failed" in gone
    assert "It is empty." in gone
    assert "onerror=alert(1)>" not in reader.content
    assert reader.tags.count("polyline") == 6
    assert 'class="curve is-odd"' in reader.content
    assert "://" not in reader.content.replace(PAGE, "")
    to_page = [link.removeprefix(PAGE) for link in reader.links if link.startswith(PAGE)]
    assert sorted(to_page) == sorted(map(name_of_row, run.ledger().rows))


def test_of_very_many_the_page_shows_the_most_unlike(make, monkeypatch):
    monkeypatch.setattr("semseg.batch.summary.MAX_ROWS", 2)
    run = make(
        *((f"/p{number}.tif", "A", usual(number)) for number in range(4)),
        ("/far.tif", "A", drawn(name="far.tif", pixel_size_nm=70.0)),
    )
    pool([run], run.path)
    reader = Reader(run.path / "index.html")
    assert reader.of("far.tif")
    assert "3 more pictures, which are more like the others" in reader.content


def test_a_ledger_that_is_written_to_can_be_read_meanwhile(make):
    run = make(("/p0.tif", "A", usual(0)))
    with run.ledger().opened():
        assert len(samples([run])[0].used) == 1
    assert Ledger(run.path / "ledger.jsonl").torn == 0
