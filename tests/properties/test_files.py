"""Files are the old or the new one, whole, at any moment; modes follow the umask; locks die with their processes."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model
from trainings import training_of

from dendrosim import files, plot
from dendrosim.benchmark.rows import add_row
from dendrosim.circuit import Circuit
from dendrosim.errors import DataError, RunError
from dendrosim.files import check_writable, locked, replace_file, replacing, temporary_folder, write_all, write_safely
from dendrosim.model.library import save_model
from dendrosim.recording import Record
from dendrosim.training import train
from dendrosim.view import write_page

MODEL = small_model((5, 4, 3, 2))


@pytest.fixture(scope="module")
def recording():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), dt=1.0)
    return circuit.relax(*presentations_of(MODEL, 2, 0), record=Record(interval=20.0))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_two_writers_at_once_leave_the_whole_file_of_one(tmp_path, monkeypatch):
    path, written, begun = tmp_path / "weights.bin", threading.Event(), threading.Event()
    to_disk = files._to_disk

    def slow(place):
        if threading.current_thread().name == "first" and not written.is_set():
            written.set()
            assert begun.wait(10)
        to_disk(place)

    monkeypatch.setattr(files, "_to_disk", slow)
    first = threading.Thread(target=replace_file, args=(path, b"A" * 1000), name="first")
    first.start()
    assert written.wait(10)
    with replacing(path) as new:  # another one has written a little of the same file
        new.write_bytes(b"B" * 10)
        begun.set()
        first.join()
        assert path.read_bytes() == b"A" * 1000
    assert path.read_bytes() == b"B" * 10
    assert names(tmp_path) == ["weights.bin"]


def test_file_and_folder_are_on_the_disk_before_and_after_the_renaming(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(files.os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    replace_file(tmp_path / "new.bin", b"content")
    assert [Path(each).name for each in synced] == ["new.bin", tmp_path.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_whatever_goes_wrong_the_old_file_stays_and_nothing_else_is_left(tmp_path, error):
    replace_file(tmp_path / "old.bin", b"old")

    def write_and_fail(path):
        with replacing(path) as new:
            new.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        write_and_fail(tmp_path / "old.bin")
    assert names(tmp_path) == ["old.bin"]
    assert (tmp_path / "old.bin").read_bytes() == b"old"


def write_a_file(folder):
    replace_file(folder / "file", b"")


def write_a_recording(folder, recording):
    recording.save(folder / "recording.nc")
    recording.to_nwb(folder / "recording.nwb")
    write_page(recording, folder / "page.html")
    plot.save_figure(plot.relaxation_page(recording), folder / "figure.png")


def write_a_run(folder):
    train(training_of("mlp", epochs=1), folder=folder / "run")
    save_model(MODEL, folder / "model.toml")
    parameters_of(MODEL, 0).save(folder / "weights.safetensors", MODEL)
    add_row(folder / "rows.jsonl", {"key": "a"})


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_modes_follow_the_umask_whatever_writes(tmp_path, recording, umask):
    before = os.umask(umask)
    try:
        for write in (write_a_file, partial(write_a_recording, recording=recording), write_a_run):
            write(tmp_path / "made")
    finally:
        os.umask(before)
    for path in (tmp_path / "made", *(tmp_path / "made").rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~umask, path
    assert len(names(tmp_path / "made")) == 9


KILLED = """
import os, signal, sys
from pathlib import Path
from dendrosim.files import replacing, temporary_folder
with {what}(Path(sys.argv[1])) as new:
    (new / "piece" if new.is_dir() else new).write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("what", "place"), [("replacing", "file.nc"), ("temporary_folder", "")])
