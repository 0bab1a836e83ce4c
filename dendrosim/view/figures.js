"use strict";
// What is drawn: the neuron, its traces, its layer and its stimulus.

const CURSOR = "#404040";
// Plotly's own bar of buttons offers to send data to a server; dragging zooms without it.
const SETTINGS = { responsive: true, displayModeBar: false };
// The same for traces and heat map, so that their times stand above each other.
const MARGIN = { l: 75, r: 95, t: 10, b: 45 };
const PANEL_HEIGHT = 165;
const FONT = { family: "system-ui, sans-serif", size: 12, color: "#1a1a1a" };
const PANELS = [...new Set(Object.values(recording.variables).map((look) => look.panel))];
const SCALES = [...new Set(recording.compartments.map((each) => each.scale))];

function element(id) {
  return document.getElementById(id);
}

// The variable that colours a compartment: the first of its own that was recorded.
function colouring(compartment) {
  return compartment.shownBy.find((name) => name in recording.variables);
}

// Compartments that share a scale can be compared: between basal tree and soma the difference is the local error.
function compartmentScales(state, column) {
  const scales = {};
  for (const scale of SCALES) {
    const group = recording.compartments.filter((each) => each.scale === scale);
    const names = group.map(colouring).filter(Boolean);
    const values = names.flatMap((name) => traceOf(state.presentation, name, column));
    for (const compartment of group) scales[compartment.name] = names.length ? scaleOf(values, names[0]) : null;
  }
  return scales;
}

function drawScales(scales) {
  const bars = SCALES.map((words) => {
    const scale = scales[recording.compartments.find((each) => each.scale === words).name];
    const bar = document.createElement("div");
    bar.className = "scale";
    const line = (text) => bar.appendChild(document.createElement("div")).append(text);
    line(words);
    if (scale === null) line("absent");
    else {
      const limit = (value) => line(`${inShort(value)} ${scale.unit}`);
      limit(scale.high);
      const colours = bar.appendChild(document.createElement("div"));
      colours.className = "bar";
      colours.style.background = `linear-gradient(to top, ${scale.colours.join(", ")})`;
      limit(scale.low);
    }
    return bar;
  });
  element("scales").replaceChildren(...bars);
}

function paintNeuron(state, column, scales) {
  const words = [];
  for (const compartment of recording.compartments) {
    const variable = colouring(compartment);
    const value = variable ? valuesOf(state.presentation, variable)[state.sample * recording.neurons + column] : NaN;
    const scale = scales[compartment.name];
    const paint = Number.isFinite(value) && scale ? colourOf(value, scale) : "url(#absent)";
    for (const group of document.querySelectorAll("#drawing [data-compartment]")) {
      if (group.dataset.compartment === compartment.name) group.setAttribute(group.dataset.paint, paint);
    }
    words.push(`${compartment.name} ${inWords(value)}`);
  }
  element("drawing-title").textContent = `A pyramidal neuron coloured by its potentials: ${words.join(", ")}`;
}

function drawTraces(state, column) {
  const time = samplesOf(state.presentation);
  const shown = Object.entries(recording.variables)
    .map(([name, look]) => ({ ...look, values: traceOf(state.presentation, name, column) }))
    .filter((each) => each.values.some(Number.isFinite));
  const panels = PANELS.filter((panel) => shown.some((each) => each.panel === panel)).reverse();
  const traces = shown.map((each) => {
    const axis = panels.indexOf(each.panel) + 1;
    return {
      x: time, y: each.values, name: each.label, mode: "lines", line: { color: each.colour, dash: each.dash, width: 2 },
      yaxis: axis === 1 ? "y" : `y${axis}`, hovertemplate: "%{y:.6g}",
    };
  });
  const layout = {
    font: FONT, margin: MARGIN, hovermode: "x", uirevision: state.presentation,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, shapes: [cursor(state)],
    xaxis: { title: { text: "time (ms)" }, range: [time[0], time.at(-1)], anchor: "y" },
  };
  panels.forEach((panel, place) => {
    const height = 1 / panels.length;
    layout[place ? `yaxis${place + 1}` : "yaxis"] = {
      title: { text: panel, standoff: 8 }, zerolinecolor: "#bfbfbf", nticks: 5,
      domain: [place * height + (place ? 0.03 : 0), (place + 1) * height - 0.03], exponentformat: "e",
    };
  });
  element("traces").style.height = `${90 + PANEL_HEIGHT * panels.length}px`;
  Plotly.react("traces", traces, layout, SETTINGS);
}

