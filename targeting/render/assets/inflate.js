/* Raw inflate (RFC 1951) for browsers without DecompressionStream. */
(function (targeting) {
  "use strict";

  const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83,
    99, 115, 131, 163, 195, 227, 258];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5,
    5, 0];
  const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
    1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
  const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11,
    11, 12, 12, 13, 13];
  const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  /* A Huffman code as counts by length and symbols in order of their codes. */
  function tree(lengths) {
    const counts = new Uint16Array(16);
    const starts = new Uint16Array(16);
    const symbols = new Uint16Array(lengths.length);
    for (const length of lengths) {
      counts[length] += 1;
    }
    counts[0] = 0;
    for (let length = 1; length < 16; length += 1) {
      starts[length] = starts[length - 1] + counts[length - 1];
    }
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      if (lengths[symbol]) {
        symbols[starts[lengths[symbol]]++] = symbol;
      }
    }
    return { counts, symbols };
  }

  function fixedTrees() {
    const lengths = new Uint8Array(288);
    lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
    return [tree(lengths), tree(new Uint8Array(30).fill(5))];
  }

  targeting.inflate = function (data, size) {
    let out = new Uint8Array(size || data.length * 4);
    let used = 0;
    let at = 0;
    let bitBuffer = 0;
    let bitCount = 0;

    function room(more) {
      if (used + more > out.length) {
        const larger = new Uint8Array(Math.max(out.length * 2, used + more));
        larger.set(out);
        out = larger;
      }
    }

    function bits(count) {
      while (bitCount < count) {
        bitBuffer |= data[at++] << bitCount;
        bitCount += 8;
      }
      const value = bitBuffer & ((1 << count) - 1);
      bitBuffer >>>= count;
      bitCount -= count;
      return value;
    }

    function symbol(code) {
      let value = 0;
      let first = 0;
      let index = 0;
      for (let length = 1; length < 16; length += 1) {
        value |= bits(1);
        const count = code.counts[length];
        if (value - count < first) {
          return code.symbols[index + value - first];
        }
        index += count;
        first = (first + count) << 1;
        value <<= 1;
      }
      throw new Error("inflate: bad code");
    }

    function stored() {
      bitBuffer = 0;
      bitCount = 0;
      const length = data[at] | (data[at + 1] << 8);
      at += 4;
      room(length);
      out.set(data.subarray(at, at + length), used);
      at += length;
      used += length;
    }

    function ownTrees() {
      const literals = bits(5) + 257;
      const distances = bits(5) + 1;
      const codes = bits(4) + 4;
      const lengths = new Uint8Array(19);
      for (let i = 0; i < codes; i += 1) {
        lengths[CODE_ORDER[i]] = bits(3);
      }
      const code = tree(lengths);
      const all = new Uint8Array(literals + distances);
      for (let i = 0; i < all.length;) {
        const value = symbol(code);
        if (value < 16) {
          all[i++] = value;
          continue;
        }
        const previous = value === 16 ? all[i - 1] : 0;
        const repeat = value === 16 ? 3 + bits(2) : value === 17 ? 3 + bits(3) : 11 + bits(7);
        all.fill(previous, i, i + repeat);
        i += repeat;
      }
      return [tree(all.subarray(0, literals)), tree(all.subarray(literals))];
    }

    function compressed(literals, distances) {
      for (;;) {
        const value = symbol(literals);
        if (value === 256) {
          return;
        }
        if (value < 256) {
          room(1);
          out[used++] = value;
          continue;
        }
        const length = LENGTH_BASE[value - 257] + bits(LENGTH_BITS[value - 257]);
        const code = symbol(distances);
        const distance = DISTANCE_BASE[code] + bits(DISTANCE_BITS[code]);
        room(length);
        for (let i = 0; i < length; i += 1, used += 1) {
          out[used] = out[used - distance];
        }
      }
    }

    for (let last = 0; !last;) {
      last = bits(1);
      const kind = bits(2);
      if (kind === 0) {
        stored();
      } else if (kind === 3) {
        throw new Error("inflate: bad block");
      } else {
        const [literals, distances] = kind === 1 ? fixedTrees() : ownTrees();
        compressed(literals, distances);
      }
    }
    return out.subarray(0, used);
  };
})((window.targeting = window.targeting || {}));
