"use strict";
// What the teacher wants of the output: one of the classes, or a number for each output cell.

const classes = described.output === "softmax";

function layOutTeacher() {
  const cells = Array.from(network.output.basal.keys());
  if (classes) {
    element("wanted").append(...cells.map((cell) => new Option(`class ${cell}`, cell)));
  } else {
    element("wanted").append(new Option("the numbers below", "numbers"));
    element("numbers").replaceChildren(...cells.map((cell) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "number", step: "any", value: 0 });
      input.addEventListener("input", teach);
      label.append(`cell ${cell} `, input);
      return label;
    }));
  }
  described.examples.forEach(({ target }, number) => {
    const wanted = target ? unpack(target) : [];
    const name = classes && wanted.length ? ` (class ${wanted.indexOf(Math.max(...wanted))})` : "";
    element("example").add(new Option(`${number + 1}${name}`, number));
    if (target) element("wanted").add(new Option(`what example ${number + 1} has${name}`, `example ${number}`));
  });
}

function teach() {
  const { value } = element("wanted");
  element("numbers").hidden = value !== "numbers";
  if (value === "") network.target = null;
  else if (value.startsWith("example")) network.target = unpack(described.examples[Number(value.slice(8))].target);
  else if (value === "numbers") {
    network.target = Float64Array.from(element("numbers").querySelectorAll("input"), (input) => Number(input.value));
  } else network.target = Float64Array.from(network.output.basal, (_, cell) => Number(cell === Number(value)));
  chooseNeurons();
}

function showPrediction() {
  const predicted = Array.from(network.output.basal);
  drawPrediction(element("outputs"), predicted.map((value, cell) => ({
    name: String(cell), value, target: network.target ? network.target[cell] : null,
  })));
  const best = predicted.indexOf(Math.max(...predicted));
  const words = classes ? `class ${best}` : predicted.map((value) => inShort(value)).join(", ");
  // A reader of the screen hears it when the class changes, not at every number.
  if (element("prediction").textContent !== words && (classes || !state.running)) element("prediction").textContent = words;
}

element("wanted").addEventListener("change", teach);
