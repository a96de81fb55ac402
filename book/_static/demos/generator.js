/* A convolutional generator in plain JavaScript: transposed convolution, BatchNorm in evaluation mode, ReLU, tanh.

   The weights come from tools/site/export_demo.py as a script that adds an entry to ganbook.models; a script, because a page
   opened from a disk may not fetch data. They are the float16 numbers that the package stores, so the page and
   PyTorch compute with the same weights and differ by rounding only. The generators of chapter 12's time machine
   (tools/site/time_machine.py) have 8 bits a weight and a scale for each layer. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { inflate } = ganbook;
  ganbook.models = ganbook.models || {}; // name -> entry, filled by the scripts in weights/

  /** Float32Array from base64 of little-endian float32. */
  function floats(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  }

  /** Float32Array from float16 numbers, of which `bytes` has first all low bytes and then all high ones. */
  function halves(bytes) {
    const n = bytes.length / 2;
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      const bits = bytes[i] | (bytes[n + i] << 8);
      const exponent = (bits >> 10) & 31;
      const fraction = bits & 1023;
      // Below 2^-14 a float16 has no leading 1.
      const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
      out[i] = bits & 0x8000 ? -size : size;
    }
    return out;
  }

  /** Float32Array from whole numbers of 8 bits with a sign; each layer has a scale. */
  function scaled(bytes, { layers, scales }) {
    const out = Float32Array.from(new Int8Array(bytes.buffer));
    let at = 0;
    layers.forEach(({ c_in, c_out, kernel }, i) => {
      const end = at + c_in * c_out * kernel ** 2;
      for (; at < end; at++) out[at] *= scales[i];
    });
    return out;
  }

  /** One transposed convolution, then scale and shift of each channel. Images lie as (height, width, channels).

      scale, shift: (rows, c_out), one row for all labels or one for each. */
  class Layer {
    constructor({ c_in, c_out, kernel, stride, padding, rows }, weight, scale, shift, tanh) {
      Object.assign(this, { c_in, c_out, kernel, stride, padding, rows, tanh, weight, scale, shift });
      this.used = new Int32Array(c_in);
    }

    /** The side of what it makes of images of this side. */
    grown(side) {
      return (side - 1) * this.stride + this.kernel - 2 * this.padding;
    }

    /** x (side * side * c_in) -> (grown(side) squared * c_out), for the label. */
    run(x, side, label) {
      const { c_in, c_out, kernel, stride, weight, used } = this;
      const wide = (side - 1) * stride + kernel; // the padding is what is cut off at the end
      const out = new Float32Array(wide * wide * c_out);
      const stamp = kernel * c_out; // one row of the stamp: its pixels lie side by side in `out`
      const whole = kernel * stamp; // the stamp of one input channel
      for (let row = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          const at = (row * side + column) * c_in;
          // ReLU leaves about half of the inputs at 0, and a stamp times 0 need not be added.
          let n = 0;
          for (let c = 0; c < c_in; c++) if (x[at + c] !== 0) used[n++] = c;
          for (let i = 0; i < n; i += 4) {
            // Four channels at once: one look at `out` for four products. A missing one counts 0 times.
            const c0 = used[i];
            const c1 = i + 1 < n ? used[i + 1] : c0;
            const c2 = i + 2 < n ? used[i + 2] : c0;
            const c3 = i + 3 < n ? used[i + 3] : c0;
            const x0 = x[at + c0];
            const x1 = i + 1 < n ? x[at + c1] : 0;
            const x2 = i + 2 < n ? x[at + c2] : 0;
            const x3 = i + 3 < n ? x[at + c3] : 0;
            for (let y = 0; y < kernel; y++) {
              const to = ((row * stride + y) * wide + column * stride) * c_out;
              const w0 = c0 * whole + y * stamp;
              const w1 = c1 * whole + y * stamp;
              const w2 = c2 * whole + y * stamp;
              const w3 = c3 * whole + y * stamp;
              for (let j = 0; j < stamp; j++)
                out[to + j] += x0 * weight[w0 + j] + x1 * weight[w1 + j] + x2 * weight[w2 + j] + x3 * weight[w3 + j];
            }
          }
        }
      }
      const row = this.rows > 1 ? label * c_out : 0;
      for (let i = 0; i < out.length; i += c_out) {
        for (let c = 0; c < c_out; c++) {
          const v = out[i + c] * this.scale[row + c] + this.shift[row + c];
          out[i + c] = this.tanh ? Math.tanh(v) : v > 0 ? v : 0;
        }
      }
      return this.padding ? this.cut(out, wide) : out;
    }

    /** Images without a frame of `padding` pixels. */
    cut(x, wide) {
      const side = wide - 2 * this.padding;
      const out = new Float32Array(side * side * this.c_out);
      for (let row = 0; row < side; row++) {
        const from = ((row + this.padding) * wide + this.padding) * this.c_out;
        out.set(x.subarray(from, from + side * this.c_out), row * side * this.c_out);
      }
      return out;
    }
  }

  /** z -> an image of side * side numbers in [-1, 1]. */
  class Generator {
    /** The generator of an entry of ganbook.models. */
    static async load(entry) {
      const bytes = await inflate(entry.weights);
      const weights = entry.scales ? scaled(bytes, entry) : halves(bytes);
      const affine = floats(entry.affine);
      let w = 0;
      let a = 0;
      const layers = entry.layers.map((shape, i) => {
        const size = shape.c_in * shape.c_out * shape.kernel ** 2;
        const layer = new Layer(
          shape,
          weights.subarray(w, w + size),
          affine.subarray(a, a + shape.rows * shape.c_out),
          affine.subarray(a + shape.rows * shape.c_out, a + 2 * shape.rows * shape.c_out),
          i + 1 === entry.layers.length,
        );
        w += size;
        a += 2 * shape.rows * shape.c_out;
        return layer;
      });
      return new Generator(entry, layers);
    }

    constructor(entry, layers) {
      this.layers = layers;
      this.zDim = entry.z_dim;
      this.classes = entry.classes; // 0: takes no label
      this.coded = entry.coded; // its label is the place of the largest of z's first numbers
      this.directions = entry.directions.map((d) => ({ ...d, vector: floats(d.vector) }));
      this.side = layers.reduce((side, layer) => layer.grown(side), 1);
    }

    /** The image (side * side) for noise z (zDim) and, where the network takes one, the label y. For a code the largest
        of z's first numbers goes to its place. */
    draw(z, y = 0) {
      let x = new Float32Array(this.zDim + this.classes);
      x.set(z);
      if (this.coded) {
        const first = x.slice(0, this.classes);
        const own = first.indexOf(Math.max(...first));
        [x[own], x[y]] = [first[y], first[own]];
      }
      if (this.classes) x[this.zDim + y] = 1;
      let side = 1;
      for (const layer of this.layers) {
        x = layer.run(x, side, y);
        side = layer.grown(side);
      }
      return x;
    }
  }

  /** The point at `share` of the way from a to b on the arc between them; its length changes evenly.

      Noise of many dimensions lies near a sphere: of 64 normal numbers the length is 8, give or take 0.7. The straight
      line would pass through lengths that no noise has (White, 2016). */
  function slerp(a, b, share) {
    const length = (v) => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
    const la = length(a);
    const lb = length(b);
    const cosine = a.reduce((sum, value, i) => sum + value * b[i], 0) / (la * lb);
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    const straight = angle < 1e-6;
    const from = straight ? 1 - share : Math.sin((1 - share) * angle) / Math.sin(angle);
    const to = straight ? share : Math.sin(share * angle) / Math.sin(angle);
    const size = (1 - share) * la + share * lb;
    const way = a.map((value, i) => (from * value) / la + (to * b[i]) / lb);
    return way.map((value) => value * size);
  }

  /** The point of a square whose corners are four noises, at (across, down) in [0, 1]. */
  function blend([a, b, c, d], across, down) {
    return slerp(slerp(a, b, across), slerp(c, d, across), down);
  }

  /** Real digits, {images, labels, side}, from the entry that weights/digits.js sets. */
  async function loadDigits(entry) {
    return { images: await inflate(entry.images), labels: entry.labels, side: entry.side };
  }

  /** Which of the real digits is nearest to `image`: {index, label, apart}.

      apart: the root of the mean squared difference of two pixels, on the scale where black is 0 and white is 1. */
  function nearest(image, digits) {
    const n = image.length;
    const bytes = image.map((v) => (v + 1) * 127.5);
    let best = { index: -1, label: "", apart: Infinity };
    for (let index = 0; index * n < digits.images.length; index++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (bytes[i] - digits.images[index * n + i]) ** 2;
      if (sum < best.apart) best = { index, label: digits.labels[index], apart: sum };
    }
    return { ...best, apart: Math.sqrt(best.apart / n) / 255 };
  }

  Object.assign(ganbook, { Generator, slerp, blend, loadDigits, nearest });
})(globalThis.ganbook);
