/* How "Moving earth" draws piles, plan, critic and distances. The page and the still picture (tools/site/earth_still.py)
   are drawn by the same lines.

   The drawings are SVG, as large as the style sheet makes them, with text in ems, so that they follow the reader's size of
   text. Their colours are the style sheet's, forced ones too. Fakes are filled and stand on the line, data are dashed and
   lie below it. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const { earth } = ganbook;
  const { COLUMNS } = earth;
  const LEAST = 6; // rows of blocks that have room, at least
  const AXIS = 1.5; // ems below a drawing for the numbers of its axis
  const REACH = 22; // columns to the left and to the right on the axis of the curves

  const number = (value, digits = 1) => {
    const text = value.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };
  const text = (x, y, words, kind = "", anchor = "middle") =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${words}</text>`;
  const line = (points, kind) => `<path class="${kind}" d="M${points.map(([x, y]) => `${x} ${y}`).join("L")}"/>`;

  /** What a drawing has to know of its place: its width and height, and the size of an em. */
  function room(svg) {
    const box = svg.getBoundingClientRect();
    const [width, height] = [Math.max(box.width, 4 * COLUMNS), Math.max(box.height, 60)]; // 0 where it is not laid out
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const cell = width / COLUMNS;
    const at = (column) => (column + 0.5) * cell;
    return { width, height, cell, at, em: parseFloat(getComputedStyle(svg).fontSize) };
  }

  /** An arrow from one point to another. */
  function arrow([x, y], [right, down]) {
    const length = Math.hypot(right - x, down - y);
    const [a, b] = [(right - x) / length, (down - y) / length];
    const back = (side) => [right - 7 * a + side * b, down - 7 * b - side * a].join(" ");
    return `${line([[x, y], [right - 5 * a, down - 5 * b]], "earth-arrow")}
      <path class="earth-head" d="M${right} ${down}L${back(3.5)}L${back(-3.5)}Z"/>`;
  }

  /** The piles on the line and the plan. In a column the blocks that come first in the plan lie lowest, in both piles, so
      that the arrows of a pile that is only moved are parallel. cursor: {pile, column} has a frame. */
  function drawPiles(svg, p, q, cursor) {
    const { width, height, cell, at } = room(svg);
    const rows = Math.max(LEAST, ...p, ...q);
    const ground = height / 2;
    const tall = (ground - 3) / rows;
    const block = (column, y, kind) =>
      `<rect class="${kind}" x="${at(column) - cell / 2 + 1}" y="${y + 1}" width="${cell - 2}" height="${tall - 2}"/>`;
    const frame = ({ pile, column }) => {
      const high = tall * Math.max(1, (pile === "q" ? q : p)[column]);
      const y = pile === "q" ? ground - high : ground;
      return `<rect class="earth-cursor" x="${column * cell}" y="${y}" width="${cell}" height="${high}"/>`;
    };
    const [stood, lain] = [Array(COLUMNS).fill(0), Array(COLUMNS).fill(0)];
    const [blocks, arrows] = [[], []];
    for (const { from, to } of earth.plan(p, q)) {
      const above = ground - tall * (1 + stood[from]++);
      const below = ground + tall * (p[to] - 1 - lain[to]++);
      blocks.push(block(from, above, "earth-fake"), block(to, below, "earth-real"));
      if (from !== to) arrows.push(arrow([at(from), above + tall / 2], [at(to), below + tall / 2]));
    }
    const level = line([[0, ground], [width, ground]], "earth-ground");
    svg.innerHTML = blocks.join("") + level + arrows.join("") + (cursor ? frame(cursor) : "");
  }

  /** The best critic over the same columns, and its two means. Its slope is dashed where any slope would do. */
  function drawCritic(svg, p, q) {
    const { width, height, at, em } = room(svg);
    const { f, slopes } = earth.critic(p, q);
    const bottom = height - AXIS * em;
    const unit = (bottom - 2 * em) / (COLUMNS - 1); // an em above and below for words
    const y = (value) => bottom / 2 - unit * value;
    const parts = slopes.map((slope, t) =>
      line([[at(t), y(f[t])], [at(t + 1), y(f[t + 1])]], slope ? "earth-critic" : "earth-critic earth-free"));
    const [real, fake] = [earth.mean(f, p), earth.mean(f, q)];
    const level = (value, kind) => line([[0, y(value)], [width, y(value)]], kind);
    /** Words at a mean's line: left, right or in the middle, where the critic leaves them most room. */
    const named = (words, value, below) => {
      const away = f.map((other) => Math.abs(y(other) - (y(value) + below - 0.3 * em)));
      const long = Math.min(COLUMNS, Math.ceil((6 * em * COLUMNS) / width)); // columns that the words take
      const places = [[width, "end", COLUMNS - long], [0, "start", 0], [width / 2, "middle", Math.floor((COLUMNS - long) / 2)]];
      const space = places.map(([, , first]) => Math.min(...away.slice(first, first + long)));
      const [x, anchor] = places[space.indexOf(Math.max(...space))];
      return text(x, y(value) + below, `${words} ${number(value)}`, "earth-word", anchor);
    };
    const marks = [];
    for (let t = 0; t < COLUMNS; t += 5) marks.push(text(at(t), height - 0.3 * em, t, "earth-quiet"));
    svg.innerHTML = [
      line([[0, bottom], [width, bottom]], "earth-axis"),
      ...marks,
      level(real, "earth-mean-real"),
      level(fake, "earth-mean-fake"),
      ...parts,
      named("data:", real, -0.3 * em),
      named("fakes:", fake, 0.95 * em),
    ].join("");
  }

  /** Distances against how far the fakes lie from the data. trail: entries {shift, name: value, ...} in the order of
      shift; now: the shift of the piles as they lie; lines: [{name, label, kind}]; marks: [value, words] of the axis. */
  function drawCurves(svg, trail, now, lines, marks) {
    const { width, height, em } = room(svg);
    const box = { left: 2.6 * em, right: width - 0.5 * em, top: 2.2 * em, bottom: height - AXIS * em };
    const top = Math.max(...marks.map(([value]) => value));
    const x = (shift) => box.left + ((shift + REACH) / (2 * REACH)) * (box.right - box.left);
    const y = (value) => box.bottom - (value / top) * (box.bottom - box.top);
    const out = marks.flatMap(([value, words]) => [
      line([[box.left, y(value)], [box.right, y(value)]], "earth-axis"),
      text(box.left - 0.4 * em, y(value) + 0.35 * em, words, "earth-quiet", "end"),
    ]);
    for (const shift of [-20, -10, 0, 10, 20]) out.push(text(x(shift), height - 0.3 * em, number(shift, 0), "earth-quiet"));
    let at = box.left;
    for (const { name, label, kind } of lines) {
      out.push(line([[at, 0.8 * em], [at + 1.6 * em, 0.8 * em]], kind), text(at + 2 * em, 1.15 * em, label, "", "start"));
      at += 7 * em;
      if (!trail.length) continue;
      const here = trail.find(({ shift }) => shift === now);
      out.push(line(trail.map((entry) => [x(entry.shift), y(entry[name])]), kind));
      out.push(`<circle class="${kind} earth-here" cx="${x(now)}" cy="${y(here[name])}" r="4.5"/>`);
    }
    svg.innerHTML = out.join("");
  }

  Object.assign(earth, { number, drawPiles, drawCritic, drawCurves });
})(globalThis.ganbook);
