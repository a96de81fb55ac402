/* The arithmetic of chapter 3's explorable "Stamping": a transposed convolution on one channel.

   A layer is {side, kernel, stride, padding}: the side of its input, and the three numbers of nn.ConvTranspose2d. Tables
   are lists, row after row. Along each axis, input cell i stamps the output's cells from stride * i - padding on, as many
   as the kernel is wide; what falls outside is cut off. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  /** The side of the output. */
  const reach = ({ side, kernel, stride, padding }) => stride * (side - 1) + kernel - 2 * padding;

  /** The cells of the output, along one axis, that input cell i stamps: [first, last], inside the output. */
  function stamped(layer, i) {
    const from = layer.stride * i - layer.padding;
    return [Math.max(0, from), Math.min(reach(layer) - 1, from + layer.kernel - 1)];
  }

  /** The cells of the input, along one axis, that stamp output cell u: [first, last]; first > last if there are none. */
  function reaching({ side, kernel, stride, padding }, u) {
    const from = u + padding - kernel + 1;
    return [Math.max(0, Math.ceil(from / stride)), Math.min(side - 1, Math.floor((u + padding) / stride))];
  }

  /** The output after the first `count` stamps, row after row of the input: each is the weights times an input cell. */
  function stamp(layer, input, weights, count = input.length) {
    const { side, kernel, stride, padding } = layer;
    const out = reach(layer);
    const y = new Float64Array(out * out);
    for (let n = 0; n < count; n++) {
      const [top, left] = [Math.floor(n / side) * stride - padding, (n % side) * stride - padding];
      weights.forEach((weight, w) => {
        const [row, column] = [top + Math.floor(w / kernel), left + (w % kernel)];
        if (Math.min(row, column) >= 0 && Math.max(row, column) < out) y[out * row + column] += weight * input[n];
      });
    }
    return y;
  }

  const ones = (side) => new Float64Array(side * side).fill(1);

  /** How many stamps reach each cell of the output, of the first `count`. */
  const counts = (layer, count) => stamp(layer, ones(layer.side), ones(layer.kernel), count);

  /** How many stamps reach a pixel along a row that has no ends: one number for each of `stride` pixels in turn. */
  const pattern = ({ kernel, stride }) =>
    Array.from({ length: stride }, (_, r) => Math.max(0, Math.ceil((kernel - r) / stride)));

  /** The sums far from the border if every input is 1: a number for each of `stride` x `stride` pixels. */
  function sums({ kernel, stride }, weights) {
    const found = new Array(stride * stride).fill(0);
    weights.forEach((weight, w) => {
      found[stride * (Math.floor(w / kernel) % stride) + ((w % kernel) % stride)] += weight;
    });
    return found;
  }

  /** The part of each map that reaches the cells [first, last] of the output of `layers`, along one axis. The last entry
      is the output's own; an entry is [first, last]. */
  function field(layers, cells) {
    const found = [cells];
    for (const layer of [...layers].reverse()) {
      const [first, last] = found[0];
      found.unshift([reaching(layer, first)[0], reaching(layer, last)[1]]);
    }
    return found;
  }

  ganbook.stamping = { reach, stamped, reaching, stamp, ones, counts, pattern, sums, field };
})(globalThis.ganbook);
