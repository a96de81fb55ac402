/* The game of chapter 6: Algorithm 1 of Goodfellow et al. (2014) for points in the plane, one update at a time. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const M = 256; // points in a minibatch, as in chapter 6
  const HIDDEN = [64, 64]; // as in ganbook/models/points.py
  const SHOWN = 1000; // fakes of the same noise, on which the game is looked at

  class Game {
    /** data: a ganbook.Mixture. settings: {objective: a name in ganbook.objectives, weight: of its penalty, k, rateD,
        rateG, beta1}; all but beta1, which belongs to the optimisers, may be changed between two updates. */
    constructor(data, settings, seed, m = M) {
      const random = (stream) => new ganbook.Random(1000 * seed + stream); // a stream each: looking changes nothing
      Object.assign(this, { data, settings, seed, m });
      this.G = new ganbook.Network([2, ...HIDDEN, 2], random(1));
      this.D = new ganbook.Network([2, ...HIDDEN, 1], random(2));
      const betas = { beta1: settings.beta1, beta2: 0.9 };
      this.adamG = new ganbook.Adam(this.G, betas);
      this.adamD = new ganbook.Adam(this.D, betas);
      this.draws = random(3);
      this.shown = random(4).normals(2 * SHOWN);
      this.beside = null; // the real points of the last minibatch, which a paired objective shows to G too
      this.step = 0; // updates of G
      this.updatesOfD = 0;
      this.losses = { d: null, g: null };
    }

    get objective() {
      return ganbook.objectives[this.settings.objective];
    }

    /** One update of D. */
    updateD() {
      const m = this.m;
      const fake = this.G.forward(this.draws.normals(2 * m), m);
      const real = (this.beside = this.data.sample(m, this.draws));
      const eps = Float64Array.from({ length: m }, () => this.draws.uniform());
      const { loss } = ganbook.discriminatorLoss(this.D, this.objective, real, fake, m, this.settings.weight, eps);
      this.adamD.step(this.settings.rateD);
      this.updatesOfD++;
      this.losses.d = loss;
    }

    /** One update of G. */
    updateG() {
      const { m, draws } = this;
      this.beside = this.beside || this.data.sample(m, draws);
      const { loss } = ganbook.generatorLoss(this.G, this.D, this.objective, draws.normals(2 * m), m, this.beside);
      this.adamG.step(this.settings.rateG);
      this.step++;
      this.losses.g = loss;
    }

    /** One step of Algorithm 1: k updates of D, one of G. */
    round() {
      for (let i = 0; i < this.settings.k; i++) this.updateD();
      this.updateG();
    }

    /** Whether both losses are numbers. A game that diverged does not come back. */
    get alive() {
      return Object.values(this.losses).every((loss) => loss === null || Number.isFinite(loss));
    }

    /** The first n fakes of the noise that is kept for looking (at most SHOWN), as x0, y0, x1, y1, ... */
    fakes(n = SHOWN) {
      return this.G.forward(this.shown.subarray(0, 2 * n), n);
    }

    /** The first n fakes (at most SHOWN) and the step down the loss of each one: {at, steps}, both x0, y0, x1, y1, ...
        A paired objective sets the same n real points beside them each time. */
    pulls(n) {
      const at = this.fakes(n);
      const real = this.objective.paired ? this.data.sample(n, new ganbook.Random(1000 * this.seed + 5)) : null;
      const { pull } = ganbook.pulls(this.D, this.objective, at, n, real);
      return { at, steps: pull.map((value) => -n * value) };
    }

    /** How hard n fakes are pushed: the mean length of their gradients. */
    push(n = SHOWN) {
      const { steps } = this.pulls(n);
      let sum = 0;
      for (let i = 0; i < 2 * n; i += 2) sum += Math.hypot(steps[i], steps[i + 1]);
      return sum / n;
    }

    /** Which way each of the first n fakes is pulled: {at, arrows}, the arrow of a strong pull 1 long, of a weak one
        shorter. It is the step down the sample's own loss, as in the first figure of chapter 6. */
    arrows(n) {
      const { at, steps: arrows } = this.pulls(n);
      for (let i = 0; i < 2 * n; i += 2) {
        const shrink = 1 / (Math.hypot(arrows[i], arrows[i + 1]) + 0.5);
        arrows[i] *= shrink;
        arrows[i + 1] *= shrink;
      }
      return { at, arrows };
    }

    /** D's output on an even lattice of side * side places in the square from -reach to reach, north first, and what
        stands for "cannot tell" (middle) and for "certain" (span from there). */
    field(side, reach) {
      const x = new Float64Array(2 * side * side);
      for (let i = 0; i < side * side; i++) {
        x[2 * i] = (((i % side) + 0.5) / side) * 2 * reach - reach;
        x[2 * i + 1] = reach - ((Math.floor(i / side) + 0.5) / side) * 2 * reach;
      }
      const values = this.D.forward(x, side * side);
      if (this.objective.middle !== null) return { values, middle: this.objective.middle, span: this.objective.middle || 3 };
      // A critic's outputs have no zero of their own: from the lowest to the highest on the picture.
      const low = values.reduce((a, b) => Math.min(a, b));
      const high = values.reduce((a, b) => Math.max(a, b));
      return { values, middle: (low + high) / 2, span: Math.max((high - low) / 2, 1e-6) };
    }
  }

  ganbook.Game = Game;
})(globalThis.ganbook);
