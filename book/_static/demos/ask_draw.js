/* How the explorable "Ask the discriminator" shows what D says: squares of 14 x 14 cells in which a sign or a number
   stands for the colour too. The page and the still picture (tools/site/ask_still.py) are drawn by the same lines. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { colour } = ganbook.page;
  const { mix } = ganbook.cells;
  const { SIDE } = ganbook.ask;
  const LEAST = 0.2; // of the steepest slope: cells below it have no sign

  /** What D tells an image to change: + where a brighter pixel raises the logit, − where a darker one does. */
  function drawSlope(canvas, slope) {
    const [paper, up, down] = ["paper", "up", "down"].map(colour);
    const top = slope.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
    const cell = (value) => {
      const share = Math.abs(value) / top;
      const text = share < LEAST ? "" : value > 0 ? "+" : "−";
      return { shade: mix(paper, value > 0 ? up : down, share), text, size: 0.6 + 0.5 * share };
    };
    ganbook.cells.draw(canvas, SIDE, Array.from(slope, cell));
  }

  /** How often each pixel alone is right, in whole per cent, rounded down; the best ones have a frame. */
  function drawPixels(canvas, right) {
    const [paper, full] = ["paper", "d"].map(colour);
    const best = Math.max(...right);
    const cell = (share) => {
      const text = String(Math.floor(100 * share + 1e-9));
      return { shade: mix(paper, full, 2 * share - 1), text, size: 0.46, best: share > best - 1e-9 };
    };
    ganbook.cells.draw(canvas, SIDE, Array.from(right, cell));
  }

  Object.assign(ganbook.ask, { drawSlope, drawPixels });
})(globalThis.ganbook);
