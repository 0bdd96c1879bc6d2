/* What can be searched for, and how texts match: accents, case and the order of words are ignored. */
(function (targeting) {
  "use strict";

  const SORTED_AT_MOST = 2000;

  /* Words without accents, small letters, each after a space: " escuela ninos heroes". */
  function fold(text) {
    return (" " + text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase())
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trimEnd();
  }

  /* How well a folded text answers to words: 0 as a whole, 1 its beginning, 2 words that begin so,
     3 anywhere; −1 not at all. */
  function rank(text, words, whole) {
    let begins = true;
    for (const word of words) {
      if (!text.includes(word)) {
        return -1;
      }
      begins = begins && text.includes(" " + word);
    }
    if (text === whole) {
      return 0;
    }
    return text.startsWith(whole) ? 1 : begins ? 2 : 3;
  }

  /* Keys of blocks: spaces and hyphens may be left out or put in, as in 0123-A. */
  function keyed(ids) {
    // Most keys are plain letters and digits: they need no folding.
    const simple = /^[A-Za-z0-9]*$/;
    const plain = ids.map((id) =>
      simple.test(id) ? id.toLowerCase() : fold(id).replaceAll(" ", ""),
    );
    return (words) => {
      const whole = words.join("");
      const able = /\p{N}/u.test(whole) && whole.length > 1;
      return (i) => {
        const text = plain[i];
        if (text === whole) {
          return 0;
        }
        if (!able) {
          return -1;
        }
        const at = text.indexOf(whole);
        if (at < 0) {
          return words.length > 1 && words.every((word) => text.includes(word)) ? 3 : -1;
        }
        return at === 0 || at + whole.length === text.length ? 1 : 2;
      };
    };
  }

  function named(texts) {
    const folded = texts.map(fold);
    return (words, whole) => (i) => rank(folded[i], words, whole);
  }

  /* Polygons also answer to their number alone, and only to the whole of it. */
  function numbered(polygons, texts) {
    const byName = named(texts);
    return (words, whole) => {
      const told = byName(words, whole);
      return (i) => {
        const number = String(polygons[i].number);
        if (words.length === 1 && words[0] === number) {
          return 0;
        }
        return words.some((word) => /^\p{N}+$/u.test(word) && word !== number) ? -1 : told(i);
      };
    };
  }

  /* The groups of what can be found, in the order they are told. */
  function groups(page) {
    const { scene, facilities } = page;
    const languages = Object.keys(scene.words);
    const both = (names) => languages.map((language) => names[language]).join(" ");
    const titles = languages.map((language) => scene.words[language]["finder.polygon"]).join(" ");
    const kinds = scene.kinds.map((kind) => both(kind.names));
    const out = [
      {
        key: "polygon",
        count: page.polygons.length,
        match: numbered(
          page.polygons,
          page.polygons.map((one) =>
            [one.name ? both(one.name) : "", titles, one.number].join(" "),
          ),
        ),
      },
    ];
    for (const level of scene.places || []) {
      const names = page.data.texts("place." + level.level + ".name");
      out.push({ key: "place", level: level.level, names, count: names.length, match: named(names) });
    }
    out.push({
      key: "facility",
      count: facilities.count,
      match: named(facilities.names.map((name, i) => name + " " + kinds[facilities.kind.whole[i]])),
      names: facilities.names,
    });
    out.push({ key: "block", count: page.blockIds.length, match: keyed(page.blockIds), names: page.blockIds });
    return out;
  }

  /* Numbers of the best `most` hits of one group, and how many there are. */
  function best(group, words, whole, most) {
    const buckets = [[], [], [], []];
    const told = group.match(words, whole);
    for (let i = 0; i < group.count; i += 1) {
      const at = told(i);
      if (at >= 0) {
        buckets[at].push(i);
      }
    }
    const hits = [];
    for (const bucket of buckets) {
      if (hits.length >= most) {
        break;
      }
      if (group.names && bucket.length <= SORTED_AT_MOST) {
        bucket.sort((a, b) => group.names[a].localeCompare(group.names[b]) || a - b);
      }
      hits.push(...bucket.slice(0, most - hits.length));
    }
    return { hits, count: buckets.reduce((sum, bucket) => sum + bucket.length, 0) };
  }

  /* At most `most` hits in all, shared out evenly among the groups that have any. */
  function search(groupsHeld, text, most) {
    const whole = fold(text);
    const words = whole.split(" ").filter(Boolean);
    if (!words.length) {
      return { count: 0, shown: 0, groups: [] };
    }
    const found = groupsHeld
      .map((group) => ({ group, ...best(group, words, whole, most) }))
      .filter((one) => one.count > 0);
    const shares = found.map(() => 0);
    for (let left = most, more = true; left > 0 && more; ) {
      more = false;
      found.forEach((one, i) => {
        if (left > 0 && shares[i] < one.hits.length) {
          shares[i] += 1;
          left -= 1;
          more = true;
        }
      });
    }
    return {
      count: found.reduce((sum, one) => sum + one.count, 0),
      shown: shares.reduce((sum, share) => sum + share, 0),
      groups: found.map((one, i) => ({ ...one, hits: one.hits.slice(0, shares[i]) })),
    };
  }

  targeting.search = { fold, groups, search };
})((window.targeting = window.targeting || {}));
