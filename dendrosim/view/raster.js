"use strict";
// The spikes of a layer: a tick each, one of a burst taller, thicker and of another colour.

const SINGLE = { name: "single spike", height: 0.25, line: { color: "#404040", width: 1 } };
const BURST = { name: "burst", height: 0.42, line: { color: "#d55e00", width: 2.5 } };
const ROW_HEIGHT = 18;
const [LEAST_HEIGHT, MOST_HEIGHT, AROUND] = [60, 520, 95];

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

// All ticks of one kind as one broken line.
function ticks(state, cells, look, isBurst) {
  const [x, y] = [[], []];
  cells.forEach((cell, row) => {
    for (const { time, burst } of spikesOf(state.presentation, cell.column)) {
      if (burst !== isBurst) continue;
      x.push(time, time, null);
      y.push(row - look.height, row + look.height, null);
    }
  });
  return { x, y, name: look.name, mode: "lines", line: look.line, hoverinfo: "skip" };
}

function drawRaster(state, cells) {
  element("spikes").hidden = !recording.spikes;
  if (!recording.spikes) return;
  const time = samplesOf(state.presentation);
  const every = Math.ceil(cells.length / 12);
  const named = cells.map((cell, row) => [row, String(cell.index)]).filter(([row]) => row % every === 0);
  const layout = {
    font: FONT, margin: { ...MARGIN, t: 30 }, uirevision: `${state.presentation} ${state.layer}`, shapes: [cursor(state)],
    legend: { orientation: "h", y: 1, yanchor: "bottom" },
    height: AROUND + Math.min(Math.max(ROW_HEIGHT * cells.length, LEAST_HEIGHT), MOST_HEIGHT),
    xaxis: { title: { text: "time (ms)" }, range: [time[0], time.at(-1)] },
    yaxis: {
      title: { text: `neuron of ${recording.layers[state.layer].name}` }, range: [-0.7, cells.length - 0.3],
      tickvals: named.map(([row]) => row), ticktext: named.map(([, index]) => index), zeroline: false, showgrid: false,
    },
    annotations: [pointer(state, cells)],
  };
  const traces = [ticks(state, cells, SINGLE, false), ticks(state, cells, BURST, true)];
  Plotly.react("raster", traces, layout, SETTINGS);
}
