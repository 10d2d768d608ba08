// Small pieces that scenes and game share: elements from words, boxes over pictures.
const GLYPHS = { blast: "\u25C6", healthy: "\u25CB" };
const STROKES = { blast: ["#FFFFFF", "#6D22AE", ""], healthy: ["#FFFFFF", "#00807A", ""], review: ["#211C28", "#E8A117", "9 6"],
  unsure: ["#FFFFFF", "#6B6473", "2 4"], quiet: ["", "#FFFFFF", ""] };
const SVG = "http://www.w3.org/2000/svg";

function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function drawn(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.append(node);
  return node;
}

// Boxes over a picture of width x height units; `thick` is the width of a line in these units.
function overlay(width, height, marks, thick) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true");
  for (const { box: [x0, y0, x1, y1], kind, tag } of marks) {
    const [casing, colour, dash] = STROKES[kind];
    const radius = kind === "healthy" ? Math.min(x1 - x0, y1 - y0) / 4 : 0;
    const place = { x: x0, y: y0, width: x1 - x0, height: y1 - y0, rx: radius, fill: "none" };
    if (casing) drawn("rect", { ...place, stroke: casing, "stroke-width": thick * 1.8 }, svg);
    drawn("rect", { ...place, stroke: colour, "stroke-width": kind === "quiet" ? thick / 2 : thick,
      "stroke-dasharray": dash.split(" ").map((part) => part * thick / 2.6).join(" ").replace(/^0$/, "none") }, svg);
    const words = tag && kind === "review" ? tag : GLYPHS[kind];
    if (!words) continue;
    const [high, wide] = [thick * 9, thick * (4.5 * [...words].length + 4.5)];
    const top = y0 < high ? y1 : y0 - high;
    drawn("rect", { x: x0 - thick * 0.9, y: top, width: wide, height: high, fill: kind === "review" ? "#211C28" : colour }, svg);
    drawn("text", { x: x0 - thick * 0.9 + wide / 2, y: top + high * 0.75, "text-anchor": "middle", "font-size": high * 0.76,
      "font-family": "var(--st-font)", fill: kind === "review" ? "#F7C667" : "#FFFFFF" }, svg).textContent = words;
  }
  return svg;
}

function fetched(address) {
  if (address) new Image().src = address;
}
