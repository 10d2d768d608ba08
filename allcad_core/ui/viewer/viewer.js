// The field viewer: OpenSeadragon moves the picture, an SVG above it carries the boxes.
// Filters act here, without Python; the choice of a cell is reported to it.
const GLYPH_FROM = 40; // px: smaller boxes carry no tag
const TAG = 18;
const [FRESH, STEP, LEAST] = [80, 8, 16]; // px: a box that arrows bring, how far one press moves it, its smallest side
const ROUND = [1, 2, 5, 10, 20, 50, 100, 200, 500]; // micrometres that a scale bar may show
const NAMES = { blast: "blast", healthy: "healthy", unsure: "cannot tell" };
const SVG = "http://www.w3.org/2000/svg";
let library;

function load(address) {
  library ??= new Promise((resolve, reject) => {
    if (globalThis.OpenSeadragon) return resolve(globalThis.OpenSeadragon);
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(globalThis.OpenSeadragon);
    script.onerror = () => { library = undefined; reject(new Error(address)); };
    document.head.append(script);
  });
  return library;
}

function draw(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function place(rect, x, y, width, height, radius = 0) {
  rect.setAttribute("x", x);
  rect.setAttribute("y", y);
  rect.setAttribute("width", Math.max(0, width));
  rect.setAttribute("height", Math.max(0, height));
  rect.setAttribute("rx", radius);
}

class FieldViewer {
  constructor(root) {
    this.root = root;
    this.boxes = root.querySelector(".boxes");
    this.nodes = new Map();
    this.bar = root.appendChild(Object.assign(document.createElement("div"), { className: "scale", hidden: true }));
    this.data = { cells: [] };
    this.listen();
  }

  listen() {
    const act = {
      in: () => this.zoom(1.5), out: () => this.zoom(1 / 1.5),
      fit: () => this.fit(), own: () => this.ownPixels(), full: () => this.full(), draw: () => this.drawMode(!this.drawing),
    };
    this.root.querySelector(".tools").addEventListener("click", (event) => act[event.target.closest("button")?.dataset.do]?.());
    this.root.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.drawing && this.drawByKey(event)) { event.preventDefault(); event.stopPropagation(); return; }
      const act_on = { "+": act.in, "=": act.in, "-": act.out, 0: act.fit, p: act.own, P: act.own, f: act.full, F: act.full, b: act.draw, B: act.draw }[event.key];
      if (event.key === "Escape" && this.drawing) { this.drawMode(false); event.preventDefault(); }
      if (act_on) { act_on(); event.preventDefault(); event.stopPropagation(); }
      const cell = event.target.closest?.(".cell");
      if (cell && (event.key === "Enter" || event.key === " ")) {
        this.choose(Number(cell.dataset.index));
        event.preventDefault();
      }
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (step && cell) { this.pan(...step); event.preventDefault(); }
    }, { capture: true });
    this.veil();
    this.pen();
  }

  // A box is drawn by dragging over the picture; the field itself stands still meanwhile.
  pen() {
    const paper = this.root.querySelector(".paper");
    const frame = paper.querySelector("i");
    let from = null;
    const point = (event) => {
      const rect = this.root.getBoundingClientRect();
      return [event.clientX - rect.left - this.root.clientLeft, event.clientY - rect.top - this.root.clientTop];
    };
    const corners = (event) => {
      const [x, y] = point(event);
      return [Math.min(x, from[0]), Math.min(y, from[1]), Math.max(x, from[0]), Math.max(y, from[1])];
    };
    paper.addEventListener("pointerdown", (event) => {
      from = point(event);
      this.held = null;
      paper.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    paper.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [x0, y0, x1, y1] = corners(event);
      Object.assign(frame.style, { display: "block", left: `${x0}px`, top: `${y0}px`, width: `${x1 - x0}px`, height: `${y1 - y0}px` });
    });
    const end = (event) => {
      if (!from) return;
      const box = event.type === "pointerup" ? this.onField(corners(event)) : null;
      from = null;
      this.drawMode(false);
      if (box) this.reportDrawn(box);
    };
    paper.addEventListener("pointerup", end);
    paper.addEventListener("pointercancel", end);
  }

  // The same without a hand that drags: arrows bring a box and move it, with Shift they change its size, Enter takes it.
  drawByKey({ key, shiftKey }) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
    if (key === "Enter" && this.held) {
      const box = this.onField(this.held);
      this.drawMode(false);
      if (box) this.reportDrawn(box);
      return true;
    }
    if (!dx && !dy) return false;
    if (!this.held) {
      const { clientWidth: width, clientHeight: height } = this.root;
      this.held = [width / 2 - FRESH / 2, height / 2 - FRESH / 2, width / 2 + FRESH / 2, height / 2 + FRESH / 2];
    } else {
      const [x0, y0, x1, y1] = this.held;
      const moved = shiftKey
        ? [x0, y0, Math.max(x0 + LEAST, x1 + STEP * dx), Math.max(y0 + LEAST, y1 + STEP * dy)]
        : [x0 + STEP * dx, y0 + STEP * dy, x1 + STEP * dx, y1 + STEP * dy];
      const inside = moved[2] > LEAST && moved[3] > LEAST && moved[0] < this.root.clientWidth - LEAST && moved[1] < this.root.clientHeight - LEAST;
      if (inside) this.held = moved;
    }
    const [x0, y0, x1, y1] = this.held;
    Object.assign(this.root.querySelector(".paper i").style, { display: "block", left: `${x0}px`, top: `${y0}px`, width: `${x1 - x0}px`, height: `${y1 - y0}px` });
    return true;
  }

  // Px of the viewer as px of the field, cut at its edges; nothing where no area is left.
  onField([x0, y0, x1, y1]) {
    const view = this.view();
    if (!view) return null;
    const cut = (value, start, most) => Math.round(100 * Math.min(Math.max((value - start) / view.scale, 0), most)) / 100;
    const most = this.data.width * this.osd.world.getItemAt(0).getContentSize().y / this.osd.world.getItemAt(0).getContentSize().x;
    const box = [cut(x0, view.x, this.data.width), cut(y0, view.y, most), cut(x1, view.x, this.data.width), cut(y1, view.y, most)];
    return box[2] > box[0] && box[3] > box[1] ? box : null;
  }

  drawMode(on) {
    this.drawing = on && Boolean(this.data.draws);
    this.held = null;
    this.root.querySelector(".paper").hidden = !this.drawing;
    this.root.querySelector(".paper i").style.display = "none";
    this.root.querySelector(".how").hidden = !this.drawing;
    this.root.querySelector('[data-do="draw"]').setAttribute("aria-pressed", String(this.drawing));
  }

  // On a touch screen the page scrolls over the picture until it is tapped.
  veil() {
    const veil = this.root.querySelector(".veil");
    if (!matchMedia("(pointer: coarse)").matches) return;
    veil.hidden = false;
    veil.addEventListener("click", (event) => { veil.hidden = true; this.tap(event.clientX, event.clientY); });
    this.outside = (event) => { if (!event.composedPath().includes(this.root)) veil.hidden = false; };
    document.addEventListener("pointerdown", this.outside);
  }

  async show(data) {
    const before = this.data;
    const same = JSON.stringify(before.cells) === JSON.stringify(data.cells);
    this.data = data;
    this.root.setAttribute("aria-label", data.alt);
    if (data.height) this.root.style.setProperty("--viewer-height", `${data.height}px`);
    this.legend(data.legend);
    this.root.querySelector('[data-do="draw"]').hidden = !data.draws;
    if (!same || !this.name) this.build();
    this.obey(data.follows);
    this.filter();
    if (this.address !== data.image) await this.open(data);
    else if (before.chosen !== data.chosen) this.reveal(data.chosen);
    this.root.dataset.ready = this.osd ? "yes" : "no";
  }

  async open(data) {
    this.address = data.image;
    let OpenSeadragon;
    try {
      OpenSeadragon = await load(data.library);
    } catch {
      this.root.querySelector(".failed").hidden = false;
      return;
    }
    if (this.closed || this.address !== data.image) return;
    const source = { type: "image", url: data.image };
    if (this.osd) { this.osd.open(source); return; }
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const gestures = { clickToZoom: false, dblClickToZoom: true };
    this.osd = new OpenSeadragon.Viewer({
      element: this.root.querySelector(".stage"), tileSources: source, drawer: "canvas",
      showNavigationControl: false, showNavigator: false, homeFillsViewer: data.fill, visibilityRatio: 1,
      minZoomImageRatio: 0.8, maxZoomPixelRatio: 6, animationTime: still ? 0 : 0.25, zoomPerScroll: 1.25,
      gestureSettingsMouse: gestures, gestureSettingsTouch: { ...gestures, pinchRotate: false }, gestureSettingsPen: gestures,
    });
    this.osd.canvas.tabIndex = 0;
    this.osd.canvas.setAttribute("role", "application");
    this.osd.canvas.setAttribute("aria-label", "Picture: arrows move, plus and minus zoom");
    for (const event of ["open", "update-viewport", "resize"]) this.osd.addHandler(event, () => this.layout());
    this.osd.addHandler("open", () => {
      this.osd.world.getItemAt(0).source.tileOverlap = 1; // without it, a picture is drawn one pixel too wide and too high
      this.root.dataset.open = this.address;
    });
    this.osd.addHandler("canvas-click", (event) => {
      if (event.quick) this.pick(event.position.x, event.position.y);
    });
  }

  // Where the field lies in the viewer: origin in px, and px of the screen a px of the field.
  view() {
    const item = this.osd?.world.getItemAt(0);
    if (!item) return null;
    const size = item.getContentSize();
    const bounds = item.getBounds(true);
    const start = this.osd.viewport.viewportToViewerElementRectangle(bounds);
    return size.x ? { x: start.x, y: start.y, scale: start.width / this.data.width } : null;
  }

  build() {
    this.boxes.replaceChildren();
    this.nodes.clear();
    for (const cell of this.data.cells) {
      const group = draw("g", {
        class: `cell ${cell.kind}`, tabindex: 0, role: "button", "data-index": cell.index, "data-kind": cell.kind,
        "aria-label": `Cell ${cell.index + 1}, ${NAMES[cell.kind]}${cell.review ? ", to review" : ""}${cell.reviewed ? ", reviewed by a person" : ""}, score ${cell.text}`,
      }, this.boxes);
      const frame = draw("g", { class: "frame" }, group);
      draw("rect", { stroke: "#FFFFFF", "stroke-width": 5 }, frame);
      draw("rect", { stroke: "#211C28", "stroke-width": 2.2 }, frame);
      const colour = cell.review ? "#E8A117" : { blast: "#6D22AE", healthy: "#00807A", unsure: "#6B6473" }[cell.kind];
      const outline = draw("g", { class: "outline" }, group);
      draw("rect", { stroke: cell.review ? "#211C28" : "#FFFFFF", "stroke-width": cell.review ? 5.2 : 4.6 }, outline);
      const dash = cell.review ? "9 6" : cell.kind === "unsure" ? "2 4" : "none";
      draw("rect", { stroke: colour, "stroke-width": 2.6, "stroke-dasharray": dash }, outline);
      const tags = draw("g", { class: "tags" }, group);
      if (cell.review) this.tag(tags, "review", "#E8A117", 0);
      this.tag(tags, cell.kind, { blast: "#6D22AE", healthy: "#00807A", unsure: "#6B6473" }[cell.kind], cell.review ? TAG : 0);
      if (cell.reviewed) this.tag(tags, "reviewed", "#211C28", TAG);
      group.addEventListener("focus", () => this.reveal(cell.index));
      this.nodes.set(cell.index, { cell, group, frame, outline, tags });
    }
    this.name = draw("g", { class: "name", "aria-hidden": "true" }, this.boxes);
    draw("rect", { rx: 4 }, this.name);
    draw("text", { y: 17, x: 8 }, this.name);
  }

  tag(parent, kind, colour, offset) {
    const tag = draw("g", { class: "tag", transform: `translate(${offset} 0)` }, parent);
    draw("rect", { width: TAG, height: TAG, rx: 1, style: `fill:${colour}` }, tag);
    const shapes = {
      blast: ["path", { d: "M9 3.6 14.4 9 9 14.4 3.6 9Z", fill: "#FFFFFF" }],
      healthy: ["circle", { cx: 9, cy: 9, r: 4.2, fill: "none", stroke: "#FFFFFF", "stroke-width": 2.2 }],
      review: ["path", { d: "M9 4 14.6 13.6H3.4Z", fill: "#211C28" }],
      reviewed: ["path", { d: "M4.5 9.5 8 13 13.5 5.5", fill: "none", stroke: "#FFFFFF", "stroke-width": 2.2 }],
      unsure: ["path", { d: "M5 5 13 13M13 5 5 13", stroke: "#FFFFFF", "stroke-width": 2 }],
    };
    draw(...shapes[kind], tag);
  }

  // Boxes follow the slider at once; what Python says of it comes a moment later.
  obey(name) {
    const slider = name ? document.querySelector(`.st-key-${CSS.escape(name)} input[type=range]`) : null;
    if (slider === this.scores) return;
    this.listener?.disconnect();
    this.scores = slider;
    if (!slider) return;
    this.listener = new MutationObserver(() => this.filter());
    this.listener.observe(slider, { attributes: true, attributeFilter: ["aria-valuetext", "value"] });
  }

  filter() {
    const kinds = new Set(this.data.kinds);
    const least = this.scores?.isConnected ? Number(this.scores.value) : this.data.least;
    for (const { cell, group } of this.nodes.values()) {
      const shown = cell.score >= least && kinds.has(cell.review ? "review" : cell.kind);
      group.style.display = shown ? "" : "none";
      group.classList.toggle("chosen", cell.index === this.data.chosen);
    }
    this.layout();
    this.root.dataset.least = least;
  }

  layout() {
    const view = this.view();
    this.boxes.style.visibility = view ? "" : "hidden";
    if (!view) return;
    this.measure(view);
    this.name.style.display = "none";
    for (const { cell, group, frame, outline, tags } of this.nodes.values()) {
      if (group.style.display === "none") continue;
      const x = view.x + cell.box[0] * view.scale;
      const y = view.y + cell.box[1] * view.scale;
      const w = (cell.box[2] - cell.box[0]) * view.scale;
      const h = (cell.box[3] - cell.box[1]) * view.scale;
      const radius = cell.kind === "healthy" && !cell.review ? Math.min(w, h) / 4 : 0;
      for (const rect of outline.children) place(rect, x, y, w, h, radius);
      for (const rect of frame.children) place(rect, x - 7, y - 7, w + 14, h + 14, 1);
      tags.style.display = Math.min(w, h) < GLYPH_FROM ? "none" : "";
      tags.setAttribute("transform", `translate(${x - 1} ${y - TAG - 1})`);
      if (cell.index === this.data.chosen) this.label(cell, x, y, h);
    }
  }

  label(cell, x, y, h) {
    const [plate, text] = this.name.children;
    this.name.style.display = "";
    text.textContent = this.words(cell);
    const wide = text.getComputedTextLength() + 16;
    place(plate, 0, 0, wide, 24, 4);
    const left = Math.min(Math.max(4, x - 7), Math.max(4, this.root.clientWidth - wide - 4));
    const below = y + h + 14;
    const top = below + 24 < this.root.clientHeight ? below : y - 40;
    this.name.setAttribute("transform", `translate(${left} ${top})`);
  }

  words(cell) {
    return `${cell.index + 1} · ${NAMES[cell.kind]} · ${cell.text}`;
  }

  shown() {
    return [...this.nodes.values()].filter(({ group }) => group.style.display !== "none").map(({ cell }) => cell);
  }

  tap(clientX, clientY) {
    const rect = this.root.getBoundingClientRect();
    this.pick(clientX - rect.left, clientY - rect.top);
  }

  pick(x, y) {
    const view = this.view();
    if (!view) return;
    const fx = (x - view.x) / view.scale;
    const fy = (y - view.y) / view.scale;
    const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
    const hits = this.shown().filter(({ box }) => fx >= box[0] && fx <= box[2] && fy >= box[1] && fy <= box[3]);
    hits.sort((a, b) => area(a) - area(b));
    if (hits.length) this.choose(hits[0].index);
  }

  choose(index) {
    this.data = { ...this.data, chosen: index };
    this.filter();
    this.nodes.get(index)?.group.focus({ preventScroll: true });
    this.report(index);
  }

  // Bring a cell into view where it lies outside.
  reveal(index) {
    const cell = this.nodes.get(index)?.cell;
    const view = this.view();
    if (!cell || !view) return;
    const x = view.x + ((cell.box[0] + cell.box[2]) / 2) * view.scale;
    const y = view.y + ((cell.box[1] + cell.box[3]) / 2) * view.scale;
    const { clientWidth: width, clientHeight: height } = this.root;
    if (x > 30 && y > 30 && x < width - 30 && y < height - 30) return;
    const { viewport } = this.osd;
    viewport.panTo(viewport.viewerElementToViewportCoordinates(new globalThis.OpenSeadragon.Point(x, y)));
    viewport.applyConstraints();
  }

  zoom(factor) {
    this.osd?.viewport.zoomBy(factor);
    this.osd?.viewport.applyConstraints();
  }

  pan(dx, dy) {
    const { viewport } = this.osd;
    viewport.panBy(viewport.deltaPointsFromPixels(new globalThis.OpenSeadragon.Point(60 * dx, 60 * dy)));
    viewport.applyConstraints();
  }

  fit() {
    const item = this.osd?.world.getItemAt(0);
    if (item) this.osd.viewport.fitBounds(item.getBounds());
  }

  // 100 %: one pixel of the screen for one of the photograph, on whole pixels, so that nothing is smoothed.
  ownPixels() {
    const item = this.osd?.world.getItemAt(0);
    if (!item) return;
    const { viewport } = this.osd;
    const ratio = devicePixelRatio || 1;
    viewport.zoomTo(item.imageToViewportZoom(1 / ratio), null, true);
    viewport.applyConstraints(true);
    const { x, y } = viewport.viewportToViewerElementCoordinates(item.getBounds(true).getTopLeft());
    const rest = (at) => at - Math.round(at * ratio) / ratio;
    viewport.panBy(viewport.deltaPointsFromPixels(new globalThis.OpenSeadragon.Point(rest(x), rest(y))), true);
  }

  // The scale bar: a round length, as long as a thumb is wide.
  measure(view) {
    const { micrometres } = this.data;
    this.bar.hidden = !micrometres;
    if (!micrometres) return;
    const long = (length) => (length / micrometres) * view.scale;
    const length = ROUND.findLast((one) => long(one) <= 130) ?? ROUND[0];
    if (this.bar.dataset.length !== String(length)) {
      this.bar.dataset.length = length;
      this.bar.replaceChildren(`${length} µm`, document.createElement("i"));
    }
    this.bar.style.width = `${long(length)}px`;
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  legend(entries) {
    const legend = this.root.querySelector(".legend");
    legend.hidden = !entries?.length;
    legend.replaceChildren(...(entries ?? []).map(({ colour, glyph, name }) => {
      const item = document.createElement("span");
      const mark = document.createElement("i");
      mark.style.color = colour;
      mark.textContent = glyph;
      item.append(mark, name);
      return item;
    }));
  }

  close() {
    this.closed = true;
    this.listener?.disconnect();
    document.removeEventListener("pointerdown", this.outside);
    this.osd?.destroy();
  }
}
