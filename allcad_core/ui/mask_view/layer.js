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

const PAINT = {
  grey: (out, { grey }) => { for (let at = 0; at < out.length; at++) { const v = grey[at]; out[at] = INK | (v << 16) | (v << 8) | v; } },
  clusters: (out, { grey }, data, [nuclei, reds, ground]) => {
    const [first, second] = data.clusters;
    const cut = data.threshold ?? first;
    const table = new Uint32Array(256);
    for (let level = 0; level < 256; level++)
      table[level] = level <= cut ? packed(nuclei.colour) : level <= first ? packed("#8D7AA8") : packed(level <= second ? reds.colour : ground.colour);
    look(out, grey, table);
  },
  mask: (out, planes, data, [nucleus, cytoplasm], width) => {
    const table = Uint32Array.from(inside(data), (code) =>
      code === NUCLEUS ? packed(nucleus.colour) : code === CYTOPLASM ? packed((cytoplasm ?? nucleus).colour) : 0);
    edged(out, source(planes, data), table, width);
  },
  cut: (out, planes, data) => {
    const codes = inside(data);
    look(out, source(planes, data), Uint32Array.from(codes, (code) => (code ? 0 : packed("#FFFFFF"))));
  },
  regions: (out) => out.fill(0),
  truth: (out, planes, data, legend, width) => {
    compare(out, source(planes, data), inside(data), planes.truth, inside({}), data.part, legend, width);
  },
  difference: (out, planes, data, legend, width) => {
    compare(out, planes.mask, inside({}), planes.other, inside({}), data.part, legend, width);
  },
};

function source(planes, data) {
  return data.threshold === null || data.threshold === undefined ? planes.mask : planes.grey;
}

function look(out, bytes, table) {
  for (let at = 0; at < out.length; at++) out[at] = table[bytes[at]];
}

// Colours with a white rim inside each, so that a dark mask is seen on a dark nucleus.
function edged(out, bytes, table, width) {
  const rim = Math.max(1, Math.round(width / 1000));
  const [up, white] = [rim * width, packed("#FFFFFF")];
  for (let at = 0; at < out.length; at++) {
    const colour = table[bytes[at]];
    out[at] = colour && (table[bytes[at - rim] ?? bytes[at]] !== colour || table[bytes[at + rim] ?? bytes[at]] !== colour
      || table[bytes[at - up] ?? bytes[at]] !== colour || table[bytes[at + up] ?? bytes[at]] !== colour) ? white : colour;
  }
}

// Both, only the first (hatched), only the second (dotted). The pattern belongs to the picture and grows with it.
function compare(out, one, codeOne, other, codeOther, part, legend, width) {
  const counted = counts(part);
  const first = Uint8Array.from(codeOne, (code) => counted[code]);
  const second = Uint8Array.from(codeOther, (code) => 2 * counted[code]);
  const [both, only, missed] = legend.map(({ colour }) => packed(colour));
  const [stroke, dot] = legend.slice(1).map(({ colour }) => packed(mark(colour)));
  const step = Math.max(4, Math.round(width / 170));
  const thin = Math.max(1, Math.round(step / 3));
  const height = out.length / width;
  const hatch = Uint8Array.from({ length: width + height }, (_, at) => at % step < thin);
  const spot = Uint8Array.from({ length: Math.max(width, height) }, (_, at) => at % step < Math.max(1, Math.round(step / 2.6)));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const kind = first[one[at]] | second[other[at]];
      out[at] = kind === 0 ? 0 : kind === 3 ? both : kind === 1 ? (hatch[x + y] ? stroke : only) : spot[x] && spot[y] ? dot : missed;
    }
  }
}

const NEEDS = {
  grey: ["grey"], clusters: ["grey"], mask: ["mask|grey"], cut: ["mask|grey"], regions: [], truth: ["mask|grey", "truth"],
  difference: ["mask", "other"],
};
