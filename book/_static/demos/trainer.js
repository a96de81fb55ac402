/* The GAN of the front page: Algorithm 1 of Goodfellow et al. (2014) on digits of 14 x 14 pixels, one step at a time.

   tools/site/front_twin.py is the same training in PyTorch, and the tests compare the two number by number. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const PIXELS = 196;
  // Settings that a visitor does not change, but for the rates. tools/site/front_twin.py reads them here. Where a number
  // stands, it is the squared Frechet distance of one seed's samples, as tools/experiments/front_runs.py takes it. Widths
  // and m were tried with beta1 at 0.5.
  const PLAN = {
    noise: 24,
    hiddenG: [128, 256], // half as many units again gain nothing in as many steps
    hiddenD: [256, 128],
    m: 32, // 64 a step gain less than the steps that they cost
    beta1: 0, // after 500 and 2,000 steps 71 and 36; with 0.5 it is 132 and 66
    beta2: 0.99, // 0.9 and 0.999 are no better
    average: 0.998, // after 8,000 steps 19; with 0.995 it is 23
    rate: 0.002, // 0.001 and 0.004 are no better
  };
  const SETTLING = 256; // noise vectors from which the average takes the statistics of its BatchNorm
  const SHOWN = 16; // of these are the digits that the page shows

  const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
  const sigmoid = (v) => 1 / (1 + Math.exp(-v));

  class Trainer {
    /** digits: levels of grey, from 0 to `white`, of images that lie one after the other.
        settings: {rateD, rateG, update: "both", "D" or "G"}; they may be changed between two steps. */
    constructor({ digits, white }, settings, seed, plan = PLAN, vectors = true) {
      Object.assign(this, { digits, white, settings, plan });
      const { noise, hiddenG, hiddenD, m } = plan;
      const random = (stream) => new ganbook.Random(1000 * seed + stream); // a stream each: looking changes nothing
      const sizesG = [noise, ...hiddenG, PIXELS];
      const sizesD = [PIXELS, ...hiddenD, 1];
      const { Layers } = ganbook;
      const room = Layers.room(sizesG, m) + Layers.room(sizesG, SETTLING) + Layers.room(sizesD, 2 * m);
      this.space = new ganbook.Workspace(room + (2 * SETTLING + m) * noise + 2 * m * (PIXELS + 1) + 64, vectors);
      this.G = new Layers(this.space, sizesG, m, { norm: true, tanh: true }, random(1));
      this.D = new Layers(this.space, sizesD, 2 * m, {}, random(2));
      this.average = new Layers(this.space, sizesG, SETTLING, { norm: true, tanh: true });
      this.average.values.set(this.G.values);
      this.adamG = new ganbook.Adam(this.G, plan);
      this.adamD = new ganbook.Adam(this.D, plan);
      this.draws = random(3);
      this.shown = this.space.take(SETTLING * noise);
      this.shown.set(random(4).normals(SETTLING * noise));
      this.other = this.space.take(SETTLING * noise);
      this.z = this.space.take(m * noise);
      this.pair = this.space.take(2 * m * PIXELS); // m real images, then m generated ones
      this.v = this.space.take(2 * m);
      this.step = 0;
      this.updatesOfG = 0;
      this.state = null; // what the last step found
    }

    /** Draw noise and let G turn it into m images. */
    fake() {
      this.z.set(this.draws.normals(this.z.length));
      return this.G.forward(this.z, this.plan.m);
    }

    /** Draw m real images, [-1, 1], into the first half of `pair`. */
    real() {
      const { digits, white, pair } = this;
      const count = digits.length / PIXELS;
      for (let i = 0, at = 0; i < this.plan.m; i++) {
        const from = this.draws.below(count) * PIXELS;
        for (let j = 0; j < PIXELS; j++, at++) pair[at] = (2 * digits[from + j]) / white - 1;
      }
    }

    /** D's part of a step: its loss -log D(x) - log(1 - D(G(z))), a mean over m of each; an update if D learns. */
    playD(learn) {
      const { m } = this.plan;
      this.real();
      this.pair.set(this.fake().subarray(0, m * PIXELS), m * PIXELS);
      const logits = this.D.forward(this.pair, 2 * m);
      let [loss, real, fake] = [0, 0, 0];
      for (let i = 0; i < m; i++) {
        const [x, y] = [logits[i], logits[m + i]];
        loss += (softplus(-x) + softplus(y)) / m;
        real += sigmoid(x) / m;
        fake += sigmoid(y) / m;
        this.v[i] = -sigmoid(-x) / m;
        this.v[m + i] = sigmoid(y) / m;
      }
      if (learn) {
        this.D.backward(this.v, { through: false });
        this.adamD.step(this.settings.rateD);
      }
      return { lossD: loss, real, fake };
    }

    /** G's part of a step: its loss -log D(G(z)), which does not saturate; an update if G learns. */
    playG(learn) {
      const { m } = this.plan;
      const logits = this.D.forward(this.fake(), m);
      let loss = 0;
      for (let i = 0; i < m; i++) {
        loss += softplus(-logits[i]) / m;
        this.v[i] = -sigmoid(-logits[i]) / m;
      }
      if (learn) {
        this.G.backward(this.D.backward(this.v, { learn: false }), { through: false });
        this.adamG.step(this.settings.rateG);
        this.follow();
      }
      return { lossG: loss };
    }

    /** Move the average towards G's weights. It remembers few steps at first, when G is worth forgetting. */
    follow() {
      const t = ++this.updatesOfG;
      const decay = Math.min(this.plan.average, (1 + t) / (10 + t));
      const [a, w] = [this.average.values, this.G.values];
      for (let i = 0; i < a.length; i++) a[i] += (1 - decay) * (w[i] - a[i]);
    }

    /** One step of Algorithm 1. A player that does not learn is asked all the same, so that its curve goes on. */
    round() {
      const { update } = this.settings;
      this.step++;
      this.state = { step: this.step, ...this.playD(update !== "G"), ...this.playG(update !== "D") };
      return this.state;
    }

    /** What the averaged generator makes of the noise that is kept for looking: SHOWN images. */
    look() {
      return this.average.forward(this.shown, SETTLING).slice(0, SHOWN * PIXELS);
    }

    /** What it makes of noise z (n, noise), with the mean and variance of that look: n images. */
    sample(z, n) {
      const { noise } = this.plan;
      const images = new Float32Array(n * PIXELS);
      this.look();
      for (let i = 0; i < n; i += SETTLING) {
        const some = Math.min(SETTLING, n - i);
        this.other.set(z.subarray(i * noise, (i + some) * noise));
        images.set(this.average.forward(this.other, some, true).subarray(0, some * PIXELS), i * PIXELS);
      }
      return images;
    }

    /** Whether the losses are numbers. A training that diverged does not come back. */
    get alive() {
      return this.state === null || (Number.isFinite(this.state.lossD) && Number.isFinite(this.state.lossG));
    }
  }

  Object.assign(ganbook, { Trainer, PLAN });
})(globalThis.ganbook);
