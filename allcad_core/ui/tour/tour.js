// Puts a step of the tour beside what it speaks of. A press goes to Python; what is over is written into a cookie.
const TOURS = new WeakMap();
const GAP = 14;
const EDGE = 16;
const HEADER = 76;
const YEAR_S = 31536000;

class Tour {
  constructor(root) {
    this.card = root.querySelector(".tour");
    this.ring = root.querySelector(".ring");
    this.card.addEventListener("click", (event) => this.act(event.target.closest("button")?.dataset.act));
    this.key = (event) => { if (event.key === "Escape" && !event.defaultPrevented && !this.card.hidden) this.act("skip"); };
    this.follow = () => this.place();
    document.addEventListener("keydown", this.key);
    addEventListener("resize", this.follow);
    document.addEventListener("scroll", this.follow, { capture: true, passive: true });
    this.clock = setInterval(this.follow, 250); // what is above may still grow
  }

  act(name) {
    if (!name) return;
    if (name === "skip" || (name === "on" && this.data.number === this.data.steps)) this.end();
    this.moved = true;
    this.report(name);
  }

  end() {
    document.cookie = `${this.data.cookie}=${this.data.done}; path=/; max-age=${YEAR_S}; SameSite=Lax`;
    this.card.hidden = this.ring.hidden = true;
  }

  show(data) {
    const before = this.data?.number;
    this.data = data;
    if (!data.number) { this.end(); return; }
    const say = (selector, words) => { this.card.querySelector(selector).textContent = words; };
    say(".where", `A look around, ${data.number} of ${data.steps}`);
    say("h2", data.title);
    say(".text", data.text);
    say("[data-act=on]", data.onward);
    this.card.querySelector("[data-act=back]").hidden = data.number === 1;
    this.card.querySelector("[data-act=skip]").hidden = data.number === data.steps;
    this.card.hidden = false;
    if (before !== data.number) this.brought = false;
    this.place();
  }

  target() {
    for (const one of this.data.at ?? []) {
      const found = [...document.querySelectorAll(one)].find((node) => node.getClientRects().length);
      if (found) return found;
    }
    return null;
  }

  place() {
    if (!this.data?.number || this.card.hidden) return;
    const target = this.target();
    const phone = innerWidth <= 640;
    this.ring.hidden = !target;
    if (!target) {
      Object.assign(this.card.style, phone ? { left: "", top: "" } : { left: "", top: "", right: `${EDGE}px`, bottom: `${EDGE}px` });
      return;
    }
    if (!this.brought) {
      this.brought = true;
      const at = target.getBoundingClientRect();
      const seen = at.top >= 0 && at.top < innerHeight * (phone ? 0.35 : 0.7);
      target.style.scrollMarginTop = `${HEADER}px`;
      if (!seen) target.scrollIntoView({ block: phone ? "start" : "center", behavior: "auto" });
      if (sessionStorage.getItem("allcad_tour_moved")) this.card.querySelector("[data-act=on]").focus({ preventScroll: true });
    }
    const at = target.getBoundingClientRect();
    Object.assign(this.ring.style, {
      left: `${at.left - 6}px`, top: `${at.top - 6}px`, width: `${at.width + 12}px`, height: `${at.height + 12}px`,
    });
    if (phone) { Object.assign(this.card.style, { left: "", top: "", right: "", bottom: "" }); return; }
    const { offsetWidth: width, offsetHeight: height } = this.card;
    const right = at.right + GAP + width + EDGE <= innerWidth;
    const left = at.left - GAP - width - EDGE >= 0;
    const x = right ? at.right + GAP : left ? at.left - GAP - width : Math.min(Math.max(EDGE, at.left), innerWidth - width - EDGE);
    const beside = right || left;
    const y = beside ? at.top : at.bottom + GAP + height + EDGE <= innerHeight ? at.bottom + GAP : at.top - GAP - height;
    const top = Math.min(Math.max(EDGE, y), innerHeight - height - EDGE);
    Object.assign(this.card.style, { left: `${x}px`, top: `${top}px`, right: "auto", bottom: "auto" });
  }

  close() {
    document.removeEventListener("keydown", this.key);
    removeEventListener("resize", this.follow);
    document.removeEventListener("scroll", this.follow, { capture: true });
    clearInterval(this.clock);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let tour = TOURS.get(parentElement);
  if (!tour) {
    tour = new Tour(parentElement);
    TOURS.set(parentElement, tour);
  }
  tour.report = (act) => { sessionStorage.setItem("allcad_tour_moved", "yes"); setTriggerValue("act", act); };
  tour.show(data);
  return () => {
    TOURS.get(parentElement)?.close();
    TOURS.delete(parentElement);
  };
}
