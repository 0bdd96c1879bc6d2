/* Unit tests of the page's scripts: run inside the page; returns what failed. */
(async function () {
  const failures = [];
  const t = window.targeting;

  function equal(what, given, expected) {
    const [a, b] = [JSON.stringify(given), JSON.stringify(expected)];
    if (a !== b) {
      failures.push(what + ": " + a + " is not " + b);
    }
  }

  async function squeeze(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /* inflate: repeats (own trees), short text (fixed trees), noise (stored or own), nothing */
  const noise = new Uint8Array(70000);
  for (let i = 0, state = 1; i < noise.length; i += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    noise[i] = state >>> 24;
  }
  const cases = {
    repeats: new TextEncoder().encode("manzana polígono ".repeat(5000)),
    short: new TextEncoder().encode("abc"),
    noise,
    nothing: new Uint8Array(0),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    for (const size of [bytes.length, 0]) {
      const out = t.inflate(await squeeze(bytes), size);
      const same = out.length === bytes.length && out.every((value, i) => value === bytes[i]);
      equal("inflate " + name, same, true);
    }
  }
  equal("inflate stored", [...t.inflate(new Uint8Array([1, 2, 0, 253, 255, 7, 8]), 2)], [7, 8]);

  /* classes: a value on the line belongs to the class that begins there */
  equal("classOf", [0, 19, 20, 39, 40, 99].map((v) => t.scale.classOf(v, [20, 40])), [0, 0, 1, 1, 2, 2]);
  equal("one color", t.scale.colors(1).length, 1);
  const ramp = t.scale.RAMP;
  equal("two colors", t.scale.colors(2), [ramp[0], ramp[5]]);
  equal("six colors", t.scale.colors(6), [...ramp]);
  equal("reversed", t.scale.colors(2, true), [ramp[5], ramp[0]]);

  /* the ramp goes from light to dark without a turn, and none of its colors is red */
  const parts = ramp.map((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  const light = parts.map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
  equal("lightness falls", light.every((v, i) => i === 0 || v < light[i - 1] - 15), true);
  equal("no red", parts.every(([r, g, b]) => r <= Math.max(g, b)), true);

  /* ranges: whole steps, no gap and no overlap */
  const painted = { layer: { breaks: [20, 40] }, ends: [5, 77] };
  equal("ranges", t.scale.ranges(painted), [[5, 19], [20, 39], [40, 77]]);
  equal("range alone", t.scale.ranges({ layer: { breaks: [] }, ends: [5, 5] }), [[5, 5]]);

  /* words */
  const words = t.words;
  const held = { ...words.state };
  words.load(
    { es: { "a.one": "una", "a.other": "{count} cosas", a: "cosas", b: "<{x}>" }, en: {} },
    { share: { sign: "%", digits: 1, factor: 100 } },
    "es",
  );
  equal("plural", [words.say("a", { count: 1 }), words.say("a", { count: 2000 })], ["una", "2,000 cosas"]);
  equal("blank", words.say("b", { x: "${y}" }), "<${y}>");
  equal("unfilled", words.say("b"), "<{x}>");
  equal("missing word", words.say("c"), "⟦c⟧");
  equal("missing noted", [...words.state.missing].includes("es:c"), true);
  words.state.missing.delete("es:c");
  equal("quantity", words.quantity(0.254, "share"), "25.4\u00a0%");
  equal("no number", words.number(null, 2), "–");
  equal("no negative zero", words.number(-0.2, 0), "0");
  words.load(held.lists, held.units, held.language);

  /* hits: a square with a hole beside a triangle */
  const shapes = {
    count: 2,
    shapeRings: new Uint32Array([0, 2, 3]),
    ringEnds: new Uint32Array([0, 4, 8, 11]),
    xs: new Int32Array([0, 10, 10, 0, 4, 6, 6, 4, 20, 30, 20]),
    ys: new Int32Array([0, 0, 10, 10, 4, 4, 6, 6, 0, 0, 10]),
  };
  const grid = new t.Grid(shapes, t.boxes(shapes));
  equal("hits", [[1, 1], [5, 5], [21, 2], [29, 9], [15, 5], [-5, 50]].map(([x, y]) => grid.at(x, y)),
    [0, -1, 1, -1, -1, -1]);

  /* middle of an L: its area's, not its corners' */
  const ring = [[0, 0], [0, 2], [2, 2], [2, 0], [0, 0]].map(([lat, lng]) => L.latLng(lat, lng));
  const middle = t.middle(ring);
  equal("middle", [middle.lat, middle.lng], [1, 1]);

  /* texts are texts */
  const element = t.build("p", { class: "x" }, "<b>a</b>", [["b"], null]);
  equal("build", [element.children.length, element.textContent], [0, "<b>a</b>b"]);
  return failures;
})();
