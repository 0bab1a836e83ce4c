"use strict";
// The neurons on a canvas: small pyramidal cells as dendrosim/plot/network.py draws them, coloured by potentials.

const SHOWN = 9; // of a layer
const TREES = {
  basal: [[0, -0.08, -0.36, -0.34], [0, -0.08, -0.14, -0.44], [0, -0.08, 0.14, -0.44], [0, -0.08, 0.36, -0.34]],
  apical: [[0, 0.2, 0, 0.95], [0, 0.95, -0.3, 1.22], [0, 0.95, -0.1, 1.32], [0, 0.95, 0.1, 1.32], [0, 0.95, 0.3, 1.22]],
};

function ink(canvas) {
  return getComputedStyle(canvas).color;
}

// Blue below rest, red above; pale at rest.
function colourOf(value, limit) {
  const share = Math.min(Math.abs(value) / (limit || 1), 1);
  const end = value > 0 ? [178, 24, 43] : [33, 102, 172];
  return `rgb(${end.map((channel) => Math.round(235 + (channel - 235) * share)).join(",")})`;
}

function prepare(canvas, height) {
  const [ratio, width] = [window.devicePixelRatio || 1, canvas.clientWidth || 300];
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width };
}

// Evenly spaced cells of a layer; the output is shown as far as it goes.
function cellsShown(count, most = SHOWN) {
  const shown = Math.min(count, most);
  return Array.from({ length: shown }, (_, place) => Math.floor((place * count) / shown));
}

function drawNetwork(canvas, network, chosen) {
  const layers = network.layers.length;
  const height = 130 * layers + 20;
  const { context, width } = prepare(canvas, height);
  const size = Math.min(62, width / 10.5);
  const places = [];
  network.layers.forEach((layer, row) => {
    const hidden = row < layers - 1;
    const cells = cellsShown(layer.basal.length, hidden ? SHOWN : 10);
    const limit = (values) => Math.max(0.05, ...values.map(Math.abs));
    const limits = { basal: limit(layer.basal), apical: limit(layer.apical) };
    cells.forEach((cell, place) => {
      const x = width / 2 + size * (place - (cells.length - 1) / 2);
      const y = height - 45 - 130 * row;
      places.push({ row, cell, x, y });
      const stroke = (name, colour, wide) => {
        context.strokeStyle = colour;
        context.lineWidth = wide;
        context.beginPath();
        for (const [x1, y1, x2, y2] of TREES[name]) {
          context.moveTo(x + size * x1, y - size * y1);
          context.lineTo(x + size * x2, y - size * y2);
        }
        context.stroke();
      };
      for (const name of hidden ? ["basal", "apical"] : ["basal"]) {
        stroke(name, ink(canvas), 3.2);
        stroke(name, colourOf(layer[name][cell], limits[name]), 2);
      }
      context.beginPath();
      context.moveTo(x - 0.17 * size, y + 0.12 * size);
      context.lineTo(x + 0.17 * size, y + 0.12 * size);
      context.lineTo(x, y - 0.24 * size);
      context.closePath();
      context.fillStyle = colourOf(layer.soma[cell], limits.basal);
      context.fill();
      context.strokeStyle = ink(canvas);
      context.lineWidth = row === chosen.row && cell === chosen.cell ? 3 : 1;
      context.stroke();
    });
    context.fillStyle = ink(canvas);
    context.font = "11px system-ui, sans-serif";
    const words = `${network.described.layers[row]}: ${cells.length} of ${layer.basal.length} neurons`;
    context.fillText(words, 2, height - 8 - 130 * row);
  });
  return places;
}

// Lines over time, each with a scale of its own from 0 or its least to its most, and its name beside it.
function drawLines(canvas, lines, shared) {
  const { context, width } = prepare(canvas, 110);
  const every = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  lines.forEach(({ name, values, colour }, number) => {
    const known = shared ? every : values.filter((value) => value !== null);
    const [low, high] = [Math.min(0, ...known), Math.max(1e-3, ...known)];
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.6;
    context.beginPath();
    values.forEach((value, place) => {
      if (value === null) return;
      context.lineTo((place / Math.max(values.length - 1, 1)) * width, 106 - ((value - low) / (high - low)) * 84);
    });
    context.stroke();
    context.font = "12px system-ui, sans-serif";
    context.fillText(name, 2 + number * (width / lines.length), 12);
  });
}
