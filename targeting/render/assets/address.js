/* The state of the page in its address, behind the #: what is looked at can be sent as a link. */
(function (targeting) {
  "use strict";

  const DIGITS = 5;

  function parse(text) {
    const out = new Map();
    for (const part of text.replace(/^#/, "").split("&")) {
      const at = part.indexOf("=");
      if (at > 0) {
        try {
          out.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1)));
        } catch {
          // An address cut in two while it was sent: what cannot be read is left out.
        }
      }
    }
    return out;
  }

  function write(page) {
    const parts = targeting.rooms.addresses
      .map(({ key, read }) => [key, read(page)])
      .filter(([, text]) => text !== null && text !== undefined && text !== "");
    return parts.map(([key, text]) => key + "=" + encodeURIComponent(text)).join("&");
  }

  /* Keeps the address up to date; a page that may not change it (some previews) goes on without. */
  function remember(page) {
    if (page.restoring) {
      return;
    }
    const text = write(page);
    try {
      window.history.replaceState(null, "", text ? "#" + text : "#");
    } catch {
      page.address = text;
    }
  }

  function restore(page) {
    const held = parse(window.location.hash);
    page.restoring = true;
    for (const { key, write: set } of targeting.rooms.addresses) {
      set(page, held.has(key) ? held.get(key) : null);
    }
    page.restoring = false;
  }

  function readPlace(page) {
    const center = page.map.getCenter();
    const numbers = [page.map.getZoom().toFixed(1), center.lat.toFixed(DIGITS), center.lng.toFixed(DIGITS)];
    return page.moved ? numbers.join(",") : null;
  }

  function writePlace(page, text) {
    const numbers = (text || "").split(",").map(Number);
    if (text && numbers.length === 3 && numbers.every(Number.isFinite)) {
      page.map.setView([numbers[1], numbers[2]], numbers[0], { animate: false });
    }
  }

  function readView(page) {
    const { view } = page;
    if (view.name === "polygon") {
      return "p" + view.number;
    }
    return view.name === "block" ? "b" + page.blockIds[view.block] : null;
  }

  function writeView(page, text) {
    const number = text && text[0] === "p" ? Number(text.slice(1)) : 0;
    const block = text && text[0] === "b" ? page.blockIds.indexOf(text.slice(1)) : -1;
    if (page.polygons.some((one) => one.number === number)) {
      page.choosePolygon(number);
    } else if (block >= 0) {
      page.chooseBlock(block);
    }
  }

  targeting.rooms.add({
    address: {
      language: {
        read: (page) =>
          targeting.words.state.language === page.scene.language ? null : targeting.words.state.language,
        write: (page, text) => page.scene.words[text] && page.speak(text),
      },
      layer: {
        read: (page) => (page.layer === page.scene.layers[0] ? null : page.layer.id),
        write: (page, text) =>
          page.scene.layers.some((layer) => layer.id === text) && page.chooseLayer(text),
      },
      kinds: {
        read: (page) => [...page.layers.facilities.shown].sort().join(","),
        write: (page, text) => {
          for (const key of (text || "").split(",")) {
            if (page.scene.kinds.some((kind) => kind.key === key && !kind.sensitive)) {
              page.layers.facilities.show(key, true);
            }
          }
        },
      },
      view: { read: readView, write: writeView },
      tab: {
        read: (page) => (page.tab === "polygons" ? null : page.tab),
        write: (page, text) =>
          targeting.rooms.tabs.some((tab) => tab.key === text && !(tab.hidden && tab.hidden(page))) &&
          page.showTab(text),
      },
      place: { read: readPlace, write: writePlace },
    },
  });

  targeting.address = { parse, write, remember, restore };
})((window.targeting = window.targeting || {}));
