/* Products of matrices of float32 numbers, on which training spends its time.

   WebAssembly's vectors of four numbers make them several times as fast as plain JavaScript. The module is one function;
   it is written below in words close to WebAssembly's own text format and assembled when the page asks for it. Where a
   browser has no such vectors, the same loops run in plain JavaScript. */
"use strict";

globalThis.ganbook = globalThis.ganbook || {};

(function (ganbook) {
  const ROWS = 4; // of a tile of the result, whose 4 x 8 sums stay in the processor's registers
  const COLUMNS = 8; // two vectors of four numbers
  const PANEL = 4096; // the longest k
  const I32 = 0x7f;
  const V128 = 0x7b;

  // ------------------------------------------------------------------------------------------------ a small assembler

  const OPCODES = {
    loop: [0x03, 0x40],
    if: [0x04, 0x40],
    end: [0x0b],
    again: [0x0d, 0], // br_if: to the head of the innermost loop
    "i32.load": [0x28, 2, 0],
    "i32.store": [0x36, 2, 0],
    "<": [0x48], // of signed whole numbers
    ">": [0x4a],
    "+": [0x6a],
    "-": [0x6b],
    "*": [0x6c],
    "v128.load": [0xfd, 0x00, 2, 0],
    "v128.load32_splat": [0xfd, 0x09, 2, 0],
    "v128.store": [0xfd, 0x0b, 2, 0],
    "v128.zero": [0xfd, 0x0c, ...new Array(16).fill(0)],
    "f32x4.add": [0xfd, 0xe4, 0x01],
    "f32x4.mul": [0xfd, 0xe6, 0x01],
  };

  // Whole numbers in LEB128, seven bits a byte: as a value, which has a sign, and as a count, which has none.
  const value = (n) => (n < 64 ? [n] : [(n & 127) | 128, n >> 7]);
  const count = (n) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
  const list = (items) => [...count(items.length), ...items.flat()];
  const section = (id, bytes) => [id, ...count(bytes.length), ...bytes];

  /** The bytes of a module that imports the memory "a.a" and exports one function "f" without a result. Of its variables
      parameters and numbers are whole, vectors are four float32.
      code: names of OPCODES, whole numbers, names of variables (their value) and "=name" (set it). */
  function assembled(parameters, numbers, vectors, code) {
    const names = [...parameters, ...numbers, ...vectors];
    const word = (w) => {
      if (w in OPCODES) return OPCODES[w];
      if (/^\d+$/.test(w)) return [0x41, ...value(Number(w))];
      return [w[0] === "=" ? 0x21 : 0x20, names.indexOf(w.replace("=", ""))];
    };
    const locals = [[numbers.length, I32], [vectors.length, V128]];
    const body = [...list(locals), ...code.trim().split(/\s+/).flatMap(word), 0x0b];
    return Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, [1, 0x60, ...list(parameters.map(() => I32)), 0]), // the function's type
      ...section(2, [1, 1, 0x61, 1, 0x61, 2, 0, 1]), // the memory
      ...section(3, [1, 0]),
      ...section(7, [1, 1, 0x66, 0, 0]), // "f"
      ...section(10, [1, ...count(body.length), ...body]),
    ]);
  }

  // -------------------------------------------------------------------------------------------------------- the product

  const each = (n, text) => Array.from({ length: n }, (_, i) => text(i)).join(" ");

  /* c (n, m) = a (n, k) times b (k, m). c, a, b, panel: addresses. ai, al: bytes from a row, a column of a to the next;
     bl, bj: the same of b. Eight columns of b at a time are copied to `panel`, so that the innermost loop reads them in
     order. The last tile is moved back until it lies inside. */
  const PRODUCT = `
    0 =j
    loop
      j m 8 - >  if  m 8 - =j  end
      b j bj * + =from  panel =p  k =l
      loop
        from =q
        ${each(COLUMNS, (t) => `p ${4 * t} +  q i32.load i32.store  q bj + =q`)}
        from bl + =from  p 32 + =p  l 1 - =l
      l again end
      0 =i
      loop
        i n 4 - >  if  n 4 - =i  end
        a i ai * + =a0  ${each(ROWS - 1, (r) => `a${r} ai + =a${r + 1}`)}
        ${each(ROWS, (r) => `v128.zero =s${r}  v128.zero =t${r}`)}
        panel =p  k =l
        loop
          p v128.load =y  p 16 + v128.load =z
          ${each(ROWS, (r) => `a${r} v128.load32_splat =x
            s${r} x y f32x4.mul f32x4.add =s${r}
            t${r} x z f32x4.mul f32x4.add =t${r}
            a${r} al + =a${r}`)}
          p 32 + =p  l 1 - =l
        l again end
        i m * j + 4 * c + =q
        ${each(ROWS, (r) => `q s${r} v128.store  q 16 + t${r} v128.store  q m 4 * + =q`)}
        i 4 + =i
      i n < again end
      j 8 + =j
    j m < again end`;
  const MODULE = assembled(
    ["c", "a", "b", "n", "m", "k", "ai", "al", "bl", "bj", "panel"],
    ["i", "j", "l", "p", "q", "from", ...each(ROWS, (r) => `a${r}`).split(" ")],
    ["x", "y", "z", ...each(ROWS, (r) => `s${r} t${r}`).split(" ")],
    PRODUCT,
  );

  /** Room for so many float32 numbers, and products of matrices that lie in it. */
  class Workspace {
    /** vectors: false keeps to plain JavaScript. */
    constructor(numbers, vectors = true) {
      const bytes = 4 * (numbers + PANEL * COLUMNS) + 65536;
      try {
        if (!vectors) throw new Error("not wanted");
        const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) });
        this.fast = new WebAssembly.Instance(new WebAssembly.Module(MODULE), { a: { a: memory } }).exports.f;
        this.buffer = memory.buffer;
      } catch {
        this.fast = null;
        this.buffer = new ArrayBuffer(bytes);
      }
      this.used = 0;
      this.panel = this.take(PANEL * COLUMNS);
    }

    /** n numbers, all 0. */
    take(n) {
      const taken = new Float32Array(this.buffer, this.used, n);
      this.used += 16 * Math.ceil(n / 4);
      return taken;
    }

    /** c (n, m) = A (n, k) times B (k, m). `turned`: which of a and b hold the transpose, of A (k, n) or of B (m, k). */
    product(c, a, b, n, m, k, turned = "") {
      const [ai, al] = turned.includes("a") ? [1, n] : [k, 1];
      const [bl, bj] = turned.includes("b") ? [1, k] : [m, 1];
      if (this.fast && n >= ROWS && m >= COLUMNS && k <= PANEL) {
        const at = [c, a, b].map((array) => array.byteOffset);
        this.fast(...at, n, m, k, 4 * ai, 4 * al, 4 * bl, 4 * bj, this.panel.byteOffset);
      } else plain(c, a, b, n, m, k, ai, al, bl, bj);
    }
  }

  /** The same without vectors: four columns of b at a time, next to each other in `packed`, and two rows of a. */
  function plain(c, a, b, n, m, k, ai, al, bl, bj) {
    const packed = new Float64Array(4 * k);
    const row = new Float64Array(2 * k);
    for (let j = 0; j < m; j += 4) {
      const columns = Math.min(4, m - j);
      packed.fill(0);
      for (let l = 0; l < k; l++) for (let t = 0; t < columns; t++) packed[4 * l + t] = b[l * bl + (j + t) * bj];
      for (let i = 0; i < n; i += 2) {
        const two = i + 1 < n;
        for (let l = 0; l < k; l++) {
          row[2 * l] = a[i * ai + l * al];
          row[2 * l + 1] = two ? a[(i + 1) * ai + l * al] : 0;
        }
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        for (let l = 0, p = 0, q = 0; l < k; l++, p += 4, q += 2) {
          const x = row[q];
          const y = row[q + 1];
          s0 += x * packed[p];
          s1 += x * packed[p + 1];
          s2 += x * packed[p + 2];
          s3 += x * packed[p + 3];
          t0 += y * packed[p];
          t1 += y * packed[p + 1];
          t2 += y * packed[p + 2];
          t3 += y * packed[p + 3];
        }
        const first = [s0, s1, s2, s3];
        const second = [t0, t1, t2, t3];
        for (let t = 0; t < columns; t++) {
          c[i * m + j + t] = first[t];
          if (two) c[(i + 1) * m + j + t] = second[t];
        }
      }
    }
  }

  ganbook.Workspace = Workspace;
})(globalThis.ganbook);
