"use strict";
// The spikes of a layer: a tick each, one of a burst taller, thicker and of another colour.

const SINGLE = { name: "single spike", half: 0.25, colour: "#808080", width: 1 };
const BURST = { name: "burst", half: 0.42, colour: "#d55e00", width: 2.5 };

// The spikes of a presentation by the column that sent them, sorted once when they are first looked at.
const sorted = new Map();

function spikesOf(presentation, column) {
  if (!sorted.has(presentation)) {
    const [columns, time, burst] = ["column", "time", "burst"].map((part) =>
      floats(`${presentation} spikes ${part}`, recording.spikes[presentation][part]),
    );
    const byColumn = new Map();
    columns.forEach((sender, place) => {
      if (!byColumn.has(sender)) byColumn.set(sender, []);
      byColumn.get(sender).push({ time: Number(time[place].toPrecision(6)), burst: burst[place] === 1 });
    });
    sorted.set(presentation, byColumn);
  }
  return sorted.get(presentation).get(column) ?? [];
}

function strokesOf(state, cells, look, isBurst) {
  const marks = cells.flatMap((cell, row) =>
    spikesOf(state.presentation, cell.column).filter(({ burst }) => burst === isBurst).map(({ time }) => [time, row]),
  );
  return { ...look, marks };
}

function drawRaster(state, cells) {
  element("spikes").hidden = !recording.spikes;
  if (!recording.spikes) return;
  const strokes = [strokesOf(state, cells, SINGLE, false), strokesOf(state, cells, BURST, true)];
  charts.raster.draw({
    ...timeAxis(state), key: `${state.presentation} ${state.layer}`, legend: [SINGLE, BURST],
    panels: [{ ...rowsOf(state, cells), strokes }],
    pick: (time, row) => choose({ neuron: cells[row].index, sample: nearestSample(state.presentation, time) }),
  });
}
