"use strict";
// What is chosen, and how: controls, keys, clicks and playing.

const state = { presentation: 0, layer: 0, step: 0, neuron: 0, sample: 0, variable: "error" };
const still = matchMedia("(prefers-reduced-motion: reduce)");
let timer = null;
let cells = [];
let column = 0;
let scales = {};

// Bring what depends on a choice in line with it, draw it, and say it.
function choose(changes) {
  const time = samplesOf(state.presentation)[state.sample];
  Object.assign(state, changes);
  if ("presentation" in changes && !("sample" in changes)) state.sample = nearestSample(state.presentation, time);
  const steps = stepsOf(state.layer);
  if (!steps.includes(state.step)) state.step = steps.at(-1);
  cells = cellsOf(state.layer, state.step);
  if (("layer" in changes && !("neuron" in changes)) || !cells.some((cell) => cell.index === state.neuron)) {
    state.neuron = largestCell(state.presentation, state.layer, state.step).index;
  }
  column = cells.find((cell) => cell.index === state.neuron).column;
  scales = compartmentScales(state, column);
  fillControls(steps);
  drawScales(scales);
  drawTraces(state, column);
  drawRaster(state, cells);
  drawMap(state, cells);
  drawStimulus(state);
  showPresentation();
  showMoment();
  announce();
}

function moveTo(sample) {
  state.sample = Math.min(Math.max(sample, 0), samplesOf(state.presentation).length - 1);
  moveCursors(state);
  showMoment();
}

function options(id, entries, chosen) {
  const select = element(id);
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value, false, String(value) === String(chosen))));
}

function fillControls(steps) {
  options("layer", recording.layers.map((layer, place) => [place, layerInWords(layer)]), state.layer);
  options("neuron", cells.map((cell) => [cell.index, cell.index]), state.neuron);
  options("step", steps.map((step) => [step, step]), state.step);
  options("presentation", recording.presentations.map((each, place) => [place, each.name]), state.presentation);
  options("variable", Object.keys(recording.variables).map((name) => [name, variableInWords(name)]), state.variable);
  element("step-label").hidden = steps.length === 1;
  element("time").max = samplesOf(state.presentation).length - 1;
}

function variableInWords(name) {
  return [recording.variables[name].label, unitOf(name) && `(${unitOf(name)})`].filter(Boolean).join(" ");
}

function layerInWords(layer) {
  const kept = new Set(layer.index).size;
  return kept === layer.recorded ? `${layer.name} (${kept})` : `${layer.name} (${kept} of ${layer.recorded})`;
}

function showPresentation() {
  const { targets, convergence } = recording.presentations[state.presentation];
  element("target").textContent = targets.length > 1 ? `${targets[state.step]}, at step ${state.step}` : targets[0];
  element("convergence").textContent = convergence;
}

function showMoment() {
  const words = `${samplesOf(state.presentation)[state.sample]} ms`;
  element("time").value = state.sample;
  element("time").setAttribute("aria-valuetext", words);
  element("moment").textContent = words;
  element("numbers-moment").textContent = words;
  const rows = Object.entries(recording.variables).map(([name, look]) => {
    const row = document.createElement("tr");
    const heading = row.appendChild(document.createElement("th"));
    heading.scope = "row";
    heading.textContent = look.label;
    heading.title = look.meaning;
    const value = valuesOf(state.presentation, name)[state.sample * recording.neurons + column];
    const cell = row.insertCell();
    cell.dataset.variable = name;
    cell.textContent = inWords(value);
    row.insertCell().textContent = Number.isNaN(value) ? "" : unitOf(name);
    return row;
  });
  document.querySelector("#numbers tbody").replaceChildren(...rows);
  paintNeuron(state, column, scales);
  showPrediction(state);
}

function announce() {
  const { name } = recording.layers[state.layer];
  const step = stepsOf(state.layer).length > 1 ? `, step ${state.step}` : "";
  const where = `${name}, neuron ${state.neuron}${step}, presentation ${recording.presentations[state.presentation].name}`;
  const variable = "error" in recording.variables ? "error" : Object.keys(recording.variables)[0];
  const value = valuesOf(state.presentation, variable)[state.sample * recording.neurons + column];
  const what = `${recording.variables[variable].label}: ${inWords(value)}`;
  element("announcement").textContent = `${where}, at ${element("moment").textContent}; ${what}.`;
}

function pause() {
  clearInterval(timer);
  timer = null;
  element("play").textContent = "Play";
  announce();
}

// Where motion is not wanted, playing is a slow series of twenty pictures.
function play() {
  const last = samplesOf(state.presentation).length - 1;
  const stride = still.matches ? Math.max(1, Math.round(last / 20)) : 1;
  if (state.sample >= last) moveTo(0);
  element("play").textContent = "Pause";
  element("announcement").textContent = "Playing.";
  timer = setInterval(() => {
    moveTo(state.sample + stride);
    if (state.sample >= samplesOf(state.presentation).length - 1) pause();
  }, still.matches ? 1000 : 60);
}

function step(count) {
  moveTo(state.sample + count);
  announce();
}

const KEYS = {
  ArrowLeft: (event) => step(event.shiftKey ? -10 : -1),
  ArrowRight: (event) => step(event.shiftKey ? 10 : 1),
  Home: () => step(-Infinity),
  End: () => step(Infinity),
  " ": () => (timer === null ? play() : pause()),
};

document.addEventListener("keydown", (event) => {
  const native = event.target.closest("select, summary, button");
  const action = KEYS[event.key];
  if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
  if (native && (event.key === " " || native.tagName === "SELECT")) return;
  event.preventDefault();
  action(event);
});

element("map").addEventListener("keydown", (event) => {
  const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!direction) return;
  event.preventDefault();
  const next = cells[cells.findIndex((cell) => cell.index === state.neuron) + direction];
  if (next) choose({ neuron: next.index });
});

for (const id of ["layer", "neuron", "step", "presentation"]) {
  element(id).addEventListener("change", (event) => choose({ [id]: Number(event.target.value) }));
}
element("variable").addEventListener("change", (event) => choose({ variable: event.target.value }));
element("largest").addEventListener("click", () =>
  choose({ neuron: largestCell(state.presentation, state.layer, state.step).index }),
);
element("time").addEventListener("input", (event) => moveTo(Number(event.target.value)));
element("time").addEventListener("change", announce);
element("play").addEventListener("click", () => (timer === null ? play() : pause()));

// The first moment is the one at which the target appears.
function begin() {
  const variable = "error" in recording.variables ? "error" : Object.keys(recording.variables)[0];
  choose({ presentation: 0, layer: 0, step: stepsOf(0)[0], sample: 0, variable });
}

begin();
