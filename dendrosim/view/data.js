"use strict";
// The recording that the page holds, and what is read off it.

const recording = JSON.parse(document.getElementById("recording").textContent);
const unpacked = new Map();

function element(id) {
  return document.getElementById(id);
}

// Numbers of one presentation are unpacked when they are first looked at.
function floats(key, packed) {
  if (!unpacked.has(key)) {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    unpacked.set(key, new Float32Array(bytes.buffer));
  }
  return unpacked.get(key);
}

const times = recording.presentations.map((each, place) =>
  Array.from(floats(`${place} time`, each.time), (time) => Number(time.toPrecision(6))),
);

function samplesOf(presentation) {
  return times[presentation];
}

function valuesOf(presentation, variable) {
  return floats(`${presentation} ${variable}`, recording.presentations[presentation].values[variable]);
}

function stimulusOf(presentation) {
  return floats(`${presentation} stimulus`, recording.presentations[presentation].stimulus);
}

// What a teacher sets for each output cell at a step; null without one.
function targetOf(presentation, step) {
  const { target } = recording.presentations[presentation];
  if (!target) return null;
  const values = floats(`${presentation} target`, target);
  const steps = recording.targetSteps;
  const width = values.length / steps;
  return values.slice(steps > 1 ? step * width : 0).slice(0, width);
}

// One neuron over time.
function traceOf(presentation, variable, column) {
  const values = valuesOf(presentation, variable);
  return Array.from(samplesOf(presentation), (_, sample) => values[sample * recording.neurons + column]);
}

// The cells of a layer at one step of its sequence: their indices and where their numbers stand.
function cellsOf(layer, step) {
  const { columns, index, step: steps } = recording.layers[layer];
  return columns
    .map((column, place) => ({ column, index: index[place], step: steps[place] }))
    .filter((cell) => cell.step === step);
}

function stepsOf(layer) {
  return [...new Set(recording.layers[layer].step)];
}

// The cell with the largest error at the end, or, where no error was recorded, with the largest value.
function largestCell(presentation, layer, step) {
  const variable = "error" in recording.variables ? "error" : Object.keys(recording.variables)[0];
  const values = valuesOf(presentation, variable);
  const last = (samplesOf(presentation).length - 1) * recording.neurons;
  const size = (cell) => Math.abs(values[last + cell.column]) || 0;
  return cellsOf(layer, step).reduce((most, cell) => (size(cell) > size(most) ? cell : most));
}

function nearestSample(presentation, time) {
  const distance = samplesOf(presentation).map((sample) => Math.abs(sample - time));
  return distance.indexOf(Math.min(...distance));
}

function unitOf(variable) {
  const { unit } = recording.variables[variable];
  return unit === "1" ? "" : unit;
}

function inWords(value) {
  if (Number.isNaN(value)) return "absent";
  if (!Number.isFinite(value)) return value > 0 ? "infinite" : "−infinite";
  return value === 0 ? "0" : value.toPrecision(6).replaceAll("-", "−");
}

// Lowest and highest colour: symmetric about rest, which is zero; a membrane's rest is not, so its whole range.
function scaleOf(values, variable) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (low > high) return null;
  const membrane = recording.variables[variable].unit !== "1";
  const limit = Math.max(-low, high) || 1;
  if (!membrane) [low, high] = [-limit, limit];
  else if (low === high) [low, high] = [low - 0.5, high + 0.5];
  return { low, high, unit: unitOf(variable), colours: recording.colours[membrane ? "sequential" : "diverging"] };
}

function colourOf(value, scale) {
  return `rgb(${channelsOf(value, scale).join(", ")})`;
}
