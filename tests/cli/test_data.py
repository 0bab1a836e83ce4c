"""The commands `dendrosim data list | fetch | path | check`."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from data_files import write
from rich.console import Console
from typer.testing import CliRunner

from dendrosim.commands import data as data_commands
from dendrosim.commands import main as cli
from dendrosim.data.catalog import CATALOG
from dendrosim.data.entry import Download, Entry, File
from dendrosim.registry import DATA

CONTENT = b"to be or not to be\n" * 100


@pytest.fixture
def root(monkeypatch, tmp_path):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def run(monkeypatch, root):
    """Runs `dendrosim data` on a terminal wide enough to break no line."""
    monkeypatch.setattr(data_commands, "console", Console(width=1000))
    return lambda *arguments: CliRunner().invoke(cli.app, ["data", *arguments])


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Serves one file on this machine and puts it into the catalog as 'tiny'."""
    write(tmp_path / "served" / "tiny.txt", CONTENT)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *arguments: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file = File("text/tiny.txt", f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")
    address = f"http://127.0.0.1:{server.server_port}/tiny.txt"
    monkeypatch.setitem(CATALOG, "tiny", Entry("a text", "CC0", "Nobody 1999", (Download(address, 1900, (file,)),)))
    yield
    server.shutdown()
    server.server_close()


def rows_of(output):
    """Return the cells of a printed table by the first one."""
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if line.startswith("│")]
    return {first: rest for first, *rest in lines if first}


def test_every_data_set_is_listed_with_its_size_and_whether_it_is_here(run):
    result = run("list")
    assert result.exit_code == 0, result.output
    rows = rows_of(result.output)
    assert set(rows) == {*DATA, *CATALOG, "text:FILE", "file:FILE", "images:FOLDER"}
    for name, entry in CATALOG.items():
        assert rows[name] == [entry.title, f"{entry.size / 1e6:.1f}" if entry.size else "?", "no"]
    assert rows["mnist"][1] == "11.6"


def test_the_list_fits_a_screen(run, monkeypatch):
    monkeypatch.setattr(data_commands, "console", Console(width=80))
    lines = run("list").output.splitlines()
    assert len(lines) <= 38  # and the command and the next prompt
    assert max(map(len, lines)) <= 80


def test_a_data_set_that_is_named_is_shown_with_licence_and_whom_to_cite(run):
    for name, entry in CATALOG.items():
        output = run("list", name).output
        assert entry.licence in output
        assert entry.citation in output
        assert list(rows_of(output)) == [name]
    assert "there is no data set 'mnits'" in str(run("list", "mnits").exception)


def test_every_data_set_of_the_catalog_but_the_word_vectors_can_be_loaded():
    assert set(CATALOG) - {"glove"} <= set(DATA)


def test_a_fetched_data_set_is_listed_found_and_whole(run, served, root):
    assert run("path", "tiny").exit_code != 0
    result = run("fetch", "tiny")
    assert result.exit_code == 0, result.output
    assert f"{root / 'text/tiny.txt'}: fetched." in result.output
    assert rows_of(run("list").output)["tiny"][-1] == "yes"
    assert run("path", "tiny").output == f"{root / 'text/tiny.txt'}\n"
    assert rows_of(run("check", "tiny").output) == {"tiny": ["complete", ""]}


def test_a_download_shows_its_progress(monkeypatch, run, served):
    monkeypatch.setattr(data_commands, "console", Console(width=120, force_terminal=True))
    assert "tiny.txt" in run("fetch", "tiny").output


def test_the_folder_of_all_data_sets_is_printed(run, root):
    assert run("path").output == f"{root}\n"


def test_without_a_name_for_it_the_folder_is_in_the_users_cache(run, monkeypatch, tmp_path):
    monkeypatch.delenv("DENDROSIM_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run("path").output == f"{tmp_path / 'dendrosim' / 'data'}\n"


def test_what_is_missing_is_no_fault_but_what_is_damaged_is(run, served, root):
    result = run("check")
    assert result.exit_code == 0
    assert {state for state, _ in rows_of(result.output).values()} == {"missing"}
    write(root / "text/tiny.txt", CONTENT[:-1])
    result = run("check")
    assert result.exit_code == 1
    assert rows_of(result.output)["tiny"] == ["damaged", "text/tiny.txt"]


def test_a_set_that_is_partly_damaged_and_partly_missing_is_damaged(run, root):
    write(root / "mnist/train-labels-idx1-ubyte.gz", b"not a label")
    result = run("check", "mnist")
    assert result.exit_code == 1
    assert rows_of(result.output)["mnist"] == ["damaged", "mnist/train-labels-idx1-ubyte.gz"]
