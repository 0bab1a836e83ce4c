"use strict";
// The network in continuous time: the equations of dendrosim/cells/rate.py, in float64, by exponential Euler.
// A step evaluates everything from one state, in the order of dendrosim/circuit/operation.py, before the state moves.

const ACTIVATIONS = {
  tanh: { value: Math.tanh, slope: (u) => 1 - u * u },
  relu: { value: (z) => Math.max(z, 0), slope: Math.sign },
  sigmoid: { value: (z) => 1 / (1 + Math.exp(-z)), slope: (u) => u * (1 - u) },
  softplus: { value: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), slope: (u) => -Math.expm1(-u) },
  identity: { value: (z) => z, slope: () => 1 },
};

function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.base64), (letter) => letter.charCodeAt(0));
  return Float64Array.from(packed.float32 ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer));
}

function gaussian() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function norm(values) {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

class Network {
  constructor(described) {
    this.described = described;
    this.activation = ACTIVATIONS[described.activation];
    this.restore();
  }

  // Weights, time constants and potentials as the page was written.
  restore() {
    const { described } = this;
    this.taus = { ...described.taus };
    this.beta = described.beta;
    this.noise = described.noise;
    this.plastic = false;
    this.learning = { ...described.learning };
    this.connections = described.connections.map(({ below, above, W, bias, theta }) => ({
      below,
      above,
      W: unpack(W),
      bias: bias ? unpack(bias) : new Float64Array(above),
      theta: theta ? unpack(theta) : null,
      trained: theta ? unpack(theta) : null,
      learnsBias: Boolean(bias),
    }));
    this.input = new Float64Array(described.connections[0].below);
    this.target = null;
    this.rest();
  }

  // All potentials at zero, at time zero; stimulus, teacher and weights stay.
  rest() {
    const variables = ["basal", "apical", "soma", "error", "delta", "drive", "prediction", "feedback", "fluctuation"];
    this.layers = this.connections.map(({ above }) =>
      Object.fromEntries(variables.map((name) => [name, new Float64Array(above)])),
    );
    this.sent = [this.input, ...this.layers.map((layer) => layer.basal)];
    this.steps = 0;
    this.evaluate();
  }

  get time() {
    return this.steps * this.described.dt;
  }

  get output() {
    return this.layers[this.layers.length - 1];
  }

  // What the cells above see: basal potentials, with membrane noise where there is some.
  read() {
    this.sent = [this.input, ...this.layers.map(({ basal, fluctuation }, place) =>
      this.noise && place < this.layers.length - 1 ? basal.map((u, cell) => u + fluctuation[cell]) : basal,
    )];
  }

  evaluate() {
    this.read();
    this.connections.forEach(({ below, above, W, bias }, place) => {
      const source = this.sent[place];
      const { drive } = this.layers[place];
      for (let post = 0, synapse = 0; post < above; post++) {
        let sum = 0;
        for (let pre = 0; pre < below; pre++, synapse++) sum += W[synapse] * source[pre];
        drive[post] = sum + bias[post];
      }
    });
    const { value, slope } = this.activation;
    for (const layer of this.layers.slice(0, -1)) {
      for (let cell = 0; cell < layer.drive.length; cell++) {
        layer.prediction[cell] = value(layer.drive[cell]);
        layer.error[cell] = layer.soma[cell] - layer.basal[cell];
        layer.delta[cell] = layer.error[cell] * slope(layer.prediction[cell]);
      }
    }
    this.evaluateOutput();
    this.feedBack();
  }

  evaluateOutput() {
    const { output, target } = this;
    if (this.described.output === "softmax") {
      const most = Math.max(...output.drive);
      output.drive.forEach((z, cell) => (output.prediction[cell] = Math.exp(z - most)));
      const sum = output.prediction.reduce((total, each) => total + each, 0);
      output.prediction.forEach((each, cell) => (output.prediction[cell] = each / sum));
    } else {
      output.prediction.set(output.drive);
    }
    output.basal.forEach((u, cell) => {
      const taught = target ? u + this.beta * (target[cell] - u) : u;
      output.feedback[cell] = taught; // where the teacher wants the soma
      if (this.described.teacher === "clamped") output.soma[cell] = taught;
      output.error[cell] = output.delta[cell] = output.soma[cell] - u;
    });
  }

  feedBack() {
    this.connections.forEach(({ below, theta }, place) => {
      if (!theta) return;
      const { delta } = this.layers[place];
      const { feedback, apical } = this.layers[place - 1];
      feedback.fill(0);
      for (let post = 0, synapse = 0; post < delta.length; post++) {
        const error = delta[post];
        if (error === 0) synapse += below;
        else for (let pre = 0; pre < below; pre++, synapse++) feedback[pre] += theta[synapse] * error;
      }
      if (this.taus.apical === 0) apical.set(feedback);
    });
  }

  // dW = η (δ u^T − λW), and the same for Θ: Kolen and Pollack. η is that of a presentation, spread over its time.
  learn() {
    const { dt } = this.described;
    const rate = (this.learning.rate * dt) / this.learning.presentation;
    const kept = 1 - rate * this.learning.decay;
    this.connections.forEach(({ below, W, bias, theta, learnsBias }, place) => {
      const source = this.sent[place];
      this.layers[place].delta.forEach((delta, post) => {
        const row = post * below;
        for (let pre = 0; pre < below; pre++) {
          const change = rate * delta * source[pre];
          W[row + pre] = kept * W[row + pre] + change;
          if (theta) theta[row + pre] = kept * theta[row + pre] + change;
        }
        if (learnsBias) bias[post] += rate * delta;
      });
    });
  }

  // Each compartment relaxes exactly towards its present goal.
  move() {
    const { dt } = this.described;
    const left = (tau) => (tau > 0 ? Math.exp(-dt / tau) : 0);
    const [basalLeft, apicalLeft, somaLeft] = [this.taus.basal, this.taus.apical, this.taus.soma].map(left);
    const push = this.noise * Math.sqrt((2 * this.taus.soma) / dt);
    this.layers.forEach((layer, place) => {
      const { basal, apical, soma, prediction, feedback, fluctuation } = layer;
      const hidden = place < this.layers.length - 1;
      for (let cell = 0; cell < basal.length; cell++) {
        const white = push ? push * gaussian() : 0;
        if (hidden || this.described.teacher === "nudged") {
          const goal = (hidden ? basal[cell] + apical[cell] : feedback[cell]) + white;
          soma[cell] = goal + (soma[cell] - goal) * somaLeft;
          fluctuation[cell] = white + (fluctuation[cell] - white) * somaLeft;
        }
        basal[cell] = prediction[cell] + (basal[cell] - prediction[cell]) * basalLeft;
        if (hidden && this.taus.apical > 0) {
          apical[cell] = feedback[cell] + (apical[cell] - feedback[cell]) * apicalLeft;
        }
      }
    });
    this.steps += 1;
  }

  // After an evaluation: weights and potentials of the next moment.
  proceed() {
    if (this.plastic) this.learn();
    this.move();
  }

  step() {
    this.evaluate();
    this.proceed();
  }

  // Basal potentials and errors that hold when all has settled, without noise: one sweep up, and one down.
  settled() {
    const copy = Object.assign(Object.create(Network.prototype), this, { noise: 0, taus: { ...this.taus, apical: 0 } });
    copy.rest();
    for (const layer of copy.layers) {
      copy.evaluate();
      layer.basal.set(layer.prediction);
      layer.soma.set(layer.prediction);
    }
    if (this.target) copy.output.soma.forEach((_, cell) => (copy.output.soma[cell] += this.beta * (this.target[cell] - copy.output.basal[cell])));
    copy.evaluate();
    for (const layer of copy.layers.slice(0, -1).reverse()) {
      layer.basal.forEach((u, cell) => (layer.soma[cell] = u + layer.apical[cell]));
      copy.evaluate();
    }
    return copy.layers;
  }

  // Θ in place: as trained (0), W (1), a random matrix of its norm (2) or nothing (3), and mixtures of neighbours.
  mixFeedback(place) {
    for (const connection of this.connections) {
      const { W, theta, trained } = connection;
      if (!theta) continue;
      connection.random ??= Float64Array.from(theta, gaussian);
      const [asTrained, aligned, random] = [0, 1, 2].map((own) => Math.max(1 - Math.abs(place - own), 0));
      const scale = (random * norm(W)) / norm(connection.random);
      W.forEach((weight, synapse) => {
        theta[synapse] = asTrained * trained[synapse] + aligned * weight + scale * connection.random[synapse];
      });
    }
  }

  // Of each feedback: the angle between Θ and W in degrees, or null where one of them is zero.
  angles() {
    return this.connections.filter(({ theta }) => theta).map(({ W, theta }) => {
      const size = norm(W) * norm(theta);
      const product = W.reduce((sum, weight, synapse) => sum + weight * theta[synapse], 0);
      return size > 0 ? (Math.acos(Math.min(Math.max(product / size, -1), 1)) * 180) / Math.PI : null;
    });
  }

  // Cross-entropy, or half the squared error, of what the output predicts; null without a teacher.
  loss() {
    if (!this.target) return null;
    const soft = this.described.output === "softmax";
    return this.target.reduce((sum, wanted, cell) => {
      const u = this.output.prediction[cell];
      if (!soft) return sum + 0.5 * (wanted - u) ** 2;
      return wanted > 0 ? sum - wanted * Math.log(Math.max(u, 1e-300)) : sum;
    }, 0);
  }
}
