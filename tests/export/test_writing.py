"""A set of files is written whole or not at all, whatever fails on the way."""

from __future__ import annotations

import errno
import os
import signal
import threading
from pathlib import Path

import pytest

from semseg.errors import OutputError
from semseg.export import writing
from semseg.export.interruption import Terminated, postponed, terminable
from semseg.export.writing import check_folder, write_files

NEW = {"a.csv": b"new a", "b.json": b"new b", "c.zip": b"new c"}
OLD = {"a.csv": b"old a", "c.zip": b"old c"}  # b is new


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def failing(monkeypatch, name, at, error):
    """Let the call number `at` of this function of the operating system fail."""
    real, calls = getattr(os, name), []

    def call(*arguments, **options):
        calls.append(arguments)
        if len(calls) == at:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, call)
    return calls


def test_a_set_is_written(folder):
    assert write_files(NEW, folder) == [folder / name for name in NEW]
    assert contents(folder) == NEW
    made = folder / "made" / "on demand"
    write_files(NEW, made)
    assert contents(made) == NEW


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_all_stay_what_they_were_when_one_fails(folder, monkeypatch, name, at):
    calls = failing(monkeypatch, name, at, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(OutputError) as caught:
        write_files(NEW, folder)
    assert len(calls) >= at
    said = str(caught.value)
    assert list(NEW)[at - 1] in said
    assert "No space left" in said
    assert contents(folder) == OLD


@pytest.mark.parametrize("name", ["fsync", "link", "replace"])
@pytest.mark.parametrize("at", [1, 2])
def test_an_interruption_out_of_nowhere_leaves_the_old_ones(folder, monkeypatch, name, at):
    failing(monkeypatch, name, at, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write_files(NEW, folder)
    assert contents(folder) == OLD


def test_a_disk_without_hard_links(folder, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    failing(monkeypatch, "replace", 3, OSError(errno.EACCES, os.strerror(errno.EACCES)))
    with pytest.raises(OutputError, match=r"c\.zip could not be written"):
        write_files(NEW, folder)
    assert contents(folder) == OLD
    write_files(NEW, folder)
    assert contents(folder) == NEW


def test_what_cannot_be_put_back_is_kept_under_another_name(folder, monkeypatch):
    real = os.replace

    def replace(source, target):
        if str(target).endswith("c.zip") or b"old a" in Path(source).read_bytes():
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OutputError):
        write_files(NEW, folder)
    assert b"old a" in contents(folder).values()


def test_a_folder_in_the_place_of_a_file(folder):
    (folder / "b.json").mkdir()
    with pytest.raises(OutputError, match=r"b\.json could not be written"):
        write_files(NEW, folder)
    (folder / "b.json").rmdir()
    assert contents(folder) == OLD


def test_other_files_and_permissions_stay(folder):
    (folder / "mine.txt").write_bytes(b"mine")
    write_files(NEW, folder)
    assert contents(folder) == NEW | {"mine.txt": b"mine"}
    assert len({path.stat().st_mode for path in folder.iterdir()}) == 1


def test_a_long_name_has_room(tmp_path):
    name = "x" * 251 + ".csv"  # 255 bytes, what file systems allow
    write_files({name: b"content"}, tmp_path)
    assert contents(tmp_path) == {name: b"content"}


def test_a_folder_is_tried_and_left_empty(tmp_path):
    check_folder(tmp_path / "made" / "on demand")
    assert contents(tmp_path / "made" / "on demand") == {}
    (tmp_path / "file").write_text("")
    for taken in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(OutputError, match="cannot be made, since a file is in its place"):
            check_folder(taken)


@pytest.mark.usefixtures("interruptible")
def test_a_signal_while_files_are_written_takes_effect_afterwards(folder, monkeypatch):
    real = os.fsync

    def fsync(file):
        signal.raise_signal(signal.SIGINT)
        real(file)

    monkeypatch.setattr(writing.os, "fsync", fsync)
    with pytest.raises(KeyboardInterrupt):
        write_files(NEW, folder)
    assert contents(folder) == NEW


def test_a_request_to_end_is_an_interruption():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated) as caught, terminable():
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.number == signal.SIGTERM
    assert isinstance(caught.value, KeyboardInterrupt)
    assert signal.getsignal(signal.SIGTERM) == before


def test_postponed_within_postponed_waits_for_the_outer():
    done = []

    def work():
        with postponed():
            with postponed():
                signal.raise_signal(signal.SIGTERM)
                done.append("inner")
            done.append("outer")

    with pytest.raises(Terminated), terminable():
        work()
    assert done == ["inner", "outer"]


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with terminable(), postponed():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_writes_as_well(folder):
    worker = threading.Thread(target=write_files, args=(NEW, folder))
    worker.start()
    worker.join()
    assert contents(folder) == NEW
