"use strict";
// The stimulus as a picture that is drawn with pointer or keys.

const [side, across] = described.shape;
const [low, high] = described.range;
const pen = { erases: false, cursor: 0 };

function drawStimulus() {
  const canvas = element("stimulus");
  canvas.style.aspectRatio = `${across} / ${side}`;
  drawPicture(canvas, side, across, (pixel) => {
    const grey = Math.round((255 * (Math.min(Math.max(network.input[pixel], low), high) - low)) / (high - low));
    return [grey, grey, grey];
  });
  const [x, y] = [pen.cursor % across, Math.floor(pen.cursor / across)];
  const share = (count, all) => `${(100 * count) / all}%`;
  Object.assign(element("pen").style, {
    left: share(x, across), top: share(y, side), width: share(1, across), height: share(1, side),
  });
}

// One pixel, and on a fine picture, half as strong, those beside it.
function paint(pixel) {
  const end = pen.erases ? low : high;
  network.input[pixel] = end;
  if (side > 16 && !pen.erases) {
    for (const [right, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const [x, y] = [(pixel % across) + right, Math.floor(pixel / across) + down];
      if (x < 0 || x >= across || y < 0 || y >= side) continue;
      const beside = y * across + x;
      network.input[beside] = Math.max(network.input[beside], (low + high) / 2);
    }
  }
  pen.cursor = pixel;
  element("example").value = "";
  drawStimulus();
}

function present(values) {
  network.input.set(values);
  drawStimulus();
  chooseNeurons();
}

function erase(on) {
  pen.erases = on;
  element("erase").setAttribute("aria-pressed", on);
}

// Where the pointer is; a fast one leaves no gaps.
let last = null;
function paintAt(event) {
  if (!event.buttons) return;
  event.preventDefault();
  const box = element("stimulus").getBoundingClientRect();
  const place = [((event.clientX - box.left) / box.width) * across, ((event.clientY - box.top) / box.height) * side];
  const from = event.type === "pointerdown" ? place : (last ?? place);
  const steps = Math.max(1, Math.ceil(Math.hypot(place[0] - from[0], place[1] - from[1])));
  for (let step = 1; step <= steps; step++) {
    const [x, y] = [0, 1].map((axis) => Math.floor(from[axis] + ((place[axis] - from[axis]) * step) / steps));
    if (x >= 0 && x < across && y >= 0 && y < side) paint(y * across + x);
  }
  last = place;
}

element("stimulus").addEventListener("pointerdown", paintAt);
element("stimulus").addEventListener("pointermove", paintAt);
element("stimulus").addEventListener("pointerup", () => chooseNeurons());
element("stimulus").addEventListener("keydown", (event) => {
  const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (move) {
    const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
    const [x, y] = [(pen.cursor % across) + move[0], Math.floor(pen.cursor / across) + move[1]];
    pen.cursor = within(y, side) * across + within(x, across);
  } else if (event.key === " ") paint(pen.cursor);
  else if (event.key === "Backspace" || event.key === "Delete") {
    const before = pen.erases;
    pen.erases = true;
    paint(pen.cursor);
    pen.erases = before;
  } else return;
  event.preventDefault();
  if (!move) chooseNeurons();
  drawStimulus();
  const share = (network.input[pen.cursor] - low) / (high - low);
  const where = `row ${Math.floor(pen.cursor / across) + 1}, column ${(pen.cursor % across) + 1}`;
  element("pixel").textContent = `${where}: ${Math.round(100 * share)} %`;
});
element("erase").addEventListener("click", () => erase(!pen.erases));
element("clear").addEventListener("click", () => {
  element("example").value = "";
  present(new Float64Array(network.input.length).fill(low));
});
element("example").addEventListener("change", ({ target }) => {
  if (target.value !== "") present(unpack(described.examples[Number(target.value)].stimulus));
});
