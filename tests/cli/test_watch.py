"""``--watch``: what moves in a training and in a relaxation, in a terminal and elsewhere."""

import io
import re

import pandas as pd
import pytest
from rich.console import Console
from trainings import training_of
from typer.testing import CliRunner

from dendrosim.commands import main as cli
from dendrosim.commands import relax as relax_command
from dendrosim.commands import train as train_command
from dendrosim.commands.live import LEVELS, Curves
from dendrosim.model import load_model
from dendrosim.model.library import save_model
from dendrosim.training import train

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
BARS = re.compile(f"[{LEVELS}]+")


@pytest.fixture
def description(tmp_path):
    save_model(training_of("mlp"), tmp_path / "small.toml")
    return tmp_path / "small.toml"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(load_model("digits-mlp").changed(training={"epochs": 1}), folder=folder)
    return folder / "weights.safetensors"


def in_terminal(monkeypatch, *arguments, width=100):
    """Run a command in a terminal of some width; returns what was sent to it, and its lines without what moves them."""
    screen = io.StringIO()
    console = Console(force_terminal=True, file=screen, width=width, height=50, color_system=None)
    for command in (relax_command, train_command):
        monkeypatch.setattr(command, "console", console)
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    assert result.exit_code == 0, (result.output, result.exception)
    return screen.getvalue(), CONTROL.sub("\n", screen.getvalue()).splitlines()


