// Every model in a table. Sorting happens here; two rows choose the pair, which Python is told.
const TABLES = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let table = TABLES.get(parentElement);
  if (!table) {
    table = new Ranking(parentElement.querySelector(".frame"));
    TABLES.set(parentElement, table);
  }
  table.tell = (pair) => setTriggerValue("pair", pair);
  table.show(data);
  return () => TABLES.delete(parentElement);
}

class Ranking {
  constructor(root) {
    this.root = root;
    this.head = root.querySelector("thead");
    this.body = root.querySelector("tbody");
    this.order = { column: -1, down: true };
    this.head.addEventListener("click", (event) => this.sort(event.target.closest("button")));
    this.body.addEventListener("click", (event) => this.choose(event.target.closest("tr")));
    this.body.addEventListener("keydown", (event) => this.key(event));
  }

  show(data) {
    if (this.data?.subject !== data.subject) this.order = { column: -1, down: true };
    this.data = data;
    this.chosen = [...data.chosen];
    this.root.querySelector("table").setAttribute("aria-label", data.alt);
    this.draw();
  }

  draw() {
    const { columns, rows } = this.data;
    const focused = this.body.contains(this.root.getRootNode().activeElement) ? this.root.getRootNode().activeElement.dataset.model : null;
    const head = document.createElement("tr");
    head.append(...columns.map((column, at) => this.title(column, at)));
    this.head.replaceChildren(head);
    const { column, down } = this.order; // -1 is the order in which Python gave them
    const order = rows.map((_, at) => at);
    if (column >= 0) order.sort((a, b) => this.compare(rows[a].cells[column].sort, rows[b].cells[column].sort, down) || a - b);
    this.body.replaceChildren(...order.map((at) => this.row(rows[at])));
    this.mark();
    if (focused) this.body.querySelector(`[data-model="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  // What is missing stands last, whichever way the rest goes.
  compare(a, b, down) {
    if (a === null || b === null) return (a === null) - (b === null);
    const less = typeof a === "string" ? a.localeCompare(b) : a - b;
    return down ? -less : less;
  }

  title({ title, meaning, first }, at) {
    const cell = document.createElement("th");
    const sorted = this.order.column === at;
    cell.setAttribute("aria-sort", sorted ? (this.order.down ? "descending" : "ascending") : "none");
    cell.scope = "col";
    const button = document.createElement("button");
    Object.assign(button, { type: "button", title: `${meaning}. Press to sort.` });
    Object.assign(button.dataset, { column: at, first });
    const arrow = document.createElement("span");
    arrow.className = "arrow";
    arrow.textContent = sorted ? (this.order.down ? "↓" : "↑") : "";
    button.append(...(at ? [arrow, title] : [title, arrow]));
    cell.append(button);
    return cell;
  }

  row({ model, title, cells }) {
    const row = document.createElement("tr");
    row.dataset.model = model;
    row.append(...cells.map(({ text, more, words }, at) => {
      const cell = document.createElement("td");
      const strong = document.createElement(at === 0 || more ? "b" : "span");
      strong.textContent = text;
      cell.append(strong);
      if (words) Object.assign(cell, { className: "words", title: text });
      if (more) {
        const second = document.createElement(at === 0 ? "small" : "span");
        Object.assign(second, { className: "more", textContent: at === 0 ? more : ` ${more}` });
        cell.append(second);
        if (at === 0) cell.title = title;
      }
      return cell;
    }));
    return row;
  }

  sort(button) {
    if (!button) return;
    const column = Number(button.dataset.column);
    const down = this.order.column === column ? !this.order.down : button.dataset.first === "down";
    this.order = { column, down };
    this.draw();
    this.head.querySelector(`[data-column="${column}"]`).focus();
  }

  choose(row) {
    const model = row?.dataset.model;
    if (!model || this.chosen.includes(model)) return;
    this.chosen = [...this.chosen, model].slice(-2);
    this.mark();
    row.focus({ preventScroll: true });
    if (this.chosen.length === 2) this.tell(this.chosen);
  }

  mark() {
    const rows = [...this.body.children];
    const stop = rows.find((row) => this.chosen.includes(row.dataset.model)) ?? rows[0];
    for (const row of rows) {
      const place = this.chosen.indexOf(row.dataset.model);
      row.setAttribute("aria-selected", String(place >= 0));
      row.firstChild.dataset.letter = place < 0 ? "" : "AB"[place];
      row.tabIndex = row === stop ? 0 : -1;
    }
  }

  key(event) {
    const row = event.target.closest("tr");
    const next = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
    if (next) {
      for (const one of this.body.children) one.tabIndex = one === next ? 0 : -1;
      next.focus();
    } else if (event.key === "Enter" || event.key === " ") this.choose(row);
    else return;
    event.preventDefault();
  }
}
