/* How the explorable "Ask the discriminator" shows what D says: squares of 14 x 14 cells in which a sign or a number
   stands for the colour too. The page and the still picture (tools/site/ask_still.py) are drawn by the same lines. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { colour, css, sharp } = ganbook.page;
  const { SIDE } = ganbook.ask;
  const LEAST = 0.2; // of the steepest slope: cells below it have no sign

  const mix = (a, b, share) => a.map((value, i) => Math.round(value + (b[i] - value) * share));
  const dark = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b < 140;

  /** A square of cells {shade, text, size, best}: a colour, a sign or number on it, its size as a share of the cell. */
  function drawCells(canvas, cells) {
    const { context, width } = sharp(canvas);
    const side = width / SIDE;
    context.textAlign = "center";
    context.textBaseline = "middle";
    cells.forEach(({ shade, text, size, best }, i) => {
      const [x, y] = [(i % SIDE) * side, Math.floor(i / SIDE) * side];
      context.fillStyle = css(shade);
      context.fillRect(x, y, side + 0.5, side + 0.5);
      context.fillStyle = context.strokeStyle = dark(shade) ? "#fff" : "#000";
      context.font = `600 ${size * side}px sans-serif`;
      context.fillText(text, x + side / 2, y + side / 2 + 0.04 * side);
      context.lineWidth = 2;
      if (best) context.strokeRect(x + 1.5, y + 1.5, side - 3, side - 3);
    });
  }

  /** What D tells an image to change: + where a brighter pixel raises the logit, − where a darker one does. */
  function drawSlope(canvas, slope) {
    const [paper, up, down] = ["paper", "up", "down"].map(colour);
    const top = slope.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
    const cell = (value) => {
      const share = Math.abs(value) / top;
      const text = share < LEAST ? "" : value > 0 ? "+" : "−";
      return { shade: mix(paper, value > 0 ? up : down, share), text, size: 0.6 + 0.5 * share };
    };
    drawCells(canvas, Array.from(slope, cell));
  }

  /** How often each pixel alone is right, in whole per cent, rounded down; the best ones have a frame. */
  function drawPixels(canvas, right) {
    const [paper, full] = ["paper", "d"].map(colour);
    const best = Math.max(...right);
    const cell = (share) => {
      const text = String(Math.floor(100 * share + 1e-9));
      return { shade: mix(paper, full, 2 * share - 1), text, size: 0.46, best: share > best - 1e-9 };
    };
    drawCells(canvas, Array.from(right, cell));
  }

  Object.assign(ganbook.ask, { drawSlope, drawPixels });
})(globalThis.ganbook);
