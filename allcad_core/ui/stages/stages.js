// The steps as radio buttons. The choice goes to the viewer and outlives the page.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".steps");
  const names = data.cards.map(({ name }) => name);
  const chosen = () => { const name = recall("stage", "mask"); return names.includes(name) ? name : "mask"; };
  const focused = parentElement.activeElement?.dataset?.name;
  root.replaceChildren(...data.cards.map((card, place) => draw(card, place, data)));
  const mark = (name) => {
    for (const card of root.children) {
      const on = card.dataset.name === name;
      card.setAttribute("aria-checked", String(on));
      card.tabIndex = on ? 0 : -1;
      if (on) bring(root, card);
    }
  };
  mark(chosen());
  if (focused) root.querySelector(`[data-name="${focused}"]`)?.focus({ preventScroll: true });
  const choose = (card) => {
    if (!card) return;
    keep("stage", card.dataset.name);
    mark(card.dataset.name);
    card.focus({ preventScroll: true });
    say("stage", card.dataset.name);
  };
  root.onclick = (event) => choose(event.target.closest(".card"));
  root.onkeydown = (event) => {
    const card = event.target.closest(".card");
    const next = { ArrowRight: card?.nextElementSibling, ArrowLeft: card?.previousElementSibling,
      Home: root.firstElementChild, End: root.lastElementChild }[event.key];
    if (next) { choose(next); event.preventDefault(); }
  };
}

function bring(root, card) {
  const left = card.offsetLeft - root.offsetLeft;
  if (left < root.scrollLeft || left + card.offsetWidth > root.scrollLeft + root.clientWidth) root.scrollLeft = left - 16;
}

function draw({ name, title, short }, place, { sprite, columns, rows }) {
  const card = document.createElement("button");
  Object.assign(card, { type: "button", className: "card" });
  card.dataset.name = name;
  card.setAttribute("role", "radio");
  const photo = document.createElement("span");
  photo.className = "photo";
  const share = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
  Object.assign(photo.style, {
    backgroundImage: `url("${sprite}")`, backgroundSize: `${100 * columns}% ${100 * rows}%`,
    backgroundPosition: `${share(place % columns, columns)}% ${share(Math.floor(place / columns), rows)}%`,
  });
  const told = document.createElement("span");
  told.className = "told";
  const head = document.createElement("b");
  head.textContent = `${place + 1} ${title}`;
  const words = document.createElement("span");
  words.textContent = short;
  told.append(head, words);
  card.append(photo, told);
  return card;
}
