"""The command line when the model, the memory, the disk or the run itself fails.

Faults are made where they arise: files are damaged, limits are those of the operating system,
signals are sent.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import (
    ENDINGS,
    SCALED,
    analysed,
    contents,
    names,
    of_pictures,
    one_sentence,
    python,
)
from tests.support.network import shipped
from tests.support.paths import ROOT
from tests.support.signals import sigint

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
pytestmark = pytest.mark.slow  # each starts Python, with all that semseg imports


@pytest.fixture(scope="module")
def folder(draw, tmp_path_factory):
    """Three small pictures, which differ."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate(("a.png", "b.png", "c.png")):
        draw((150, 200), 36.0, seed=seed).write(folder / name)
    return folder


@pytest.fixture
def analyse(run):
    """`analysed`, in this process: a second sooner, where the fault is not one of the process."""

    def analyse(*arguments):
        status, out, err = run(*arguments, *SCALED)
        return subprocess.CompletedProcess(arguments, status, out, err)

    return analyse


# The model file


@shipped
@pytest.mark.parametrize("damage", ["missing", "truncated", "altered"])
def test_a_model_that_cannot_be_trusted_stops_the_command_line(damage, folder, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(ROOT / "semseg", root / "semseg", ignore=shutil.ignore_patterns("__pycache__"))
    content = bytearray((ROOT / "models" / "model.onnx").read_bytes())
    if damage == "truncated":
        del content[len(content) // 2 :]
    if damage == "altered":
        content[len(content) // 2] ^= 1
    if damage != "missing":
        (root / "models").mkdir()
        (root / "models" / "model.onnx").write_bytes(content)
    done = analysed(folder / "a.png", "--output", tmp_path / "out", root=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "please reinstall semseg" in one_sentence(done.stderr)
    assert not (tmp_path / "out").exists()


# Memory


@linux
def test_a_picture_that_needs_too_much_memory_costs_only_itself(draw, tmp_path):
    """The limit is that of the operating system, and lifted for the second picture."""
    draw((1400, 1400), 40.0).write(tmp_path / "large.png")
    draw((150, 200), 36.0).write(tmp_path / "small.png")
    script = """
import resource, sys
from semseg.__main__ import main
from semseg.inference.segmenter import Segmenter

real = Segmenter.predict

def predict(self, image, *arguments, **options):
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + 100 * 2**20
    if image.size > 10**6:
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        return real(self, image, *arguments, **options)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)

Segmenter.predict = predict
sys.exit(main(sys.argv[1:]))
"""
    pictures = (tmp_path / "large.png", tmp_path / "small.png")
    done = python("-c", script, "analyze", *pictures, "--output", tmp_path / "out", *SCALED)
    assert done.returncode == 1
    assert one_sentence(done.stderr).startswith("large.png: There is not enough memory")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["small.png"]
    assert names(tmp_path / "out") == [f"small.{ending}" for ending in ENDINGS]


# The disk


def limited(size):
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@posix
def test_a_file_that_does_not_fit_leaves_the_old_files(analyse, folder, tmp_path):
    """The table fits below the limit, the figure does not."""
    assert analyse(folder / "a.png", "--output", tmp_path).returncode == 0
    before = contents(tmp_path)
    (tmp_path / "other").mkdir()
    shutil.copy(folder / "b.png", tmp_path / "other" / "a.png")
    done = analysed(tmp_path / "other" / "a.png", "--output", tmp_path, preexec_fn=limited(20_000))
    assert (done.returncode, done.stdout) == (1, "")
    said = one_sentence(done.stderr)
    assert said.startswith("a.png: ")
    assert "a.figure.png could not be written (File too large)" in said
    assert contents(tmp_path) == before


@contextlib.contextmanager
def mounted(folder, options):
    """A disk of its own in memory."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def locked(folder):
    """A folder that may not be written to; root may write to all but a read-only disk."""
    if os.geteuid() == 0:
        with mounted(folder, "ro"):
            yield folder
    else:
        folder.mkdir(mode=0o555)
        yield folder


def test_a_full_disk_leaves_nothing_half_written(analyse, folder, tmp_path):
    with mounted(tmp_path / "disk", "size=64k") as disk:
        done = analyse(folder / "a.png", folder / "b.png", "--output", disk / "out")
        assert (done.returncode, done.stdout) == (1, "")
        lines = of_pictures(done.stderr)
        assert [line.split(":")[0] for line in lines] == ["a.png", "b.png"]
        assert all("No space left on device" in line for line in lines)
        assert names(disk / "out") == []


@posix
def test_a_read_only_folder_is_said_before_the_network_runs(analyse, folder, tmp_path):
    with locked(tmp_path / "locked") as out:
        done = analyse(folder / "nowhere.png", "--output", out / "made")
        assert (done.returncode, done.stdout) == (1, "")
        said = one_sentence(done.stderr)
        assert said.startswith("nowhere.png: ")
        assert re.search(
            r"could not be written \((Permission denied|Read-only file system)\)", said
        )


@linux
def test_a_full_disk_for_the_lines_costs_no_files(folder, tmp_path):
    with Path("/dev/full").open("w") as full:
        done = analysed(folder / "a.png", folder / "b.png", "--output", tmp_path, stdout=full)
    assert done.returncode == 0
    assert "Standard output could not be written" in one_sentence(done.stderr)
    assert len(names(tmp_path)) == 12


# Two pictures and the same files


def test_a_picture_of_the_run_is_never_written_over(analyse, folder, tmp_path):
    shutil.copy(folder / "a.png", tmp_path / "a.png")
    assert analyse(tmp_path / "a.png", "--output", tmp_path).returncode == 0
    before = contents(tmp_path)
    shutil.copy(folder / "b.png", tmp_path / "a.figure.png")  # a picture to be measured, too
    before["a.figure.png"] = (folder / "b.png").read_bytes()
    done = analyse(tmp_path / "a.png", tmp_path / "a.figure.png", "--output", tmp_path)
    assert done.returncode == 1
    assert "Its a.figure.png would overwrite a picture of this run" in one_sentence(done.stderr)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["a.figure.png"]
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 6


@posix
def test_names_that_come_to_the_same_do_not_overwrite_each_other(analyse, folder, tmp_path):
    shutil.copy(folder / "a.png", tmp_path / "x?.png")
    shutil.copy(folder / "b.png", tmp_path / "x_.png")
    out = tmp_path / "out"
    done = analyse(tmp_path / "x?.png", tmp_path / "x_.png", "--output", out)
    assert done.returncode == 1
    assert one_sentence(done.stderr).startswith("x_.png: Another picture of this run has the same")
    assert names(out) == [f"x_.{ending}" for ending in ENDINGS]


def test_a_replay_does_not_overwrite_its_session(tmp_path):
    session = {"kind": "semseg session", "format": 1}
    (tmp_path / "session.json").write_text(json.dumps(session))
    done = python("-m", "semseg", "report", tmp_path / "session.json", "--output", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert json.loads((tmp_path / "session.json").read_text()) == session


# Ctrl-C and a request to end


AT = """
import os, signal, sys
from semseg.__main__ import main
import semseg.export.writing as writing

count, wanted, number = 0, int(sys.argv[1]), int(sys.argv[2])
real = os.fsync

def fsync(file):
    global count
    count += 1
    if count == wanted:
        os.kill(os.getpid(), number)
    real(file)

writing.os.fsync = fsync
sys.exit(main(sys.argv[3:]))
"""


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_the_files_of_a_picture_waits_for_the_last(number, folder, tmp_path):
    pictures = [folder / name for name in ("a.png", "b.png", "c.png")]
    arguments = ("analyze", *pictures, "--output", tmp_path, *SCALED)
    done = python("-c", AT, 6 + 3, int(number), *arguments)
    assert done.returncode == 128 + number
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["a.png", "b.png"]
    assert one_sentence(done.stderr).startswith("Interrupted: 2 of 3 pictures are finished")
    assert names(tmp_path) == sorted(f"{stem}.{end}" for stem in "ab" for end in ENDINGS)


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_the_network_ends_the_run_and_says_what_is_finished(
    number, folder, draw, tmp_path
):
    draw((2400, 2800), 80.0).write(tmp_path / "large.png")
    out = tmp_path / "out"
    pictures = [folder / "a.png", tmp_path / "large.png", folder / "b.png"]
    running = subprocess.Popen(
        [sys.executable, "-m", "semseg", "analyze", *pictures, "--output", out, *SCALED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert running.stdout.readline().startswith("a.png: ")
    time.sleep(0.3)  # until it has gone on to the large one, which takes seconds
    running.send_signal(number)
    printed, said = running.communicate(timeout=120)
    assert (running.returncode, printed) == (128 + number, "")
    assert one_sentence(said).startswith("Interrupted: 1 of 3 pictures are finished")
    assert "large.png was being analysed" in said
    assert names(out) == [f"a.{ending}" for ending in ENDINGS]


@posix
def test_a_run_that_was_started_to_ignore_ctrl_c_goes_on(folder, tmp_path):
    """As a shell's ``&`` asks for; the signal comes amid the files of the first picture."""
    pictures = [folder / name for name in ("a.png", "b.png")]
    arguments = ("analyze", *pictures, "--output", tmp_path, *SCALED)
    with sigint(signal.SIG_IGN):
        done = python("-c", AT, 3, int(signal.SIGINT), *arguments)
    assert done.returncode == 0
    assert "Interrupted" not in done.stderr
    assert names(tmp_path) == sorted(f"{stem}.{end}" for stem in "ab" for end in ENDINGS)


@posix
@pytest.mark.parametrize(
    ("at", "said"), [(6, "1 of 1 pictures are finished"), (8, "and the report are finished")]
)
def test_a_signal_amid_the_report(at, said, folder, tmp_path):
    """The first of its files is number seven; before that is the picture's last."""
    arguments = ("analyze", folder / "a.png", "--output", tmp_path, "--report", *SCALED)
    done = python("-c", AT, at, int(signal.SIGTERM), *arguments)
    assert done.returncode == 128 + signal.SIGTERM
    assert said in done.stderr.splitlines()[-1]
    run = ["coco.json", "particles.xlsx", "report.html", "session.json"] if at > 6 else []
    assert names(tmp_path) == sorted([f"a.{ending}" for ending in ENDINGS] + run)
