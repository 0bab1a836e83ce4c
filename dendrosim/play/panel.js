"use strict";
// What a reader does with the network: drawing, choosing, pausing, changing its constants.

const described = JSON.parse(document.getElementById("described").textContent);
const network = new Network(described);

// For tests and for the curious: present, and go on for some steps; returns the potentials before each move.
window.dendrosim = {
  network,
  advance(steps, every) {
    const samples = [];
    for (let step = 0; step < steps; step++) {
      network.evaluate();
      if (step % every === 0) {
        const read = ({ basal, apical, soma, error }) => [basal, apical, soma, error].map((each) => Array.from(each));
        samples.push(network.layers.map(read));
      }
      if (network.plastic) network.learn();
      network.move();
    }
    return samples;
  },
};

const part = (id) => document.getElementById(id);
const [side, across] = described.shape;
const classes = network.output.basal.length;
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const state = { running: !still.matches, speed: 10, owed: 0, cursor: 0, chosen: { row: 0, cell: 0 }, places: [] };
const COLOURS = { basal: "#0072B2", soma: "#999999", apical: "#D55E00", error: "#CC79A7" };
let [traces, curves] = [[], []];

window.dendrosim.pause = () => run(false);

function run(on) {
  state.running = on;
  part("run").textContent = on ? "Pause" : "Run";
}

const SLIDERS = [
  ["τ basal", "ms", 0.5, 50, 0.5, () => network.taus.basal, (value) => (network.taus.basal = value)],
  ["τ apical", "ms", 0, 50, 0.5, () => network.taus.apical, (value) => (network.taus.apical = value)],
  ["τ soma", "ms", 0.5, 50, 0.5, () => network.taus.soma, (value) => (network.taus.soma = value)],
  ["teacher β", "", 0, 1, 0.05, () => network.beta, (value) => (network.beta = value)],
  ["noise σ", "", 0, 0.5, 0.01, () => network.noise, (value) => (network.noise = value)],
  ["speed", "ms a second", 1, 100, 1, () => state.speed, (value) => (state.speed = value)],
  ["feedback: 0 aligned, 1 random, 2 silent", "", 0, 2, 0.05, () => 0, (value) => network.mixFeedback(value)],
];

function layOutSliders() {
  part("sliders").replaceChildren(
    ...SLIDERS.map(([name, unit, min, max, step, read, write], number) => {
      const [label, input, output] = ["label", "input", "output"].map((tag) => document.createElement(tag));
      Object.assign(input, { type: "range", id: `slider-${number}`, min, max, step });
      input.value = read();
      const trained = name.startsWith("feedback") ? "as trained" : `${input.value} ${unit}`;
      output.textContent = trained;
      input.addEventListener("input", () => {
        write(Number(input.value));
        output.textContent = `${input.value} ${unit}`;
        input.setAttribute("aria-valuetext", output.textContent);
      });
      input.setAttribute("aria-valuetext", trained);
      label.append(name, output, input);
      return label;
    }),
  );
}

function drawStimulus() {
  const canvas = part("stimulus");
  const context = canvas.getContext("2d");
  const [wide, high] = [canvas.width / across, canvas.height / side];
  network.input.forEach((value, pixel) => {
    const grey = Math.round((Math.min(Math.max(value, -1), 1) + 1) * 127.5);
    context.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
    context.fillRect((pixel % across) * wide, Math.floor(pixel / across) * high, wide, high);
  });
  context.strokeStyle = "#e69f00";
  context.lineWidth = 2;
  const [x, y] = [state.cursor % across, Math.floor(state.cursor / across)];
  context.strokeRect(x * wide + 1, y * high + 1, wide - 2, high - 2);
}

function paint(pixel, value) {
  network.input[pixel] = value;
  state.cursor = pixel;
  drawStimulus();
}

function paintAt(event) {
  if (!event.buttons) return;
  const box = part("stimulus").getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * across);
  const y = Math.floor(((event.clientY - box.top) / box.height) * side);
  if (x >= 0 && x < across && y >= 0 && y < side) paint(y * across + x, 1);
}

function want(cell) {
  network.target = cell === "" ? null : Float64Array.from({ length: classes }, (_, each) => Number(each === Number(cell)));
}

function remember() {
  const layer = network.layers[state.chosen.row];
  traces.push(Object.keys(COLOURS).map((name) => layer[name][state.chosen.cell]));
  const known = network.angles().filter((angle) => angle !== null);
  curves.push([known.length ? known.reduce((sum, each) => sum + each, 0) / known.length : null, network.loss()]);
  traces = traces.slice(-300);
  curves = curves.slice(-300);
}

