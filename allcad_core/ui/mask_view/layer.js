// The step of a segmentation as a picture of its own size: planes of bytes in, colours out.
const PLANES = new Map(); // address -> promise of { width, height, bytes }
const MOST_PLANES = 12;
const INK = 255 << 24;
const CYTOPLASM = 1;
const NUCLEUS = 2;

function plane(address) {
  if (!address) return Promise.resolve(null);
  if (!PLANES.has(address)) {
    const loading = fetch(address)
      .then((answer) => { if (!answer.ok) throw new Error(address); return answer.blob(); })
      .then((blob) => createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" }))
      .then((bitmap) => {
        const { width, height } = bitmap;
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(bitmap, 0, 0);
        bitmap.close();
        const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
        const bytes = new Uint8Array(pixels.length);
        for (let at = 0; at < pixels.length; at++) bytes[at] = pixels[at];
        return { width, height, bytes };
      });
    loading.catch(() => PLANES.delete(address));
    PLANES.set(address, loading);
    if (PLANES.size > MOST_PLANES) PLANES.delete(PLANES.keys().next().value);
  }
  return PLANES.get(address);
}

// A colour as the four bytes of a canvas.
function packed(colour, alpha = 255) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function mark(colour) { // the darker line or the light dot that a patterned colour carries
  return { "#E8A117": "#8A4F00", "#8F861B": "#4A4508" }[colour] ?? "#FFFFFF";
}

// What is inside the mask: by threshold on grey levels, or by a plane. Gives 0, CYTOPLASM or NUCLEUS for a byte.
function inside({ threshold }) {
  const table = new Uint8Array(256);
  if (threshold === null || threshold === undefined) { table[CYTOPLASM] = CYTOPLASM; table[NUCLEUS] = NUCLEUS; }
  else table.fill(NUCLEUS, 0, threshold + 1);
  return table;
}

// Whether a code belongs to the part that is compared.
function counts(part) {
  const table = new Uint8Array(256);
  table[NUCLEUS] = 1;
  table[CYTOPLASM] = part === "cell" ? 1 : 0;
  return table;
}

// The bytes of a plane that a window shows: every step-th pixel of it.
function gathered({ bytes, width }, { x0, y0, step, columns, rows }) {
  const out = new Uint8Array(columns * rows);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0, from = (y0 + row * step) * width + x0; column < columns; column++, from += step) out[at++] = bytes[from];
  return out;
}

function source(planes, { threshold }) {
  return threshold === null || threshold === undefined ? planes.mask : planes.grey;
}

function look(out, bytes, table) {
  for (let at = 0; at < out.length; at++) out[at] = table[bytes[at]];
}

// How each step is coloured. ``out`` is a colour for each pixel of the window, ``frame`` the window.
const PAINT = {
  grey: (out, { grey }) => { for (let at = 0; at < out.length; at++) out[at] = INK | (grey[at] * 0x10101); },
  feature: (out, { feature }) => {
    const [low, high] = ["#F6F0FA", "#33105A"].map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
    look(out, feature, Uint32Array.from({ length: 256 }, (_, value) => {
      const [red, green, blue] = low.map((from, channel) => Math.round(from + ((high[channel] - from) * value) / 255));
      return INK | (blue << 16) | (green << 8) | red;
    }));
  },
  clusters: (out, { grey }, data, [nuclei, reds, ground]) => {
    const [first, second] = data.clusters;
    const cut = data.threshold ?? first;
    const table = new Uint32Array(256);
    for (let level = 0; level < 256; level++)
      table[level] = level <= cut ? packed(nuclei.colour) : level <= first ? packed("#8D7AA8") : packed(level <= second ? reds.colour : ground.colour);
    look(out, grey, table);
  },
  mask: (out, planes, data, [nucleus, cytoplasm], frame) => {
    const table = Uint32Array.from(inside(data), (code) =>
      code === NUCLEUS ? packed(nucleus.colour) : code === CYTOPLASM ? packed((cytoplasm ?? nucleus).colour) : 0);
    edged(out, source(planes, data), table, frame);
  },
  cut: (out, planes, data) => {
    look(out, source(planes, data), Uint32Array.from(inside(data), (code) => (code ? 0 : packed("#FFFFFF"))));
  },
  regions: () => {},
  truth: (out, planes, data, legend, frame) => {
    compare(out, source(planes, data), inside(data), planes.truth, data.part, legend, frame);
  },
  difference: (out, planes, data, legend, frame) => {
    compare(out, planes.mask, inside({}), planes.other, data.part, legend, frame);
  },
};

const NEEDS = {
  grey: ["grey"], feature: ["feature"], clusters: ["grey"], mask: ["mask|grey"], cut: ["mask|grey"], regions: [], truth: ["mask|grey", "truth"],
  difference: ["mask", "other"],
};

// Colours with a white rim inside each, so that a dark mask is seen on a dark nucleus.
function edged(out, bytes, table, { columns, ratio }) {
  const rim = Math.max(1, Math.round(ratio));
  const [up, white] = [rim * columns, packed("#FFFFFF")];
  for (let at = 0; at < out.length; at++) {
    const colour = table[bytes[at]];
    out[at] = colour && (table[bytes[at - rim] ?? bytes[at]] !== colour || table[bytes[at + rim] ?? bytes[at]] !== colour
      || table[bytes[at - up] ?? bytes[at]] !== colour || table[bytes[at + up] ?? bytes[at]] !== colour) ? white : colour;
  }
}

// Both, only the first (hatched), only the second (dotted). The pattern lies still on the picture.
function compare(out, one, codeOne, other, part, legend, { x0, y0, step, columns, rows, ratio }) {
  const counted = counts(part);
  const first = Uint8Array.from(codeOne, (code) => counted[code]);
  const second = Uint8Array.from(counted, (code) => 2 * code);
  const [both, only, missed] = legend.map(({ colour }) => packed(colour));
  const [stroke, dot] = legend.slice(1).map(({ colour }) => packed(mark(colour)));
  const [period, thin] = [Math.round(6 * ratio), Math.round(2 * ratio)];
  const [left, top] = [x0 / step, y0 / step];
  const hatch = Uint8Array.from({ length: columns + rows }, (_, at) => (at + left + top) % period < thin);
  const across = Uint8Array.from({ length: columns }, (_, at) => (at + left) % period < thin);
  const down = Uint8Array.from({ length: rows }, (_, at) => (at + top) % period < thin);
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at++) {
      const kind = first[one[at]] | second[other[at]];
      out[at] = kind === 0 ? 0 : kind === 3 ? both : kind === 1 ? (hatch[x + y] ? stroke : only) : across[x] && down[y] ? dot : missed;
    }
  }
}
