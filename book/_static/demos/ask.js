/* The discriminators of chapter 1's explorable: what they are shown, how they learn, what they tell an image to change.

   Images are of 14 x 14 pixels. As data they are levels of grey, from 0 to `white`; D is shown numbers in [-1, 1]. The
   networks, their gradients and Adam are those of network.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const SIDE = 14;
  const PIXELS = SIDE * SIDE;
  const PLAN = {
    noise: 1, // numbers from which a fake is made, as in chapter 1
    hiddenG: 256,
    hiddenD: 64, // with 128 a step takes twice as long, and mixed pixels are told from digits 1 % more often (two seeds)
    m: 32, // digits in a batch, and as many fakes
    rate: 0.001, // as the chapter's judges have it, and as many steps
    steps: 400,
    look: 10, // steps between two looks at the held-out images
    heldOut: 500, // digits, and as many fakes
    length: 0.15, // of a step of a climb: for each pixel as far as the chapter's 0.3 on 28 x 28 pixels
  };

  /** Levels of grey as D is shown them. */
  const shown = (levels, white) => Float64Array.from(levels, (level) => (2 * level) / white - 1);

  /** Numbers in [-1, 1] as levels of grey. */
  const levelsOf = (x, white) => Uint8Array.from(x, (value) => Math.round(((value + 1) * white) / 2));

  /** A generator that is never trained: it keeps the weights that `random` gives it. */
  class Untrained {
    constructor(random) {
      this.network = new ganbook.Network([PLAN.noise, PLAN.hiddenG, PIXELS], random);
    }

    /** n images in [-1, 1]. */
    draw(n, random) {
      return this.network.forward(random.normals(n * PLAN.noise), n).map(Math.tanh);
    }
  }

  /** One image with its pixels in a random order. */
  function shuffled(image, random) {
    const out = image.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /** One image of which each pixel comes from the same place of one of `images`, drawn anew for every pixel. */
  function mixed(images, random) {
    const count = images.length / PIXELS;
    return Uint8Array.from({ length: PIXELS }, (_, i) => images[random.below(count) * PIXELS + i]);
  }

  const imageAt = (images, i) => images.subarray(i * PIXELS, (i + 1) * PIXELS);

  /** What a fake of each kind is made of: `source`, digits that D never sees, or noise. As many fakes as digits. */
  const FAKES = {
    noise: ({ source, white, generator, random }) => levelsOf(generator.draw(source.length / PIXELS, random), white),
    shuffled: ({ source, random }) => perImage(source, (i) => shuffled(imageAt(source, i), random)),
    mixed: ({ source, random }) => perImage(source, () => mixed(source, random)),
  };

  function perImage(source, make) {
    const out = new Uint8Array(source.length);
    for (let i = 0; i < source.length / PIXELS; i++) out.set(make(i), i * PIXELS);
    return out;
  }

  /** The two classes: every second pair of digits is real, the others are what fakes are made of. (Single digits would
      not do. In MNIST those at even places differ from those at odd ones: they come from two groups of writers.) The
      same seed gives the same untrained generator and the same fakes. */
  class Classes {
    constructor({ digits, white }, kind, seed) {
      const half = digits.subarray(0, digits.length / 2);
      const every = (first) => perImage(half, (i) => imageAt(digits, 2 * i - (i % 2) + first));
      Object.assign(this, { kind, seed, white });
      this.real = every(0); // digits 0, 1, 4, 5, 8, ...
      const generator = Classes.generator(seed);
      this.fakes = FAKES[kind]({ source: every(2), white, generator, random: new ganbook.Random(1000 * seed + 2) });
      this.count = this.real.length / PIXELS;
    }

    static generator(seed) {
      return new Untrained(new ganbook.Random(1000 * seed + 1));
    }

    /** Of each pixel the share of digits and the share of fakes that are black there. */
    black() {
      return [this.real, this.fakes].map((images) => {
        const share = new Float64Array(PIXELS);
        images.forEach((level, i) => { if (level === 0) share[i % PIXELS] += 1 / this.count; });
        return share;
      });
    }
  }

  /** How often a judge is right who looks at one pixel and asks whether it is black: the chapter's 1/2 + |p - q| / 2. */
  const onePixel = ([p, q]) => p.map((share, i) => 0.5 + Math.abs(share - q[i]) / 2);

  const sigmoid = (v) => 1 / (1 + Math.exp(-v));
  const median = (values) => Float64Array.from(values).sort()[Math.floor(values.length / 2)];

  /** A new D that learns to tell the two classes apart, by the chapter's step: binary cross-entropy and Adam. */
  class Lesson {
    constructor(classes) {
      this.classes = classes;
      const random = (stream) => new ganbook.Random(1000 * classes.seed + stream);
      this.D = Lesson.network(random(3));
      this.adam = new ganbook.Adam(this.D);
      this.draws = random(4);
      this.step = 0;
    }

    static network(random) {
      return new ganbook.Network([PIXELS, PLAN.hiddenD, 1], random);
    }

    /** The D that tools/site/ask_still.py stored: each weight a byte with a sign, and a scale for each table of weights. */
    static stored({ scales, values }) {
      const D = Lesson.network(new ganbook.Random(0));
      const bytes = Int8Array.from(atob(values), (letter) => letter.charCodeAt(0));
      let at = 0;
      D.layers.flatMap(({ weight, bias }) => [weight, bias]).forEach((table, t) => {
        for (let i = 0; i < table.length; i++) table[i] = scales[t] * bytes[at++];
      });
      return D;
    }

    /** One step, on m digits and m fakes that are not held out. */
    learn() {
      const { real, fakes, count, white } = this.classes;
      const { m, heldOut, rate } = PLAN;
      const batch = new Float64Array(2 * m * PIXELS);
      for (let i = 0; i < 2 * m; i++) {
        const image = imageAt(i < m ? real : fakes, this.draws.below(count - heldOut));
        batch.set(shown(image, white), i * PIXELS);
      }
      const logits = this.D.forward(batch, 2 * m);
      const v = logits.map((logit, i) => (sigmoid(logit) - (i < m ? 1 : 0)) / (2 * m));
      this.D.backward(v, true, false);
      this.adam.step(rate);
      this.step++;
    }

    /** D's answers to the held-out images: how many are right, and the logit that half of each class stay below. */
    look() {
      const { heldOut } = PLAN;
      const [real, fake] = [this.classes.real, this.classes.fakes].map((images) => {
        const last = images.subarray(images.length - heldOut * PIXELS);
        return this.D.forward(shown(last, this.classes.white), heldOut);
      });
      const right = real.filter((logit) => logit > 0).length + fake.filter((logit) => logit <= 0).length;
      const accuracy = right / (2 * heldOut);
      return { step: this.step, right, of: 2 * heldOut, accuracy, real: median(real), fake: median(fake) };
    }
  }

  /** Move image x one step up the slope of D, within [-1, 1]; all steps are equally long. */
  function climb(D, x, length = PLAN.length) {
    const slope = D.slopes(x, 1);
    const size = Math.hypot(...slope) + 1e-8;
    return x.map((value, i) => Math.min(1, Math.max(-1, value + (length * slope[i]) / size)));
  }

  /** Image x as a text for an address: a bit a pixel if all are black or white, and a byte a pixel otherwise. */
  function written(x) {
    const inked = x.every((value) => Math.abs(value) === 1);
    if (!inked) return base64(x.map((value) => Math.round((value + 1) * 127.5)));
    const bits = Array.from(x, (value) => (value > 0 ? 1 : 0)).join("");
    return bits.replace(/.{4}/g, (four) => parseInt(four, 2).toString(16));
  }

  const base64 = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  /** The image that such a text stands for, or null. */
  function unwritten(text) {
    if (text.length === PIXELS / 4 && /^[0-9a-f]+$/.test(text)) {
      const bits = Array.from(text, (digit) => parseInt(digit, 16).toString(2).padStart(4, "0")).join("");
      return Float64Array.from(bits, (bit) => 2 * bit - 1);
    }
    if (text.length !== Math.ceil((PIXELS * 4) / 3) || !/^[\w-]+$/.test(text)) return null;
    const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Float64Array.from(bytes, (byte) => byte.charCodeAt(0) / 127.5 - 1);
  }

  const names = { PLAN, SIDE, PIXELS, Classes, Lesson, shuffled, mixed, imageAt, shown, onePixel, climb, sigmoid };
  Object.assign(names, { written, unwritten });
  Object.assign(ganbook, { ask: names });
})(globalThis.ganbook);
