/* Networks of linear layers, BatchNorm, LeakyReLU and tanh in float32, with their gradients.

   Tables of numbers lie row after row, one sample a row. Every derivative is written out; the tests compare them with
   PyTorch's. The networks of network.js are the small ones: float64, no BatchNorm, but second derivatives. Its Adam
   serves both. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const SLOPE = 0.2; // of LeakyReLU below 0
  const EPSILON = 1e-5; // of BatchNorm, as in PyTorch

  /** The sum of each column of x (n, m), into `out`. */
  function columns(out, x, n, m) {
    out.fill(0);
    for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) out[j] += x[i * m + j];
    return out;
  }

  /** Linear layers of these sizes. All parameters lie in one array in PyTorch's order, their gradients in another. */
  class Layers {
    /** space: a Workspace. sizes: of the input, the hidden layers, the output. rows: the most samples at a time.
        norm: BatchNorm after each hidden layer, whose bias is left out, since BatchNorm subtracts it again.
        tanh: at the end. random: draws the weights as PyTorch does. */
    constructor(space, sizes, rows, { norm = false, tanh = false } = {}, random) {
      Object.assign(this, { space, sizes, tanh });
      const last = sizes.length - 2;
      const total = Layers.parameters(sizes, norm);
      this.values = space.take(total);
      this.gradient = space.take(total);
      let at = 0;
      this.layers = sizes.slice(1).map((out, l) => {
        const into = sizes[l];
        const normed = norm && l < last;
        const layer = { into, out, h: space.take(rows * out), slope: space.take(rows * into) };
        const cut = (name, length) => {
          layer[name] = this.values.subarray(at, at + length);
          layer[`${name}Gradient`] = this.gradient.subarray(at, at + length);
          at += length;
        };
        cut("weight", out * into); // (out, into)
        if (normed) {
          cut("scale", out);
          layer.scale.fill(1);
          layer.unit = space.take(rows * out); // the layer's output with mean 0 and variance 1 in each column
          layer.mean = new Float64Array(out);
          layer.variance = new Float64Array(out).fill(1);
        }
        cut("bias", out); // BatchNorm's, where there is one
        const bound = 1 / Math.sqrt(into);
        const draw = () => bound * (2 * random.uniform() - 1);
        if (random) layer.weight.forEach((_, i) => { layer.weight[i] = draw(); });
        if (random && !normed) layer.bias.forEach((_, i) => { layer.bias[i] = draw(); });
        return layer;
      });
    }

    /** How many parameters networks of these sizes have. */
    static parameters(sizes, norm) {
      const of = (out, l) => out * (sizes[l] + 1) + (norm && l < sizes.length - 2 ? out : 0);
      return sizes.slice(1).reduce((sum, out, l) => sum + of(out, l), 0);
    }

    /** How many numbers a network of these sizes takes in a Workspace, at most. */
    static room(sizes, rows) {
      const h = sizes.reduce((sum, size) => sum + size, 0);
      return 2 * Layers.parameters(sizes, true) + 3 * rows * h + 64 * sizes.length;
    }

    /** x (n, first size) -> (n, last size), which the next call overwrites. keep: BatchNorm takes the mean and the
        variance of the last call instead of those of x. */
    forward(x, n, keep = false) {
      this.n = n;
      for (const [l, layer] of this.layers.entries()) {
        const { into, out, weight, bias, h, unit, scale } = layer;
        layer.input = x;
        this.space.product(h, x, weight, n, out, into, "b");
        if (unit) {
          normalise(layer, n, keep);
          for (let i = 0, at = 0; i < n; i++)
            for (let j = 0; j < out; j++, at++) h[at] = scale[j] * unit[at] + bias[j];
        } else for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < out; j++, at++) h[at] += bias[j];
        if (l + 1 < this.layers.length) for (let i = 0; i < n * out; i++) h[i] = 0.6 * h[i] + 0.4 * Math.abs(h[i]);
        else if (this.tanh) for (let i = 0; i < n * out; i++) h[i] = Math.tanh(h[i]);
        x = h;
      }
      return x;
    }

    /** From v (n, last size), the derivative of the loss for the output of the last `forward`, which it overwrites:
        with `learn` the derivatives for the parameters, into `gradient`; with `through` that for the input. */
    backward(v, { learn = true, through = true } = {}) {
      const n = this.n;
      const top = this.layers.length - 1;
      for (let l = top; l >= 0; l--) {
        const { into, out, weight, weightGradient, biasGradient, h, unit, slope, input } = this.layers[l];
        // LeakyReLU keeps the sign, and the derivative of tanh is 1 - tanh^2: what came out says how steep it was.
        if (l < top) {
          for (let i = 0; i < n * out; i++) if (!(h[i] > 0)) v[i] *= SLOPE;
        } else if (this.tanh) for (let i = 0; i < n * out; i++) v[i] *= 1 - h[i] * h[i];
        if (learn) columns(biasGradient, v, n, out);
        if (unit) denormalise(this.layers[l], v, n);
        if (learn) this.space.product(weightGradient, v, input, out, into, n, "a");
        if (l > 0 || through) this.space.product(slope, v, weight, n, into, out);
        v = slope;
      }
      return through ? v : null;
    }
  }

  /** h (n, out) -> unit: mean 0 and variance 1 in each column, or by the mean and variance that were kept. */
  function normalise(layer, n, keep) {
    const { out, h, unit, mean, variance } = layer;
    layer.biased = new Float64Array(out);
    if (!keep) {
      columns(mean, h, n, out);
      for (let j = 0; j < out; j++) mean[j] /= n;
      for (let i = 0, at = 0; i < n; i++)
        for (let j = 0; j < out; j++, at++) layer.biased[j] += (h[at] - mean[j]) ** 2 / n;
      for (let j = 0; j < out; j++) variance[j] = (layer.biased[j] * n) / (n - 1); // unbiased, as PyTorch keeps it
    } else layer.biased.set(variance);
    layer.deviation = layer.biased.map((value) => Math.sqrt(value + EPSILON));
    for (let i = 0, at = 0; i < n; i++)
      for (let j = 0; j < out; j++, at++) unit[at] = (h[at] - mean[j]) / layer.deviation[j];
  }

  /** v (n, out), the derivative for what BatchNorm gave, becomes that for what it was given. Mean and variance depend
      on the whole batch, so every sample has a part in every derivative (Ioffe and Szegedy, 2015, section 3). */
  function denormalise({ out, unit, scale, scaleGradient, deviation }, v, n) {
    const sum = columns(new Float64Array(out), v, n, out);
    scaleGradient.fill(0);
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < out; j++, at++) scaleGradient[j] += v[at] * unit[at];
    for (let i = 0, at = 0; i < n; i++)
      for (let j = 0; j < out; j++, at++)
        v[at] = (scale[j] / deviation[j]) * (v[at] - (sum[j] + unit[at] * scaleGradient[j]) / n);
  }

  ganbook.Layers = Layers;
})(globalThis.ganbook);
