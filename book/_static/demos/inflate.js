/* Data that came as text: a page opened from a disk may load scripts only. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  /** Bytes from base64 of a zlib stream. */
  async function inflate(text) {
    if (typeof DecompressionStream === "undefined")
      throw new Error("This browser cannot unpack its data. Any browser of 2023 or later can.");
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /** Levels of grey of the digits in front_digits.js: two of them lie in each byte. */
  async function greys({ images }) {
    const bytes = await inflate(images);
    const levels = new Uint8Array(2 * bytes.length);
    bytes.forEach((pair, i) => levels.set([pair >> 4, pair & 15], 2 * i));
    return levels;
  }

  Object.assign(ganbook, { inflate, greys });
})(globalThis.ganbook);
