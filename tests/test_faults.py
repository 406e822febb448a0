"""What happens when the model, the provider, the memory, the disk or the run itself fails.

Faults are made where they arise: files are damaged, limits are those of the operating system,
signals are sent; only a GPU, which no test has, is played at the boundary to ONNX Runtime.
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
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import EPFail, Fail
from streamlit.testing.v1 import AppTest

from semseg import Settings, analyze
from semseg.errors import OutputError
from semseg.export import run_files, summary_json
from semseg.metrology import assess
from semseg.page import address, work
from semseg.segmenter import Segmenter
from semseg.viewer import _address, assets

ROOT = Path(__file__).resolve().parents[1]
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
FIXED = ("--rescale", "1", "--crop", "none")
ENDINGS = (
    *("figure.png", "labels.tif", "particles.csv"),
    *("rois.zip", "sizes.csv", "summary.json"),
)
posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
shipped = pytest.mark.skipif("SEMSEG_TEST_MODEL" in os.environ, reason="needs the shipped model")


@pytest.fixture(scope="module")
def folder(draw, tmp_path_factory):
    """Three small pictures, which differ."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate(("a.png", "b.png", "c.png")):
        draw((150, 200), 36.0, seed=seed).write(folder / name)
    return folder


def python(*arguments, root=ROOT, **options):
    """Run Python where `root` holds semseg."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        cwd=root,
        timeout=300,
        check=False,
    )


def analysed(*arguments, **options):
    return python("-m", "semseg", "analyze", *arguments, *FIXED, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def one_sentence(text):
    (line,) = text.splitlines()
    assert line.endswith(".")
    assert "Traceback" not in line
    return line


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


# The provider


def test_an_unknown_provider_in_the_address_is_left_out_and_named():
    settings, _, wrong = address.from_query({"provider": "tpu", "width": "500"})
    assert (settings.provider, settings.width_nm, wrong) == ("auto", 500, ["provider"])


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("tpu", "Left out of the address: provider."),
        ("cuda", "The provider 'cuda' is not available here."),
    ],
)
def test_the_page_goes_on_without_the_provider_of_its_address(provider, said, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
    page.query_params["provider"] = provider
    page.run()
    assert not page.exception
    assert [toast.value for toast in page.toast] == [said]
    assert any("on CPU" in caption.value for caption in page.caption)


class Gpu:
    """Plays a GPU at the boundary to ONNX Runtime; computes on the CPU until it fails."""

    def __init__(self, *, starts=True, runs=0, error=EPFail):
        self.starts, self.runs, self.error = starts, runs, error
        self.asked, self.cpu_sessions = 0, 0
        self.busy = threading.Lock()
        self.real = onnxruntime.InferenceSession

    def session(self, content, options, *, providers, enable_fallback):
        gpu, running = self, list(providers)
        assert not enable_fallback
        if running[0] == CUDA and not gpu.starts:
            raise gpu.error("CUDA failure 999: unknown error")
        gpu.cpu_sessions += running == [CPU]

        class Session(gpu.real):
            def get_providers(self):
                return running

            def run(self, *arguments):
                if running[0] != CUDA:
                    return super().run(*arguments)
                assert gpu.busy.acquire(blocking=False), "two threads at once"
                try:
                    gpu.asked += 1
                    if gpu.asked > gpu.runs:
                        raise gpu.error("CUDA failure 700: an illegal memory access")
                    return super().run(*arguments)
                finally:
                    gpu.busy.release()

        return Session(content, options, providers=[CPU], enable_fallback=enable_fallback)


@pytest.fixture
def install(monkeypatch):
    """Install a GPU of this kind."""

    def install(**kind):
        gpu = Gpu(**kind)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
        monkeypatch.setattr(onnxruntime, "InferenceSession", gpu.session)
        return gpu

    return install


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).random((200, 300), np.float32)


TILED = {"whole_up_to_px": 1, "tile_px": 128, "overlap_px": 32}


def test_a_gpu_that_works_is_used_by_one_thread_at_a_time(install, make_segmenter, noise):
    gpu = install(runs=100)
    segmenter = make_segmenter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: segmenter.predict(noise), range(8)))
    assert (segmenter.provider, segmenter.notes) == ("cuda", ())
    assert (gpu.asked, gpu.cpu_sessions) == (8, 0)


@pytest.mark.parametrize("provider", ["auto", "cuda"])
def test_a_gpu_that_does_not_start(install, make_segmenter, segmenter, noise, provider, capfd):
    install(starts=False)
    fallen_back = make_segmenter(provider=provider)
    assert fallen_back.provider == "cpu"
    assert fallen_back.notes == (
        "The provider 'cuda' could not be started; the network ran on 'cpu' instead.",
    )
    assert np.array_equal(fallen_back.predict(noise), segmenter.predict(noise))
    assert capfd.readouterr().out == ""  # ONNX Runtime would print


@pytest.mark.parametrize("error", [EPFail, Fail, RuntimeError, MemoryError])
def test_a_gpu_that_fails_at_work(install, make_segmenter, segmenter, noise, error, capfd):
    """In the middle of a picture: all of it comes from the CPU, and all that follow."""
    gpu = install(runs=3, error=error)
    failing = make_segmenter(provider="cuda")
    assert failing.notes == ()
    maps = failing.predict(noise, **TILED)
    assert gpu.asked == 4
    assert failing.provider == "cpu"
    (note,) = failing.notes
    assert note == (
        f"The provider 'cuda' failed at work ({error.__name__}); the network ran on 'cpu' instead."
    )
    assert np.array_equal(maps, segmenter.predict(noise, **TILED))
    failing.predict(noise)
    assert (gpu.asked, failing.notes) == (4, (note,))
    assert capfd.readouterr().out == ""


def test_a_gpu_that_fails_among_threads_is_replaced_once(install, make_segmenter, segmenter, noise):
    gpu = install(runs=5)
    failing = make_segmenter()
    with ThreadPoolExecutor(6) as pool:
        maps = list(pool.map(lambda _: failing.predict(noise, **TILED), range(6)))
    expected = segmenter.predict(noise, **TILED)
    assert all(np.array_equal(each, expected) for each in maps)
    assert (gpu.cpu_sessions, failing.provider, len(failing.notes)) == (1, "cpu", 1)


def test_what_goes_wrong_outside_the_network_is_no_fault_of_the_gpu(install, make_segmenter, noise):
    install(runs=100)
    working = make_segmenter()

    def broken(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        working.predict(noise, broken)
    assert (working.provider, working.notes) == ("cuda", ())


def test_the_picture_at_which_a_gpu_failed_says_so_once(install, make_segmenter, drawn):
    gpu = install()
    failing = make_segmenter(provider="cuda")
    settings = Settings(provider="cuda", width_nm=1000, rescale=1.0)
    analyses = [
        analyze(drawn.png(), settings, name=name, segmenter=failing) for name in ("a.png", "b.png")
    ]
    assert gpu.asked == 1  # and each picture after it, since its files stand alone
    (note,) = failing.notes
    for analysis in analyses:
        assert analysis.provider == "cpu"
        assert [each for each in analysis.notes if "failed at work" in each] == [note]
        assert json.loads(summary_json(analysis))["notes"].count(note) == 1
    report = run_files(analyses[:1], assess(analyses[:1], "min_feret"))["report.html"].decode()
    assert report.count("failed at work") == 1


@shipped
def test_the_page_says_that_a_gpu_failed(install):
    install()
    work.segmenter.clear()
    try:
        page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
        page.query_params["sample"] = "1"
        page.run()
        assert not page.exception
        (said,) = [info.value for info in page.info if "failed at work" in info.value]
        assert said.count("failed at work") == 1
        assert any("on CPU" in caption.value for caption in page.caption)
    finally:
        work.segmenter.clear()


# Memory


@linux
def test_a_picture_that_needs_too_much_memory_costs_only_itself(draw, tmp_path):
    """The limit is that of the operating system, and lifted for the second picture."""
    draw((1400, 1400), 40.0).write(tmp_path / "large.png")
    draw((150, 200), 36.0).write(tmp_path / "small.png")
    script = """
