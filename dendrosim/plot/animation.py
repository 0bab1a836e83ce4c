"""Moving pictures: neurons or the whole network after the target appeared, and weights over epochs of learning."""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter

from dendrosim.errors import DataError
from dendrosim.files import check_writable, replace_file, writable, write_safely
from dendrosim.model.parameters import angle_between
from dendrosim.morphology import Morphology
from dendrosim.plot.film import DPI, Film
from dendrosim.plot.network import NetworkDrawing
from dendrosim.plot.neuron import NeuronDrawing, add_scales, potential_scales
from dendrosim.plot.style import COLOUR_MAP, count_ticks, cycle_colours, styled
from dendrosim.plot.traces import SHOWN_TIME_CONSTANTS, choose_cell
from dendrosim.plot.tree import TreeDrawing
from dendrosim.plot.weights import tiled
from dendrosim.recording import Recording
from dendrosim.recording.appearance import slowest

HELD = 1.0  # seconds for which the last picture stays
_PANELS = 3  # neurons side by side
_FIELDS = (4, 6)  # rows and columns of cells


@styled
def relaxing_network(
    recording: Recording,
    presentation: int = 0,
    neurons: int = 10,
    fps: int = 20,
    morphology: Morphology | None = None,
) -> FuncAnimation:
    """Animate a network after its target appeared: the error walks down from layer to layer.

    Beside the network: the largest absolute ξ of each layer, as a share of where it ends.

    Parameters
    ----------
    recording : Recording
        Of all layers, with all compartments and the error.
    presentation : int
        Which presentation.
    neurons : int
        At most so many cells of a layer, those with the largest errors.
    fps : int
        Pictures a second; each is one sample of the recording.
    morphology : Morphology, optional
        Form of all neurons.
    """
    figure = Film(figsize=(9.2, 4.8))
    left, right = figure.subplots(1, 2, width_ratios=(1.9, 1))
    drawing = NetworkDrawing(recording, presentation, neurons, left, morphology)
    times = _shown_times(recording, presentation)
    cursor = _error_traces(recording, presentation, times, right)

    def draw(frame: int) -> list[Any]:
        cursor.set_xdata([times[frame]] * 2)
        return [*drawing.at(times[frame]), cursor]

    return _animation(figure, draw, len(times), fps)


@styled
def relaxing_neurons(
    recording: Recording,
    layer: str,
    neuron: int | None = None,
    presentation: int = 0,
    fps: int = 20,
    morphology: Morphology | None = None,
) -> FuncAnimation:
    """Animate neurons of a layer after the target appeared, each compartment coloured by its potential.

    One scale holds for all of them and for the whole recording; basal tree and soma share it, the apical tuft has its
    own, because the feedback is small.

    Parameters
    ----------
    recording : Recording
        With all compartments and the error of the layer.
    layer : str
        A recorded hidden layer.
    neuron : int, optional
        Index in the layer; by default the three whose errors become largest.
    presentation : int
        Which presentation.
    fps : int
        Pictures a second; each is one sample of the recording.
    morphology : Morphology, optional
        Form of the neurons.
    """
    shown = [neuron] if neuron is not None else _largest_errors(recording, layer, presentation)
    figure = Film(figsize=(2.4 * len(shown) + 1.3, 4.2))
    axes = figure.subplots(1, len(shown), squeeze=False)[0]
    times = _shown_times(recording, presentation)
    cells = [choose_cell(recording, layer, index, presentation) for index in shown]
    scales = potential_scales(cells)
    drawings = [NeuronDrawing(cell, scales, ax, morphology) for cell, ax in zip(cells, axes, strict=True)]
    titles = [f"{layer}, neuron {index}, " for index in shown]
    add_scales(figure, axes, cells[0], scales)

    def draw(frame: int) -> list[Any]:
        moved = (each.at(times[frame], title) for each, title in zip(drawings, titles, strict=True))
        return [artist for artists in moved for artist in artists]

    return _animation(figure, draw, len(times), fps)


@styled
def spreading(potentials: Any, fps: int = 20) -> FuncAnimation:
    """Animate a tree, every piece coloured by its own potential; each picture is a sample.

    Parameters
    ----------
    potentials : xarray.Dataset
        From :func:`dendrosim.along_tree`.
    fps : int
        Pictures a second.

    Raises
    ------
    DataError
        This holds no potentials along a tree.
    """
    figure = Film(figsize=(3.6, 4.6))
    ax = figure.subplots()
    drawing, times = TreeDrawing(potentials, ax), potentials["time"].values
    drawing.add_scale(figure, ax)

    def draw(frame: int) -> list[Any]:
        return drawing.at(float(times[frame]))

    return _animation(figure, draw, len(times), fps)


