"""What drawn and moving networks show is what was recorded at that moment."""

import io
import shutil
from time import process_time

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.legend import Legend
from matplotlib.text import Text
from networks import dense, model_of, parameters_of, presentations_of, small_model
from PIL import Image

from dendrosim import plot
from dendrosim.circuit import Circuit
from dendrosim.errors import DataError
from dendrosim.plot.animation import learning_weights, relaxing_network, relaxing_neurons, save_animation
from dendrosim.plot.film import DPI
from dendrosim.plot.style import symmetric_scale
from dendrosim.recording import Record

MODEL = small_model((5, 4, 3, 2))


@pytest.fixture(scope="module")
def recording():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), dt=1.0)
    return circuit.relax(*presentations_of(MODEL, 2, 0), start="settled", record=Record(interval=10.0))


def somata(ax):
    """The colours of the somata, layer by layer from below."""
    return [artist.get_facecolor() for artist in ax.collections if isinstance(artist, PolyCollection)]


@pytest.mark.parametrize("time", [0.0, 20.0])
def test_a_drawn_network_has_the_colours_of_its_potentials_at_that_moment(recording, time):
    ax = plot.network(recording, presentation=1, time=time)
    for layer, colours in zip(MODEL.layer_names, somata(ax), strict=True):
        soma = recording.layer(layer)["soma"].isel(presentation=1)
        np.testing.assert_allclose(colours, symmetric_scale(soma.values).to_rgba(soma.sel(time=time)))


def test_halos_are_the_errors_of_the_cells_and_grow_as_the_error_walks_down(recording):
    areas = {}
    for time in (0.0, 20.0, float(recording.dataset["time"][-1])):
        drawn = plot.network(recording, time=time).collections
        halos = [artist for artist in drawn if isinstance(artist, PathCollection)]
        areas[time] = [halo.get_sizes() for halo in halos]
    start, later, end = areas.values()
    assert max(start[0].max(), start[1].max()) < 1e-5 < start[2].max()  # only the output has an error at first
    assert 0 < later[0].max() < end[0].max()
    error = np.abs(recording.layer("hidden-1")["error"].isel(presentation=0, time=-1))
    np.testing.assert_allclose(end[0] / end[0].max(), error / error.max())


def test_output_cells_have_no_apical_tuft(recording):
    trees = [artist for artist in plot.network(recording).collections if isinstance(artist, LineCollection)]
    coloured = [tree for tree in trees if len(tree.get_colors()) > 1]
    # Basal and apical trees of two hidden layers, basal trees of the output.
    assert len(coloured) == 2 * 2 + 1


def test_only_the_cells_with_the_largest_errors_are_drawn_and_it_says_so(recording):
    ax = plot.network(recording, neurons=2)
    assert [len(colours) for colours in somata(ax)] == [2, 2, 2]
    assert "hidden-1\n2 of 4 neurons" in "".join(text.get_text() for text in ax.texts)


def test_a_sequence_is_drawn_at_its_last_step():
    model = model_of([3, 2], [{"kind": "recurrent", "units": 2}, dense(2)])
    recording = Circuit(model, parameters_of(model, 0), dt=1.0).relax(*presentations_of(model, 1, 0))
    hidden = recording.layer("hidden-1").isel(presentation=0)
    last = hidden["soma"].isel(neuron=(hidden["step"] == 2).values)
    colours = somata(plot.network(recording))[0]
    np.testing.assert_allclose(colours, symmetric_scale(last.values).to_rgba(last.isel(time=-1)))


