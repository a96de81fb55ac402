/* The generators of chapter 12's explorable "The time machine": one training, stored at several steps. The page and the
   still picture (tools/site/times_still.py) use the same lines.

   ganbook.timesStored comes from tools/site/time_machine.py: layers, directions, and for each step the weights and what was
   measured. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const AMOUNTS = [3, 1.5, 0, -1.5, -3]; // of the rows of a map, from above
  const UNITS = { ink: " %", slant: "°", width: " px", height: " px" };

  /** The generators of all steps, in their order. */
  async function load(stored) {
    const networks = [];
    for (const step of stored.steps) networks.push(await ganbook.Generator.load({ ...stored, ...step }));
    return networks;
  }

  /** The noise with a number, moved along a direction. */
  function noise({ zDim, directions }, number, way, amount) {
    const z = new ganbook.Random(number).normals(zDim);
    return z.map((value, i) => value + amount * directions[way - 1].vector[i]);
  }

  /** Ink in per cent, slant in degrees, width and height in pixels of an image of numbers in [-1, 1], by the moments of its
      ink, as in ganbook.metrics.strokes. */
  function properties(image, side) {
    let [total, x0, y0, xx, xy, yy] = [0, 0, 0, 0, 0, 0];
    image.forEach((value, i) => {
      const ink = (value + 1) / 2;
      total += ink;
      x0 += ink * (i % side);
      y0 += ink * Math.floor(i / side);
    });
    const sum = Math.max(total, 1e-6);
    [x0, y0] = [x0 / sum, y0 / sum];
    image.forEach((value, i) => {
      const [ink, dx, dy] = [(value + 1) / 2, (i % side) - x0, Math.floor(i / side) - y0];
      xx += ink * dx * dx;
      xy += ink * dx * dy;
      yy += ink * dy * dy;
    });
    const slant = (Math.atan(-xy / yy) * 180) / Math.PI;
    return { ink: (100 * total) / image.length, slant, width: Math.sqrt(xx / sum), height: Math.sqrt(yy / sum) };
  }

  const number = (value) => {
    const text = value.toFixed(1);
    return Number(text) === 0 ? "0.0" : text.replace("-", "−");
  };
  /** A value of a property, with its unit. */
  const said = (property, value) => number(value) + UNITS[property];

  /** How far a direction moves its property at a step, on average: from end to end. */
  function span(stored, step, way) {
    const [low, high] = stored.steps[step].ends[way - 1][stored.directions[way - 1].property];
    return high - low;
  }

  Object.assign(ganbook, { times: { AMOUNTS, load, noise, properties, said, number, span } });
})(globalThis.ganbook);
