// One smear through several models: the same picture in each panel, boxes above it, dashed frames where the models differ.
// Zoom and drag move all panels alike. As long as answers are missing, Python is asked for more.
const SVG = "http://www.w3.org/2000/svg";
const NAMES = { blast: "blast", healthy: "healthy", unsure: "cannot tell", null: "no cell" };
const BOARDS = new WeakMap();
const MARGIN_MS = 50; // after a changed picture has stood long enough for the models to begin: till then there is nothing to ask for
const AGAIN_MS = 120; // the first question for answers; each further one without news waits longer, so that the models are left to work
const PATIENCE = 1.5;
const LONGEST_MS = 1200;
const FARTHEST = 8;

export default function ({ data, parentElement, setTriggerValue }) {
  let board = BOARDS.get(parentElement);
  if (!board) {
    board = new Board(parentElement.querySelector(".board"));
    BOARDS.set(parentElement, board);
  }
  board.tell = setTriggerValue;
  board.show(data);
  return () => {
    BOARDS.get(parentElement)?.stop();
    BOARDS.delete(parentElement);
  };
}

function draw(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

class Board {
  constructor(root) {
    this.root = root;
    this.panels = root.querySelector(".panels");
    this.nodes = new Map();
    const act = { in: () => this.zoom(1.5), out: () => this.zoom(1 / 1.5), whole: () => this.whole() };
    root.querySelector(".tools").addEventListener("click", (event) => act[event.target.closest("button")?.dataset.do]?.());
    root.addEventListener("keydown", (event) => this.key(event, act));
    this.panels.addEventListener("click", (event) => this.choose(event.target.closest(".dispute")));
    this.panels.addEventListener("dblclick", (event) => { event.preventDefault(); this.zoom(1.7, this.point(event)); });
    this.drag();
  }

  show(data) {
    const before = this.data;
    this.data = data;
    this.root.setAttribute("aria-label", data.alt);
    if (!before || before.width !== data.width || before.height !== data.height) {
      this.view = [0, 0, data.width, data.height];
    }
    for (const [name, node] of this.nodes) {
      if (!data.panels.some((panel) => panel.name === name)) { node.root.remove(); this.nodes.delete(name); }
    }
    for (const panel of data.panels) this.panel(panel);
    this.look();
    this.root.dataset.image = data.image;
    this.root.dataset.answers = data.panels.filter((panel) => panel.state !== "waiting").length;
    clearTimeout(this.timer);
    const news = `${this.root.dataset.image} ${this.root.dataset.answers}`;
    const moved = before && before.image !== data.image;
    this.delay = moved ? data.rest + MARGIN_MS : news === this.news ? Math.min(LONGEST_MS, this.delay * PATIENCE) : AGAIN_MS;
    this.news = news;
    this.root.dataset.pending = data.pending ? "yes" : "no";
    if (data.pending) this.timer = setTimeout(() => this.tell("more", data.turn), this.delay);
    if (data.arrived && !this.arrived) { this.arrived = true; this.root.scrollIntoView({ block: "center" }); }
  }

  panel(panel) {
    let node = this.nodes.get(panel.name);
    if (!node) {
      node = this.made(panel.name);
      this.nodes.set(panel.name, node);
      this.panels.append(node.root);
    }
    node.root.dataset.state = panel.state;
    const mark = element("i", "", "◆");
    mark.ariaHidden = "true";
    node.count.replaceChildren(...(panel.count ? [mark, panel.count] : []));
    node.count.title = panel.meaning;
    node.note.textContent = panel.note;
    node.waiting.hidden = panel.state !== "waiting";
    if (node.image.getAttribute("href") !== this.data.image) node.image.setAttribute("href", this.data.image);
    for (const [key, value] of Object.entries({ width: this.data.width, height: this.data.height })) node.image.setAttribute(key, value);
    node.svg.setAttribute("aria-label", `${panel.name}: ${panel.count || panel.note || "no answer yet"}`);
    const signature = JSON.stringify([panel.cells, this.data.places, this.data.chosen]);
    if (node.signature === signature) return;
    node.signature = signature;
    const focused = this.root.getRootNode().activeElement?.closest?.(".dispute");
    const back = focused && node.boxes.contains(focused) ? focused.dataset.place : null;
    node.boxes.replaceChildren();
    for (const cell of panel.cells) this.box(cell, node.boxes);
    this.data.places.forEach((place, number) => this.dispute(place, number, panel, node.boxes));
    if (back) node.boxes.querySelector(`[data-place="${back}"]`)?.focus({ preventScroll: true });
  }

  made(name) {
    const root = element("section", "panel");
    root.dataset.model = name;
    const head = element("div", "head");
    const count = element("span");
    head.append(element("b", "", name), count);
    const picture = element("div", "picture");
    const svg = draw("svg", { role: "group" });
    const image = draw("image", { preserveAspectRatio: "none" }, svg);
    const boxes = draw("g", {}, svg);
    const waiting = element("div", "waiting", "Looking");
    picture.append(svg, waiting);
    const note = element("p", "note");
    root.append(head, picture, note);
    return { root, svg, image, boxes, count, note, waiting };
  }

  box({ box: [x0, y0, x1, y1], kind }, parent) {
    const group = draw("g", { class: kind }, parent);
    const width = x1 - x0, height = y1 - y0;
    const shape = { x: x0, y: y0, width, height, rx: kind === "healthy" ? Math.min(width, height) / 4 : 0 };
    draw("rect", { ...shape, class: "case" }, group);
    draw("rect", { ...shape, class: "line" }, group);
  }

  dispute({ box: [x0, y0, x1, y1], said, name }, number, panel, parent) {
    if (panel.state !== "done") return;
    const pad = 0.011 * this.data.width;
    const shape = { x: x0 - pad, y: y0 - pad, width: x1 - x0 + 2 * pad, height: y1 - y0 + 2 * pad };
    const own = said[panel.name] ?? null;
    const chosen = number === this.data.chosen;
    const group = draw("g", {
      class: chosen ? "dispute chosen" : "dispute", tabindex: 0, role: "button", "data-place": number, "aria-pressed": chosen,
      "aria-label": `${name}: ${panel.name} says ${NAMES[own]}; the models disagree`,
    }, parent);
    draw("title", {}, group).textContent = `${panel.name}: ${NAMES[own]}. The models disagree.`;
    for (const kind of ["hit", "dark", "dash"]) draw("rect", { ...shape, class: kind }, group);
    const size = 0.026 * this.data.width, left = shape.x - size / 4, top = shape.y - size / 4;
    draw("path", { class: "sign", d: `M${left + size / 2} ${top} L${left + size} ${top + size} L${left} ${top + size} Z` }, group);
  }

  look() {
    const [x, y, width, height] = this.view;
    for (const { svg } of this.nodes.values()) svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    this.root.classList.toggle("zoomed", width < this.data.width - 1);
    this.root.dataset.view = this.view.map((value) => value.toFixed(0)).join(" ");
  }

  zoom(factor, [px, py] = [0.5, 0.5]) {
    const [x, y, width, height] = this.view;
    const whole = this.data.width;
    const wide = Math.min(whole, Math.max(whole / FARTHEST, width / factor));
    const high = (wide / whole) * this.data.height;
    this.move(x + px * (width - wide), y + py * (height - high), wide, high);
  }

  move(x, y, width, height) {
    const most = [this.data.width - width, this.data.height - height];
    this.view = [Math.min(Math.max(0, x), most[0]), Math.min(Math.max(0, y), most[1]), width, height];
    this.look();
  }

  whole() { this.move(0, 0, this.data.width, this.data.height); }

  point(event) {
    const rect = (event.target.closest("svg") ?? this.root).getBoundingClientRect();
    return [(event.clientX - rect.left) / rect.width, (event.clientY - rect.top) / rect.height];
  }

  drag() {
    let from = null;
    this.panels.addEventListener("pointerdown", (event) => {
      const svg = event.target.closest("svg");
      if (!svg || !this.root.classList.contains("zoomed")) return;
      from = { x: event.clientX, y: event.clientY, view: this.view, scale: this.view[2] / svg.getBoundingClientRect().width, id: event.pointerId };
    });
    this.panels.addEventListener("pointermove", (event) => {
      if (!from || event.pointerId !== from.id) return;
      const [x, y, width, height] = from.view;
      this.move(x - (event.clientX - from.x) * from.scale, y - (event.clientY - from.y) * from.scale, width, height);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) this.panels.addEventListener(end, () => { from = null; });
  }

  choose(group) {
    if (!group) return;
    this.tell("place", Number(group.dataset.place));
  }

  key(event, act) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const doing = { "+": act.in, "=": act.in, "-": act.out, 0: act.whole }[event.key];
    const group = event.target.closest?.(".dispute");
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (doing) doing();
    else if (group && (event.key === "Enter" || event.key === " ")) this.choose(group);
    else if (step && this.root.classList.contains("zoomed")) {
      const [x, y, width, height] = this.view;
      this.move(x + (step[0] * width) / 6, y + (step[1] * height) / 6, width, height);
    } else return;
    event.preventDefault();
  }

  stop() { clearTimeout(this.timer); }
}