function show() {
  state.places = drawNetwork(part("network"), network, state.chosen);
  part("time").textContent = `${network.time.toFixed(1)} ms`;
  const soma = Array.from(network.output.basal);
  soma.forEach((value, cell) => {
    const [, bar, number] = part("bars").children[cell].children;
    bar.style.width = `${Math.min(Math.max(value, 0), 1) * 100}%`;
    number.textContent = value.toFixed(2);
  });
  const words = `${soma.indexOf(Math.max(...soma))}`;
  if (part("prediction").textContent !== words) part("prediction").textContent = words;
  part("chosen").textContent = `${described.layers[state.chosen.row]}, neuron ${state.chosen.cell}`;
  const lines = Object.entries(COLOURS).map(([name, colour], which) => ({ name, colour, values: traces.map((each) => each[which]) }));
  drawLines(part("traces"), lines, true);
  const [angle, loss] = curves.at(-1) ?? [null, null];
  const named = [`angle ${angle?.toFixed(1) ?? "–"}°`, `loss ${loss?.toFixed(3) ?? "–"}`];
  drawLines(part("curves"), named.map((name, which) => ({ name, colour: ["#009E73", "#D55E00"][which], values: curves.map((each) => each[which]) })), false);
}

function choose(chosen) {
  state.chosen = chosen;
  traces = [];
  show();
}

function begin() {
  part("bars").replaceChildren(...Array.from({ length: classes }, (_, cell) => {
    const row = document.createElement("div");
    row.append(...["b", "i", "span"].map((tag) => document.createElement(tag)));
    row.firstChild.textContent = cell;
    return row;
  }));
  for (let cell = 0; cell < classes; cell++) part("wanted").add(new Option(cell, cell));
  described.examples.forEach((_, number) => part("example").add(new Option(number + 1, number)));
  network.input.fill(-1);
  layOutSliders();
  run(state.running);
  drawStimulus();
  show();
}

part("run").addEventListener("click", () => run(!state.running));
part("one").addEventListener("click", () => { run(false); network.step(); remember(); show(); });
part("reset").addEventListener("click", () => {
  const held = Float64Array.from(network.input);
  network.restore();
  network.input.set(held);
  network.rest();
  part("plastic").checked = false;
  [traces, curves] = [[], []];
  want(part("wanted").value);
  layOutSliders();
  show();
});
part("clear").addEventListener("click", () => { network.input.fill(-1); part("example").value = ""; drawStimulus(); });
part("example").addEventListener("change", ({ target }) => {
  if (target.value === "") return;
  network.input.set(unpack(described.examples[Number(target.value)].stimulus));
  drawStimulus();
});
part("wanted").addEventListener("change", ({ target }) => want(target.value));
part("plastic").addEventListener("change", ({ target }) => (network.plastic = target.checked));
part("stimulus").addEventListener("pointerdown", paintAt);
part("stimulus").addEventListener("pointermove", paintAt);
part("stimulus").addEventListener("keydown", (event) => {
  const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  if (move) state.cursor = (state.cursor + move + side * across) % (side * across);
  else if (event.key === " ") paint(state.cursor, 1);
  else if (event.key === "Backspace") paint(state.cursor, -1);
  else return;
  event.preventDefault();
  part("pixel").textContent = `row ${Math.floor(state.cursor / across) + 1}, column ${(state.cursor % across) + 1}`;
  drawStimulus();
});
part("network").addEventListener("pointermove", ({ offsetX, offsetY }) => {
  const near = state.places.find(({ x, y }) => Math.hypot(x - offsetX, y - offsetY) < 25);
  if (near && (near.row !== state.chosen.row || near.cell !== state.chosen.cell)) choose({ row: near.row, cell: near.cell });
});
part("network").addEventListener("keydown", (event) => {
  const [along, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
  if (!along && !up) return;
  event.preventDefault();
  const row = Math.min(Math.max(state.chosen.row + up, 0), network.layers.length - 1);
  const cells = state.places.filter((each) => each.row === row);
  const now = up ? 0 : cells.findIndex(({ cell }) => cell === state.chosen.cell) + along;
  choose({ row, cell: cells[Math.min(Math.max(now, 0), cells.length - 1)].cell });
});

let before = null;
function frame(now) {
  if (state.running && before !== null) {
    state.owed += (Math.min(now - before, 100) / 1000) * state.speed;
    const steps = Math.floor(state.owed / described.dt);
    state.owed -= steps * described.dt;
    for (let step = 0; step < steps; step++) network.step();
    if (steps) { remember(); show(); }
  }
  before = now;
  requestAnimationFrame(frame);
}
begin();
requestAnimationFrame(frame);
