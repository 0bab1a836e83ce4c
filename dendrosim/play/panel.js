"use strict";
// Time: running, pausing, one step, and what is seen of it.

const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const charts = Object.fromEntries(["traces", "curves"].map((id) => [id, new Chart(element(id))]));
const MOST_SAMPLES = 400;
let samples = [];
let drawn = 0;

function run(on) {
  state.running = on;
  element("run").textContent = on ? "Pause" : "Run";
}

// Reader of this page's own console, and its tests: present, and go on for some steps.
window.dendrosim = {
  network,
  pause: () => run(false),
  frames: () => drawn,
  advance(steps, every) {
    const found = [];
    for (let step = 0; step < steps; step++) {
      network.evaluate();
      if (step % every === 0) {
        const read = ({ basal, apical, soma, error }) => [basal, apical, soma, error].map((each) => Array.from(each));
        found.push(network.layers.map(read));
      }
      network.proceed();
    }
    return found;
  },
};

function remember() {
  const layer = network.layers[state.chosen.row];
  const known = network.angles().filter((angle) => angle !== null);
  samples.push({
    time: network.time, loss: network.loss() ?? NaN,
    angle: known.length ? known.reduce((sum, each) => sum + each, 0) / known.length : NaN,
    ...Object.fromEntries(described.lines.map(({ name }) => [name, layer[name][state.chosen.cell]])),
  });
  if (samples.length > MOST_SAMPLES) samples = samples.slice(-MOST_SAMPLES);
}

// Panels of lines over time, each with its label and its range.
function showLines(chart, lines, panels) {
  const x = samples.map(({ time }) => time);
  const series = lines.map(({ name, label, ...look }) => ({ ...look, name: label, width: 2, x, y: samples.map((each) => each[name]) }));
  const first = x[0] ?? 0;
  charts[chart].draw({
    axis: { label: "time (ms)", range: [first, Math.max(x.at(-1) ?? 0, first + 1)] }, legend: series, side: 12,
    panels: panels.map(([label, rangeOf]) => {
      const own = series.filter(({ panel }) => panel === label);
      return { label, height: 90, lines: own, range: rangeOf(span(own.flatMap(({ y }) => y))) };
    }),
  });
}

function show() {
  drawn += 1;
  drawNetwork();
  element("time").textContent = `${network.time.toFixed(1)} ms`;
  showPrediction();
  const { row, cell } = state.chosen;
  showLines("traces", described.lines, [...new Set(described.lines.map(({ panel }) => panel))].map((panel) => [panel, widened]));
  const { angle = NaN, loss = NaN } = samples.at(-1) ?? {};
  const angleNow = Number.isFinite(angle) ? `angle W–Θ ${angle.toFixed(1)}°` : "no angle: Θ is zero, or there is none";
  const lossNow = Number.isFinite(loss) ? `loss ${inShort(loss)}` : "no loss: no teacher";
  const ink = { colour: "#000000", dash: "solid" };
  const curves = [{ name: "angle", label: angleNow, panel: "angle (°)", ...ink }, { name: "loss", label: lossNow, panel: "loss", ...ink }];
  showLines("curves", curves, [["angle (°)", () => [0, 180]], ["loss", ([, most]) => [0, 1.05 * Math.max(most, 0.01)]]]);
  element("chosen").textContent = `${described.layers[row]}, neuron ${cell}`;
  if (!state.running) announce();
}

// The chosen neuron in words, when nothing moves.
function announce() {
  const { row, cell } = state.chosen;
  const layer = network.layers[row];
  const words = described.lines.map(({ name, label }) => `${label} ${inShort(layer[name][cell])}`).join(", ");
  element("announcement").textContent = `${described.layers[row]}, neuron ${cell}, at ${network.time.toFixed(1)} ms: ${words}.`;
}

function choose(chosen) {
  state.chosen = chosen;
  samples = [];
  remember();
  show();
}

function reset() {
  const held = Float64Array.from(network.input);
  network.restore();
  network.input.set(held);
  network.rest();
  element("plastic").checked = false;
  state.speed = SPEED;
  layOutSliders();
  teach();
  choose(state.chosen);
}

element("run").addEventListener("click", () => run(!state.running));
element("one").addEventListener("click", () => {
  run(false);
  network.step();
  remember();
  show();
});
element("reset").addEventListener("click", reset);
element("plastic").addEventListener("change", ({ target }) => (network.plastic = target.checked));

// As many steps as the time that went by asks for, unless that is more than a frame can compute.
const BUDGET = 25; // ms
let before = null;
let owed = 0;
function frame(now) {
  const quiet = still.matches && now - before < 500;
  if (state.running && before !== null && !quiet) {
    owed += (Math.min(now - before, 500) / 1000) * state.speed;
    const began = performance.now();
    let moved = 0;
    while (owed >= described.dt && performance.now() - began < BUDGET) {
      network.step();
      owed -= described.dt;
      moved += 1;
    }
    owed = Math.min(owed, described.dt);
    if (moved) {
      remember();
      show();
    }
  }
  if (!quiet) before = now;
  requestAnimationFrame(frame);
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show());
element("colours").style.background = `linear-gradient(to right, ${described.colours.join(", ")})`;
new ResizeObserver(() => drawNetwork()).observe(element("network").parentElement);
network.input.fill(low);
layOutTeacher();
layOutSliders();
run(!still.matches);
if (described.examples.length) {
  element("example").value = "0";
  present(unpack(described.examples[0].stimulus));
} else present(network.input);
choose({ row: 0, cell: state.cells[0][0] });
requestAnimationFrame(frame);
