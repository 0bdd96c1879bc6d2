/* Folium's own elements on our page: their markup is read in a document that runs nothing and
   copied without what could run or load; tables are built from texts. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const TAGS = new Set(
    ("a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em " +
      "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small " +
      "span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr").split(" "),
  );
  const GONE = new Set(
    "script style iframe object embed template noscript svg math link meta base form".split(" "),
  );
  const ATTRIBUTES = ["title", "lang", "dir", "alt", "width", "height", "colspan", "rowspan", "scope", "open"];

  function address(node) {
    const text = (node.getAttribute("href") || "").trim();
    return /^(https?:|mailto:|tel:|#)/i.test(text) ? text : null;
  }

  /* Style by properties: an address in one would ask the network. */
  function dress(element, text) {
    if (text && !/url\s*\(|image-set|@import|\\/i.test(text)) {
      element.style.cssText = text;
    }
  }

  function copied(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      return document.createTextNode(node.data);
    }
    const tag = node.nodeType === Node.ELEMENT_NODE ? node.localName : "";
    if (!tag || GONE.has(tag)) {
      return null;
    }
    const inside = [...node.childNodes].map(copied).filter(Boolean);
    if (!TAGS.has(tag)) {
      const loose = document.createDocumentFragment();
      loose.append(...inside);
      return loose;
    }
    const element = document.createElement(tag);
    for (const name of ATTRIBUTES) {
      if (node.hasAttribute(name)) {
        element.setAttribute(name, node.getAttribute(name));
      }
    }
    if (tag === "a" && address(node)) {
      element.href = address(node);
      element.target = "_blank";
      element.rel = "noopener noreferrer";
    }
    if (tag === "img" && /^data:image\/(png|jpeg|gif|webp);/i.test(node.getAttribute("src") || "")) {
      element.src = node.getAttribute("src");
    }
    dress(element, node.getAttribute("data-targeting-style"));
    element.append(...inside);
    return element;
  }

  const TAG = /<[a-z](?:[^>"']|"[^"]*"|'[^']*')*>/gi;
  const ATTRIBUTE = /\s([^\s=>"'/]+)(\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']*))?/g;

  /* The page's policy complains of styles and code in markup already when it is read: they wait
     under another name. What this misses is still left out by `copied`. */
  function waiting(html) {
    return String(html).replace(TAG, (tag) =>
      tag.replace(ATTRIBUTE, (whole, name, value) =>
        /^(style|on.*)$/i.test(name) ? " data-targeting-" + name + (value || "") : whole,
      ),
    );
  }

  /* An element with the harmless part of some markup. */
  function markup(html, style) {
    const held = new DOMParser().parseFromString(waiting(html), "text/html");
    const box = build("div", {});
    dress(box, style);
    box.append(...[...held.body.childNodes].map(copied).filter(Boolean));
    return box;
  }

  function text(value, localize) {
    if (value === null || value === undefined) {
      return "";
    }
    return typeof value === "object" ? JSON.stringify(value) : localize ? value.toLocaleString() : String(value);
  }

  /* What GeoJsonTooltip and GeoJsonPopup show of a feature: a table of texts. */
  function table({ fields, aliases, labels, localize }) {
    return (layer) =>
      build(
        "table",
        {},
        fields.map((field, at) =>
          build(
            "tr",
            {},
            labels ? build("th", {}, text(aliases[at], localize)) : null,
            build("td", {}, text(layer.feature.properties[field], localize)),
          ),
        ),
      );
  }

  /* The pictures of Leaflet's own marker, which it would look for beside the page. */
  function icons(pictures) {
    L.Icon.Default.imagePath = "";
    L.Icon.Default.mergeOptions(pictures);
  }

  function clean(content) {
    return typeof content === "string" ? markup(content) : content;
  }

  const update = L.DivOverlay.prototype._updateContent;
  L.DivOverlay.include({
    _updateContent() {
      const held = this._content;
      this._content = typeof held === "function" ? (source) => clean(held(source)) : clean(held);
      update.call(this);
      this._content = held;
    },
  });

  const create = L.DivIcon.prototype.createIcon;
  L.DivIcon.include({
    createIcon(old) {
      const held = this.options.html;
      this.options.html = clean(held);
      const icon = create.call(this, old);
      this.options.html = held;
      return icon;
    },
  });

  targeting.guests = { markup, table, icons };
})((window.targeting = window.targeting || {}));
