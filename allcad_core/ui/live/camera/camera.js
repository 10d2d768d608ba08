// The camera in the browser. One frame at a time is on its way to the server; boxes move on with the picture meanwhile.
const CAMERAS = new WeakMap();
const LONG_SIDE = 640; // px of a frame on its way: what the network looks at
const QUALITY = 0.8;
const AHEAD_MS = 400; // boxes are moved on with the picture for so long after their frame
const COLOURS = { blast: "#6D22AE", healthy: "#00807A", unsure: "#6B6473" };
const SVG = "http://www.w3.org/2000/svg";
const HTTPS = "The browser gives the camera to secure pages only. Open this page over HTTPS or on the machine itself, or play the generated film.";
const WHY = {
  NotAllowedError: "The camera was refused. Allow it beside the page's address and start it again, or play the generated film.",
  NotFoundError: "No camera was found. Plug one in and start it again, or play the generated film.",
  NotReadableError: "Another program holds the camera. Close it there and start it again, or play the generated film.",
};

class Camera {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.video = this.find("video");
    this.canvas = document.createElement("canvas");
    this.nodes = new Map();
    this.number = 0;
    this.times = [];
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.invite("Point a microscope's camera, or a phone at the eyepiece, at a stained smear. Frames go to this machine only.");
  }

  invite(words, again = false) {
    this.stop();
    this.find(".rest").hidden = false;
    this.find(".rest p").textContent = words;
    this.find(".ways").replaceChildren(
      button(again ? "Start again" : "Start the camera", "main", () => this.start(() => this.open())),
      button("Play the generated film", "", () => this.start(() => this.play())));
    this.find(".acts").replaceChildren();
    this.root.dataset.state = again ? "refused" : "idle";
  }

  async start(source) {
    this.find(".rest p").textContent = "Starting.";
    try {
      this.stream = await source();
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      return this.invite(WHY[error.name] ?? (error.message || "The camera could not be started. Play the generated film."), true);
    }
    for (const track of this.stream.getVideoTracks())
      track.onended = () => this.invite("The camera has gone. Plug it in and start it again, or play the generated film.", true);
    this.find(".rest").hidden = true;
    this.find(".acts").replaceChildren(button("Freeze", "main", () => this.freeze(), "Space"), button("Stop", "", () => this.invite("Stopped.")));
    Object.assign(this, { running: true, waiting: null, answer: null, times: [], delay: undefined });
    this.root.dataset.state = "running";
    this.find(".badge").hidden = false;
    this.paint();
    this.connect();
  }

  open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error(HTTPS);
    return navigator.mediaDevices.getUserMedia({ audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } } });
  }

  // The stand-in: a large generated field that slides under a window, as under a moved stage.
  async play() {
    const picture = new Image();
    picture.src = this.data.film;
    await picture.decode();
    const stage = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = stage.getContext("2d");
    const [wide, high] = [picture.naturalWidth - 640, picture.naturalHeight - 480];
    const begun = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const slide = () => {
      if (this.film !== slide) return;
      const at = still ? 0 : (performance.now() - begun) / 1000;
      context.drawImage(picture, -wide * (0.5 + 0.5 * Math.sin(at / 9)), -high * (0.5 + 0.5 * Math.sin(at / 13)));
      setTimeout(slide, 33);
    };
    this.film = slide;
    slide();
    return stage.captureStream(30);
  }

  stop() {
    this.running = false;
    this.film = this.answer = null;
    this.find(".badge").hidden = true;
    const { socket } = this;
    this.socket = null;
    socket?.close();
    for (const track of this.stream?.getTracks() ?? []) { track.onended = null; track.stop(); }
    this.stream = null;
    this.video.srcObject = null;
    this.draw([], 0, 0);
    for (const figure of this.root.querySelectorAll("dd")) figure.textContent = "\u2013";
  }

  key(event) {
    if (!this.running || event.key !== " " || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.composedPath()[0];
    if (/^(INPUT|TEXTAREA|SELECT|BUTTON|A)$/.test(target?.tagName ?? "")) return;
    event.preventDefault();
    this.freeze();
  }

  show(data) { this.data = data; }

  // The socket lives as long as the picture does; a server that has gone says so.
  connect() {
    const address = new URL(this.data.socket, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.next();
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    socket.onclose = () => { if (this.socket === socket) this.invite("allcad does not answer any more. Start it again, then the camera.", true); };
    this.socket = socket;
  }

  take(answer) {
    if (answer.trouble) return this.invite(answer.trouble, true);
    if (!this.running || answer.number !== this.waiting) return;
    const now = performance.now();
    const taken = this.sent;
    this.waiting = null;
    Object.assign(this, { answer, taken, took: now - taken });
    this.find(".badge").hidden = true;
    this.times = [...this.times.filter((time) => now - time < 3000), now];
    this.tell(now - taken);
    this.next();
  }

  tell(delay) {
    const span = this.times.at(-1) - this.times[0];
    this.delay = this.delay === undefined ? delay : 0.8 * this.delay + 0.2 * delay;
    const figure = (name, ...parts) => this.find(`[data-figure=${name}]`).replaceChildren(...parts);
    if (span > 500) figure("fps", (1000 * (this.times.length - 1) / span).toFixed(1));
    figure("delay", `${Math.round(this.delay)} ms`);
    figure("cells", this.answer.cells);
    figure("share", this.answer.share, small(this.answer.counts && ` ${this.answer.counts}`));
  }

  next() {
    if (!this.running) return;
    const ready = this.video.requestVideoFrameCallback?.bind(this.video) ?? requestAnimationFrame;
    ready(() => this.send());
  }

  // The frame with the server must come back before another one leaves.
  async send() {
    if (!this.running || this.waiting !== null || this.socket?.readyState !== WebSocket.OPEN) return;
    this.waiting = ++this.number;
    this.sent = performance.now();
    const jpeg = await this.picture(LONG_SIDE);
    if (!this.running) return;
    if (!jpeg) { this.waiting = null; return void setTimeout(() => this.next(), 100); }
    const head = new DataView(new ArrayBuffer(16));
    head.setFloat64(0, this.waiting, true);
    head.setFloat64(8, this.sent, true);
    this.socket.send(new Blob([head, jpeg]));
  }

  async picture(longest) {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return null;
    const share = Math.min(1, longest / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(videoWidth * share);
    this.canvas.height = Math.round(videoHeight * share);
    this.canvas.getContext("2d", { willReadFrequently: true }).drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return new Promise((done) => this.canvas.toBlob(done, "image/jpeg", QUALITY));
  }

  freeze() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return;
    this.canvas.width = videoWidth;
    this.canvas.height = videoHeight;
    this.canvas.getContext("2d").drawImage(this.video, 0, 0);
    const jpeg = this.canvas.toDataURL("image/jpeg", 0.95).split(",")[1];
    this.invite("Taking the frame to Analyse smear.");
    this.find(".ways").replaceChildren();
    this.report(jpeg);
  }

  // Each displayed frame: the boxes where their cells are by now, as far as the picture's own movement tells.
  paint() {
    if (!this.running) return;
    if (this.answer) {
      const ahead = Math.min(performance.now() - this.taken, AHEAD_MS) / 1000;
      const [x, y] = this.answer.velocity;
      this.draw(this.answer.tracks, x * ahead, y * ahead);
    }
    requestAnimationFrame(() => this.paint());
  }

  draw(tracks, dx, dy) {
    const svg = this.find(".boxes");
    const [width, height] = this.answer?.size ?? [4, 3];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const gone = new Set(this.nodes.keys());
    for (const { number, box: [x0, y0, x1, y1], kind } of tracks) {
      gone.delete(number);
      const node = this.nodes.get(number) ?? this.add(svg, number);
      const radius = kind === "healthy" ? Math.min(x1 - x0, y1 - y0) / 4 : 0;
      for (const rect of node.querySelectorAll(".edge")) {
        for (const [name, value] of Object.entries({ x: x0 + dx, y: y0 + dy, width: x1 - x0, height: y1 - y0, rx: radius }))
          rect.setAttribute(name, value);
      }
      node.lastChild.previousSibling.setAttribute("stroke", COLOURS[kind]);
      node.lastChild.setAttribute("x", x0 + dx);
      node.lastChild.setAttribute("y", y0 + dy - height / 120);
      node.lastChild.setAttribute("fill", COLOURS[kind]);
      node.lastChild.setAttribute("font-size", height / 26);
      node.lastChild.textContent = { blast: "\u25C6", healthy: "\u25CB", unsure: "" }[kind];
      node.lastChild.previousSibling.setAttribute("stroke-dasharray", kind === "unsure" ? "2 4" : "none");
      node.dataset.kind = kind;
    }
    for (const number of gone) { this.nodes.get(number).remove(); this.nodes.delete(number); }
    this.drawn = tracks.map(({ box: [x0, y0, x1, y1], kind }) => [x0 + dx, y0 + dy, x1 + dx, y1 + dy, kind]);
  }

  add(svg, number) {
    const node = document.createElementNS(SVG, "g");
    for (const [name, stroke, width] of [["rect", "#FFFFFF", 4.6], ["rect", "", 2.6], ["text", "#FFFFFF", 3]]) {
      const part = document.createElementNS(SVG, name);
      part.setAttribute("stroke", stroke);
      part.setAttribute("stroke-width", width);
      if (name === "rect") { part.setAttribute("class", "edge"); part.setAttribute("vector-effect", "non-scaling-stroke"); }
      else part.setAttribute("paint-order", "stroke");
      node.append(part);
    }
    svg.append(node);
    this.nodes.set(number, node);
    return node;
  }

  end() {
    this.stop();
    document.removeEventListener("keydown", this.onKey);
  }
}

function button(words, name, act, key) {
  const node = Object.assign(document.createElement("button"), { type: "button", className: name, onclick: act });
  node.append(words);
  if (key) node.append(Object.assign(document.createElement("kbd"), { textContent: key }));
  return node;
}

function small(words) {
  return Object.assign(document.createElement("small"), { textContent: words });
}

export default function ({ data, parentElement, setTriggerValue }) {
  let camera = CAMERAS.get(parentElement);
  if (!camera) {
    camera = new Camera(parentElement.querySelector(".live"));
    camera.root.camera = camera; // what a measurement from outside looks at
    CAMERAS.set(parentElement, camera);
  }
  camera.report = (jpeg) => setTriggerValue("frozen", jpeg);
  camera.show(data);
  return () => {
    CAMERAS.get(parentElement)?.end();
    CAMERAS.delete(parentElement);
  };
}