def piped(*arguments):
    """Run a command without a terminal and return its output."""
    result = CliRunner().invoke(cli.app, list(map(str, arguments)), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def last_curves(lines):
    """The last table: what stands before and in each sparkline, by the name of its measure."""
    found = {}
    for line in lines:
        if bars := BARS.search(line):
            name, value = re.split(r"\s{2,}", line[: bars.start()].strip())
            found[name] = value, bars.group()
    return found


def test_a_training_shows_every_measure_with_its_last_value_and_its_curve(description, tmp_path, monkeypatch):
    sent, lines = in_terminal(monkeypatch, "train", description, "--out", tmp_path / "run", "--watch")
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    curves, last = last_curves(lines), history.iloc[-1]
    wanted = {
        "training loss": f"{last['train_loss']:.4g}",
        "validation loss": f"{last['validation_loss']:.4g}",
        "validation accuracy": f"{100 * last['validation_accuracy']:.2f} %",
    }
    above = [name.removeprefix("angle.") for name in history.columns if name.startswith("angle.")]
    for name in above:
        wanted[f"angle of Θ to W in {name}"] = f"{last[f'angle.{name}']:.1f}°"
        wanted[f"‖Θ‖ of {name}"] = f"{last[f'theta_norm.{name}']:.4g}"
    for name in [name for name in history.columns if name.startswith("gradient_angle.")]:
        wanted[f"angle to the gradient in {name.removeprefix('gradient_angle.')}"] = f"{last[name]:.1f}°"
    assert above
    assert {name: value for name, (value, _) in curves.items() if name in wanted} == wanted
    assert {len(bars) for _, bars in curves.values()} == {len(history)}
    loss = curves["training loss"][1]
    assert (loss[0], loss[-1]) == ("█", "▁")
    assert any("epoch 4/4, batch" in line for line in lines)  # the bar stays above
    assert "\x1b[" in sent


def test_many_epochs_are_squeezed_to_the_width(description, tmp_path, monkeypatch):
    arguments = ["train", description, "--epochs", "90", "--out", tmp_path / "run", "--watch"]
    _, lines = in_terminal(monkeypatch, *arguments, width=80)
    # The folder that was written is one line, however long its name.
    assert max(len(line) for line in lines if not line.startswith("Written")) <= 80
    (width,) = {len(bars) for _, bars in last_curves(lines).values()}
    assert 20 < width < 80


def test_a_resumed_training_shows_the_epochs_before_it(description, tmp_path, monkeypatch):
    def interrupt(row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(load_model(description), folder=tmp_path / "run", report=interrupt)
    arguments = ["train", description, "--out", tmp_path / "run", "--resume", "--watch"]
    _, lines = in_terminal(monkeypatch, *arguments)
    assert {len(bars) for _, bars in last_curves(lines).values()} == {4}
    assert "epoch 2" in [line.strip() for line in lines]  # there before anything was trained


def test_without_a_terminal_a_training_prints_a_line_for_each_epoch(description, tmp_path):
    output = piped("train", description, "--out", tmp_path / "run", "--watch")
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    lines = [line for line in output.splitlines() if re.match(r"epoch \d+: ", line)]
    assert len(lines) == len(history) == 4
    for line, loss in zip(lines, history["validation_loss"], strict=True):
        assert f"validation loss {loss:.4g}" in line
    assert not set(output) & {"\x1b", "\r", *LEVELS}


def test_a_training_is_the_same_when_it_is_watched(description, tmp_path):
    piped("train", description, "--out", tmp_path / "watched", "--watch")
    output = piped("train", description, "--out", tmp_path / "alone")
    files = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("watched", "alone")]
    assert files[0] == files[1]
    assert "training loss" not in output


@pytest.mark.parametrize("rank", ["0", "1"])
def test_only_the_first_rank_shows_curves(rank, description, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "dendrosim.commands.live.Curves", lambda *arguments: seen.append(arguments) or Curves(*arguments)
    )
    monkeypatch.setattr("dendrosim.training.distributed.rank", lambda: int(rank))
    sent, _ = in_terminal(monkeypatch, "train", description, "--epochs", "1", "--out", tmp_path / "run", "--watch")
    assert bool(seen) == bool(sent) == (rank == "0")


def test_a_relaxation_shows_time_errors_and_residual(weights, tmp_path, monkeypatch):
    arguments = ["relax", "digits-mlp", "--weights", weights, "--presentations", "2", "--watch"]
    _, lines = in_terminal(monkeypatch, *arguments, "--out", tmp_path / "recording.nc")
    moments = [line.strip() for line in lines if "ms of model time, tolerance 1e-09" in line]
    assert moments
    curves = last_curves(lines)
    assert list(curves) == [
        "largest τ|d·/dt|",
        *(f"largest |ξ| in {layer}" for layer in ("hidden-1", "hidden-2", "output")),
    ]
    residual, bars = curves["largest τ|d·/dt|"]
    assert float(residual) <= 1e-9
    assert bars == "".join(sorted(bars, reverse=True))  # straight down on a logarithmic scale
    assert set(bars) == set(LEVELS)
    errors = curves["largest |ξ| in hidden-1"][1]
    assert (errors[0], errors[-1]) == ("▁", "█")  # from a settled sweep, errors come down from the output


def test_without_a_terminal_a_relaxation_prints_a_line_for_each_report(weights, tmp_path):
    arguments = ["relax", "digits-mlp", "--weights", weights, "--presentations", "2", "--time-limit", "400"]
    output = piped(*arguments, "--watch", "--out", tmp_path / "recording.nc")
    lines = [line for line in output.splitlines() if "ms of model time, tolerance" in line]
    times = [float(line.split(" ms")[0]) for line in lines]
    assert times[:3] == [0.0, 1.0, 2.0]
    assert len(times) == round(times[-2]) + 2
    assert all(re.search(r"largest \|ξ\| in hidden-2 \d\S*, largest", line) for line in lines)
    assert not set(output) & {"\x1b", "\r", *LEVELS}


@pytest.mark.slow
def test_a_compiled_target_says_that_values_appear_at_the_end_and_shows_them(weights, tmp_path):
    arguments = ["relax", "digits-mlp", "--weights", weights, "--presentations", "2", "--target", "cpp_standalone"]
    output = piped(*arguments, "--watch", "--out", tmp_path / "recording.nc")
    assert "Target cpp_standalone runs as a binary, so its values appear when it ends." in output
    (line,) = [line for line in output.splitlines() if "ms of model time, tolerance" in line]
    assert float(re.search(r"largest τ\|d·/dt\| (\S+),", line).group(1)) <= 1e-9


def test_curves_begin_anew_with_each_batch():
    screen = io.StringIO()
    curves = Curves(Console(force_terminal=True, file=screen, width=60))
    for presentation, times in ((0, range(9)), (128, range(3))):
        for time in times:
            curves.add({"presentation": presentation, "time": time, "residual": 10.0**-time, "tolerance": 1e-9})
    curves.console.print(curves)
    shown = CONTROL.sub("", screen.getvalue())
    assert "presentations from 128, 2.0 ms of model time" in shown
    assert len(BARS.search(shown).group()) == 3