import resource, sys
import semseg.__main__ as command

real = command.Segmenter.predict

def predict(self, image, *arguments, **options):
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + 100 * 2**20
    if image.size > 10**6:
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        return real(self, image, *arguments, **options)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)

command.Segmenter.predict = predict
sys.exit(command.main(sys.argv[1:]))
"""
    pictures = (tmp_path / "large.png", tmp_path / "small.png")
    done = python("-c", script, "analyze", *pictures, "--output", tmp_path / "out", *FIXED)
    assert done.returncode == 1
    assert one_sentence(done.stderr).startswith("large.png: There is not enough memory")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["small.png"]
    assert names(tmp_path / "out") == [f"small.{ending}" for ending in ENDINGS]


# The disk


def limited(size):
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@posix
def test_a_file_that_does_not_fit_leaves_the_old_files(folder, tmp_path):
    """The table fits below the limit, the figure does not."""
    assert analysed(folder / "a.png", "--output", tmp_path).returncode == 0
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


def test_a_full_disk_leaves_nothing_half_written(folder, tmp_path):
    with mounted(tmp_path / "disk", "size=64k") as disk:
        done = analysed(folder / "a.png", folder / "b.png", "--output", disk / "out")
        assert (done.returncode, done.stdout) == (1, "")
        lines = done.stderr.splitlines()
        assert [line.split(":")[0] for line in lines] == ["a.png", "b.png"]
        assert all("No space left on device" in line for line in lines)
        assert names(disk / "out") == []


@posix
def test_a_read_only_folder_is_said_before_the_network_runs(folder, tmp_path):
    with locked(tmp_path / "locked") as out:
        done = analysed(folder / "nowhere.png", "--output", out / "made")
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


def test_a_picture_of_the_run_is_never_written_over(folder, tmp_path):
    shutil.copy(folder / "a.png", tmp_path / "a.png")
    assert analysed(tmp_path / "a.png", "--output", tmp_path).returncode == 0
    before = contents(tmp_path)
    shutil.copy(folder / "b.png", tmp_path / "a.figure.png")  # a picture to be measured, too
    before["a.figure.png"] = (folder / "b.png").read_bytes()
    done = analysed(tmp_path / "a.png", tmp_path / "a.figure.png", "--output", tmp_path)
    assert done.returncode == 1
    assert "Its a.figure.png would overwrite a picture of this run" in one_sentence(done.stderr)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["a.figure.png"]
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 6


@posix
def test_names_that_come_to_the_same_do_not_overwrite_each_other(folder, tmp_path):
    shutil.copy(folder / "a.png", tmp_path / "x?.png")
    shutil.copy(folder / "b.png", tmp_path / "x_.png")
    out = tmp_path / "out"
    done = analysed(tmp_path / "x?.png", tmp_path / "x_.png", "--output", out)
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
import semseg.__main__ as command
import semseg.writing as writing

count, wanted, number = 0, int(sys.argv[1]), int(sys.argv[2])
real = os.fsync

def fsync(file):
    global count
    count += 1
    if count == wanted:
        os.kill(os.getpid(), number)
    real(file)

writing.os.fsync = fsync
sys.exit(command.main(sys.argv[3:]))
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_the_files_of_a_picture_waits_for_the_last(number, folder, tmp_path):
    pictures = [folder / name for name in ("a.png", "b.png", "c.png")]
    arguments = ("analyze", *pictures, "--output", tmp_path, *FIXED)
    done = python("-c", AT, 6 + 3, int(number), *arguments)
    assert done.returncode == 128 + number
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["a.png", "b.png"]
    assert one_sentence(done.stderr).startswith("Interrupted: 2 of 3 pictures are finished")
    assert names(tmp_path) == sorted(f"{stem}.{end}" for stem in "ab" for end in ENDINGS)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_the_network_ends_the_run_and_says_what_is_finished(
    number, folder, draw, tmp_path
):
    draw((1200, 1400), 40.0).write(tmp_path / "large.png")
    out = tmp_path / "out"
    pictures = [folder / "a.png", tmp_path / "large.png", folder / "b.png"]
    running = subprocess.Popen(
        [sys.executable, "-m", "semseg", "analyze", *pictures, "--output", out, *FIXED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert running.stdout.readline().startswith("a.png: ")
    running.send_signal(number)
    printed, said = running.communicate(timeout=120)
    assert (running.returncode, printed) == (128 + number, "")
    assert one_sentence(said).startswith("Interrupted: 1 of 3 pictures are finished")
    assert "large.png was the one at hand" in said
    assert names(out) == [f"a.{ending}" for ending in ENDINGS]


@posix
@pytest.mark.parametrize(
    ("at", "said"), [(6, "1 of 1 pictures are finished"), (8, "and the report are finished")]
)
def test_a_signal_amid_the_report(at, said, folder, tmp_path):
    """The first of its files is number seven; before that is the picture's last."""
    arguments = ("analyze", folder / "a.png", "--output", tmp_path, "--report", *FIXED)
    done = python("-c", AT, at, int(signal.SIGTERM), *arguments)
    assert done.returncode == 128 + signal.SIGTERM
    assert said in done.stderr.splitlines()[-1]
    run = ["coco.json", "particles.xlsx", "report.html", "session.json"] if at > 6 else []
    assert names(tmp_path) == sorted([f"a.{ending}" for ending in ENDINGS] + run)


