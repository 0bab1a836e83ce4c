"""Downloads that are damaged, cut short or killed are reported, fetched again, and never used; from a local server."""

import hashlib
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from data_files import tar, write
from rich.console import Console
from rich.progress import Progress

from dendrosim.data.catalog import CATALOG
from dendrosim.data.download import ATTEMPTS, fetch
from dendrosim.data.entry import Download, Entry, File
from dendrosim.data.storage import check, locate
from dendrosim.errors import DataError

GOOD = bytes(range(256)) * 400
WRONG = GOOD[:-1] + b"?"


def sha256(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Server:
    """Answers with the next of its answers, and with the last one ever after; one shorter than announced is cut."""

    def __init__(self):
        self.answers, self.asked = [], 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content, announced = outer.answers[min(outer.asked, len(outer.answers) - 1)]
                outer.asked += 1
                self.send_response(200)
                self.send_header("Content-Length", str(announced))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
                if outer.stalls and len(content) < announced:
                    time.sleep(60)

            def log_message(self, *arguments):
                pass

        self.stalls = False
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def answer(self, *contents, announced=0):
        """Set the answers; each is announced to be at least so long."""
        self.answers = [(content, max(announced, len(content))) for content in contents]

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def catalog(monkeypatch, server):
    """Puts a data set 'tiny' of one download into the catalog."""

    def put(files, checksum="", name="tiny.bin", url=None, note=""):
        address = f"{server.address}/{name}" if url is None else url
        entry = Entry("tiny", "none", "nobody", (Download(address, 0, files, checksum),), note=note)
        monkeypatch.setitem(CATALOG, "tiny", entry)

    return put


def fetched():
    """Fetch 'tiny' and return what was reported."""
    lines = []
    with Progress(console=Console(file=io.StringIO())) as progress:
        fetch("tiny", lines.append, progress)
    return lines


def files_below(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_good_download_is_in_its_place_and_is_not_fetched_twice(server, catalog, root):
    server.answer(GOOD)
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    assert fetched() == [f"{root / 'tiny/a.bin'}: fetched."]
    assert locate("tiny")[0].read_bytes() == GOOD
    assert fetched() == [f"{root / 'tiny/a.bin'}: already there."]
    assert server.asked == 1


@pytest.mark.parametrize("bad", [WRONG, GOOD[:5000]], ids=["corrupted", "cut short"])
def test_a_bad_download_is_reported_and_fetched_again(bad, server, catalog, root):
    server.answer(bad, GOOD, announced=len(GOOD))
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    first, second = fetched()
    assert f"attempt 1 of {ATTEMPTS} failed, nothing of it is used" in first
    assert ("wrong checksum" in first) == (bad is WRONG)
    assert second == f"{root / 'tiny/a.bin'}: fetched."
    assert locate("tiny")[0].read_bytes() == GOOD


@pytest.mark.parametrize("bad", [WRONG, GOOD[:5000]], ids=["corrupted", "cut short"])
def test_a_download_that_stays_bad_is_an_error_and_leaves_nothing(bad, server, catalog, root):
    server.answer(bad, announced=len(GOOD))
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    with pytest.raises(DataError, match="could not be downloaded as the catalog describes it: check the connection"):
        fetched()
    assert server.asked == ATTEMPTS
    assert files_below(root) == []
    with pytest.raises(DataError, match="run 'dendrosim data fetch tiny'"):
        locate("tiny")


def test_a_server_that_does_not_answer_is_an_error(server, catalog, root):
    server.close()
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    with pytest.raises(DataError, match="check the connection"):
        fetched()
    assert files_below(root) == []


def test_without_a_checksum_a_cut_download_is_noticed_and_a_whole_one_is_called_unverified(server, catalog, root):
    server.answer(GOOD[:5000], GOOD, announced=len(GOOD))
    catalog((File("tiny/a.bin", ""),))
    first, second, _ = fetched()
    assert "attempt 1" in first
    assert "publish no checksum, so it cannot be verified" in second
    assert locate("tiny")[0].read_bytes() == GOOD
    assert check("tiny").state == "unverified"


def test_a_damaged_file_is_fetched_again(server, catalog, root):
    server.answer(GOOD)
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    write(root / "tiny/a.bin", WRONG)
    assert check("tiny").state == "damaged"
    assert fetched()[0] == f"{root / 'tiny/a.bin'}: damaged, so it is fetched again."
    assert (root / "tiny/a.bin").read_bytes() == GOOD
    assert check("tiny").state == "complete"


def test_a_file_that_serves_instead_is_left_alone_while_it_is_whole(server, catalog, root):
    server.answer(GOOD)
    catalog((File("tiny/a.bin", sha256(GOOD), instead=(File("tiny/part.bin", sha256(WRONG)),)),))
    write(root / "tiny/part.bin", WRONG)
    assert fetched() == [f"{root / 'tiny/part.bin'}: already there."]
    assert (check("tiny").state, locate("tiny")) == ("complete", [root / "tiny/part.bin"])
    write(root / "tiny/part.bin", GOOD)
    assert (check("tiny").state, check("tiny").detail) == ("damaged", "tiny/part.bin")
    assert fetched()[-1] == f"{root / 'tiny/a.bin'}: fetched."
    assert locate("tiny") == [root / "tiny/a.bin"]


def test_a_download_killed_midway_is_never_used(server, catalog, root):
    server.stalls = True
    server.answer(GOOD[:5000], GOOD, announced=len(GOOD))
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    code = (
        "from dendrosim.data.catalog import CATALOG; from dendrosim.data.download import fetch; "
        "from dendrosim.data.entry import Download, Entry, File; "
        "from rich.progress import Progress; "
        f"CATALOG['tiny'] = Entry('', '', '', (Download('{server.address}/a', 0, "
        f"(File('tiny/a.bin', '{sha256(GOOD)}'),)),)); fetch('tiny', print, Progress())"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in root.rglob("*") if path.is_file()):
        assert time.monotonic() < deadline, "nothing arrived"
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert check("tiny").state == "missing"
    assert fetched()[-1] == f"{root / 'tiny/a.bin'}: fetched."
    assert locate("tiny")[0].read_bytes() == GOOD
    assert [path.name for path in root.rglob("*")] == ["tiny", "a.bin"]  # what the killed one left is gone


def zipped(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


MEMBERS = {"inside/a.bin": GOOD, "inside/b.bin": WRONG, "inside/unwanted.bin": GOOD}


@pytest.mark.parametrize(("pack", "name"), [(tar, "tiny.tar.gz"), (zipped, "tiny.zip")])
def test_only_the_members_that_are_needed_are_taken_out_of_an_archive(pack, name, server, catalog, root):
    archive = pack(MEMBERS)
    server.answer(archive)
    files = (File("tiny/a.bin", sha256(GOOD), "inside/a.bin"), File("tiny/b.bin", "", "inside/b.bin"))
    catalog(files, sha256(archive), name)
    fetched()
    assert files_below(root) == ["tiny/a.bin", "tiny/b.bin"]
    assert [path.read_bytes() for path in locate("tiny")] == [GOOD, WRONG]


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("inside/b.bin", "is not the file that the catalog describes"),
        ("inside/c.bin", "this archive cannot be unpacked"),
    ],
)
def test_an_archive_with_the_wrong_member_leaves_no_file(member, message, server, catalog, root):
    archive = tar(MEMBERS)
    server.answer(archive)
    catalog((File("tiny/a.bin", sha256(GOOD), member),), sha256(archive), "tiny.tar.gz")
    with pytest.raises(DataError, match=message):
        fetched()
    assert not (root / "tiny/a.bin").exists()
    assert not [name for name in files_below(root) if "partial" in name]


def test_two_processes_that_fetch_one_archive_at_once_both_have_it(server, catalog, root):
    archive = tar(MEMBERS)
    server.answer(archive)
    files = (File("tiny/a.bin", sha256(GOOD), "inside/a.bin"), File("tiny/b.bin", "", "inside/b.bin"))
    catalog(files, sha256(archive), "tiny.tar.gz")
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(4), context.Queue()

    def fetch_at_once():
        gate.wait()
        try:
            answers.put(fetched())
        except BaseException as error:
            answers.put(error)

    processes = [context.Process(target=fetch_at_once) for _ in range(4)]
    for process in processes:
        process.start()
    reports = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert all(isinstance(report, list) for report in reports), reports
    assert server.asked == 1
    assert files_below(root) == ["tiny/a.bin", "tiny/b.bin"]


def test_an_archive_that_the_user_put_there_is_used_and_left(server, catalog, root):
    archive = tar(MEMBERS)
    catalog((File("tiny/a.bin", sha256(GOOD), "inside/a.bin"),), sha256(archive), "tiny.tar.gz")
    write(root / "tiny.tar.gz", archive)
    fetched()
    assert server.asked == 0
    assert files_below(root) == ["tiny.tar.gz", "tiny/a.bin"]


def test_a_folder_of_data_that_cannot_be_written_is_told_before_anything_is_downloaded(server, catalog, root):
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    root.parent.mkdir(exist_ok=True)
    root.write_text("in the way")
    with pytest.raises(DataError, match=r"the data set cannot be written \(.*\); make room"):
        fetched()
    assert server.asked == 0


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_downloads_have_the_mode_of_the_umask(server, catalog, root, umask):
    server.answer(GOOD)
    catalog((File("tiny/a.bin", sha256(GOOD)),))
    before = os.umask(umask)
    try:
        fetched()
    finally:
        os.umask(before)
    assert (root / "tiny/a.bin").stat().st_mode & 0o777 == 0o666 & ~umask


def test_what_no_address_offers_is_an_error_that_says_how_to_make_it(catalog, root):
    catalog((File("tiny/a.bin", sha256(GOOD)),), url="", note="join the parts by hand.")
    with pytest.raises(DataError, match=r"no address offers .*tiny/a\.bin as it is: join the parts by hand"):
        fetched()


def test_a_name_that_is_not_in_the_catalog_names_those_that_are():
    with Progress(console=Console(file=io.StringIO())) as progress, pytest.raises(DataError, match="choose mnist, "):
        fetch("mnits", print, progress)
