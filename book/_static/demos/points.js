/* Toy data in the plane: mixtures of Gaussians, the same as in ganbook/data/mixtures.py. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  /** Equal parts of Gaussians N(mean, sd^2 I); `means` is a list of [x, y]. */
  class Mixture {
    constructor(means, sd) {
      this.means = means;
      this.sd = sd;
    }

    /** n points as x0, y0, x1, y1, ... */
    sample(n, random) {
      const x = new Float64Array(2 * n);
      for (let i = 0; i < n; i++) {
        const mean = this.means[random.below(this.means.length)];
        x[2 * i] = mean[0] + this.sd * random.normal();
        x[2 * i + 1] = mean[1] + this.sd * random.normal();
      }
      return x;
    }

    /** How many modes the points reach and the share of points near any mode: {modes, near}.

        A point is near the closest mode if it is at most `within` standard deviations away; a mode counts as reached if
        it has `least` of all points. Mixture.coverage in ganbook/data/mixtures.py says where this is from. */
    coverage(x, within = 3, least = 0.01) {
      const n = x.length / 2;
      const counts = this.means.map(() => 0);
      let near = 0;
      for (let i = 0; i < n; i++) {
        let closest = 0;
        let apart = Infinity;
        this.means.forEach((mean, mode) => {
          const square = (x[2 * i] - mean[0]) ** 2 + (x[2 * i + 1] - mean[1]) ** 2;
          if (square < apart) [closest, apart] = [mode, square];
        });
        if (apart <= (within * this.sd) ** 2) {
          counts[closest]++;
          near++;
        }
      }
      return { modes: counts.filter((count) => count >= Math.max(1, least * n)).length, near: near / n };
    }
  }

  const steps = (n) => Array.from({ length: n }, (_, i) => i);

  function gaussian(sd = 0.5) {
    return new Mixture([[0, 0]], sd);
  }

  function ring(modes = 8, radius = 2, sd = 0.05) {
    const angle = (i) => (2 * Math.PI * i) / modes;
    return new Mixture(steps(modes).map((i) => [radius * Math.cos(angle(i)), radius * Math.sin(angle(i))]), sd);
  }

  function grid(side = 5, gap = 2, sd = 0.05) {
    const place = (i) => (i - (side - 1) / 2) * gap;
    return new Mixture(steps(side).flatMap((i) => steps(side).map((j) => [place(i), place(j)])), sd);
  }

  /** Two half circles that hook into each other, each a string of Gaussians so close that no gap is seen. */
  function moons(pieces = 24, radius = 1.5, sd = 0.1) {
    const arc = steps(pieces).map((i) => (Math.PI * i) / (pieces - 1));
    const upper = arc.map((t) => [radius * (Math.cos(t) - 0.5), radius * (Math.sin(t) - 0.25)]);
    return new Mixture([...upper, ...upper.map(([x, y]) => [-x, -y])], sd);
  }

  Object.assign(ganbook, { Mixture, gaussian, ring, grid, moons });
})(globalThis.ganbook);