# The viewer's files


def test_files_of_the_viewer_that_are_incomplete_are_made_anew(tmp_path):
    name = assets.publish(tmp_path)
    whole = contents(tmp_path / name)
    (tmp_path / name / "plotly.min.js").write_bytes(b"")
    (tmp_path / name / "viewer.css").unlink()
    assert assets.publish(tmp_path) == name
    assert contents(tmp_path / name) == whole
    assert names(tmp_path) == [name]


@pytest.fixture
def no_static(tmp_path, monkeypatch):
    (tmp_path / "static").write_text("a file where the folder should be")
    monkeypatch.setattr("semseg.viewer._static_folder", lambda: tmp_path / "static")


def test_the_viewer_s_files_go_elsewhere_where_static_cannot_be_written(no_static):
    where = _address()
    assert where == _address()
    start, component, name = where.split("/")
    assert (start, component) == ("component", "semseg.viewer.files")
    assert "viewer.js" in names(assets.spare_folder() / name)


def test_without_any_place_for_the_viewer_s_files_one_sentence(no_static, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(assets, "spare_folder", full)
    with pytest.raises(OutputError, match=r"static \(.*\); make that folder writable") as caught:
        _address()
    one_sentence(str(caught.value))


def test_a_segmenter_says_nothing_on_stdout_about_a_bad_model(tmp_path, capfd):
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(Exception, match="could not be loaded"):
        Segmenter(tmp_path / "model.onnx", sha256=None)
    assert capfd.readouterr().out == ""
