// What the parts of the lab tell each other in the browser: a drag or a click shows at once, without the server.
const LAB = (globalThis.allcadLab ??= new EventTarget());
const KEPT = "allcad-lab";

function say(topic, detail) {
  LAB.dispatchEvent(new CustomEvent(topic, { detail }));
}

function hear(topic, listener) {
  const wrapped = (event) => listener(event.detail);
  LAB.addEventListener(topic, wrapped);
  return () => LAB.removeEventListener(topic, wrapped);
}

// What a visitor set outlives a change of page and a reload of this tab.
function recall(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}")[name] ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keep(name, value) {
  try {
    const all = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    sessionStorage.setItem(KEPT, JSON.stringify({ ...all, [name]: value }));
  } catch { /* a browser that keeps nothing still shows everything */ }
}
