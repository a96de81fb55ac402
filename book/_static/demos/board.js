/* What the explorable "The game" plays with: data that a reader draws, cell by cell, and six objectives. The games
   themselves are in game.js. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const SIDE = 13; // cells on a side
  const REACH = 3; // the picture goes from -3 to 3
  const SD = 0.1; // of the cloud in a painted cell, less than a quarter of the cell
  const M = 64; // points in a minibatch: a quarter of chapter 6's, so that a step takes a quarter of the time
  const RATE = 1e-3; // of D, as in chapter 6
  const STEPS = 400; // of a game, and then of the next stretch of it
  const LESSON = 200; // updates of each of the six discriminators
  const SEED_OF_DATA = 12345; // of the points that are drawn

  /** The objectives in the order of the panels: as they are named in an address, in words, and in ganbook.objectives.

      With the weight 1 of WGAN-GP's penalty and k = 5 the fakes reach all eight clouds in 400 steps, and the slope of the
      critic is between 1 and 2. With the paper's 10 the slope is 1, and they reach one cloud (ring, seed 0). */
  const OBJECTIVES = {
    saturating: { words: "saturating", objective: "saturating" },
    "non-saturating": { words: "non-saturating", objective: "non-saturating" },
    "least-squares": { words: "least squares", objective: "least squares" },
    hinge: { words: "hinge", objective: "hinge" },
    wasserstein: { words: "Wasserstein with penalty", objective: "WGAN-GP", weight: 1 },
    relativistic: { words: "relativistic", objective: "relativistic" },
  };

  const DIGITS = "0123456789abc"; // of a column and of a row, from the left and from the top

  /** Painted cells from a text such as "06.a6": a column and a row each. undefined if it is nonsense. */
  function read(text) {
    const pairs = text.split(".");
    if (!pairs.every((pair) => /^[0-9a-c]{2}$/.test(pair)) || new Set(pairs).size < pairs.length) return undefined;
    return ordered(pairs.map(([column, row]) => SIDE * DIGITS.indexOf(row) + DIGITS.indexOf(column)));
  }

  const ordered = (cells) => [...cells].sort((a, b) => a - b);
  const written = (cells) => cells.map((i) => DIGITS[i % SIDE] + DIGITS[Math.floor(i / SIDE)]).join(".");

  /** The middle of cell i in the plane, north up. */
  function middle(i) {
    const cell = (2 * REACH) / SIDE;
    return [(i % SIDE + 0.5) * cell - REACH, REACH - (Math.floor(i / SIDE) + 0.5) * cell];
  }

  /** The data: equal parts of small Gaussians, one in each painted cell. */
  const mixture = (cells) => new ganbook.Mixture(cells.map(middle), SD);

  /** Data to begin with. */
  const STARTS = {
    ring: "62.33.93.26.a6.39.99.6a", // eight cells near the ring of the chapter
    two: "25.35.26.36.96.a6.97.a7",
    line: "23.34.45.56.67.78.89.9a",
  };

  /** A game on these cells. k: updates of D for one of G; rate: how many times D's learning rate G has. */
  function game(cells, { loss, k, rate, seed }) {
    const { objective, weight } = OBJECTIVES[loss];
    const settings = { objective, weight, k, rateD: RATE, rateG: rate * RATE, beta1: 0.5 };
    return new ganbook.Game(mixture(cells), settings, seed, M);
  }

  /** Six discriminators for the fakes of a game that stands still: equal weights at first, equal minibatches, and an
      objective each. Their G is the game's own. */
  function six({ data, G, shown, seed }) {
    return Object.keys(OBJECTIVES).map((loss) => {
      const one = game([], { loss, k: 1, rate: 1, seed });
      return Object.assign(one, { data, G, shown, loss });
    });
  }

  /** Points of the data, to be drawn. */
  const points = (data, n) => data.sample(n, new ganbook.Random(SEED_OF_DATA));

  ganbook.board = { SIDE, REACH, STEPS, LESSON, OBJECTIVES, STARTS, read, written, ordered, mixture, game, six, points };
})(globalThis.ganbook);
