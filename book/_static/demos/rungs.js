/* The rungs of chapter 5's explorable "The ladder": kinds of damage, how much of it, and the scores that were measured.
   The page and the still picture (tools/site/rungs_still.py) use the same lines.

   ganbook.rungsStored, which tools/site/rungs_still.py writes, has for each measured row its kind, its strength, its scores
   and SHOWN of its digits. Nothing between two rows is ever shown. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const COLUMNS = 4; // of the square of digits
  const GAP = 2; // pixels between two digits

  const percent = (share) => `${Number((100 * share).toFixed(1))} %`;
  const lost = { 0.5: "half of the nines", 1: "the nines", 2: "the eights and nines", 4: "the sixes to nines" };
  const KINDS = {
    blurred: { name: "Blur", asks: "Width of the blur", says: (s) => `${s} px` },
    turned: { name: "Turn", asks: "Turned at random by up to", says: (s) => `${s}°` },
    thinned: { name: "Thin strokes", asks: "Strokes lose on each side", says: (s) => `${s} px` },
    speckled: { name: "Speckles", asks: "Pixels with a random grey", says: percent },
    dropped: { name: "Missing classes", asks: "Left out", says: (s) => lost[s] },
    copied: { name: "Copies", asks: "Exact copies of training images", says: percent },
    stored: { name: "Stored images", asks: "All are dealt out from", says: (s) => `${s.toLocaleString("en")} images` },
  };

  const share = (value) => value.toFixed(2);
  const distance = (value) => number(value, Math.abs(value) < 10 ? 1 : 0);
  const root = (most) => (value) => Math.sqrt(Math.max(value, 0) / most);
  const itself = (value) => value;
  /** The scores of the table: how a value is written, how much of the bar it fills, from which change on it is called clear. */
  const SCORES = {
    frechet: { name: "d²", write: distance, fills: root(700), clear: 2.5 },
    kernel: { name: "kernel distance", write: distance, fills: root(170), clear: 2.5 },
    precision: { name: "precision", write: share, fills: itself, clear: 0.02 },
    recall: { name: "recall", write: share, fills: itself, clear: 0.02 },
    coverage: { name: "coverage", write: share, fills: itself, clear: 0.02 },
    certainty: { name: "certainty", write: share, fills: itself, clear: 0.02 },
    copies: { name: "copies", write: percent, fills: itself, clear: 0.02 },
  };

  function number(value, digits) {
    const text = value.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  }

  /** The rows of a kind, the untouched digits first. */
  const rows = (kind) => ganbook.rungsStored.rows.filter((row) => [kind, "untouched"].includes(row.kind));

  /** How much damage a row has, in words. */
  const words = ({ kind, strength }) => (kind === "untouched" ? "none" : KINDS[kind].says(strength));

  /** Which scores of a row differ clearly from those of untouched digits, and which way: [name, "up" or "down"]. */
  function clear(row) {
    const [untouched] = rows("");
    return Object.entries(SCORES).flatMap(([name, { clear: least }]) => {
      const change = row.scores[name] - untouched.scores[name];
      return Math.abs(change) > least ? [[name, change > 0 ? "up" : "down"]] : [];
    });
  }

  /** Draw the digits of a row onto a canvas. levels: the levels of grey of all rows, one behind the other. Copies of
      training images have a frame. */
  function draw(canvas, row, levels, frame) {
    const { side, shown, white, rows: all } = ganbook.rungsStored;
    const [size, first] = [side + GAP, all.indexOf(row) * shown * side ** 2];
    canvas.width = COLUMNS * size - GAP;
    canvas.height = (shown / COLUMNS) * size - GAP;
    const context = canvas.getContext("2d");
    for (let i = 0; i < shown; i++) {
      const [x, y] = [(i % COLUMNS) * size, Math.floor(i / COLUMNS) * size];
      const image = context.createImageData(side, side);
      for (let k = 0; k < side ** 2; k++) {
        image.data.fill((levels[first + i * side ** 2 + k] / white) * 255, 4 * k, 4 * k + 3);
        image.data[4 * k + 3] = 255;
      }
      context.putImageData(image, x, y);
      context.strokeStyle = frame;
      context.lineWidth = 2;
      if (row.copies[i] === "1") context.strokeRect(x + 1, y + 1, side - 2, side - 2);
    }
  }

  /** A line of the table: the score, a bar with a mark where untouched digits are, the two values. Without `seen` the
      value is a question mark. */
  function line(name, row, seen = true) {
    const { name: said, write, fills } = SCORES[name];
    const [here, untouched] = [row.scores[name], rows("")[0].scores[name]];
    const width = (value) => `${(100 * fills(value)).toFixed(1)}%`;
    return `<tr data-score="${name}"><th scope="row">${said}</th>
      <td><div class="rungs-bar" aria-hidden="true"><i style="width: ${seen ? width(here) : 0}"></i>
        <b style="left: ${width(untouched)}"></b></div></td>
      <td>${seen ? write(here) : "?"}</td><td>${write(untouched)}</td></tr>`;
  }

  const table = (row, seen) => Object.keys(SCORES).map((name) => line(name, row, seen)).join("");

  Object.assign(ganbook, { rungs: { KINDS, SCORES, rows, words, clear, draw, table } });
})(globalThis.ganbook);
