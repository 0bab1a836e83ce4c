"use strict";
// What charts and drawings share: numbers in words, ticks, colours, pictures, and the prediction of an output.

const SMALL = "11px system-ui, sans-serif";

function inShort(value) {
  return String(Number(value.toPrecision(3))).replaceAll("-", "−");
}

function span(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low > high ? [0, 1] : low === high ? [low - 0.5, high + 0.5] : [low, high];
}

// Round numbers between two, about as many as asked.
function ticksBetween(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const found = [];
  for (let number = first; number * step <= high + step * 1e-9; number++) found.push(Number((number * step).toPrecision(12)));
  return found;
}

// A canvas as sharp as the screen, cleared, in the colour of the page's text.
function contextOf(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = context.strokeStyle = getComputedStyle(canvas).color;
  context.font = SMALL;
  return context;
}

// A colour as it is, or that of the text where it would vanish on a dark page.
function legible(colour, context) {
  const bright = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16)).some((channel) => channel > 90);
  return bright ? colour : getComputedStyle(context.canvas).color;
}

// The colour of a value: a place between the colours of its scale, as red, green and blue.
function channelsOf(value, { low, high, colours }) {
  const place = Math.min(Math.max((value - low) / (high - low), 0), 1) * (colours.length - 1);
  const below = Math.min(Math.floor(place), colours.length - 2);
  const channel = (colour, which) => parseInt(colour.slice(1 + 2 * which, 3 + 2 * which), 16);
  return [0, 1, 2].map((which) =>
    Math.round(channel(colours[below], which) * (below + 1 - place) + channel(colours[below + 1], which) * (place - below)),
  );
}

// From value to pixel, by a table of 256 colours; grey where there is no number.
function paletteOf(scale) {
  const { low, high } = scale;
  const packed = ([red, green, blue]) => (255 << 24) | (blue << 16) | (green << 8) | red;
  const table = Array.from({ length: 256 }, (_, step) => packed(channelsOf(low + (step / 255) * (high - low), scale)));
  const absent = packed([128, 128, 128]);
  return (value) => table[Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1))] ?? absent;
}

// A picture of which each value is a square, whose colour is given as red, green and blue.
function drawPicture(canvas, rows, columns, colourAt) {
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let pixel = 0; pixel < rows * columns; pixel++) image.data.set([...colourAt(pixel), 255], 4 * pixel);
  context.putImageData(image, 0, 0);
}

// What each output cell predicts, beside its target: a bar from zero, a mark, and the number.
function drawPrediction(host, entries) {
  const [low, high] = span([0, 1, ...entries.flatMap(({ value, target }) => [value, target ?? 0])]);
  const share = (value) => `${(100 * (value - low)) / (high - low)}%`;
  const rows = entries.map(({ name, value, target }) => {
    const row = document.createElement("tr");
    const heading = row.appendChild(document.createElement("th"));
    heading.scope = "row";
    heading.textContent = name;
    const track = row.insertCell().appendChild(document.createElement("div"));
    track.className = "track";
    const bar = track.appendChild(document.createElement("i"));
    Object.assign(bar.style, { left: share(Math.min(value, 0)), width: `${(100 * Math.abs(value)) / (high - low)}%` });
    if (target !== null) track.appendChild(document.createElement("b")).style.left = share(target);
    row.insertCell().textContent = value.toFixed(2).replaceAll("-", "−");
    row.insertCell().textContent = target === null ? "" : inShort(target);
    return row;
  });
  host.replaceChildren(...rows);
}
