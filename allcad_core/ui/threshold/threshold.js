// The grey histogram. Its line is dragged here and the viewer follows at once; the server hears where it comes to rest.
const CHARTS = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";
const REST_MS = 250; // between the last key or the last typed digit and the report
const TOP = 34;
const FOOT = 26;

export default function ({ data, parentElement, setTriggerValue }) {
  let chart = CHARTS.get(parentElement);
  if (!chart) {
    chart = new Histogram(parentElement.querySelector(".histogram"));
    CHARTS.set(parentElement, chart);
  }
  chart.report = (level) => setTriggerValue("level", level);
  chart.show(data);
  return () => {
    CHARTS.get(parentElement)?.close();
    CHARTS.delete(parentElement);
  };
}

function draw(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1\u00A0%";
  return `${share > 0 && share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)}\u00A0%`;
}

class Histogram {
  constructor(root) {
    this.root = root;
    this.chart = root.querySelector(".chart");
    this.number = root.querySelector(".number");
    this.back = root.querySelector(".back");
    this.facts = root.querySelector(".facts");
    this.svg = draw("svg", { role: "group" }, this.chart);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.chart);
    this.number.addEventListener("input", () => {
      if (this.number.value !== "" && Number.isFinite(this.number.valueAsNumber)) this.move(Math.round(this.number.valueAsNumber), REST_MS, true);
    });
    this.number.addEventListener("change", () => { this.number.value = this.level; });
    this.back.addEventListener("click", () => this.move(this.data.line.rule, 0));
    this.chart.addEventListener("pointerdown", (event) => this.drag(event));
    this.chart.addEventListener("keydown", (event) => this.key(event));
  }

  show(data) {
    const first = this.data?.subject !== data.subject;
    this.data = data;
    // From then on the line stands where the visitor put it: an answer to where it stood before must not move it back.
    if (first) this.level = this.said = data.line?.level;
    LAB.line = data.line && this.level !== data.line.level ? { subject: data.subject, level: this.level } : null;
    this.root.querySelector(".set").hidden = !data.line;
    const running = [0];
    for (const count of data.counts) running.push(running.at(-1) + count);
    this.running = running;
    this.draw();
  }

  x(level) {
    const inset = 18; // so that the tag of the line stays on the chart
    return inset + (level * (this.width - 2 * inset)) / 255;
  }

  y(count) {
    return this.height - FOOT - ((this.height - FOOT - TOP) * Math.log10(count + 1)) / this.tallest;
  }

  draw() {
    if (!this.data) return;
    const { counts, clusters, line, taken } = this.data;
    this.width = this.chart.clientWidth;
    this.height = this.chart.clientHeight;
    if (!this.width) return;
    this.tallest = Math.log10(Math.max(...counts) + 1);
    const focused = this.line && this.root.getRootNode().activeElement === this.line;
    this.svg.replaceChildren();
    const total = this.running[256] || 1;
    const shares = clusters.map(({ name, pixels }) => `${name} ${percent(pixels / total)}`);
    this.svg.setAttribute("aria-label", `Histogram of grey levels in three clusters: ${shares.join(", ")}`);
    const wide = Math.max(1, this.x(1) - this.x(0) + 0.4);
    const bars = (values, low, high, name) => {
      let path = "";
      for (let level = low; level <= high; level++)
        if (values[level]) path += `M${(this.x(level) - wide / 2).toFixed(1)} ${this.height - FOOT}V${this.y(values[level]).toFixed(1)}h${wide.toFixed(1)}V${this.height - FOOT}Z`;
      draw("path", { d: path, class: name }, this.svg);
    };
    if (taken) { bars(counts, 0, 255, "bar2"); bars(taken, 0, 255, "kept"); }
    else clusters.forEach(({ low, high }, place) => bars(counts, low, high, `bar${place}`));
    draw("line", { class: "axis", x1: 0, x2: this.width, y1: this.height - FOOT, y2: this.height - FOOT }, this.svg);
    if (taken) this.legend(taken); else this.names(clusters, shares);
    if (line) this.cut(line);
    if (focused) this.line.focus({ preventScroll: true });
  }

  names(clusters, shares) {
    const filled = clusters.map(({ low, high }) => {
      const used = this.data.counts.slice(low, high + 1).map((count, at) => (count > 3 ? low + at : -1)).filter((level) => level >= 0);
      return used.length ? (used[0] + used.at(-1)) / 2 : (low + high) / 2;
    });
    let edge = 0;
    const nodes = filled.map((level, place) => {
      const text = draw("text", { y: this.height - 7 }, this.svg);
      text.textContent = shares[place];
      return { text, long: text.getComputedTextLength(), middle: this.x(level) };
    });
    let right = this.width;
    const after = nodes.map(({ long }) => long + 10);
    nodes.forEach(({ text, long, middle }, place) => {
      const rest = after.slice(place + 1).reduce((sum, part) => sum + part, 0);
      const left = Math.max(edge, Math.min(middle - long / 2, right - rest - long));
      text.setAttribute("x", left);
      edge = left + long + 10;
    });
  }

  legend(taken) {
    const used = taken.map((count, level) => (count ? level : -1)).filter((level) => level >= 0);
    let x = 0;
    const entry = (name, words) => {
      draw("rect", { class: name, x, y: this.height - 18, width: 12, height: 12, rx: 2 }, this.svg);
      const text = draw("text", { x: x + 18, y: this.height - 7 }, this.svg);
      text.textContent = words;
      x += text.getComputedTextLength() + 36;
    };
    entry("kept", used.length ? `taken for nucleus, grey ${used[0]} to ${used.at(-1)}` : "nothing is taken for nucleus");
    entry("bar2", "the rest");
  }

  cut({ rule, rule_name: name, dice }) {
    if (dice) {
      const height = (value) => this.height - FOOT - (this.height - FOOT - TOP) * value;
      const points = dice.map((value, level) => `${this.x(level).toFixed(1)},${height(value).toFixed(1)}`);
      draw("polyline", { class: "dice", points: points.join(" ") }, this.svg);
      this.dot = draw("circle", { class: "dicedot", r: 4.5 }, this.svg);
      this.diceAt = height;
      const word = draw("text", { class: "dicename", x: this.x(255) - 26, y: height(dice[255]) - 7 }, this.svg);
      word.textContent = "Dice";
    }
    this.ruleLine = draw("line", { class: "rule", x1: this.x(rule), x2: this.x(rule), y1: TOP - 4, y2: this.height - FOOT }, this.svg);
    this.line = draw("g", {
      class: "line", tabindex: 0, role: "slider", "aria-label": "Threshold, grey level", "aria-valuemin": 0, "aria-valuemax": 255,
      "aria-orientation": "horizontal",
    }, this.svg);
    draw("rect", { class: "grip", x: -14, y: 0, width: 28, height: this.height - FOOT }, this.line);
    draw("line", { class: "stroke", y1: 22, y2: this.height - FOOT }, this.line);
    draw("rect", { class: "tag", x: -19, y: 0, width: 38, height: 24 }, this.line);
    draw("text", { y: 17 }, this.line);
    this.back.textContent = `Back to ${rule}`;
    this.back.title = `Where ${name} cuts`;
    this.place();
  }

  // Put the line where it stands, and say what follows from it.
  place() {
    const { line } = this.data;
    this.line.setAttribute("transform", `translate(${this.x(this.level)} 0)`);
    this.line.setAttribute("aria-valuenow", this.level);
    this.line.querySelector("text").textContent = this.level;
    if (this.root.getRootNode().activeElement !== this.number) this.number.value = this.level;
    this.back.hidden = this.level === line.rule;
    this.ruleLine.style.display = this.level === line.rule ? "none" : "";
    const share = percent(this.running[this.level + 1] / (this.running[256] || 1));
    let facts = `${share} of the picture kept`;
    if (line.dice) {
      const best = line.dice.indexOf(Math.max(...line.dice));
      this.dot.setAttribute("cx", this.x(this.level));
      this.dot.setAttribute("cy", this.diceAt(line.dice[this.level]));
      facts = `${share} kept; Dice ${line.dice[this.level].toFixed(2)}, best ${line.dice[best].toFixed(2)} at ${best}`;
    }
    this.facts.textContent = `${facts}.`;
    this.line.setAttribute("aria-valuetext", `Grey ${this.level}, ${facts}`);
  }

  move(level, rest) {
    const next = Math.max(0, Math.min(255, level));
    if (next !== this.level) {
      this.level = next;
      this.place();
      LAB.line = { subject: this.data.subject, level: next };
      say("threshold", next);
    }
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = 0;
      if (this.dragging || this.said === this.level) return;
      this.said = this.level;
      this.report(this.level);
    }, rest);
  }

  drag(event) {
    if (!this.data?.line || event.button) return;
    const left = this.chart.getBoundingClientRect().left;
    const near = Math.abs(event.clientX - left - this.x(this.level)) <= 22;
    if (event.pointerType !== "mouse" && !near) return; // a thumb that scrolls the page is not one that drags
    this.dragging = true;
    this.chart.setPointerCapture(event.pointerId);
    this.line.focus({ preventScroll: true });
    const offset = near ? event.clientX - left - this.x(this.level) : 0;
    const level = (moved) => Math.round(((moved.clientX - left - offset - this.x(0)) / (this.x(255) - this.x(0))) * 255);
    if (!near) this.move(level(event), REST_MS);
    const follow = (moved) => this.move(level(moved), REST_MS);
    const end = () => {
      this.dragging = false;
      this.chart.removeEventListener("pointermove", follow);
      this.move(this.level, 0);
    };
    this.chart.addEventListener("pointermove", follow);
    for (const kind of ["pointerup", "pointercancel"]) this.chart.addEventListener(kind, end, { once: true });
    event.preventDefault();
  }

  key(event) {
    if (event.target !== this.line) return;
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    const to = { Home: 0, End: 255 }[event.key];
    if (step === undefined && to === undefined) return;
    this.move(to ?? this.level + step, REST_MS);
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    clearTimeout(this.resting);
    this.watch.disconnect();
  }
}
