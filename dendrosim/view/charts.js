"use strict";
// Charts on canvases: panels above each other with one horizontal axis. Words are drawn as text, never read as markup.

const MARGIN = { left: 68, top: 6, bottom: 40 };
const SIDE = 92; // right of panels: room for a scale and its numbers
const LEGEND = 22;
const GAP = 14; // between panels
const DASHES = { solid: [], dash: [7, 4], dot: [2, 3], dashdot: [7, 3, 2, 3] };

// What is drawn:
//   key: where it changes, the zoom ends; side: room on the right, if not that of a scale; axis: { label, range }; cursor: a place on it; legend: names of lines or strokes
//   panels: { label, height, range or rows: names of rows from below, lines, strokes, heat, bars, scale, chosen, note }
//   pick(place, row): for a click; read(place, row): words for where the pointer is
class Chart {
  constructor(host) {
    const add = (tag, name) => Object.assign(host.appendChild(document.createElement(tag)), { className: name });
    host.classList.add("chart");
    this.host = host;
    this.canvas = add("canvas", "");
    [this.line, this.selection, this.words] = ["cursor", "selection", "words"].map((name) => add("div", name));
    this.spec = this.zoom = this.pressed = null;
    new ResizeObserver(() => this.spec && host.clientWidth !== this.width && this.paint()).observe(host);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.spec && this.paint());
    this.canvas.addEventListener("pointerdown", (event) => (this.pressed = event.offsetX));
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => (this.words.hidden = true));
    this.canvas.addEventListener("pointerup", (event) => this.release(event));
    this.canvas.addEventListener("dblclick", () => this.zoomTo(null));
    this.words.hidden = this.selection.hidden = true;
  }

  draw(spec) {
    if (spec.key !== this.spec?.key) this.zoom = null;
    this.spec = spec;
    this.paint();
  }

  get range() {
    return this.zoom ?? this.spec.axis.range;
  }

  xOf(place) {
    const [low, high] = this.range;
    return MARGIN.left + ((place - low) / (high - low || 1)) * this.across;
  }

  placeOf(x) {
    const [low, high] = this.range;
    return low + ((x - MARGIN.left) / this.across) * (high - low);
  }

  yOf(panel, value) {
    const [low, high] = panel.range;
    return panel.top + panel.height * (1 - (value - low) / (high - low));
  }

  panelAt(y) {
    return this.spec.panels.find((panel) => y >= panel.top && y <= panel.top + panel.height);
  }

  rowAt(panel, y) {
    const [low, high] = panel.range;
    return Math.min(Math.max(Math.round(low + (high - low) * (1 - (y - panel.top) / panel.height)), 0), panel.rows.length - 1);
  }

  paint() {
    const { panels, legend = [] } = this.spec;
    this.width = this.host.clientWidth;
    this.across = Math.max(this.width - MARGIN.left - (this.spec.side ?? SIDE), 10);
    this.context = contextOf(this.canvas, this.width, 0);
    const places = this.placesOf(legend);
    let top = MARGIN.top + (legend.length ? LEGEND * (places.at(-1)[1] + 1) : 0);
    for (const panel of panels) {
      panel.top = top;
      top += panel.height + GAP;
      if (panel.rows) panel.range = [-0.5, panel.rows.length - 0.5];
    }
    this.bottom = top - GAP;
    this.context = contextOf(this.canvas, this.width, this.bottom + MARGIN.bottom);
    this.drawLegend(legend, places);
    for (const panel of panels) this.drawPanel(panel);
    this.drawAxis();
    this.moveCursor(this.spec.cursor);
  }

  moveCursor(place) {
    this.spec.cursor = place;
    const [low, high] = this.range;
    this.line.hidden = place === undefined || place < low || place > high;
    const top = this.spec.panels[0].top;
    Object.assign(this.line.style, { left: `${this.xOf(place)}px`, top: `${top}px`, height: `${this.bottom - top}px` });
  }

  // Of each entry of the legend: where it begins, and in which line it still has room.
  placesOf(entries) {
    let [x, line] = [MARGIN.left, 0];
    return entries.map(({ name }) => {
      const width = 42 + this.context.measureText(name).width;
      if (x > MARGIN.left && x + width > this.width) [x, line] = [MARGIN.left, line + 1];
      x += width;
      return [x - width, line];
    });
  }

  drawLegend(entries, places) {
    const { context } = this;
    entries.forEach(({ name, colour, dash, width }, number) => {
      const [x, y] = [places[number][0], 11 + LEGEND * places[number][1]];
      Object.assign(context, { strokeStyle: legible(colour, context), lineWidth: width });
      context.setLineDash(DASHES[dash] ?? []);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 22, y);
      context.stroke();
      context.fillText(name, x + 27, y + 4);
    });
    context.setLineDash([]);
  }

  drawPanel(panel) {
    const { context } = this;
    const ink = context.fillStyle;
    context.save();
    context.beginPath();
    context.rect(MARGIN.left, panel.top, this.across, panel.height);
    context.clip();
    if (panel.heat) this.drawHeat(panel);
    for (const line of panel.lines ?? []) this.drawLine(panel, line);
    for (const stroke of panel.strokes ?? []) this.drawStrokes(panel, stroke);
    for (const [place, value] of (panel.bars ?? []).entries()) {
      const [left, right, zero, end] = [this.xOf(place - 0.4), this.xOf(place + 0.4), this.yOf(panel, 0), this.yOf(panel, value)];
      context.fillStyle = "#0072b2";
      context.fillRect(left, Math.min(zero, end), right - left, Math.abs(end - zero));
    }
    if (panel.frame) {
      Object.assign(context, { strokeStyle: "#d55e00", lineWidth: 2 });
      const [left, right] = panel.frame.map((place) => this.xOf(place));
      context.strokeRect(left, panel.top + 1, right - left, panel.height - 2);
    }
    context.restore();
    Object.assign(context, { fillStyle: ink, strokeStyle: ink, lineWidth: 1 });
    context.globalAlpha = 0.35;
    context.strokeRect(MARGIN.left, panel.top, this.across, panel.height);
    context.globalAlpha = 1;
    this.drawSide(panel);
    if (panel.note) this.write(panel.note, MARGIN.left + this.across / 2, panel.top + panel.height / 2, "center");
    if (panel.scale) this.drawScale(panel);
    if (panel.chosen >= 0) this.write("◀", MARGIN.left + this.across + 1, this.yOf(panel, panel.chosen) + 4, "left");
  }

  drawLine(panel, { x, y, colour, dash, width }) {
    const { context } = this;
    Object.assign(context, { strokeStyle: legible(colour, context), lineWidth: width, lineJoin: "round" });
    context.setLineDash(DASHES[dash] ?? []);
    context.beginPath();
    let pen = "moveTo";
    for (let sample = 0; sample < y.length; sample++) {
      if (!Number.isFinite(y[sample])) pen = "moveTo";
      else {
        context[pen](this.xOf(x[sample]), this.yOf(panel, y[sample]));
        pen = "lineTo";
      }
    }
    context.stroke();
    context.setLineDash([]);
  }

  drawStrokes(panel, { marks, half, colour, width }) {
    const { context } = this;
    Object.assign(context, { strokeStyle: legible(colour, context), lineWidth: width });
    context.beginPath();
    for (const [place, row] of marks) {
      const x = this.xOf(place);
      context.moveTo(x, this.yOf(panel, row - half));
      context.lineTo(x, this.yOf(panel, row + half));
    }
    context.stroke();
  }

  // A pixel a row and column of the screen, coloured by the nearest sample, then stretched over the rows.
  drawHeat(panel) {
    const { x, values, scale } = panel.heat;
    const columns = Math.max(Math.round(this.across), 1);
    const picture = new OffscreenCanvas(columns, values.length);
    const context = picture.getContext("2d");
    const image = context.createImageData(columns, values.length);
    const pixels = new Uint32Array(image.data.buffer);
    const palette = paletteOf(scale);
    let sample = 0;
    for (let column = 0; column < columns; column++) {
      const place = this.placeOf(MARGIN.left + ((column + 0.5) / columns) * this.across);
      while (sample + 1 < x.length && Math.abs(x[sample + 1] - place) <= Math.abs(x[sample] - place)) sample++;
      values.forEach((row, number) => (pixels[(values.length - 1 - number) * columns + column] = palette(row[sample])));
    }
    context.putImageData(image, 0, 0);
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(picture, MARGIN.left, panel.top, this.across, panel.height);
  }

  drawSide(panel) {
    const { context } = this;
    const most = Math.max(2, Math.floor(panel.height / 34));
    const rows = panel.rows && ticksBetween(0, Math.max(panel.rows.length - 1, 1), most).filter((row) => Number.isInteger(row) && panel.rows[row] !== undefined);
    const few = panel.rows ? [] : ticksBetween(...panel.range, most);
    const values = few.length > 1 ? few : ticksBetween(...(panel.range ?? [0, 1]), 2 * most);
    const marks = rows ? rows.map((row) => [row, panel.rows[row]]) : values.map((value) => [value, inShort(value)]);
    for (const [value, words] of marks) {
      const y = this.yOf(panel, value);
      this.write(words, MARGIN.left - 6, y + 4, "right");
      if (panel.rows) continue;
      context.globalAlpha = 0.15;
      context.fillRect(MARGIN.left, y, this.across, 1);
      context.globalAlpha = 1;
    }
    context.save();
    context.translate(12, panel.top + panel.height / 2);
    context.rotate(-Math.PI / 2);
    this.write(panel.label ?? "", 0, 0, "center");
    context.restore();
  }

  drawScale(panel) {
    const { context } = this;
    const { low, high, colours, unit } = panel.scale;
    const [left, width] = [MARGIN.left + this.across + 20, 12];
    const fill = context.createLinearGradient(0, panel.top + panel.height, 0, panel.top);
    colours.forEach((colour, place) => fill.addColorStop(place / (colours.length - 1), colour));
    const ink = context.fillStyle;
    context.fillStyle = fill;
    context.fillRect(left, panel.top, width, panel.height);
    context.fillStyle = ink;
    context.strokeRect(left, panel.top, width, panel.height);
    for (const value of [low, (low + high) / 2, high]) {
      const y = panel.top + panel.height * (1 - (value - low) / (high - low));
      this.write(inShort(value), left + width + 4, Math.min(Math.max(y + 4, panel.top + 9), panel.top + panel.height), "left");
    }
    if (unit) this.write(unit, left + width + 4, panel.top + panel.height * 0.25 + 4, "left");
  }

  drawAxis() {
    const { label } = this.spec.axis;
    for (const place of ticksBetween(...this.range, Math.max(2, Math.floor(this.across / 75)))) {
      this.context.fillRect(this.xOf(place), this.bottom, 1, 4);
      this.write(inShort(place), this.xOf(place), this.bottom + 16, "center");
    }
    this.write(label, MARGIN.left + this.across / 2, this.bottom + 33, "center");
  }

  write(words, x, y, align) {
    this.context.textAlign = align;
    this.context.fillText(words, x, y);
    this.context.textAlign = "left";
  }

  zoomTo(range) {
    this.zoom = range;
    this.paint();
  }

  // A drag marks what will be shown alone; without one, words say what is below the pointer.
  point({ offsetX, offsetY, buttons }) {
    if (this.pressed !== null && buttons && Math.abs(offsetX - this.pressed) > 4) {
      const [left, right] = [this.pressed, offsetX].sort((one, other) => one - other);
      const top = this.spec.panels[0].top;
      Object.assign(this.selection.style, { left: `${left}px`, width: `${right - left}px`, top: `${top}px`, height: `${this.bottom - top}px` });
      this.selection.hidden = false;
      return;
    }
    const panel = this.panelAt(offsetY);
    const inside = panel && offsetX >= MARGIN.left && offsetX <= MARGIN.left + this.across;
    this.words.hidden = !inside || !this.spec.read;
    if (this.words.hidden) return;
    this.words.textContent = this.spec.read(this.placeOf(offsetX), panel.rows && this.rowAt(panel, offsetY));
    const left = offsetX > this.width / 2 ? offsetX - this.words.offsetWidth - 12 : offsetX + 14;
    Object.assign(this.words.style, { left: `${Math.max(left, 0)}px`, top: `${offsetY + 12}px` });
  }

  release({ offsetX, offsetY }) {
    const pressed = this.pressed;
    this.pressed = null;
    this.selection.hidden = true;
    if (pressed === null) return;
    if (Math.abs(offsetX - pressed) > 4) {
      this.zoomTo([pressed, offsetX].map((x) => this.placeOf(x)).sort((one, other) => one - other));
    } else {
      const panel = this.panelAt(offsetY);
      if (panel) this.spec.pick?.(this.placeOf(offsetX), panel.rows && this.rowAt(panel, offsetY));
    }
  }
}
