// The scenes: one picture and one sentence each, in a loop that keys drive.
const STAY_MS = 8000;

class Scenes {
  constructor(stage) {
    this.stage = stage;
    this.at = 0;
    this.running = !stage.still;
  }

  title() { return "Scenes"; }

  place() {
    return `Scene ${this.at + 1} of ${this.stage.data.scenes.length}${this.running ? "" : ", paused"}`;
  }

  keys() {
    return [["\u2190", "", "ArrowLeft"], ["\u2192", "back, next", "ArrowRight"], ["Space", this.running ? "pause" : "play", " "],
      [`1\u2013${this.stage.data.scenes.length}`, "choose", ""]];
  }

  press(key) {
    const count = this.stage.data.scenes.length;
    const moves = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, Enter: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
    if (key in moves) this.go((this.at + moves[key] + count) % count);
    else if (key === " ") { this.running = !this.running; this.stage.draw(); }
    else if (key >= "1" && key <= String(count)) this.go(Number(key) - 1);
    else if (key === "Home") this.go(0);
    else if (key === "End") this.go(count - 1);
    else return false;
    return true;
  }

  go(at) {
    this.at = at;
    this.stage.draw();
  }

  leave() { clearTimeout(this.timer); }

  draw() {
    clearTimeout(this.timer);
    const { scenes } = this.stage.data;
    this.at = Math.min(this.at, scenes.length - 1);
    if (this.running) this.timer = setTimeout(() => this.go((this.at + 1) % scenes.length), STAY_MS);
    const scene = scenes[this.at];
    const dots = scenes.map((each, index) => make("button", { type: "button", "aria-label": each.name, title: each.name,
      "aria-current": index === this.at ? "step" : null, onclick: () => this.go(index) }, String(index + 1)));
    return make("div", { class: "scene", "data-scene": scene.name },
      scene.matrix ? this.matrix(scene.matrix) : picture(scene),
      make("div", { class: "say" }, make("h2", {}, scene.sentence),
        make("div", { class: "lines" }, ...scene.lines.map((line) => make("p", {}, line))),
        make("div", { class: "dots", role: "group", "aria-label": "Scenes" }, ...dots)));
  }

  matrix({ counts, source }) {
    const names = ["blast", "healthy"];
    const cell = (row, column) => make("td", { class: row === column ? "right" : null }, String(counts[row][column]),
      make("small", {}, row === column ? "\u2713 right" : "\u00D7 wrong"));
    const head = (name) => make("th", { scope: "col" }, make("span", { class: name }, GLYPHS[name]), ` said ${name}`);
    return make("div", {}, make("table", {}, make("thead", {}, make("tr", {}, make("td", { style: "background:none" }), ...names.map(head))),
      make("tbody", {}, ...names.map((name, row) => make("tr", {},
        make("th", { scope: "row" }, make("span", { class: name }, GLYPHS[name]), ` is ${name}`), cell(row, 0), cell(row, 1))))),
      make("p", { class: "quiet" }, source));
  }
}

function picture({ image, width, height, marks, sentence }) {
  return make("div", { class: "picture" }, make("img", { src: image, alt: sentence }), overlay(width, height, marks, width / 320));
}
