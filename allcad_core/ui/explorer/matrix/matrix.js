// The matrix as a grid of buttons: a click or Enter chooses, arrows move. The choice is reported to Python.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".matrix");
  const focused = parentElement.activeElement?.dataset?.place;
  root.style.setProperty("--columns", data.columns.length);
  root.setAttribute("aria-label", data.alt);
  const header = element("div", "row", "row");
  header.append(element("div", "corner"), ...data.columns.map((column) => title(column, "head", "columnheader")));
  const rows = data.rows.map((row, number) => {
    const line = element("div", "row", "row");
    line.append(title(row, "side", "rowheader"), ...data.fields[number].map((field) => draw(field, data.chosen)));
    return line;
  });
  root.replaceChildren(header, ...rows);
  const buttons = [...root.querySelectorAll("button")];
  (buttons.find((one) => one.ariaSelected === "true") ?? buttons[0])?.setAttribute("tabindex", "0");
  if (focused) root.querySelector(`[data-place="${focused}"]`)?.focus({ preventScroll: true });

  root.onclick = (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    for (const one of buttons) one.setAttribute("aria-selected", String(one === target));
    setTriggerValue("chosen", target.dataset.place);
  };
  root.onkeydown = (event) => {
    const place = event.target.dataset?.place;
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!place || !step) return;
    event.preventDefault();
    const [row, column] = place.split("-").map(Number);
    const orders = [data.rows.map((one) => one.code), data.columns.map((one) => one.code)];
    const next = [row, column].map((code, axis) => orders[axis][orders[axis].indexOf(code) + step[axis]]);
    const target = root.querySelector(`[data-place="${next.join("-")}"]`);
    if (!target) return;
    for (const one of buttons) one.tabIndex = one === target ? 0 : -1;
    target.focus();
  };
}

function element(tag, className, role) {
  const made = document.createElement(tag);
  made.className = className;
  if (role) made.setAttribute("role", role);
  return made;
}

function title({ name, glyph, kind, more }, className, role) {
  const made = element("div", `${className} ${kind}`, role);
  if (glyph) {
    const mark = element("i", "glyph");
    mark.textContent = glyph;
    mark.ariaHidden = "true";
    made.append(mark);
  }
  made.append(name);
  if (more) {
    const second = document.createElement("span");
    second.textContent = more;
    made.append(second);
  }
  return made;
}

function draw(field, chosen) {
  if (!field.place) {
    const none = element("div", "none", "gridcell");
    none.textContent = field.words;
    return none;
  }
  const button = element("button", `${field.kind}${field.count ? "" : " empty"}`, "gridcell");
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.place = field.place;
  button.setAttribute("aria-selected", String(field.place === chosen));
  button.setAttribute("aria-label", field.alt);
  button.title = field.alt;
  button.style.setProperty("--strength", `${field.strength}%`);
  const count = document.createElement("b");
  count.textContent = field.count;
  const share = element("span", "share");
  for (const part of field.share) {
    const words = document.createElement("span");
    words.textContent = part;
    share.append(words, " ");
  }
  button.append(count, share);
  return button;
}
