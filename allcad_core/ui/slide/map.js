// The map of where the visitor has been: a square a tile, the more violet the more blasts; a click travels there.
const RAMP = [[225, 205, 238], [109, 34, 174]]; // from no blast to the most

class SlideMap {
  constructor(canvas, travel) {
    this.canvas = canvas;
    canvas.addEventListener("click", (event) => {
      const rect = canvas.getBoundingClientRect();
      travel((event.clientX - rect.left) / rect.width, (event.clientY - rect.top) / rect.height);
    });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step || !this.view) return;
      travel(this.view[0] + this.view[2] / 2 + step[0] * this.view[2], this.view[1] + this.view[3] / 2 + step[1] * this.view[3]);
      event.preventDefault();
    });
  }

  // tiles: Map "column row" -> blasts; view: left, top, width, height as shares of the slide.
  draw(columns, rows, tiles, view) {
    this.view = view;
    const ratio = globalThis.devicePixelRatio || 1;
    const width = this.canvas.clientWidth, height = Math.min(320, Math.max(40, (width * rows) / columns));
    this.canvas.style.height = `${height}px`;
    if (this.canvas.width !== Math.round(width * ratio)) this.canvas.width = Math.round(width * ratio);
    if (this.canvas.height !== Math.round(height * ratio)) this.canvas.height = Math.round(height * ratio);
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = getComputedStyle(this.canvas).color;
    context.fillRect(0, 0, width, height);
    const w = width / columns, h = height / rows, gap = Math.min(w, h) > 5 ? 1 : 0;
    const most = Math.max(1, ...tiles.values());
    for (const [place, blasts] of tiles) {
      const [column, row] = place.split(" ").map(Number);
      const share = blasts / most;
      context.fillStyle = `rgb(${RAMP[0].map((from, index) => Math.round(from + share * (RAMP[1][index] - from))).join(" ")})`;
      context.fillRect(column * w, row * h, w - gap, h - gap);
    }
    const [x, y, across, down] = [view[0] * width, view[1] * height, Math.max(6, view[2] * width), Math.max(6, view[3] * height)];
    context.strokeStyle = "#FFFFFF";
    context.lineWidth = 4;
    context.strokeRect(x, y, across, down);
    context.strokeStyle = "#211C28";
    context.lineWidth = 2;
    context.strokeRect(x, y, across, down);
    return most;
  }
}
