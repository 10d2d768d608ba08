// The stage: full screen on one press, keys while it is on, and whatever part plays on it.
const STAGES = new WeakMap();

class Stage {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    root.classList.toggle("still", this.still);
    this.part = null;
    this.onKey = (event) => this.key(event);
    this.onScreen = () => { if (!document.fullscreenElement && this.filled) { this.filled = false; this.close(); } };
    document.addEventListener("fullscreenchange", this.onScreen);
  }

  show(data) {
    this.data = data;
    for (const scene of data.scenes) fetched(scene.image);
    for (const card of data.game?.cards ?? []) { fetched(card.image); fetched(card.looked); }
    this.draw();
  }

  open(part) {
    this.part = part;
    this.root.classList.add("cover");
    window.addEventListener("keydown", this.onKey, true);
    this.fill();
    this.draw();
    this.root.focus({ preventScroll: true });
  }

  close() {
    this.part?.leave();
    this.part = null;
    window.removeEventListener("keydown", this.onKey, true);
    this.root.classList.remove("cover");
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    this.draw();
  }

  fill() {
    // where a browser grants no full screen, the stage covers the page
    this.root.requestFullscreen?.().then(() => { this.filled = true; this.root.focus({ preventScroll: true }); }, () => {});
  }

  key(event) {
    if (!this.part || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const pressed = event.composedPath()[0];
    if (pressed?.tagName === "BUTTON" && (key === "Enter" || key === " ")) return; // the button's own
    if (key === "Tab") {
      this.round(event.shiftKey ? -1 : 1);
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (this.press(key)) event.preventDefault();
    event.stopImmediatePropagation(); // the page behind has keys of its own
  }

  // Tab stays on the stage while it covers the page: what lies behind cannot be seen. Esc leaves.
  round(step) {
    const stops = [...this.root.querySelectorAll("button:not(:disabled)")];
    const at = stops.indexOf(this.root.getRootNode().activeElement);
    const from = at < 0 && step < 0 ? 0 : at;
    stops.at((from + step) % stops.length)?.focus();
  }

  press(key) {
    if (key === "Escape") this.close();
    else if (key === "f") {
      if (document.fullscreenElement) { this.filled = false; document.exitFullscreen(); } else this.fill();
    } else if (key === "d") this.root.classList.toggle("dark");
    else return this.part.press(key);
    this.draw();
    return true;
  }

  draw() {
    if (!this.data) return;
    const focused = this.root.getRootNode().activeElement;
    const named = (one) => one.getAttribute("aria-label") ?? one.textContent;
    const name = focused?.tagName === "BUTTON" ? named(focused) : null;
    const { part } = this;
    this.find(".mark").src = this.data.marks[this.root.classList.contains("dark") ? "ink" : "paper"];
    this.find(".body").replaceChildren(part ? part.draw() : this.door());
    this.find("header h1").textContent = part ? part.title() : "";
    this.find(".place").textContent = part ? part.place() : "";
    this.find(".notice").textContent = this.data.notice;
    const keys = part ? [...part.keys(), ["D", "ink or paper", "d"], ["F", "full screen", "f"], ["Esc", "leave", "Escape"]] : [];
    this.find(".keys").replaceChildren(...keys.map(([cap, words, key]) => make("button", { type: "button", class: "hint", disabled: !key,
      onclick: () => this.press(key) }, make("kbd", {}, cap), words)));
    this.root.dataset.part = part ? part.constructor.name.toLowerCase() : "door";
    if (!part || focused === this.root) return;
    const same = name === null ? null : [...this.root.querySelectorAll("button:not(:disabled)")].find((one) => named(one) === name);
    (same ?? this.root).focus({ preventScroll: true });
  }

  door() {
    const scene = this.data.scenes[2] ?? this.data.scenes[0];
    const choice = (words, kind, main) => make("button", { type: "button", class: main ? "press main" : "press",
      onclick: () => this.open(new kind(this)) }, words, make("span", { "aria-hidden": "true" }, "\u2192"));
    return make("div", { class: "door" },
      make("div", { class: "say" }, make("h1", {}, "Show allcad to a room."),
        make("p", { class: "quiet" }, "Full screen, large type, driven by keys. Nothing leaves this machine."),
        make("div", { class: "row" }, choice("Show the scenes", Scenes, true), choice("You or the model", Game, false))),
      picture(scene));
  }

  end() {
    this.close();
    document.removeEventListener("fullscreenchange", this.onScreen);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let stage = STAGES.get(parentElement);
  if (!stage) {
    stage = new Stage(parentElement.querySelector(".stage"));
    STAGES.set(parentElement, stage);
  }
  stage.ask = (seed) => setTriggerValue("seed", seed);
  stage.show(data);
  return () => {
    STAGES.get(parentElement)?.end();
    STAGES.delete(parentElement);
  };
}
