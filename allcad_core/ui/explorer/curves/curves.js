// Charts from numbers: bands, lines, whiskers, and where the threshold lies on them. The pointer reads values off.
const SPACE = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement }) {
  parentElement.querySelector(".curves").replaceChildren(...data.charts.map(draw));
}

function draw(chart) {
  const figure = node("figure");
  const caption = node("figcaption");
  const figures = node("span", "", `${chart.figure} `);
  figures.append(node("span", "", chart.interval));
  caption.append(node("b", "", chart.title), chart.key.length ? key(chart.key) : figures);
  figure.append(caption);
  if (!chart.lines.length && !chart.points.length) {
    figure.append(node("div", "absent", chart.absent));
    return figure;
  }
  const plot = node("div", "plot");
  const across = (x) => (100 * Math.min(x, chart.most)) / chart.most;
  const svg = document.createElementNS(SPACE, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", chart.alt);
  const add = (className, d) => {
    const path = document.createElementNS(SPACE, "path");
    path.setAttribute("class", className);
    path.setAttribute("d", d);
    svg.append(path);
  };
  const up = (y) => 100 - 100 * Math.min(Math.max(y, 0), 1);
  add("grid", "M0 50H100M50 0V100");
  add("axis", "M0 0V100H100");
  if (chart.even) add("even", "M0 100L100 0");
  for (const line of chart.lines) {
    const places = line.y.map((_, index) => index).filter((index) => line.low[index] !== null && line.high[index] !== null);
    const edge = (values, order) => order.map((index) => `${across(line.x[index])} ${up(values[index])}`).join("L");
    if (places.length > 1) add(`band ${line.kind}`, `M${edge(line.high, places)}L${edge(line.low, [...places].reverse())}Z`);
  }
  for (const line of chart.lines) {
    const known = line.y.map((y, index) => [line.x[index], y]).filter(([, y]) => y !== null);
    if (known.length) add(`curve ${line.kind}`, `M${known.map(([x, y]) => `${across(x)} ${up(y)}`).join("L")}`);
  }
  for (const point of chart.points) add("whisker", `M${across(point.x)} ${up(point.low)}V${up(point.high)}`);
  if (chart.rule !== null) add("rule", `M${across(chart.rule)} 0V100`);
  plot.append(svg);
  const tick = (text, top) => { const made = node("span", "tick", text); made.style.top = top; plot.append(made); };
  tick("1", "-4px");
  tick("0", "calc(100% - 10px)");
  for (const point of chart.points) plot.append(dot(across(point.x), up(point.y), "dot small"));
  if (chart.dot) plot.append(dot(across(chart.dot.x), up(chart.dot.y), "dot"));
  reader(plot, chart, across);
  const foot = node("div", "foot");
  foot.append(node("span", "", "0"), node("span", "", chart.across));
  figure.append(plot, foot);
  return figure;
}

function node(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function key(entries) {
  const made = node("span", "key");
  for (const { kind, glyph, name } of entries) made.append(node("i", kind, glyph), name);
  return made;
}

function dot(left, top, className) {
  const made = node("i", className);
  made.style.left = `${left}%`;
  made.style.top = `${top}%`;
  return made;
}

function reader(plot, chart, across) {
  const told = node("div", "told");
  told.hidden = true;
  plot.append(told);
  const values = chart.lines.length ? chart.lines[0].x : chart.points.map(({ x }) => x);
  plot.onpointerleave = () => { told.hidden = true; };
  plot.onpointermove = (event) => {
    const frame = plot.getBoundingClientRect();
    const share = (100 * (event.clientX - frame.left)) / frame.width;
    const nearest = values.reduce((best, x, index) => (Math.abs(across(x) - share) < Math.abs(across(values[best]) - share) ? index : best), 0);
    const read = chart.lines.length
      ? chart.lines.map((line) => `${line.name} ${line.y[nearest] === null ? "\u2013" : line.y[nearest].toFixed(2)}`)
      : [`blasts ${chart.points[nearest].y.toFixed(2)}`];
    told.textContent = `${chart.reads} ${values[nearest].toFixed(2)}: ${read.join(", ")}`;
    told.hidden = false;
    const room = frame.width - told.offsetWidth;
    told.style.left = `${Math.max(0, Math.min(room, (share * frame.width) / 100 - told.offsetWidth / 2))}px`;
  };
}
