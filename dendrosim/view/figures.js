"use strict";
// What is drawn: the neuron, its traces, its layer and its stimulus.

const PANEL_HEIGHT = 130;
const ROW_HEIGHT = 18;
const [LEAST_HEIGHT, MOST_HEIGHT] = [60, 480];
const OUTPUTS = 20; // that are shown of a prediction
const PANELS = [...new Set(Object.values(recording.variables).map((look) => look.panel))];
const SCALES = [...new Set(recording.compartments.map((each) => each.scale))];
const charts = Object.fromEntries(["traces", "raster", "map", "stimulus"].map((id) => [id, new Chart(element(id))]));

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

function timeAxis(state) {
  const time = samplesOf(state.presentation);
  return { axis: { label: "time (ms)", range: [time[0], time.at(-1)] }, cursor: time[state.sample] };
}

function drawTraces(state, column) {
  const x = samplesOf(state.presentation);
  const shown = Object.entries(recording.variables)
    .map(([name, look]) => ({ ...look, name: look.label, x, y: traceOf(state.presentation, name, column), width: 2 }))
    .filter((each) => each.y.some(Number.isFinite));
  const panels = PANELS.map((panel) => ({ label: panel, lines: shown.filter((each) => each.panel === panel) }))
    .filter(({ lines }) => lines.length)
    .map((panel) => ({ ...panel, height: PANEL_HEIGHT, range: widened(span(panel.lines.flatMap(({ y }) => y))) }));
  charts.traces.draw({
    ...timeAxis(state), key: state.presentation, legend: shown, panels,
    pick: (time) => step(nearestSample(state.presentation, time) - state.sample),
    read: (time) => {
      const sample = nearestSample(state.presentation, time);
      return [`${x[sample]} ms`, ...shown.map(({ name, y }) => `${name} ${inWords(y[sample])}`)].join("\n");
    },
  });
}

function widened([low, high]) {
  const more = 0.06 * (high - low);
  return [low - more, high + more];
}

// The rows of a layer, named by their cells.
function rowsOf(state, cells, most = MOST_HEIGHT) {
  return {
    label: `neuron of ${recording.layers[state.layer].name}`, rows: cells.map((cell) => String(cell.index)),
    height: Math.min(Math.max(ROW_HEIGHT * cells.length, LEAST_HEIGHT), most),
    chosen: cells.findIndex((cell) => cell.index === state.neuron),
  };
}

function drawMap(state, cells) {
  const x = samplesOf(state.presentation);
  const all = valuesOf(state.presentation, state.variable);
  const values = cells.map((cell) => Float32Array.from(x, (_, sample) => all[sample * recording.neurons + cell.column]));
  const scale = scaleOf(values.flatMap((row) => Array.from(row)), state.variable);
  const { label } = recording.variables[state.variable];
  const shown = scale ? { heat: { x, values, scale }, scale } : { note: `absent: these cells have no ${label}` };
  const choice = (time, row) => ({ neuron: cells[row].index, sample: nearestSample(state.presentation, time) });
  charts.map.draw({
    ...timeAxis(state), key: `${state.presentation} ${state.layer}`,
    panels: [{ ...rowsOf(state, cells, 300), ...shown }],
    pick: (time, row) => choose(choice(time, row)),
    read: (time, row) => {
      const { neuron, sample } = choice(time, row);
      return `neuron ${neuron}, ${x[sample]} ms: ${inWords(values[row][sample])}`;
    },
  });
}

function moveCursors(state) {
  const time = samplesOf(state.presentation)[state.sample];
  for (const name of recording.spikes ? ["traces", "raster", "map"] : ["traces", "map"]) charts[name].moveCursor(time);
}

function drawStimulus(state) {
  const picture = element("picture");
  const { form, shape } = recording.stimulus ?? {};
  picture.hidden = form !== "image" && form !== "colours";
  element("stimulus").hidden = !form || !picture.hidden;
  element("no-stimulus").hidden = Boolean(form);
  if (!form) return;
  const values = stimulusOf(state.presentation);
  if (picture.hidden) return drawStimulusChart(state, form, shape, values);
  const [low, high] = span(values);
  const byte = (value) => Math.round((255 * (value - low)) / (high - low));
  const [rows, columns] = shape.slice(-2);
  const colour = (pixel) => [0, 1, 2].map((channel) => byte(values[channel * rows * columns + pixel]));
  drawPicture(picture, rows, columns, form === "colours" ? colour : (pixel) => Array(3).fill(byte(values[pixel])));
}

function drawStimulusChart(state, form, shape, values) {
  const [low, high] = span(values);
  if (form === "bars") {
    const panel = { label: "value", height: 180, range: widened([Math.min(low, 0), Math.max(high, 0)]), bars: Array.from(values) };
    return charts.stimulus.draw({ axis: { label: "input", range: [-0.5, values.length - 0.5] }, panels: [panel] });
  }
  const sequence = form === "sequence";
  const [across, up] = sequence ? [shape[0], shape[1]] : [shape[1], shape[0]];
  const at = sequence ? (row, column) => values[column * up + row] : (row, column) => values[row * across + column];
  const x = Array.from({ length: across }, (_, column) => column);
  const scale = { low, high, unit: "", colours: recording.colours.sequential };
  const heat = { x, scale, values: Array.from({ length: up }, (_, row) => x.map((column) => at(row, column))) };
  charts.stimulus.draw({
    axis: { label: sequence ? "step" : "place", range: [-0.5, across - 0.5] },
    panels: [{
      label: sequence ? "input" : "channel", rows: x.length && heat.values.map((_, row) => String(row)), height: 180, heat, scale,
      frame: sequence ? [state.step - 0.5, state.step + 0.5] : undefined,
    }],
  });
}

// What the output predicts at the moment, beside the target of the presentation, or of the step of a sequence.
function showPrediction(state) {
  element("outputs").hidden = !recording.prediction;
  element("no-prediction").hidden = Boolean(recording.prediction);
  if (!recording.prediction) return;
  const { layer, variable } = recording.prediction;
  const steps = stepsOf(layer);
  const step = steps.includes(state.step) ? state.step : steps.at(-1);
  const values = valuesOf(state.presentation, variable);
  const target = targetOf(state.presentation, step);
  const entries = cellsOf(layer, step).map(({ column, index }) => ({
    name: String(index), value: values[state.sample * recording.neurons + column], target: target?.[index] ?? null,
  }));
  const largest = entries.reduce((most, each) => (each.value > most.value ? each : most));
  const wrong = ({ value, target: wanted }) => Math.abs((wanted ?? 0) - value);
  const shown = [...entries].sort((one, other) => wrong(other) - wrong(one)).slice(0, OUTPUTS);
  drawPrediction(document.querySelector("#outputs tbody"), entries.filter((each) => shown.includes(each)));
  const part = entries.length > OUTPUTS ? `; the ${OUTPUTS} of ${entries.length} that are furthest from their target are shown` : "";
  element("prediction").textContent = `cell ${largest.name} is the largest, ${inShort(largest.value)}${part}`;
}
