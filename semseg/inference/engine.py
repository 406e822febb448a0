"""Where the network runs: the first provider that is there, with the CPU behind it.

    engine = Engine(content, provider="auto")
    maps = engine.attempt(lambda run: run({"image": picture}))

Where the provider cannot be started, or fails while running, the CPU takes over for good, and a
note says so. ONNX Runtime has a fallback of its own, which is switched off: it prints to stdout,
leaves no note, and changes the session while other threads run it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from semseg.bands import usable_cores
from semseg.errors import ModelError, OutOfMemoryError

__all__ = ["PROVIDERS", "Engine", "Run", "available_providers"]

# short names, in the order in which `auto` prefers them; the CPU is always last
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_CPU = [PROVIDERS["cpu"]]

# for Windows, which has no variable for it, and for programs that had loaded it before semseg
onnxruntime.disable_telemetry_events()

Result = TypeVar("Result")
# inputs by name -> outputs
Run = Callable[[Mapping[str, NDArray[np.float32]]], Sequence[NDArray[np.float32]]]


def available_providers() -> list[str]:
    """Short names of the providers that this installation of ONNX Runtime offers."""
    offered = onnxruntime.get_available_providers()
    return [name for name, full in PROVIDERS.items() if full in offered]


@dataclass(frozen=True, eq=False)
class _Session:
    """A session of ONNX Runtime, the short name of its provider, notes on it, and the lock that a
    thread must hold to run it (`turn`)."""

    session: onnxruntime.InferenceSession
    provider: str
    notes: tuple[str, ...]
    turn: AbstractContextManager[object]


class _FailedRunError(Exception):
    """`error` is ONNX Runtime's own."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Engine:
    """A model, ready to run; one instance may serve all threads.

    Parameters
    ----------
    content : bytes
        Of the model file.
    provider : str
        ``auto`` or one of `PROVIDERS`; the CPU takes over where it cannot run.
    threads : int, optional
        Threads of the CPU provider; by default all cores this process may use.

    Raises
    ------
    ModelError
        The provider is unknown, or ONNX Runtime cannot load the model.
    OutOfMemoryError
        Not even the model fits.
    """

    def __init__(self, content: bytes, *, provider: str = "auto", threads: int | None = None):
        wanted = _providers_to_try(provider)
        self._load = partial(_load, content, threads or usable_cores())
        self._switch = threading.Lock()
        try:
            self._now = self._started(provider, wanted)
        except Exception as error:
            if _lacks_memory(error):
                raise OutOfMemoryError from error
            raise ModelError(
                f"The model could not be loaded by ONNX Runtime ({type(error).__name__}); "
                "please reinstall semseg."
            ) from error

    @property
    def provider(self) -> str:
        """Short name of the provider that runs the model now."""
        return self._now.provider

    @property
    def notes(self) -> tuple[str, ...]:
        """Why that is not the provider that was asked for; one sentence each."""
        return self._now.notes

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the model file says about itself."""
        found: Mapping[str, str] = self._now.session.get_modelmeta().custom_metadata_map
        return found

    def attempt(self, work: Callable[[Run], Result]) -> Result:
        """The result of `work` with the model; once more on the CPU where the provider fails.

        All runs within one call of `work` are thus from one provider.

        Raises
        ------
        OutOfMemoryError
            The CPU has not enough.
        """
        while True:
            now = self._now
            try:
                return work(partial(_run, now))
            except _FailedRunError as failure:
                self._replace(now, failure.error)

    def _started(self, provider: str, wanted: Sequence[str]) -> _Session:
        """The first of the wanted providers that can be started."""
        try:
            session = self._load(wanted)
        except Exception as error:
            if wanted == _CPU:
                raise
            _log(_short(wanted[0]), error)
            session = self._load(_CPU)
        running = session.get_providers()[0]
        if running != wanted[0]:  # ONNX Runtime itself skips one whose libraries are missing
            return _session(session, _note(_short(wanted[0]), "could not be started"))
        if provider not in ("auto", _short(running)):
            return _session(session, _note(provider, "is not available here"))
        return _session(session)

    def _replace(self, failed: _Session, error: Exception) -> None:
        """Put the CPU in the place of a session that failed, unless another thread has."""
        if failed.provider == "cpu":
            if _lacks_memory(error):
                raise OutOfMemoryError from error
            raise error
        with self._switch:
            if self._now is failed:
                _log(failed.provider, error)
                why = _note(failed.provider, f"failed while running ({type(error).__name__})")
                self._now = _session(self._load(_CPU), *failed.notes, why)


def _providers_to_try(provider: str) -> list[str]:
    """ONNX Runtime's names of the providers that are wanted and there, best first."""
    if provider != "auto" and provider not in PROVIDERS:
        known = ", ".join(["auto", *PROVIDERS])
        raise ModelError(f"There is no provider '{provider}'; choose one of {known}.")
    offered = onnxruntime.get_available_providers()
    names = list(PROVIDERS) if provider == "auto" else [provider, "cpu"]
    return [full for name in dict.fromkeys(names) if (full := PROVIDERS[name]) in offered]


def _load(content: bytes, threads: int, providers: Sequence[str]) -> onnxruntime.InferenceSession:
    """A session on the first of these providers that can be started."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    # idle threads must not burn the cores of a shared host; the arena saves a third
    # of the time, and is bounded, since larger pictures are cut into tiles
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(
        content, options, providers=list(providers), enable_fallback=0
    )


def _session(session: onnxruntime.InferenceSession, *notes: str) -> _Session:
    """The session with its provider's short name and, where it needs one, a lock."""
    provider = _short(session.get_providers()[0])
    # DirectML's sessions must not be run by several threads at once; the CPU's may
    turn = nullcontext() if provider == "cpu" else threading.Lock()
    return _Session(session, provider, notes, turn)


def _run(now: _Session, inputs: Mapping[str, NDArray[np.float32]]) -> Sequence[NDArray[np.float32]]:
    try:
        with now.turn:
            outputs: Sequence[NDArray[np.float32]] = now.session.run(None, dict(inputs))
            return outputs
    except Exception as error:
        raise _FailedRunError(error) from error


def _lacks_memory(error: Exception) -> bool:
    """ONNX Runtime has no error of its own for it: "Failed to allocate", "bad_alloc", ..."""
    return isinstance(error, MemoryError) or "alloc" in str(error).lower()


def _short(provider: str) -> str:
    """The short name of a provider of ONNX Runtime."""
    return next((name for name, full in PROVIDERS.items() if full == provider), provider)


def _note(provider: str, what: str) -> str:
    """The sentence for the user where the CPU took over."""
    return f"The provider '{provider}' {what}; the network ran on 'cpu' instead."


def _log(provider: str, error: Exception) -> None:
    """Log the error of ONNX Runtime, which is long, for whoever runs the machine."""
    message = " ".join(str(error).split())[:500]
    logging.getLogger(__name__).warning("%s failed, the CPU takes over: %s", provider, message)
