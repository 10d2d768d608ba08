// The slide viewer: OpenSeadragon moves the pyramid; what comes into view is asked for, boxed, and stays boxed.
const QUIET_MS = 60; // a view that stood still so long is looked at, also in the middle of a drag
const REST_MS = 150; // a view that rested so long after its answer: what lies ahead of it is looked at
const TELL_MS = 80; // map and words follow the picture so much later: they cost more than its boxes
const NEWS_MS = 1000; // how often a scan is asked for its news
const TILES_AT_ONCE = 4; // a browser has six connections to a server: a look shall not wait until tiles of the picture are there
const NBSP = "\u00a0";
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

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
const duration = (ms) => (ms < 995 ? `${Math.round(ms)}${NBSP}ms` : `${(ms / 1000).toFixed(1)}${NBSP}s`);
const GROUPED = new Intl.NumberFormat("en-GB");
const shown = (number) => GROUPED.format(number);

class SlideViewer {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.viewer = this.find(".viewer");
    this.map = new SlideMap(this.find(".map"), (x, y) => this.travel(x, y));
    const act = { in: () => this.zoom(1.5), out: () => this.zoom(1 / 1.5), fit: () => this.osd?.viewport.goHome(), full: () => this.full() };
    this.find(".tools").addEventListener("click", (event) => act[event.target.closest("button")?.dataset.do]?.());
    this.viewer.addEventListener("keydown", (event) => {
      const does = { "+": act.in, "=": act.in, "-": act.out, 0: act.fit, f: act.full, F: act.full }[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
      does();
      event.preventDefault();
      event.stopPropagation();
    }, { capture: true });
    this.find(".go").addEventListener("click", () => this.scan(!this.runs));
    this.touch();
    this.size = { width: 0, height: 0 };
    this.resized = new ResizeObserver(() => {
      this.size = { width: this.viewer.clientWidth, height: this.viewer.clientHeight };
      this.draw();
    });
    for (const part of [root, this.viewer]) this.resized.observe(part);
  }

  // On a touch screen the page scrolls over the picture until it is tapped.
  touch() {
    const veil = this.find(".veil");
    if (!matchMedia("(pointer: coarse)").matches) return;
    veil.hidden = false;
    veil.addEventListener("click", () => { veil.hidden = true; });
    this.outside = (event) => { if (!event.composedPath().includes(this.viewer)) veil.hidden = false; };
    document.addEventListener("pointerdown", this.outside);
  }

  async show(data) {
    if (this.data?.address === data.address) return;
    this.data = data;
    this.cells = new Map();
    this.tiles = new Map();
    this.reading = [];
    this.took = [];
    this.viewed = new Set(); // tiles that were in view once
    this.next = [0, 0];
    this.figures = null;
    this.first = false;
    this.last = null;
    this.heard = null; // what the server last said of the scan
    this.goal = null;
    clearTimeout(this.rest);
    this.asked?.abort();
    this.ahead?.abort();
    this.viewer.setAttribute("aria-label", `Slide ${data.name}: arrows move, plus and minus zoom`);
    try {
      await load(data.library);
    } catch {
      return this.complain("The viewer could not be loaded. Reload the page.");
    }
    if (this.closed || this.data !== data) return;
    this.open();
    this.news();
  }

