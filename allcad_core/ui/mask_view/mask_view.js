// The lab's viewer: a field viewer with one step of the segmentation laid over it.
const MASK_VIEWS = new WeakMap();

export default function ({ data, parentElement }) {
  let viewer = MASK_VIEWS.get(parentElement);
  if (!viewer) {
    viewer = new MaskViewer(parentElement.querySelector(".viewer"), parentElement.querySelector(".below"));
    MASK_VIEWS.set(parentElement, viewer);
  }
  viewer.take(data);
  return () => {
    MASK_VIEWS.get(parentElement)?.close();
    MASK_VIEWS.delete(parentElement);
  };
}

class MaskViewer extends FieldViewer {
  constructor(root, below) {
    super(root);
    this.below = below;
    this.layer = document.createElement("canvas");
    this.layer.className = "layer";
    root.querySelector(".stage").after(this.layer);
    this.report = (index) => say("region", { index, from: this });
    this.deaf = [
      hear("stage", (name) => this.step(name)),
      hear("threshold", (level) => this.cut(level)),
      hear("region", ({ index, from }) => { if (from !== this) this.frame(index); }),
      hear("view", ({ bounds, from }) => { if (from !== this) this.follow(bounds); }),
    ];
    this.slider = below.querySelector("input");
    this.slider.addEventListener("input", () => this.cover(Number(this.slider.value) / 100, true));
  }

  take(data) {
    this.below.hidden = !data.controls;
    // The line may have moved on since the server was asked.
    if (data.threshold !== null && !data.linked && data.subject.startsWith(`${LAB.line?.subject} `)) data = { ...data, threshold: LAB.line.level };
    const chosen = recall("region", null);
    const known = chosen && chosen.subject === data.subject && chosen.index < data.cells.length ? chosen.index : null;
    this.show({ ...data, chosen: data.linked ? null : known });
    this.step(this.stage?.name ?? recall("stage", "mask"));
  }

  // Show another step.
  step(name) {
    const { stages } = this.data;
    this.stage = stages.find((stage) => stage.name === name) ?? stages.find((stage) => stage.name === "mask") ?? stages[0];
    this.root.classList.toggle("outlined", this.stage.name === "regions");
    this.root.dataset.stage = this.stage.name;
    this.legend(this.stage.legend.map((entry) => ({ ...entry, name: entry.words })));
    this.below.querySelector(".sentence").textContent = this.stage.sentence;
    this.cover(recall(`opacity-${this.stage.name}`, this.stage.opacity), false);
    this.paint();
  }

  cover(opacity, set) {
    this.layer.style.opacity = opacity;
    this.slider.value = Math.round(100 * opacity);
    this.slider.style.setProperty("--fill", `${Math.round(100 * opacity)}%`);
    this.below.querySelector("output").textContent = `${Math.round(100 * opacity)}\u00A0%`;
    if (set) keep(`opacity-${this.stage.name}`, opacity);
  }

