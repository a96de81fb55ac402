/* The piles of chapter 9's explorable "Moving earth", and what is measured between them.

   A pile is the number of its blocks in each of COLUMNS columns of a line, 1 apart. Every pile has BLOCKS blocks, and each
   block is the same share of a distribution: p is of the data, q of the fakes. P and Q are the shares of blocks that lie
   at a column or to its left. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const COLUMNS = 24;
  const BLOCKS = 10;

  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const shares = (pile) => pile.map((blocks) => blocks / sum(pile));

  /** The blocks at each column or to its left. */
  function cumulated(pile) {
    let below = 0;
    return pile.map((blocks) => (below += blocks));
  }

  /** W1 as the area between P and Q. */
  function w1(p, q) {
    const [P, Q] = [p, q].map(cumulated);
    return sum(P.map((blocks, t) => Math.abs(blocks - Q[t]))) / sum(p);
  }

  /** The cheapest plan: the first block from the left goes to the first hole from the left, and so on. A list of
      {from, to}, a block each; `from` is its column in q, `to` its column in p. */
  function plan(p, q) {
    const sorted = (pile) => pile.flatMap((blocks, column) => Array(blocks).fill(column));
    const holes = sorted(p);
    return sorted(q).map((from, i) => ({ from, to: holes[i] }));
  }

  /** How far a plan moves a block, on average. */
  const cost = (moves) => sum(moves.map(({ from, to }) => Math.abs(from - to))) / moves.length;

  /** The best critic with slopes of at most 1: its slope behind each column is the sign of Q - P. f is its value at each
      column, with equal room above and below 0. Where P = Q every slope of at most 1 would do; this critic has 0. */
  function critic(p, q) {
    const [P, Q] = [p, q].map(cumulated);
    const slopes = P.slice(0, -1).map((blocks, t) => Math.sign(Q[t] - blocks));
    const f = [0];
    for (const slope of slopes) f.push(f[f.length - 1] + slope);
    const middle = (Math.max(...f) + Math.min(...f)) / 2;
    return { f: f.map((value) => value - middle), slopes };
  }

  /** The mean of f over a pile. */
  const mean = (f, pile) => sum(shares(pile).map((share, t) => share * f[t]));

  /** The Kullback-Leibler divergence of a from b, in nats. */
  const kl = (a, b) => sum(a.map((share, t) => (share > 0 ? share * Math.log(share / b[t]) : 0)));

  /** The Jensen-Shannon divergence. */
  function jsd(p, q) {
    const [a, b] = [p, q].map(shares);
    const middle = a.map((share, t) => (share + b[t]) / 2);
    return (kl(a, middle) + kl(b, middle)) / 2;
  }

  /** The total variation. */
  function tv(p, q) {
    const [a, b] = [p, q].map(shares);
    return sum(a.map((share, t) => Math.abs(share - b[t]))) / 2;
  }

  /** The columns of the first and of the last block. */
  const reach = (pile) => [pile.findIndex((blocks) => blocks > 0), pile.findLastIndex((blocks) => blocks > 0)];

  /** The pile `by` columns further to the right, or as far as the line goes. */
  function moved(pile, by) {
    const [first, last] = reach(pile);
    const step = Math.min(Math.max(by, -first), pile.length - 1 - last);
    return pile.map((_, column) => pile[column - step] || 0);
  }

  /** The pile with one block carried from one column to another; as it was if there is none. */
  function carried(pile, from, to) {
    if (!pile[from] || !(to in pile)) return pile;
    const out = pile.slice();
    out[from]--;
    out[to]++;
    return out;
  }

  /** What is measured at each shift of the fakes from `low` to `high` columns, past the ends of the line too. An entry has
      the way from the mean of the data to the mean of the fakes as `shift`. */
  function trail(p, q, low, high) {
    const room = Array(COLUMNS).fill(0);
    const wide = (pile) => [...room, ...pile, ...room];
    const columns = wide(p).map((_, column) => column);
    return Array.from({ length: high - low + 1 }, (_, i) => {
      const [a, b] = [wide(p), moved(wide(q), low + i)];
      return { shift: mean(columns, b) - mean(columns, a), w1: w1(a, b), jsd: jsd(a, b), tv: tv(a, b) };
    });
  }

  /** A pile as text: 4x10 is ten blocks at column 4, and 4x5-9x5 five at column 4 and five at column 9. */
  const written = (pile) => pile.flatMap((blocks, column) => (blocks ? [`${column}x${blocks}`] : [])).join("-");

  /** The pile that a text describes, or null if it describes none with BLOCKS blocks. */
  function read(text) {
    const pile = Array(COLUMNS).fill(0);
    for (const part of text.split("-")) {
      const [, column, blocks] = /^(\d{1,2})x(\d{1,2})$/.exec(part) || [];
      if (!(column in pile)) return null;
      pile[column] += Number(blocks);
    }
    return sum(pile) === BLOCKS ? pile : null;
  }

  /** The data and the fakes of each start. */
  const STARTS = {
    overlap: { data: "4x1-5x2-6x4-7x2-8x1", fakes: "6x1-7x2-8x4-9x2-10x1" },
    points: { data: "6x10", fakes: "10x10" },
    missing: { data: "4x1-5x3-6x1-16x1-17x3-18x1", fakes: "4x2-5x6-6x2" },
    between: { data: "3x1-4x3-5x1-18x1-19x3-20x1", fakes: "10x2-11x6-12x2" },
  };

  const measures = { w1, plan, cost, critic, mean, jsd, tv, trail };
  Object.assign(ganbook, { earth: { COLUMNS, BLOCKS, STARTS, ...measures, reach, moved, carried, written, read } });
})(globalThis.ganbook);
