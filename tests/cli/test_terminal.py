"""What is printed stands there as it is: brackets, control characters, and signs that the terminal lacks."""

import io
import os
import subprocess
import sys

import pytest
from rich.progress import Progress
from rich.table import Table
from rich.text import Text
from terminals import called

from dendrosim.commands.terminal import Terminal
from dendrosim.errors import DendrosimError

MODEL = """
data = "digits"
input = [64]
layers = [{ kind = "dense", units = 4 }, { kind = "dense", units = 10 }]
training = { epochs = 1 }
"""


def printed(thing, encoding="utf-8", **options):
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    Terminal(file=stream, width=80, **options).print(thing, soft_wrap=True)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def run(*words, encoding="utf-8", **options):
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "120"}
    command = [sys.executable, "-c", "from dendrosim.commands.main import main; main()", *words]
    return subprocess.run(command, capture_output=True, env=environment, check=False, **options)


def test_brackets_of_a_name_are_no_markup():
    assert printed("Written: [/b]/run [red]") == "Written: [/b]/run [red]\n"
    table = Table("[bold]name")
    table.add_row("[/b]")
    assert "[/b]" in printed(table)
    assert "[bold]name" in printed(table)


def test_control_characters_of_a_name_are_written_as_escapes():
    for thing in ("a\x1b[31mb\x9bc", Text("a\x1b[31mb\x9bc")):
        assert printed(thing) == "a\\x1b[31mb\\x9bc\n"
    assert str(DendrosimError("data set 'a\x1b[31m\nb'")) == "data set 'a\\x1b[31m b'"


def test_a_terminal_without_a_sign_shows_its_name_or_a_question_mark():
    assert printed("angle of Θ to W 3° ✓ 字", "ascii") == "angle of Theta to W 3 deg yes ?\n"
    assert printed("angle of Θ to W 3° ✓ 字") == "angle of Θ to W 3° ✓ 字\n"
    table = Table("largest |ξ|")
    table.add_row("τ|d·/dt|")
    assert "tau|d./dt|" in printed(table, "ascii")


def test_colours_and_progress_are_still_drawn():
    console = Terminal(file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text("Error:", "bold red"))
    with Progress(console=console) as progress:
        progress.add_task("epochs", total=3)
    assert "\x1b[1;31mError:" in console.file.getvalue()


def test_a_run_folder_with_brackets_is_trained_into_and_named(tmp_path):
    (tmp_path / "[red]net.toml").write_text(MODEL)
    done = run("train", "[red]net.toml", "--out", "[/b]/run", cwd=tmp_path, encoding="ascii")
    assert done.returncode == 0, done.stderr
    assert b"Written: [/b]/run" in done.stdout
    assert b"Training [red]net" in done.stdout
    assert (tmp_path / "[/b]" / "run" / "weights.safetensors").is_file()


@pytest.mark.parametrize("word", ["a\x1b[31m.nc", "a\nb.nc", "a\udcff.nc"])
def test_an_argument_that_is_no_text_is_one_sentence(word):
    status, _, err = called(["view", word])
    assert status == 1
    assert "holds control characters, or is no text" in err
    assert "\x1b" not in err


def test_the_help_can_be_read_on_an_ascii_terminal():
    status, out, _ = called(["train", "--help"], "ascii")
    assert status == 0
    assert "--watch" in out


@pytest.mark.parametrize(
    "words",
    [
        ("train", "x" * 300),
        ("train", "digits-mlp", "--out", "x" * 300),
        ("view", "x" * 300),
        ("view", "."),
        ("view", "[/b]"),
        ("export", "nothing.nc", "--out", "new/folder/recording.nwb"),
        ("export", "/dev/null"),
        ("relax", "digits-mlp", "--weights", "nothing"),
        ("audit", "[/b]"),
        ("data", "path", "[/b]"),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = called(words)
    assert status == 1
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_environment_that_is_not_of_torchrun_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "many")
    monkeypatch.chdir(tmp_path)
    _, _, err = called(["train", "digits-mlp", "--out", "run"])
    assert "WORLD_SIZE is 'many'; unset it, or start with torchrun" in err
    assert list(tmp_path.iterdir()) == []