@styled
def learning_weights(recording: Recording, fps: int = 4) -> FuncAnimation:
    """Animate the weights of a circuit over the epochs of its learning.

    Left, the incoming weights of cells of the lowest layer, each scaled to its largest, as images where the stimulus is
    square; middle, Θ against W of each connection that has feedback; right, the angle between them so far.

    Parameters
    ----------
    recording : Recording
        Of all synapses, from :meth:`dendrosim.circuit.Circuit.learn`.
    fps : int
        Epochs a second.
    """
    recording.need("connection", "epoch", "weight", "feedback_weight", "post", "pre", "row", "column")
    connections = list(dict.fromkeys(recording.dataset["connection"].values))
    weights = {name: _by_connection(recording, name) for name in connections}
    epochs = recording.dataset["epoch"].values
    figure = Film(figsize=(9.0, 3.0))
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.4, 1, 1))
    fields = _receptive_fields(weights[connections[0]][0], _stimulus_shape(recording, connections[0]))
    picture = left.imshow(fields[0], cmap=COLOUR_MAP, vmin=-1, vmax=1, interpolation="nearest")
    left.axis("off")
    left.set_title(f"incoming weights of {connections[0]}")
    fed_back = {name: pair for name, pair in weights.items() if np.isfinite(pair[1]).all()}
    moving = _alignment(fed_back, epochs, middle, right)

    title = middle.set_title("")

    def draw(frame: int) -> list[Any]:
        picture.set_data(fields[frame])
        for W, theta, points, line, angles in moving:
            points.set_data(W[frame].ravel(), theta[frame].ravel())
            line.set_data(epochs[: frame + 1], angles[: frame + 1])
        title.set_text(f"epoch {epochs[frame]}")
        return [picture, title, *(artist for _, _, points, line, _ in moving for artist in (points, line))]

    return _animation(figure, draw, len(epochs), fps)


def save_animation(
    animation: FuncAnimation, path: Path, fps: int, report: Callable[[int, int], None] | None = None
) -> None:
    """Write an animation as MP4 (by ffmpeg) or GIF (by Pillow), beside its place and renamed over it.

    Parameters
    ----------
    animation : FuncAnimation
        From a function of this module.
    path : Path
        Its ending says which: ``.mp4`` or ``.gif``.
    fps : int
        Pictures a second.
    report : callable, optional
        Called with the number of the picture and of all pictures.

    Raises
    ------
    DataError
        The ending is another, ffmpeg is not installed, or the file cannot be written; then the sentence says where the
        animation is instead.
    """
    if path.suffix == ".mp4":
        if shutil.which(mpl.rcParams["animation.ffmpeg_path"]) is None:
            raise DataError(f"{path}: MP4 needs ffmpeg, which is not installed; install it, or write a .gif.")
        # Players want even numbers of pixels, and this order of colours.
        even = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"]
        writer: Any = FFMpegWriter(fps=fps, codec="libx264", extra_args=even)
    elif path.suffix == ".gif":
        writer = PillowWriter(fps=fps)
    else:
        raise DataError(f"{path}: an animation ends in .mp4 or .gif; choose one of them.")
    check_writable(path, "animation")
    content = _drawn(animation, path.name, writer, report)
    write_safely(path, lambda place: replace_file(place, content), "animation")


def _drawn(animation: FuncAnimation, name: str, writer: Any, report: Callable[[int, int], None] | None) -> bytes:
    """Return the content of the file: drawn apart from its place, it is not lost where that cannot be written."""
    with (
        writable(Path(tempfile.gettempdir()), "animation"),
        tempfile.TemporaryDirectory(prefix="dendrosim-") as folder,
    ):
        try:
            animation.save(Path(folder) / name, writer=writer, dpi=DPI, progress_callback=report)
        except subprocess.CalledProcessError as error:
            raise DataError(f"{name}: ffmpeg made no animation (status {error.returncode}); write a .gif.") from None
        return (Path(folder) / name).read_bytes()


