// A row of crops cut from one sprite. The choice is reported to Python.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  const tiles = root.querySelector(".tiles");
  const all = root.querySelector(".all");
  root.classList.toggle("strip", data.layout === "strip" || data.layout === "list");
  root.classList.toggle("list", data.layout === "list");
  root.classList.toggle("grid", data.layout === "grid");
  tiles.setAttribute("role", "group");
  tiles.setAttribute("aria-label", data.alt);

  const focused = parentElement.activeElement?.dataset?.index;
  const scroll = tiles.scrollLeft;
  tiles.replaceChildren(...data.items.map((item) => tile(item, data)));
  tiles.scrollLeft = scroll;
  if (focused !== undefined) tiles.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
  const chosen = tiles.querySelector(".chosen");
  if (chosen && root.dataset.chosen !== String(data.chosen)) bring(tiles, chosen);
  root.dataset.chosen = String(data.chosen);

  tiles.onclick = (event) => {
    const target = event.target.closest(".tile");
    if (!target) return;
    for (const other of tiles.children) other.classList.toggle("chosen", other === target);
    setTriggerValue("chosen", target.dataset.index);
  };
  tiles.onkeydown = (event) => {
    const target = event.target.closest(".tile");
    const next = {
      ArrowRight: target?.nextElementSibling, ArrowDown: target?.nextElementSibling,
      ArrowLeft: target?.previousElementSibling, ArrowUp: target?.previousElementSibling,
    }[event.key];
    if (next) { next.focus(); event.preventDefault(); }
  };

  const fits = () => {
    const open = root.classList.contains("open");
    all.hidden = data.layout !== "row" || (!open && tiles.scrollWidth <= tiles.clientWidth + 1);
    all.textContent = open ? "One row" : `All ${data.items.length}`;
    all.setAttribute("aria-expanded", String(open));
  };
  all.onclick = () => { root.classList.toggle("open"); fits(); };
  fits();
  root.watch?.disconnect();
  root.watch = new ResizeObserver(fits);
  root.watch.observe(tiles);
  return () => root.watch.disconnect();
}

function bring(tiles, tile) {
  const left = tile.offsetLeft - tiles.offsetLeft;
  if (left < tiles.scrollLeft || left + tile.offsetWidth > tiles.scrollLeft + tiles.clientWidth - 90)
    tiles.scrollLeft = left - tiles.clientWidth / 2;
}

function tile(item, { sprite, columns, rows, chosen }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `tile ${item.kind}`;
  button.classList.toggle("chosen", item.index === String(chosen));
  button.setAttribute("aria-pressed", String(item.index === String(chosen)));
  button.dataset.index = item.index;
  button.setAttribute("aria-label", item.alt);
  button.title = item.alt;
  const photo = document.createElement("span");
  photo.className = "photo";
  if (sprite) {
    const [row, column] = [Math.floor(item.at / columns), item.at % columns];
    const share = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
    photo.style.backgroundImage = `url("${sprite}")`;
    photo.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
    photo.style.backgroundPosition = `${share(column, columns)}% ${share(row, rows)}%`;
  }
  const words = document.createElement("span");
  words.className = "words";
  if (item.glyph) {
    const glyph = document.createElement("i");
    glyph.className = "glyph";
    glyph.textContent = item.glyph;
    words.append(glyph);
  }
  words.append(item.words);
  if (item.more) {
    const more = document.createElement("span");
    more.className = "more";
    more.textContent = item.more;
    words.append(document.createElement("br"), more);
  }
  button.append(photo, words);
  return button;
}
