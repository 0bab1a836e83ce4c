"use strict";
// The neurons on a canvas: small pyramidal cells as dendrosim/plot/network.py draws them, coloured by potentials.

const SPEED = 20; // ms of the network in a second
const described = JSON.parse(document.getElementById("described").textContent);
const network = new Network(described);
const state = { running: false, speed: SPEED, chosen: { row: 0, cell: 0 }, cells: [], places: [] };
const SHOWN = [9, 12]; // at most, of a hidden layer and of the output
const ROW = 130; // from layer to layer, pixels
const [BELOW, ABOVE, RIGHT] = [48, 56, 104]; // room around them
const TREES = {
  basal: [[0, -0.08, -0.36, -0.34], [0, -0.08, -0.14, -0.44], [0, -0.08, 0.14, -0.44], [0, -0.08, 0.36, -0.34]],
  apical: [[0, 0.2, 0, 0.95], [0, 0.95, -0.3, 1.22], [0, 0.95, -0.1, 1.32], [0, 0.95, 0.1, 1.32], [0, 0.95, 0.3, 1.22]],
};
// Largest potentials since neurons were last chosen: colours can be compared over time.
let limits = [];

function element(id) {
  return document.getElementById(id);
}

function widened([least, most]) {
  const more = 0.06 * (most - least);
  return [least - more, most + more];
}

// Of each layer, the cells that will have the largest errors; without a teacher, the largest predictions.
function chooseNeurons() {
  const settled = network.settled();
  state.cells = settled.map(({ basal, error }, row) => {
    const size = network.target ? error : basal;
    const order = Array.from(size.keys()).sort((one, other) => Math.abs(size[other]) - Math.abs(size[one]));
    const count = SHOWN[row === settled.length - 1 ? 1 : 0];
    return order.slice(0, count).sort((one, other) => one - other);
  });
  limits = settled.map(({ basal, error }) => {
    const most = (values) => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-6);
    return { basal: most(basal), soma: most(basal), apical: most(error), error: most(error) };
  });
  const { row, cell } = state.chosen;
  if (!state.cells[row].includes(cell)) choose({ row, cell: state.cells[row][0] });
  else show();
}

function potentialColour(value, limit) {
  return `rgb(${channelsOf(value, { low: -limit, high: limit, colours: described.colours }).join(",")})`;
}

function drawNetwork() {
  const canvas = element("network");
  const width = canvas.parentElement.clientWidth;
  const height = ROW * (network.layers.length - 1) + BELOW + ABOVE;
  const context = contextOf(canvas, width, height);
  const ink = context.fillStyle;
  const right = width > 560 ? RIGHT : 0;
  const size = Math.min(62, (width - right) / (Math.max(...state.cells.map((cells) => cells.length)) + 0.5));
  state.places = state.cells.flatMap((cells, row) => cells.map((cell, place) => ({
    row, cell, x: (width - right) / 2 + size * (place - (cells.length - 1) / 2), y: height - BELOW - ROW * row,
  })));
  drawProjections(context, size, ink);
  for (const place of state.places) drawCell(context, place, size, ink);
  context.fillStyle = ink;
  network.layers.forEach((layer, row) => {
    const y = height - BELOW - ROW * row;
    const words = [described.layers[row], `${state.cells[row].length} of ${layer.basal.length}`, `largest |ξ| ${inShort(limits[row].error)}`];
    if (right) words.forEach((line, number) => context.fillText(line, width - right + 4, y - 14 + 14 * number));
    else context.fillText(words.join(", "), 2, y + 44);
    if (row === network.layers.length - 1) {
      context.textAlign = "center";
      for (const { cell, x } of state.places.filter((place) => place.row === row)) context.fillText(cell, x, y - 0.6 * size);
      context.textAlign = "left";
    }
  });
}

function drawProjections(context, size, ink) {
  context.lineWidth = 0.6;
  for (const pre of state.places) {
    for (const post of state.places.filter(({ row }) => row === pre.row + 1)) {
      context.globalAlpha = 0.16;
      context.strokeStyle = ink;
      line(context, pre.x, pre.y, post.x, post.y + 0.44 * size);
      context.strokeStyle = described.feedback;
      context.setLineDash([4, 3]);
      line(context, post.x, post.y, pre.x, pre.y - 1.32 * size);
      context.setLineDash([]);
    }
  }
  context.globalAlpha = 1;
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function drawCell(context, { row, cell, x, y }, size, ink) {
  const layer = network.layers[row];
  const hidden = row < network.layers.length - 1;
  for (const name of ["basal", "apical", "soma", "error"]) limits[row][name] = Math.max(limits[row][name], Math.abs(layer[name][cell]));
  limits[row].basal = limits[row].soma = Math.max(limits[row].basal, limits[row].soma);
  const halo = 0.5 * size * Math.sqrt(Math.abs(layer.error[cell]) / limits[row].error);
  context.globalAlpha = 0.45;
  context.fillStyle = layer.error[cell] > 0 ? "#b2182b" : "#2166ac";
  context.beginPath();
  context.arc(x, y, halo, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 1;
  context.lineCap = "round";
  for (const name of hidden ? ["basal", "apical"] : ["basal"]) {
    for (const [colour, width] of [[ink, 3.4], [potentialColour(layer[name][cell], limits[row][name]), 2]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width });
      for (const [x1, y1, x2, y2] of TREES[name]) line(context, x + size * x1, y - size * y1, x + size * x2, y - size * y2);
    }
  }
  context.beginPath();
  context.moveTo(x - 0.17 * size, y + 0.12 * size);
  context.lineTo(x + 0.17 * size, y + 0.12 * size);
  context.lineTo(x, y - 0.24 * size);
  context.closePath();
  context.fillStyle = potentialColour(layer.soma[cell], limits[row].soma);
  context.fill();
  Object.assign(context, { strokeStyle: ink, lineWidth: 1 });
  context.stroke();
  if (row === state.chosen.row && cell === state.chosen.cell) {
    Object.assign(context, { strokeStyle: ink, lineWidth: 2 });
    context.strokeRect(x - 0.45 * size, y - (hidden ? 1.38 : 0.34) * size, 0.9 * size, (hidden ? 1.9 : 0.86) * size);
  }
}

element("network").addEventListener("pointermove", ({ offsetX, offsetY }) => {
  const near = state.places.find(({ x, y }) => Math.hypot(x - offsetX, y - offsetY) < 25);
  if (near && (near.row !== state.chosen.row || near.cell !== state.chosen.cell)) choose({ row: near.row, cell: near.cell });
});
element("network").addEventListener("keydown", (event) => {
  const [along, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
  if (!along && !up) return;
  event.preventDefault();
  const row = Math.min(Math.max(state.chosen.row + up, 0), network.layers.length - 1);
  const cells = state.cells[row];
  const now = up ? 0 : cells.indexOf(state.chosen.cell) + along;
  choose({ row, cell: cells[Math.min(Math.max(now, 0), cells.length - 1)] });
});
