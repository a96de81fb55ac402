/* How the explorable "Stamping" shows its tables. The page and the still picture (tools/site/stamping_still.py) are
   drawn by the same lines. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { colour, css } = ganbook.page;
  const { draw, mix } = ganbook.cells;
  const LEAST = 7; // pixels: a smaller number is not written
  const SHARES = [0.55, 0.55, 0.5, 0.4, 0.32]; // of a cell: the size of a number by how many digits it has

  /** A table of numbers as a square of cells, the largest darkest (lightest in the dark). Frames go around parts of it:
      {rows: [first, last], columns: [first, last], dashed}. */
  function table(canvas, side, values, frames = [], most = Math.max(...values)) {
    const [paper, full] = ["paper", "d"].map(colour);
    const edge = canvas.getBoundingClientRect().width / side;
    const cell = (value) => {
      const text = String(value);
      const size = SHARES[text.length] || SHARES[4];
      return {
        shade: mix(paper, full, most > 0 ? 0.85 * (value / most) : 0),
        text: size * edge < LEAST ? "" : text,
        size,
      };
    };
    const { context } = draw(canvas, side, Array.from(values, cell));
    if (edge >= 6) rule(context, side, edge);
    for (const frame of frames) outline(context, edge, frame);
  }

  /** Thin lines between the cells. */
  function rule(context, side, edge) {
    context.strokeStyle = css(colour("line"));
    context.lineWidth = 1;
    context.beginPath();
    for (let i = 1; i < side; i++) {
      context.moveTo(i * edge, 0);
      context.lineTo(i * edge, side * edge);
      context.moveTo(0, i * edge);
      context.lineTo(side * edge, i * edge);
    }
    context.stroke();
  }

  /** A frame, in two colours so that it is seen on every cell. */
  function outline(context, edge, { rows, columns, dashed }) {
    if (rows[0] > rows[1] || columns[0] > columns[1]) return;
    const line = Math.min(3, edge / 4);
    const end = context.canvas.getBoundingClientRect().width - line;
    const [top, bottom, left, right] = [rows[0], rows[1] + 1, columns[0], columns[1] + 1]
      .map((cells) => Math.min(end, Math.max(line, cells * edge)));
    for (const [shade, thick] of [["paper", 2 * line], ["g", line]]) {
      context.strokeStyle = css(colour(shade));
      context.lineWidth = thick;
      context.setLineDash(dashed ? [6, 4] : []);
      context.strokeRect(left, top, right - left, bottom - top);
    }
    context.setLineDash([]);
  }

  Object.assign(ganbook.stamping, { table });
})(globalThis.ganbook);