  open() {
    const { data } = this;
    this.osd?.destroy();
    this.osd = null;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const gestures = { clickToZoom: false, dblClickToZoom: true };
    const source = {
      width: data.width, height: data.height, tileSize: data.tile, tileOverlap: 0, minLevel: 8,
      getTileUrl: (level, x, y) => `${data.address}/tile/${level}/${x}_${y}.jpg`,
    };
    this.osd = new globalThis.OpenSeadragon.Viewer({
      element: this.find(".stage"), tileSources: source, drawer: "canvas", showNavigationControl: false, showNavigator: false,
      visibilityRatio: 0.5, minZoomImageRatio: 0.8, maxZoomPixelRatio: 3, animationTime: still ? 0 : 0.3, zoomPerScroll: 1.3,
      // Of a mouse's flick only that the picture stays under the hand.
      imageLoaderLimit: TILES_AT_ONCE, maxImageCacheCount: 200, immediateRender: true,
      gestureSettingsMouse: { ...gestures, flickEnabled: true, flickMomentum: 0 },
      gestureSettingsTouch: { ...gestures, pinchRotate: false }, gestureSettingsPen: gestures,
    });
    this.osd.canvas.tabIndex = 0;
    this.osd.canvas.setAttribute("role", "application");
    this.osd.canvas.setAttribute("aria-label", "Slide: arrows move, plus and minus zoom");
    for (const event of ["update-viewport", "resize", "open"]) this.osd.addHandler(event, () => this.draw());
    // The view's goal is known before the picture has come to rest there: it is looked at meanwhile.
    for (const event of ["pan", "zoom", "resize"]) this.osd.addHandler(event, () => this.moved());
    // A hand that lets go moves no further: OpenSeadragon sets the last goal after this event, and then it is looked at.
    this.osd.addHandler("canvas-drag-end", () => setTimeout(() => this.released(), 0));
    this.osd.addHandler("open", () => {
      const { viewport } = this.osd;
      viewport.zoomTo(viewport.imageToViewportZoom(Math.min(1, 2600 / data.width + 0.5)), null, true);
      this.root.dataset.ready = "yes";
      this.goal = null; // whatever was aimed at before there was a picture
      this.moved();
    });
    this.osd.addHandler("open-failed", () => this.complain("The slide could not be opened. Reload the page."));
  }

  moved() {
    const goal = this.window();
    if (this.goal?.every((edge, index) => edge === goal[index])) return; // letting go sets the same goal once more
    this.goal = goal;
    this.since = performance.now();
    clearTimeout(this.timer);
    clearTimeout(this.rest);
    this.ahead?.abort(); // the server ends the tile it is at, which a pan takes longer than
    this.timer = setTimeout(() => this.look(), QUIET_MS);
  }

  released() {
    if (this.closed || !this.timer) return;
    clearTimeout(this.timer);
    this.look();
  }

  // Px of the slide that the viewer shows once it rests.
  window() {
    const bounds = this.osd.viewport.getBounds();
    const wide = this.data.width;
    const edges = [bounds.x * wide, bounds.y * wide, (bounds.x + bounds.width) * wide, (bounds.y + bounds.height) * wide];
    return edges.map(Math.round);
  }

  *under([x0, y0, x1, y1]) {
    const { tile, width, height } = this.data;
    for (let row = Math.max(0, Math.floor(y0 / tile)); row * tile < Math.min(y1, height); row += 1) {
      for (let column = Math.max(0, Math.floor(x0 / tile)); column * tile < Math.min(x1, width); column += 1) {
        yield `${column} ${row}`;
      }
    }
  }

  unseen(window) {
    for (const place of this.under(window)) if (!this.tiles.has(place)) return true;
    return false;
  }

  // Whether a view shows a tile that was never in view, which from now on it was.
  isNew(window) {
    const before = this.viewed.size;
    for (const place of this.under(window)) this.viewed.add(place);
    return this.viewed.size > before;
  }

