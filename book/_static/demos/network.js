/* A small network of linear layers with LeakyReLU 0.2 between them, its gradients, and Adam.

   Tables of numbers are Float64Arrays, row after row, one sample a row. Every derivative here is written out; the tests
   compare each of them with PyTorch's. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const SLOPE = 0.2; // of LeakyReLU below 0, as in ganbook/models/points.py

  /** c (n, m) += a (n, k) times the transpose of b (m, k). Two rows by four columns at a time: eight sums that the
      processor keeps in its registers, for six numbers read. */
  function addProduct(c, a, b, n, m, k) {
    let i = 0;
    for (; i + 1 < n; i += 2) {
      const a0 = i * k;
      const a1 = a0 + k;
      let j = 0;
      for (; j + 3 < m; j += 4) {
        const b0 = j * k;
        const b1 = b0 + k;
        const b2 = b1 + k;
        const b3 = b2 + k;
        let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
        for (let l = 0; l < k; l++) {
          const x0 = a[a0 + l];
          const x1 = a[a1 + l];
          const y0 = b[b0 + l];
          const y1 = b[b1 + l];
          const y2 = b[b2 + l];
          const y3 = b[b3 + l];
          s00 += x0 * y0;
          s01 += x0 * y1;
          s02 += x0 * y2;
          s03 += x0 * y3;
          s10 += x1 * y0;
          s11 += x1 * y1;
          s12 += x1 * y2;
          s13 += x1 * y3;
        }
        const c0 = i * m + j;
        const c1 = c0 + m;
        c[c0] += s00;
        c[c0 + 1] += s01;
        c[c0 + 2] += s02;
        c[c0 + 3] += s03;
        c[c1] += s10;
        c[c1 + 1] += s11;
        c[c1 + 2] += s12;
        c[c1 + 3] += s13;
      }
      addRest(c, a, b, i, i + 2, j, m, k);
    }
    addRest(c, a, b, i, n, 0, m, k);
  }

  /** What the blocks leave over: rows from `i` to `n`, columns from `first` to m. */
  function addRest(c, a, b, i, n, first, m, k) {
    for (; i < n; i++) {
      for (let j = first; j < m; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += a[i * k + l] * b[j * k + l];
        c[i * m + j] += sum;
      }
    }
  }

  /** a (n, m) -> (m, n). */
  function transposed(a, n, m) {
    const out = new Float64Array(n * m);
    for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) out[j * n + i] = a[i * m + j];
    return out;
  }

  /** Linear layers of these sizes; all parameters lie in one array, their gradients in another. */
  class Network {
    /** sizes: of z or x, of the hidden layers, of the output. random: draws the weights as PyTorch's nn.Linear does. */
    constructor(sizes, random) {
      this.sizes = sizes;
      const total = sizes.slice(1).reduce((sum, out, l) => sum + out * (sizes[l] + 1), 0);
      this.values = new Float64Array(total);
      this.gradient = new Float64Array(total);
      this.layers = [];
      let at = 0;
      for (let l = 1; l < sizes.length; l++) {
        const [into, out] = [sizes[l - 1], sizes[l]];
        const cut = (array, from, length) => array.subarray(from, from + length);
        this.layers.push({
          into,
          out,
          weight: cut(this.values, at, out * into), // (out, into)
          bias: cut(this.values, at + out * into, out),
          weightGradient: cut(this.gradient, at, out * into),
          biasGradient: cut(this.gradient, at + out * into, out),
        });
        const bound = 1 / Math.sqrt(into);
        for (let i = 0; i < out * (into + 1); i++) this.values[at + i] = bound * (2 * random.uniform() - 1);
        at += out * (into + 1);
      }
    }

    /** x (n, sizes[0]) -> (n, last size). What `backward` and `slopes` need is kept until the next call. */
    forward(x, n) {
      this.n = n;
      this.inputs = []; // of each layer
      for (const [l, { into, out, weight, bias }] of this.layers.entries()) {
        this.inputs.push(x);
        const h = new Float64Array(n * out);
        for (let i = 0; i < n; i++) h.set(bias, i * out);
        addProduct(h, x, weight, n, out, into);
        if (l + 1 < this.layers.length) for (let i = 0; i < h.length; i++) if (h[i] < 0) h[i] *= SLOPE;
        x = h;
      }
      return x;
    }

    /** Multiply v by the derivative of the activation that made the input of layer l, in place. LeakyReLU keeps the
        sign, so what came out says what went in. */
    bend(v, l) {
      const h = this.inputs[l];
      for (let i = 0; i < v.length; i++) if (h[i] < 0) v[i] *= SLOPE;
      return v;
    }

    /** Give the derivative of the loss for the input, from v, that for the output of the last `forward`.
        With `learn`, add the derivatives for the parameters to `gradient`. Without `through`, give nothing. */
    backward(v, learn = true, through = true) {
      const n = this.n;
      for (let l = this.layers.length - 1; l >= 0; l--) {
        const { into, out, weight, weightGradient, biasGradient } = this.layers[l];
        if (learn) {
          addProduct(weightGradient, transposed(v, n, out), transposed(this.inputs[l], n, into), out, into, n);
          for (let i = 0; i < n; i++) for (let j = 0; j < out; j++) biasGradient[j] += v[i * out + j];
        }
        if (l === 0 && !through) return null;
        const u = new Float64Array(n * into);
        addProduct(u, v, transposed(weight, out, into), n, into, out);
        v = l > 0 ? this.bend(u, l) : u;
      }
      return v;
    }

    /** The gradient of the output with respect to each input x (n, sizes[0]), for a network with one output.

        It is itself a chain of products: 1, W_L, the bends of layer L, W_(L-1), and so on. The links are kept, so that
        `learnSlopes` can differentiate the chain. */
    slopes(x, n) {
      this.forward(x, n);
      this.links = [];
      let v = new Float64Array(n).fill(1);
      for (let l = this.layers.length - 1; l >= 0; l--) {
        const { into, out, weight } = this.layers[l];
        this.links[l] = v; // (n, out)
        const u = new Float64Array(n * into);
        addProduct(u, v, transposed(weight, out, into), n, into, out);
        v = l > 0 ? this.bend(u, l) : u;
      }
      return v;
    }

    /** Add to `gradient` the derivatives of a loss of the slopes, from u (n, sizes[0]), that for the last `slopes`.

        This is the second derivative that a gradient penalty needs. LeakyReLU is straight on both sides of 0, so its
        bends do not change with the weights and the biases have no part in it; what is left is to walk the chain of
        `slopes` the other way. */
    learnSlopes(u) {
      const n = this.n;
      for (const [l, { into, out, weight, weightGradient }] of this.layers.entries()) {
        addProduct(weightGradient, transposed(this.links[l], n, out), transposed(u, n, into), out, into, n);
        const v = new Float64Array(n * out);
        addProduct(v, u, weight, n, out, into);
        u = l + 1 < this.layers.length ? this.bend(v, l + 1) : v;
      }
    }
  }

  /** Adam (Kingma and Ba, 2015, algorithm 1) for the parameters of one network. */
  class Adam {
    constructor(network, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = {}) {
      Object.assign(this, { network, beta1, beta2, epsilon });
      this.mean = new Float64Array(network.values.length);
      this.square = new Float64Array(network.values.length);
      this.steps = 0;
    }

    /** Move one step down `network.gradient` and set it to 0. */
    step(rate) {
      const { values, gradient } = this.network;
      const { beta1, beta2, epsilon, mean, square } = this;
      this.steps++;
      const root = Math.sqrt(1 - beta2 ** this.steps);
      const size = (rate * root) / (1 - beta1 ** this.steps);
      const least = epsilon * root; // the paper's step with `root` taken out of the loop: one division fewer
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i];
        mean[i] = beta1 * mean[i] + (1 - beta1) * g;
        square[i] = beta2 * square[i] + (1 - beta2) * g * g;
        values[i] -= (size * mean[i]) / (Math.sqrt(square[i]) + least);
      }
      gradient.fill(0);
    }
  }

  Object.assign(ganbook, { Network, Adam });
})(globalThis.ganbook);
