"use strict";
// What can be changed while the network lives.

const FEEDBACK = ["as trained", "aligned with W", "random", "silent"];

function feedbackInWords(place) {
  const below = Math.floor(place);
  const share = place - below;
  if (share === 0) return FEEDBACK[below];
  return `${Math.round(100 * (1 - share))} % ${FEEDBACK[below]}, ${Math.round(100 * share)} % ${FEEDBACK[below + 1]}`;
}

const milliseconds = (value) => `${value} ms`;
const SLIDERS = [
  { name: "τ basal", range: [0.5, 50, 0.5], get: () => network.taus.basal, set: (value) => (network.taus.basal = value), words: milliseconds },
  { name: "τ apical", range: [0, 50, 0.5], get: () => network.taus.apical, set: (value) => (network.taus.apical = value), words: milliseconds },
  { name: "τ soma", range: [0.5, 50, 0.5], get: () => network.taus.soma, set: (value) => (network.taus.soma = value), words: milliseconds },
  { name: "teacher β", range: [0, 1, 0.05], get: () => network.beta, set: (value) => (network.beta = value), words: String },
  { name: "membrane noise σ", range: [0, 0.5, 0.01], get: () => network.noise, set: (value) => (network.noise = value), words: String },
  { name: "feedback Θ", range: [0, 3, 0.05], get: () => 0, set: (value) => network.mixFeedback(value), words: feedbackInWords },
  { name: "learning rate η", range: [0, 0.5, 0.01], get: () => network.learning.rate, set: (value) => (network.learning.rate = value), words: String },
  { name: "speed", range: [1, 200, 1], get: () => state.speed, set: (value) => (state.speed = value), words: (value) => `${value} ms a second` },
];

function layOutSliders() {
  element("sliders").replaceChildren(...SLIDERS.map(({ name, range, get, set, words }) => {
    const [label, input, output] = ["label", "input", "output"].map((tag) => document.createElement(tag));
    const [min, max, step] = range;
    input.setAttribute("aria-label", name); // the output would be what the label names
    Object.assign(input, { type: "range", name, min, max: Math.max(max, get()), step });
    input.value = get();
    const say = (value) => {
      output.textContent = words(value);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    say(get());
    input.addEventListener("input", () => {
      set(Number(input.value));
      say(Number(input.value));
    });
    label.append(name, output, input);
    return label;
  }));
}