  async look() {
    this.timer = null;
    if (!this.osd?.isOpen()) {
      this.goal = null; // opening looks
      return;
    }
    const window = this.window(), since = this.since;
    if (this.asked && this.isRead(window)) return Object.assign(this.asked.view, { window, since });
    this.asked?.abort();
    this.asked = null;
    this.reading = [];
    this.find(".far").hidden = true;
    if (!this.unseen(window)) {
      if (this.first && this.isNew(window)) this.note(performance.now() - since); // it was looked at ahead
      this.settle();
      this.onward(window);
      return;
    }
    const asked = (this.asked = new AbortController()), view = (asked.view = { window, since });
    try {
      const answer = await this.ask({ window }, asked.signal);
      let looked = false;
      for await (const told of lines(answer)) {
        if (told.too_far) { this.find(".far").hidden = false; continue; }
        if (told.problem) { this.complain(told.problem); continue; }
        looked ||= told.reading?.length > 0;
        this.take(told);
      }
      this.asked = null;
      this.reading = [];
      this.draw();
      const rests = view.since === this.since;
      if (rests && this.isNew(view.window) && looked && this.first) this.note(performance.now() - view.since);
      this.first = true; // the very first look waits for the models and follows no pan
      this.settle();
      if (rests) this.onward(view.window);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.asked = this.goal = null; // the next move asks again
      this.reading = [];
      this.complain("The server does not answer. Reload the page.");
    }
  }

  // Whether all that is unseen of a window is being read already: then there is nothing to ask.
  isRead(window) {
    const waiting = [...this.under(window)].filter((place) => !this.tiles.has(place)).map((place) => place.split(" ").map(Number));
    const among = ([column, row]) => this.reading.some(([left, top, right, bottom]) => column >= left && column < right && row >= top && row < bottom);
    return waiting.length > 0 && waiting.every(among);
  }

