/* What the two players minimise, as in ganbook/objectives.

   Each loss is a mean over samples of a function of D's output there; an entry names these functions for D on real
   points, for D on fakes, and for G on its fakes, each as [value, derivative]. An objective that is `paired` has a
   function of D and one of G, both of D's output on a real point less that on the fake beside it. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
  const sigmoid = (t) => (t >= 0 ? 1 / (1 + Math.exp(-t)) : Math.exp(t) / (1 + Math.exp(t)));

  const callReal = [(t) => softplus(-t), (t) => sigmoid(t) - 1]; // -log D
  const callFake = [softplus, sigmoid]; // -log(1 - D)
  const above = [(t) => Math.max(0, 1 - t), (t) => (t < 1 ? -1 : 0)]; // of the hinge
  const below = [(t) => Math.max(0, 1 + t), (t) => (t > -1 ? 1 : 0)];
  const towards = (b) => [(t) => (t - b) ** 2 / 2, (t) => t - b];
  const up = [(t) => -t, () => -1];
  const down = [(t) => t, () => 1];

  /** Gulrajani et al. (2017), eq. 3: the slope should be 1, at one point between each real point and a fake. */
  const toOne = {
    between: true,
    value: (square) => (Math.sqrt(square + 1e-12) - 1) ** 2,
    factor: (square) => 2 * (1 - 1 / Math.sqrt(square + 1e-12)), // times the slope: the derivative of the value
  };

  /** R1 of Mescheder et al. (2018), eq. 9, gamma / 2 times the square of the slope, at real points. */
  const toZero = { between: false, value: (square) => square / 2, factor: () => 1 };

  // middle: the output of D that means "cannot tell"; null where the outputs mean something only in comparison.
  // python: how the book's package writes the objective; penalty: what its weight starts with.
  const objectives = {
    "non-saturating": { real: callReal, fake: callFake, generator: callReal, middle: 0, python: () => "NonSaturating()" },
    saturating: {
      real: callReal,
      fake: callFake,
      generator: [(t) => -softplus(t), (t) => -sigmoid(t)], // log(1 - D)
      middle: 0,
      python: () => "Saturating()",
    },
    "least squares": {
      real: towards(1),
      fake: towards(0),
      generator: towards(1),
      middle: 0.5,
      python: () => "LeastSquares()",
    },
    hinge: { real: above, fake: below, generator: up, middle: 0, python: () => "Hinge()" },
    "WGAN-GP": {
      real: up,
      fake: down,
      generator: up,
      middle: null,
      penalty: toOne,
      // Gulrajani et al. (2017), section 4, have 10, for images. Here, with k = 5, a critic with 10 led the fakes to one
      // mode at most in 500 steps, and one with 0.1 to seven in 300 (ring, seed 0).
      weight: 0.1,
      python: (weight) => `GradientPenalty(weight=${weight})`,
    },
    relativistic: { paired: true, real: callReal, generator: callFake, middle: null, python: () => "Relativistic()" },
    "non-saturating with R1": {
      real: callReal,
      fake: callFake,
      generator: callReal,
      middle: 0,
      penalty: toZero,
      weight: 0.1, // the smaller of the two that the book tries in "The motion"
      python: (weight) => `ZeroCentred(NonSaturating(), r1=${weight})`,
    },
  };

  const mean = (values, [value]) => values.reduce((sum, t) => sum + value(t), 0) / values.length;

  /** Add D's gradient on m real points and m fakes (2 numbers each) to D.gradient.

      eps: for WGAN-GP m numbers in [0, 1], where between the points of a pair the slope is taken.
      Returns {loss, penalty}: the loss with the weighted penalty in it, and the penalty by itself. */
  function discriminatorLoss(D, objective, real, fake, m, weight = 0, eps = null) {
    const both = new Float64Array(4 * m);
    both.set(real);
    both.set(fake, 2 * m);
    const out = D.forward(both, 2 * m);
    const [outReal, outFake] = [out.subarray(0, m), out.subarray(m)];
    let loss;
    if (objective.paired) {
      const apart = outReal.map((t, i) => t - outFake[i]);
      const push = apart.map((t) => objective.real[1](t) / m);
      D.backward(Float64Array.from([...push, ...push.map((value) => -value)]));
      loss = mean(apart, objective.real);
    } else {
      D.backward(out.map((t, i) => (i < m ? objective.real[1](t) : objective.fake[1](t)) / m));
      loss = mean(outReal, objective.real) + mean(outFake, objective.fake);
    }
    if (!objective.penalty) return { loss, penalty: 0 };

    const at = objective.penalty.between
      ? real.map((x, i) => eps[i >> 1] * x + (1 - eps[i >> 1]) * fake[i])
      : real;
    const slopes = D.slopes(at, m);
    let penalty = 0;
    for (let i = 0; i < 2 * m; i += 2) {
      const square = slopes[i] ** 2 + slopes[i + 1] ** 2;
      penalty += objective.penalty.value(square) / m;
      const factor = (weight * objective.penalty.factor(square)) / m;
      slopes[i] *= factor;
      slopes[i + 1] *= factor;
    }
    D.learnSlopes(slopes);
    return { loss: loss + weight * penalty, penalty };
  }

  /** Add G's gradient for noise z (m, z_dim) to G.gradient; D does not learn. real: m points, which a paired objective
      sets beside the fakes. Returns {loss}. */
  function generatorLoss(G, D, objective, z, m, real) {
    const { loss, pull } = pulls(D, objective, G.forward(z, m), m, real);
    G.backward(pull);
    return { loss };
  }

  /** The loss of G on n fakes, and its derivative `pull` with respect to each of their coordinates. */
  function pulls(D, objective, fake, n, real) {
    const beside = objective.paired ? D.forward(real, n) : null;
    const out = D.forward(fake, n);
    const at = beside ? out.map((t, i) => beside[i] - t) : out;
    const push = at.map((t) => ((beside ? -1 : 1) * objective.generator[1](t)) / n);
    return { loss: mean(at, objective.generator), pull: D.backward(push, false) };
  }

  Object.assign(ganbook, { objectives, discriminatorLoss, generatorLoss, pulls });
})(globalThis.ganbook);