  // The threshold moved in the browser; regions follow when the server has measured them.
  cut(level) {
    if (this.data.threshold === null || this.data.linked) return;
    this.data = { ...this.data, threshold: level };
    if (!this.waiting) this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.lay(); });
  }

  // Names of the planes that the step needs, and where they lie.
  wanted() {
    const { data, stage } = this;
    const names = NEEDS[stage.name].map((need) => (need === "mask|grey" ? (data.threshold === null ? "mask" : "grey") : need));
    return { names, addresses: names.map((name) => data.planes[name]).join() };
  }

  async paint() {
    const { data, stage } = this;
    const { names: wanted, addresses } = this.wanted();
    if (addresses !== this.laid) this.planes = null; // what belongs to another picture must not lie on this one
    this.laid = addresses;
    this.lay();
    let loaded;
    try {
      loaded = await Promise.all(wanted.map((name) => plane(data.planes[name])));
    } catch {
      this.root.querySelector(".failed").hidden = false;
      return;
    }
    if (this.closed || stage !== this.stage || data.planes !== this.data.planes) return;
    this.planes = new Map(wanted.map((name, at) => [name, loaded[at]]));
    this.window = "";
    this.lay();
  }

  // Colour what the viewer shows of the step, at the resolution of the screen, and put it where the picture lies.
  lay() {
    const ratio = devicePixelRatio || 1;
    const [width, height] = [Math.round(this.root.clientWidth * ratio), Math.round(this.root.clientHeight * ratio)];
    if (this.layer.width !== width || this.layer.height !== height) Object.assign(this.layer, { width, height });
    const context = this.layer.getContext("2d");
    context.clearRect(0, 0, width, height);
    const view = this.view();
    // Another method's data can be here before its planes are.
    if (!view || !this.planes || !width || this.wanted().addresses !== this.laid) { delete this.root.dataset.painted; return; }
    const size = this.planes.values().next().value;
    if (size) this.lie(context, size, view, ratio);
    this.root.dataset.painted = `${this.stage.name} ${this.data.threshold ?? ""}`.trim();
  }

  lie(context, size, view, ratio) {
    const { width, height } = this.layer;
    const scale = (ratio * view.scale * this.data.width) / size.width; // pixels of the screen for one of a plane
    const step = Math.max(1, Math.floor(1 / scale));
    const start = (origin) => Math.floor(Math.max(0, -(origin * ratio) / scale) / step) * step;
    const count = (from, origin, length, all) =>
      Math.max(0, Math.min(Math.ceil((all - from) / step), Math.ceil(((length - origin * ratio) / scale - from) / step)));
    const [x0, y0] = [start(view.x), start(view.y)];
    const frame = { x0, y0, step, ratio, columns: count(x0, view.x, width, size.width), rows: count(y0, view.y, height, size.height) };
    if (!frame.columns || !frame.rows) return;
    const window = Object.values(frame).join();
    if (window !== this.window) {
      this.window = window;
      this.bytes = Object.fromEntries([...this.planes].map(([name, one]) => [name, gathered(one, frame)]));
      this.sheet = new OffscreenCanvas(frame.columns, frame.rows);
      this.pixels = new ImageData(frame.columns, frame.rows);
      this.colours = new Uint32Array(this.pixels.data.buffer);
    }
    PAINT[this.stage.name](this.colours, this.bytes, this.data, this.stage.legend, frame);
    this.sheet.getContext("2d").putImageData(this.pixels, 0, 0);
    context.imageSmoothingEnabled = scale < 1;
    const side = scale * step;
    context.drawImage(this.sheet, ratio * view.x + x0 * scale, ratio * view.y + y0 * scale, frame.columns * side, frame.rows * side);
  }

  build() {
    this.boxes.replaceChildren();
    this.nodes.clear();
    this.shapes = draw("g", { class: "shapes" }, this.boxes);
    this.numbers = draw("g", { class: "numbers", "aria-hidden": "true" }, this.boxes);
    for (const kind of ["casing", "ink"])
      for (const cell of this.data.cells) draw("polygon", { class: kind, points: cell.outline }, this.shapes);
    for (const cell of this.data.cells) {
      const group = draw("g", {
        class: "cell region", tabindex: 0, role: "button", "data-index": cell.index, "aria-label": `Cell ${cell.index + 1}, ${cell.text}`,
      }, this.boxes);
      const frame = draw("g", { class: "frame" }, group);
      draw("rect", { stroke: "#FFFFFF", "stroke-width": 5 }, frame);
      draw("rect", { stroke: "#211C28", "stroke-width": 2.2 }, frame);
      const outline = draw("g", { class: "outline" }, group);
      const tags = draw("g", { class: "tags" }, group);
      const number = draw("text", {}, this.numbers);
      number.textContent = cell.index + 1;
      group.addEventListener("focus", () => this.reveal(cell.index));
      this.nodes.set(cell.index, { cell, group, frame, outline, tags, number });
    }
    this.name = draw("g", { class: "name", "aria-hidden": "true" }, this.boxes);
    draw("rect", { rx: 4 }, this.name);
    draw("text", { y: 17, x: 8 }, this.name);
  }

  words(cell) {
    return `${cell.index + 1} · ${cell.text}`;
  }

  layout() {
    super.layout();
    const view = this.view();
    if (!view) return;
    this.lay();
    this.shapes.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
    for (const { cell, number } of this.nodes.values()) {
      number.setAttribute("x", view.x + ((cell.box[0] + cell.box[2]) / 2) * view.scale);
      number.setAttribute("y", view.y + ((cell.box[1] + cell.box[3]) / 2) * view.scale);
    }
    this.lead();
  }

  // Linked viewers move as one.
  lead() {
    if (!this.data.linked || this.following || !this.osd) return;
    const bounds = this.osd.viewport.getBounds(true);
    const now = [bounds.x, bounds.y, bounds.width].map((edge) => edge.toFixed(5)).join();
    if (now === this.told) return;
    this.told = now;
    say("view", { bounds, from: this });
  }

  follow(bounds) {
    if (!this.data.linked || !this.osd?.world.getItemAt(0)) return;
    this.following = true;
    this.osd.viewport.fitBounds(bounds, true);
    this.osd.forceRedraw();
    const real = this.osd.viewport.getBounds(true);
    this.told = [real.x, real.y, real.width].map((edge) => edge.toFixed(5)).join();
    this.following = false;
  }

  choose(index) {
    keep("region", { subject: this.data.subject, index });
    super.choose(index);
  }

  // Another part of the lab chose a cell.
  frame(index) {
    if (this.data.linked) return;
    keep("region", { subject: this.data.subject, index });
    this.data = { ...this.data, chosen: index };
    this.filter();
    this.reveal(index);
  }

  legend(entries) {
    const legend = this.root.querySelector(".legend");
    legend.hidden = !entries?.length;
    legend.replaceChildren(...(entries ?? []).map(({ colour, pattern, name }) => {
      const item = document.createElement("span");
      const swatch = document.createElement("i");
      swatch.className = `swatch ${pattern}`;
      swatch.style.setProperty("--colour", colour);
      swatch.style.setProperty("--mark", mark(colour));
      item.append(swatch, name);
      return item;
    }));
  }

  close() {
    for (const stop of this.deaf) stop();
    super.close();
  }
}
