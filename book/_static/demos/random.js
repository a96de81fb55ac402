/* Random numbers with a seed, which the browser's own Math.random does not have. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  /** Numbers that depend on `seed` (a whole number) and on nothing else. */
  class Random {
    constructor(seed) {
      this.state = seed >>> 0;
      this.spare = null; // normal numbers are made in pairs
    }

    /** A number in [0, 1): mulberry32, a counter of 32 bits put through a mixer. */
    uniform() {
      this.state = (this.state + 0x6d2b79f5) >>> 0;
      let t = this.state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    /** A whole number from 0 to n - 1. */
    below(n) {
      return Math.floor(n * this.uniform());
    }

    /** A number from N(0, 1), by Box and Muller's pair of a radius and an angle. */
    normal() {
      if (this.spare !== null) {
        const kept = this.spare;
        this.spare = null;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      this.spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    }

    /** n numbers from N(0, 1). */
    normals(n) {
      return Float64Array.from({ length: n }, () => this.normal());
    }
  }

  ganbook.Random = Random;
})(globalThis.ganbook);
