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