def test_every_picture_of_a_network_is_a_sample_and_the_last_one_stays_for_a_second(recording, tmp_path):
    animation = relaxing_network(recording, fps=5)
    save_animation(animation, tmp_path / "network.gif", 5)
    samples = int((recording.dataset["time"] <= 100.0).sum())
    with Image.open(tmp_path / "network.gif") as pictures:
        durations = []
        for frame in range(pictures.n_frames):
            pictures.seek(frame)
            durations.append(pictures.info["duration"])
    assert sum(durations) == 1000 / 5 * (samples + 5)  # equal pictures are stored once and shown longer


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_neurons_are_written_as_mp4(recording, tmp_path):
    told = []
    save_animation(
        relaxing_neurons(recording, "hidden-2", 1), tmp_path / "n.mp4", 20, lambda *count: told.append(count)
    )
    assert (tmp_path / "n.mp4").read_bytes()[4:8] == b"ftyp"
    assert told[-1][0] + 1 == told[-1][1] == len(told)
    assert [file.name for file in tmp_path.iterdir()] == ["n.mp4"]


def test_learning_shows_the_weights_of_each_epoch():
    model = small_model((4, 4, 3, 2), plasticity={"epochs": 2, "streams": 2})
    circuit = Circuit(model, parameters_of(model, 0), dt=1.0)
    learned = circuit.learn(*presentations_of(model, 4, 0), record=Record(synapses="all"))
    animation = learning_weights(learned.recording)
    left, middle, right = animation._fig.axes
    animation._func(2)
    points = {line.get_label(): line for line in middle.get_lines()}
    drawn = [line for line in points.values() if len(line.get_xdata()) == 12]
    np.testing.assert_array_equal(drawn[0].get_xdata(), learned.parameters.W["hidden-2"].ravel())
    np.testing.assert_array_equal(drawn[0].get_ydata(), learned.parameters.theta["hidden-2"].ravel())
    angles = {line.get_label(): line.get_ydata() for line in right.get_lines()}
    assert angles["hidden-2"][-1] == pytest.approx(learned.history["angle.hidden-2"].iloc[-1])
    field = np.asarray(left.get_images()[0].get_array())[:2, :2]
    W = learned.parameters.W["hidden-1"]
    strongest = W[np.argmax(np.linalg.norm(W, axis=1))]
    np.testing.assert_allclose(field.ravel(), strongest / np.abs(strongest).max())
    animation._draw_was_started = True  # it is not going to be saved


def films(recording):
    return relaxing_network(recording), relaxing_neurons(recording, "hidden-1")


def pixels(figure, quick):
    """A picture of a film, or of the whole figure drawn anew, which matplotlib takes for pixels of another name."""
    content = io.BytesIO()
    figure.savefig(content, format="rgba" if quick else "raw", dpi=DPI)
    return np.frombuffer(content.getvalue(), np.uint8).astype(int)


def test_pictures_of_a_film_are_those_of_the_whole_figure_drawn_anew(recording):
    for film in films(recording):
        film._draw_was_started = True  # it is not going to be saved
        for frame in (0, 3):
            film._func(frame)
            whole = pixels(film._fig, quick=False)
            assert np.abs(pixels(film._fig, quick=True) - whole).mean() < 0.01
        assert len(np.unique(whole)) > 50


def test_a_picture_of_a_film_costs_a_fraction_of_the_whole_figure(recording):
    for film in films(recording):
        film._draw_was_started = True
        spent = {}
        for quick in (False, True):
            start = process_time()
            for frame in range(3):
                film._func(frame)
                pixels(film._fig, quick)
            spent[quick] = process_time() - start
        assert spent[True] < 0.7 * spent[False]