def _animation(figure: Film, draw: Callable[[int], list[Any]], frames: int, fps: int) -> FuncAnimation:
    draw = styled(draw)  # it draws when the functions that made it have returned
    moving = draw(0)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # or every picture would be laid out anew
    figure.hold_still(moving)
    held = [frames - 1] * round(HELD * fps)
    return FuncAnimation(figure, draw, frames=[*range(frames), *held], init_func=lambda: None, cache_frame_data=False)


def _shown_times(recording: Recording, presentation: int) -> np.ndarray:
    times = recording.presentation(presentation)["time"].values
    return times[times <= SHOWN_TIME_CONSTANTS * slowest(recording.dataset.attrs)]


def _largest_errors(recording: Recording, layer: str, presentation: int) -> list[int]:
    recording.need("error", "index")
    cells = Recording(recording.layer(layer)).presentation(presentation)
    largest = np.argsort(-np.abs(cells["error"].isel(time=-1).values))[:_PANELS]
    return [int(index) for index in cells["index"].values[largest]]


def _error_traces(recording: Recording, presentation: int, times: np.ndarray, ax: Any) -> Any:
    colours = cycle_colours()
    for number, layer in enumerate(reversed(str(recording.dataset.attrs["layers"]).split())):
        error = recording.layer(layer)["error"].isel(presentation=presentation).sel(time=times)
        largest = np.abs(error.values).max(axis=1)
        ax.plot(times, largest / largest.max(), color=colours[number % len(colours)], label=layer)
    ax.set_xlabel("time since the target appeared (ms)")
    ax.set_ylabel("largest |ξ| of the layer, of its maximum")
    ax.legend(loc="lower right")
    return ax.axvline(times[0], color="0.3", lw=0.8)


def _by_connection(recording: Recording, connection: str) -> tuple[np.ndarray, np.ndarray]:
    """Return W and Θ of a connection, of shape (epoch, post, synapse of it)."""
    chosen = recording.dataset.isel(synapse=(recording.dataset["connection"] == connection).values)
    cells = int(chosen["post"].max()) + 1
    shape = (len(chosen["epoch"]), cells, -1)
    return chosen["weight"].values.reshape(shape), chosen["feedback_weight"].values.reshape(shape)


def _receptive_fields(W: np.ndarray, shape: tuple[int, int]) -> list[np.ndarray]:
    """Return a picture for each epoch: the cells with the largest weights at the end, each scaled to its largest."""
    chosen = np.argsort(-np.linalg.norm(W[-1], axis=1))[: _FIELDS[0] * _FIELDS[1]]
    return [tiled(epoch[chosen].reshape(len(chosen), *shape), *_FIELDS) for epoch in W]


def _alignment(weights: dict[str, tuple[np.ndarray, np.ndarray]], epochs: np.ndarray, middle: Any, right: Any) -> Any:
    """Draw Θ against W and the angle between them, and return what moves: points and lines, with their angles."""
    moving, limit = [], 0.0
    for name, (W, theta) in weights.items():
        angles = [angle_between(*pair) for pair in zip(W, theta, strict=True)]
        (points,) = middle.plot([], [], "o", markersize=1.2, alpha=0.35, markeredgewidth=0)
        (line,) = right.plot([], [], "o-", markersize=3, label=name)
        moving.append((W, theta, points, line, angles))
        limit = max(limit, float(np.abs([W, theta]).max()))
    middle.set(xlabel="W", ylabel="Θ", xlim=(-limit, limit), ylim=(-limit, limit))
    middle.plot([-limit, limit], [-limit, limit], "--", color="0.6", lw=0.8, zorder=0)
    right.set(
        xlabel="epoch", ylabel="angle between Θ and W (°)", xlim=(epochs[0] - 0.2, epochs[-1] + 0.2), ylim=(0, 100)
    )
    count_ticks(right.xaxis)
    right.legend(loc="lower left")
    return moving


def _stimulus_shape(recording: Recording, connection: str) -> tuple[int, int]:
    """Return height and width of what a cell of the lowest layer sees; a stimulus that is not square is one row."""
    places = recording.dataset.isel(synapse=(recording.dataset["connection"] == connection).values)
    channels, height, width = (int(places[axis].max()) + 1 for axis in ("pre", "row", "column"))
    side = math.isqrt(channels)
    if height * width > 1:
        return channels * height, width
    return (side, side) if side * side == channels else (1, channels)
