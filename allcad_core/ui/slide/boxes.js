// Draws boxes of cells on a canvas: thousands cost a few milliseconds. Class by colour and by shape.
const GLYPH_FROM = 40; // px: smaller boxes carry no tag
const DOT_UNDER = 7; // px: smaller boxes are dots
const COLOURS = { blast: "#6D22AE", healthy: "#00807A", unsure: "#6B6473", review: "#E8A117" };

function drawBoxes(context, cells, view, size) {
  let shown = 0, blasts = 0;
  for (const cell of cells) {
    const x = view.x + cell.box[0] * view.scale, y = view.y + cell.box[1] * view.scale;
    const w = (cell.box[2] - cell.box[0]) * view.scale, h = (cell.box[3] - cell.box[1]) * view.scale;
    if (x + w < 0 || y + h < 0 || x > size.width || y > size.height) continue;
    shown += 1;
    blasts += cell.kind === "blast";
    if (Math.min(w, h) < DOT_UNDER) drawDot(context, cell, x + w / 2, y + h / 2);
    else drawBox(context, cell, x, y, w, h);
  }
  return { shown, blasts };
}

function drawDot(context, cell, x, y) {
  context.fillStyle = COLOURS[cell.kind];
  context.strokeStyle = "#FFFFFF";
  context.lineWidth = 1;
  context.beginPath();
  if (cell.kind === "blast") context.rect(x - 2.5, y - 2.5, 5, 5);
  else context.arc(x, y, 2.5, 0, 7);
  context.fill();
  context.stroke();
}

function drawBox(context, cell, x, y, w, h) {
  const round = cell.kind === "healthy" && !cell.review ? Math.min(w, h) / 4 : 0;
  const outline = (colour, width, dash) => {
    context.beginPath();
    context.roundRect(x, y, w, h, round);
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  };
  outline(cell.review ? "#211C28" : "#FFFFFF", cell.review ? 5.2 : 4.6, []);
  outline(cell.review ? COLOURS.review : COLOURS[cell.kind], 2.6, cell.review ? [9, 6] : cell.kind === "unsure" ? [2, 4] : []);
  context.setLineDash([]);
  if (Math.min(w, h) < GLYPH_FROM) return;
  let left = x - 1;
  for (const kind of cell.review ? ["review", cell.kind] : [cell.kind]) {
    drawTag(context, kind, left, y - 19);
    left += 18;
  }
}

function drawTag(context, kind, x, y) {
  context.fillStyle = COLOURS[kind];
  context.fillRect(x, y, 18, 18);
  context.strokeStyle = "#FFFFFF";
  context.lineWidth = 1;
  context.strokeRect(x, y, 18, 18);
  context.beginPath();
  context.lineWidth = 2.2;
  context.fillStyle = kind === "review" ? "#211C28" : "#FFFFFF";
  if (kind === "healthy") { context.arc(x + 9, y + 9, 4.2, 0, 7); context.stroke(); return; }
  const corners = {
    blast: [[9, 3.6], [14.4, 9], [9, 14.4], [3.6, 9]], review: [[9, 4], [14.6, 13.6], [3.4, 13.6]], unsure: [[5, 5], [13, 13], [9, 9], [13, 5], [5, 13]],
  }[kind];
  corners.forEach(([a, b], index) => (index ? context.lineTo(x + a, y + b) : context.moveTo(x + a, y + b)));
  context.closePath();
  if (kind === "unsure") context.stroke(); else context.fill();
}

// Blocks that are being read, veiled with a dashed edge.
function drawVeil(context, blocks, view, tile) {
  for (const [left, top, right, bottom] of blocks) {
    const x = view.x + left * tile * view.scale, y = view.y + top * tile * view.scale;
    const w = (right - left) * tile * view.scale, h = (bottom - top) * tile * view.scale;
    context.fillStyle = "rgba(255, 255, 255, .4)";
    context.fillRect(x, y, w, h);
    context.setLineDash([6, 4]);
    context.strokeStyle = "#211C28";
    context.lineWidth = 1.5;
    context.strokeRect(x, y, w, h);
    context.setLineDash([]);
  }
}