function drawMap(state, cells) {
  const time = samplesOf(state.presentation);
  const values = valuesOf(state.presentation, state.variable);
  const rows = cells.map((cell) => Float32Array.from(time, (_, sample) => values[sample * recording.neurons + cell.column]));
  const scale = scaleOf(rows.flatMap((row) => Array.from(row)), state.variable);
  const { label } = recording.variables[state.variable];
  const trace = {
    type: "heatmap", x: time, y: cells.map((cell) => String(cell.index)), z: rows, zmin: scale?.low, zmax: scale?.high,
    colorscale: (scale?.colours ?? ["#ffffff", "#ffffff"]).map((colour, place, all) => [place / (all.length - 1), colour]),
    colorbar: { thickness: 14, x: 1, xpad: 18, exponentformat: "e", nticks: 7 },
    hovertemplate: "neuron %{y}, %{x} ms: %{z:.6g}<extra></extra>", showscale: scale !== null,
  };
  const layout = {
    font: FONT, margin: MARGIN, uirevision: `${state.presentation} ${state.layer}`,
    xaxis: { title: { text: "time (ms)" }, range: [time[0], time.at(-1)] },
    yaxis: { title: { text: `neuron of ${recording.layers[state.layer].name}` }, type: "category", nticks: 12 },
    shapes: [cursor(state)], annotations: [scale ? pointer(state, cells) : absence(label)],
  };
  Plotly.react("map", [trace], layout, SETTINGS);
}

function cursor(state) {
  const x = samplesOf(state.presentation)[state.sample];
  return { type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: CURSOR, width: 1.5 } };
}

// Points to the row of the chosen neuron.
function pointer(state, cells) {
  const y = cells.findIndex((cell) => cell.index === state.neuron);
  return { text: "◀", xref: "paper", x: 1, xanchor: "left", y, yanchor: "middle", showarrow: false };
}

function absence(label) {
  const text = `absent: these cells have no ${label}`;
  return { text, xref: "paper", yref: "paper", x: 0.5, y: 0.5, showarrow: false };
}

function moveCursors(state) {
  for (const id of recording.spikes ? ["traces", "raster", "map"] : ["traces", "map"]) Plotly.relayout(id, { shapes: [cursor(state)] });
}

function drawStimulus(state) {
  if (!recording.stimulus) {
    element("stimulus").textContent = "The recording holds no stimulus.";
    return;
  }
  const { form, shape } = recording.stimulus;
  const values = Array.from(stimulusOf(state.presentation));
  const layout = { font: FONT, margin: { l: 45, r: 10, t: 10, b: 40 }, shapes: [] };
  const picture = form === "image" || form === "colours";
  if (picture) {
    layout.margin = { l: 10, r: 10, t: 10, b: 10 };
    layout.xaxis = { visible: false, constrain: "domain" };
    layout.yaxis = { visible: false, autorange: "reversed", scaleanchor: "x", constrain: "domain" };
  } else if (form === "sequence") {
    layout.xaxis = { title: { text: "step" } };
    layout.yaxis = { title: { text: "input" }, nticks: 8 };
    layout.shapes = [stepFrame(state)];
  } else {
    layout.xaxis = { title: { text: form === "bars" ? "input" : "place" } };
    layout.yaxis = { title: { text: form === "bars" ? "value" : "channel" } };
  }
  Plotly.react("stimulus", [stimulusTrace(form, shape, values)], layout, SETTINGS);
}

function stimulusTrace(form, shape, values) {
  if (form === "bars") return { type: "bar", y: values, marker: { color: "#0072b2" } };
  if (form === "colours") {
    const [, height, width] = shape;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const byte = (value) => Math.round((255 * (value - low)) / (high - low || 1));
    const pixel = (row, column) => [0, 1, 2].map((channel) => byte(values[(channel * height + row) * width + column]));
    return {
      type: "image", hoverinfo: "skip",
      z: Array.from({ length: height }, (_, row) => Array.from({ length: width }, (_, column) => pixel(row, column))),
    };
  }
  const rows = Array.from({ length: shape[0] }, (_, row) => values.slice(row * shape[1], (row + 1) * shape[1]));
  const sequence = form === "sequence";
  const z = sequence ? Array.from({ length: shape[1] }, (_, input) => rows.map((row) => row[input])) : rows;
  const colours = form === "image" ? [[0, "#000000"], [1, "#ffffff"]] : "Cividis";
  return {
    type: "heatmap", z, colorscale: colours, showscale: form !== "image", colorbar: { thickness: 10, nticks: 5 },
    hovertemplate: sequence ? "step %{x}, input %{y}: %{z:.4g}<extra></extra>" : "%{z:.4g}<extra></extra>",
  };
}

function stepFrame(state) {
  return {
    type: "rect", x0: state.step - 0.5, x1: state.step + 0.5, yref: "paper", y0: 0, y1: 1,
    line: { color: "#d55e00", width: 2 },
  };
}