def test_what_a_killed_writer_left_is_removed_by_the_next_one_and_what_a_living_one_writes_is_not(
    tmp_path, what, place
):
    done = subprocess.run([sys.executable, "-c", KILLED.format(what=what), str(tmp_path / place)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(files.PREFIX)
    with temporary_folder(tmp_path) as alive:
        replace_file(tmp_path / "other", b"")
        assert names(tmp_path) == sorted([alive.name, "other"])


def test_what_only_looks_like_a_leftover_is_left_alone(tmp_path):
    mine = tmp_path / ".dendrosim-notes"
    far = tmp_path / f"{files.PREFIX}01234567-0123456789abcdef"  # of another machine, and fresh
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("mine")
    (tmp_path / f"{files.PREFIX}{files._machine()}-link").symlink_to(tmp_path / "precious")
    for folder in (mine, far):
        folder.mkdir()
    replace_file(tmp_path / "file", b"")
    assert {".dendrosim-notes", far.name} <= set(names(tmp_path))
    assert (tmp_path / "precious" / "file").read_text() == "mine"
    os.utime(far, (1, 1))
    replace_file(tmp_path / "file", b"")
    assert far.name not in names(tmp_path)


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "file").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["folder", "file/below", "x" * 300, "zero\0byte"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_computed(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        DataError, match=r"the page cannot be written \(.*\); make room for it, or choose another place"
    ):
        check_writable(tmp_path / name, "page")
    assert names(tmp_path) == ["file", "folder"]


def test_a_device_is_never_replaced():
    with pytest.raises(DataError, match="the page cannot be written"):
        check_writable(Path(os.devnull), "page")


def test_what_has_no_room_at_its_place_is_elsewhere_and_the_sentence_says_where(tmp_path, full_disk):
    full = full_disk(tmp_path / "full")
    with pytest.raises(DataError, match=r"No space left.*it is at (.*) meanwhile") as raised:
        write_safely(full / "page", lambda place: replace_file(place, b"content"), "page")
    assert Path(str(raised.value).split("it is at ")[1].split(" meanwhile")[0]).read_bytes() == b"content"
    assert names(full) == []


def test_with_no_room_anywhere_both_places_are_named(tmp_path, full_disk):
    full_disk(tmp_path)
    with pytest.raises(DataError, match=r"full/page: the page cannot be written .*\(nor in .*: No space left"):
        write_safely(tmp_path / "full" / "page", lambda place: replace_file(place, b"content"), "page")


def test_an_error_of_something_else_is_not_blamed_on_the_file(tmp_path):
    def shown_to_nobody(place):
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        write_safely(tmp_path / "page", shown_to_nobody, "page")


def test_of_several_files_each_is_written_whatever_becomes_of_the_others(tmp_path):
    def fail():
        raise RunError("no room.")

    with pytest.raises(RunError, match="no room"):
        write_all(fail, lambda: tmp_path.joinpath("b").write_text("there") and tmp_path)
    assert names(tmp_path) == ["b"]


HOLD = """
import sys, time
from pathlib import Path
from dendrosim.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_keeps_others_out_and_dies_with_its_process(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError), locked(tmp_path):
        pass
    process.kill()
    process.wait()
    with locked(tmp_path):
        with pytest.raises(BlockingIOError), locked(tmp_path):  # among threads, too
            pass
        tmp_path.joinpath("file").touch()
    with locked(tmp_path, wait=True):
        pass


def test_two_trainings_into_one_folder_at_once_are_refused(tmp_path):
    model, folder = training_of("mlp", epochs=2), tmp_path / "run"
    refused = []

    def intrude(row):
        for how in ({"overwrite": True}, {"resume": True}, {}):
            with pytest.raises(RunError, match="another process trains into this folder; wait for it"):
                train(model, folder=folder, **how)
            refused.append(how)

    run = train(model, folder=folder, report=intrude)
    assert len(refused) == 6
    np.testing.assert_array_equal(run.history["epoch"], [1, 2])
    train(model, folder=folder, resume=True)  # free again


def test_two_trainings_that_make_one_folder_at_once_do_not_mix(tmp_path, monkeypatch):
    model, folder = training_of("mlp", epochs=1), tmp_path / "run"
    rename = Path.rename

    def overtaken(self, target):
        if target == folder:
            monkeypatch.setattr(Path, "rename", rename)
            train(model, folder=folder)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", overtaken)
    with pytest.raises(RunError, match="another process trains into this folder"):
        train(model, folder=folder)
    assert names(tmp_path) == ["run"]