def test_neurons_of_a_film_share_one_scale_with_its_name_and_unit_and_have_one_title_each(recording):
    film = relaxing_neurons(recording, "hidden-1")
    film._draw_was_started = True
    film._func(2)
    *neurons, apical, basal = sorted(film._fig.axes, key=lambda ax: ax.get_label() == "<colorbar>")
    largest = max(apical.get_ylim()[1], basal.get_ylim()[1])
    found = {ax.get_ylabel() for ax in (apical, basal)}
    assert found == {
        "apical potential a (dimensionless)", "basal potential u, somatic potential x (dimensionless)",
    }  # fmt: skip
    drawn = [int(ax.get_title("center").split("neuron ")[1].split(",")[0]) for ax in neurons]
    assert [ax.get_title("left") + ax.get_title("right") for ax in neurons] == [""] * 3
    cells = recording.layer("hidden-1").isel(presentation=0)
    cells = cells.isel(neuron=np.isin(cells["index"], drawn))
    assert largest == pytest.approx(max(np.abs(cells[name].values).max() for name in ("basal", "soma", "apical")))
    scale = symmetric_scale(cells["basal"].values, cells["soma"].values)
    somata = [patch for ax in neurons for patch in ax.patches]
    potentials = [float(cells["soma"].sel(time=20.0).values[cells["index"].values == index][0]) for index in drawn]
    np.testing.assert_allclose([soma.get_facecolor() for soma in somata], scale.to_rgba(np.array(potentials)))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("film.avi", "ends in .mp4 or .gif; choose one of them"),
        ("file/film.gif", "cannot be written .*; make room for it, or choose another place"),
    ],
)
def test_an_animation_that_cannot_be_written_says_why(recording, tmp_path, name, sentence):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=sentence):
        save_animation(relaxing_neurons(recording, "hidden-1", 0), tmp_path / name, 20)


def test_without_ffmpeg_an_mp4_is_refused_with_a_remedy(recording, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataError, match=r"MP4 needs ffmpeg, which is not installed; install it, or write a \.gif"):
        save_animation(relaxing_neurons(recording, "hidden-1", 0), tmp_path / "film.mp4", 20)


def test_a_network_has_a_key_of_its_colours_halos_and_lines(recording):
    (key,) = plot.network(recording).child_axes
    (bar,) = key.child_axes
    assert bar.get_xlabel() == "potential (dimensionless),\nby the limits beside each layer"
    (legend,) = [artist for artist in key.artists if isinstance(artist, Legend)]
    assert [text.get_text() for text in legend.get_texts()] == [
        "ξ > 0 (area: |ξ|)", "ξ < 0 (area: |ξ|)", "feedforward projections", "feedback projections",
    ]  # fmt: skip


def test_the_limits_of_the_colours_stand_beside_each_layer(recording):
    texts = [text.get_text() for text in plot.network(recording, neurons=4).texts]
    cells = recording.layer("hidden-1").isel(presentation=0)
    largest = {name: np.abs(cells[name].values).max() for name in ("error", "basal", "soma", "apical")}
    (words,) = [text for text in texts if text.startswith("hidden-1")]
    assert words.splitlines()[2:] == [
        f"|ξ| ≤ {largest['error']:.2g}, |u| ≤ {largest['basal']:.2g}",
        f"|x| ≤ {largest['soma']:.2g}, |a| ≤ {largest['apical']:.2g}",
    ]


def test_all_of_few_output_cells_are_drawn_with_the_numbers_of_their_classes():
    model = small_model((5, 4, 10))
    recording = Circuit(model, parameters_of(model, 0), dt=1.0).relax(*presentations_of(model, 1, 0), start="settled")
    ax = plot.network(recording, neurons=2)
    assert [len(colours) for colours in somata(ax)] == [2, 10]
    assert [text.get_text() for text in ax.texts if text.get_text().isdigit()] == [str(index) for index in range(10)]


def test_words_of_a_drawn_network_do_not_overlap(recording):
    for figure in (plot.network(recording).figure, plot.network_page(recording)):
        figure.draw_without_rendering()
        unseen = {text for ax in figure.findobj(Axes) if not ax.axison for text in ax.xaxis.findobj(Text)}
        unseen |= {text for ax in figure.findobj(Axes) if not ax.axison for text in ax.yaxis.findobj(Text)}
        words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        words = [text for text in dict.fromkeys(words) if text not in unseen]
        places = [text.get_window_extent() for text in words]
        inside = figure.bbox.padded(1.0)
        assert all(inside.containsx(place.x0) and inside.containsy(place.y0) for place in places)
        for number, place in enumerate(places):
            assert not any(place.overlaps(other) for other in places[:number]), words[number].get_text()