  ask(question, signal) {
    const body = JSON.stringify({ ...question, tiles: this.next[0], cells: this.next[1] });
    return fetch(`${this.data.address}/look`, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal, priority: "high" });
  }

  // While a view rests: look at what lies in the direction of the last move, then at what lies around, tile by tile.
  onward(window) {
    const { tile } = this.data, last = this.last ?? window;
    this.last = window;
    const [dx, dy] = [0, 1].map((axis) => tile * Math.sign(window[axis] - last[axis]));
    const next = [window[0] + dx, window[1] + dy, window[2] + dx, window[3] + dy];
    const around = [window[0] - tile, window[1] - tile, window[2] + tile, window[3] + tile];
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.lookAhead([next, around]), REST_MS);
  }

  async lookAhead(windows) {
    if (this.runs || this.closed) return; // a scan comes by there anyway
    const ahead = (this.ahead = new AbortController());
    try {
      for (const window of windows) {
        if (!this.unseen(window)) continue;
        const answer = await this.ask({ window, ahead: true }, ahead.signal);
        if (!answer.ok) return;
        for await (const told of lines(answer)) this.take(told);
      }
    } catch {
      // Moved on, or the server is gone: the next look tells.
    }
  }

  take(told) {
    if (told.reading) this.reading = told.reading;
    if (told.next) this.next = this.next.map((known, index) => Math.max(known, told.next[index]));
    const { tile } = this.data;
    for (const [column, row] of told.tiles ?? []) {
      if (!this.tiles.has(`${column} ${row}`)) this.tiles.set(`${column} ${row}`, 0);
      this.reading = this.reading.filter(([left, top, right, bottom]) => !(column >= left && column < right && row >= top && row < bottom));
    }
    for (const [number, x0, y0, x1, y1, kind, review, score] of told.cells ?? []) {
      if (this.cells.has(number)) continue;
      this.cells.set(number, { box: [x0, y0, x1, y1], kind, review: Boolean(review), score });
      const place = `${Math.floor((x0 + x1) / 2 / tile)} ${Math.floor((y0 + y1) / 2 / tile)}`;
      if (kind === "blast" && this.tiles.has(place)) this.tiles.set(place, this.tiles.get(place) + 1);
    }
    if (told.counts) { this.figures = told; this.count(); }
    this.root.dataset.cells = String(this.cells.size);
    this.draw();
  }

  // A look is over: the figures for who measures and the sentence for who does not see.
  settle() {
    this.root.dataset.looked = String(Number(this.root.dataset.looked ?? 0) + 1);
    const { shown: here, blasts } = this.inView ?? { shown: 0, blasts: 0 };
    this.find(".spoken").textContent = `${here} white cells in view, ${blasts} look like blasts.`;
  }

  note(milliseconds) {
    this.took.push(milliseconds);
    this.root.dataset.took = JSON.stringify(this.took.map(Math.round));
    this.find(".took b").textContent = duration(quantile(this.took, 0.5));
    this.find(".spread").textContent = `median; p95 ${duration(quantile(this.took, 0.95))}`;
  }

  count() {
    const { counts, share, memory } = this.figures;
    for (const kind of ["blast", "healthy", "review"]) this.find(`.n-${kind}`).textContent = shown(counts[kind]);
    const whole = (value) => Math.round(100 * value);
    this.find(".share b").textContent = share ? `${whole(share[0])}${NBSP}%` : "–";
    this.find(".interval").textContent = share ? `(${whole(share[1])}–${whole(share[2])})` : "";
    const part = share ? 100 * share[0] : 0;
    this.find(".bar .b").style.width = `${part}%`;
    this.find(".bar .h").style.width = share ? `${100 - part}%` : 0;
    Object.assign(this.find(".bar .whisker").style, share ? { left: `${100 * share[1]}%`, width: `${100 * (share[2] - share[1])}%` } : { width: 0 });
    this.find(".memory b").textContent = `${(memory / 1e9).toFixed(1)}${NBSP}GB`;
  }

  async news() {
    clearTimeout(this.newsTimer);
    if (this.closed) return;
    const { address } = this.data;
    try {
      const answer = await fetch(`${address}/news?tiles=${this.next[0]}&cells=${this.next[1]}`);
      const told = await answer.json();
      if (this.data.address !== address || this.closed) return;
      if (!answer.ok) return this.complain(told.problem);
      if (told.problem) this.complain(told.problem);
      this.scanned(told.scan);
      this.take({ ...told, problem: undefined });
      this.newsTimer = setTimeout(() => this.news(), told.scan.runs ? NEWS_MS : 5 * NEWS_MS);
    } catch {
      this.newsTimer = setTimeout(() => this.news(), 5 * NEWS_MS);
    }
  }

  async scan(run) {
    await fetch(`${this.data.address}/scan`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ run }) });
    this.begun = null;
    this.news();
  }

  scanned({ runs, seen: told, of }) {
    const seen = Math.min(of, Math.max(told, this.tiles.size)); // what was read here just now counts before the server says so
    this.runs = runs;
    this.heard = { runs, seen, of };
    this.root.dataset.scan = runs ? "runs" : seen >= of ? "done" : "rests";
    if (runs) this.begun ??= { at: performance.now(), seen };
    const percent = Math.floor((100 * seen) / of);
    const rate = runs && seen > this.begun.seen ? (performance.now() - this.begun.at) / (seen - this.begun.seen) : 0;
    const minutes = Math.ceil((rate * (of - seen)) / 60000);
    this.find(".what").textContent = seen >= of ? "Everything was seen" : runs ? "Scanning everything" : "Scan everything";
    this.find(".how").textContent = runs ? `${percent}${NBSP}%${rate ? ` · about ${minutes} min left` : ""}` : seen >= of ? "100 %" : "reads the rest in the background, while you move on";
    this.find(".count").textContent = `${shown(seen)} of ${shown(of)} tiles`;
    this.find(".track i").style.width = `${percent}%`;
    this.find(".track").setAttribute("aria-valuenow", percent);
    this.find(".go").textContent = runs ? "Stop" : seen ? "Scan the rest" : "Scan everything";
    this.find(".go").hidden = seen >= of;
  }

  // Where the slide lies in the viewer: origin in px, and px of the screen a px of the slide.
  view() {
    const item = this.osd?.world.getItemAt(0);
    if (!item) return null;
    const start = this.osd.viewport.viewportToViewerElementRectangle(item.getBounds(true));
    return { x: start.x, y: start.y, scale: start.width / this.data.width };
  }

  draw() {
    const view = this.view(), canvas = this.find(".boxes");
    if (!view) return;
    const ratio = globalThis.devicePixelRatio || 1, size = this.size;
    if (canvas.width !== Math.round(size.width * ratio)) canvas.width = Math.round(size.width * ratio);
    if (canvas.height !== Math.round(size.height * ratio)) canvas.height = Math.round(size.height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    drawVeil(context, this.reading, view, this.data.tile);
    this.inView = drawBoxes(context, this.cells.values(), view, size);
    this.toTell ??= setTimeout(() => this.tell(), TELL_MS);
  }

  // What stands around the picture: the map, where the view lies, the scale. It may follow a little later.
  tell() {
    this.toTell = null;
    const view = this.view(), { size } = this;
    if (!view || this.closed) return;
    this.find(".reading").hidden = !this.reading.length;
    const wide = size.width / view.scale, high = size.height / view.scale;
    const middle = [(size.width / 2 - view.x) / view.scale, (size.height / 2 - view.y) / view.scale].map((value) => shown(Math.round(value)));
    this.find(".where").textContent = `x ${middle[0]} · y ${middle[1]} · ${Math.round(100 * view.scale)}${NBSP}%`;
    this.scaleBar(view);
    const columns = Math.ceil(this.data.width / this.data.tile), rows = Math.ceil(this.data.height / this.data.tile);
    const frame = [-view.x / view.scale / this.data.width, -view.y / view.scale / this.data.height, wide / this.data.width, high / this.data.height];
    const most = this.map.draw(columns, rows, this.tiles, frame);
    const covered = Math.round((100 * this.tiles.size) / (columns * rows));
    this.find(".most").textContent = `0–${most}`;
    this.find(".covered").textContent = `${covered}${NBSP}% seen`;
    if (this.heard && this.tiles.size > this.heard.seen) this.scanned({ ...this.heard, seen: this.tiles.size });
    this.find(".map").setAttribute("aria-label", `Map of the slide: ${covered} % seen. A click or the arrow keys travel.`);
  }

  scaleBar(view) {
    const px = view.scale / this.data.um; // px of the screen a micrometre
    const length = [1000, 500, 200, 100, 50, 20, 10, 5].find((um) => um * px <= 180) ?? 5;
    this.find(".scale span").textContent = length >= 1000 ? "1 mm" : `${length} µm`;
    this.find(".scale i").style.width = `${length * px}px`;
  }

  travel(x, y) {
    const { viewport } = this.osd;
    viewport.panTo(new globalThis.OpenSeadragon.Point(x, (y * this.data.height) / this.data.width));
    viewport.applyConstraints();
  }

  zoom(factor) {
    this.osd?.viewport.zoomBy(factor);
    this.osd?.viewport.applyConstraints();
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.viewer.requestFullscreen?.();
  }

  complain(sentence) {
    this.find(".failed").textContent = sentence;
    this.find(".failed").hidden = !sentence;
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.newsTimer);
    clearTimeout(this.rest);
    clearTimeout(this.toTell);
    this.asked?.abort();
    this.ahead?.abort();
    this.resized.disconnect();
    document.removeEventListener("pointerdown", this.outside);
    this.osd?.destroy();
  }
}

// One answer in lines of JSON, each as soon as it is there.
async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? "";
    const parts = rest.split("\n");
    rest = done ? "" : parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
    if (done) return;
  }
}

const SLIDES = new WeakMap();

export default function ({ data, parentElement }) {
  let viewer = SLIDES.get(parentElement);
  if (!viewer) {
    viewer = new SlideViewer(parentElement.querySelector(".slide"));
    SLIDES.set(parentElement, viewer);
  }
  viewer.show(data);
  return () => {
    SLIDES.get(parentElement)?.close();
    SLIDES.delete(parentElement);
  };
}
