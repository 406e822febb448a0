"""Where the network runs: an unknown provider, a GPU that does not start or fails at work.

A GPU, which no test has, is played at the boundary to ONNX Runtime.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import EPFail, Fail

from semseg import Settings, analyze
from semseg.export.files import run_files, summary_json
from semseg.inference.segmenter import Segmenter
from semseg.metrology.assessment import assess
from semseg.page import address, work
from tests.support.network import shipped
from tests.support.page import open_page, settled

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


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
    page = open_page()
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


TILED = {"at_once_px": 128 * 128, "overlap_px": 32}


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
        f"The provider 'cuda' failed while running ({error.__name__}); "
        "the network ran on 'cpu' instead."
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
        assert [each for each in analysis.notes if "failed while running" in each] == [note]
        assert json.loads(summary_json(analysis))["notes"].count(note) == 1
    report = run_files(analyses[:1], assess(analyses[:1], "min_feret"))["report.html"].decode()
    assert report.count("failed while running") == 1


@pytest.mark.slow
@shipped
def test_the_page_says_that_a_gpu_failed(install):
    install()
    work.segmenter.clear()
    try:
        page = open_page()
        page.query_params["sample"] = "1"
        page.run()
        settled(page)
        assert not page.exception
        (said,) = [info.value for info in page.info if "failed while running" in info.value]
        assert said.count("failed while running") == 1
        assert any("on CPU" in caption.value for caption in page.caption)
    finally:
        work.segmenter.clear()


def test_a_segmenter_says_nothing_on_stdout_about_a_bad_model(tmp_path, capfd):
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(Exception, match="could not be loaded"):
        Segmenter(tmp_path / "model.onnx", sha256=None)
    assert capfd.readouterr().out == ""
