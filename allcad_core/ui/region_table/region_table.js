// Regions in a table. Sorting and choosing happen here; the viewer is told, and tells.
const TABLES = new WeakMap();

export default function ({ data, parentElement }) {
  let table = TABLES.get(parentElement);
  if (!table) {
    table = new RegionTable(parentElement.querySelector(".frame"));
    TABLES.set(parentElement, table);
  }
  table.show(data);
  return () => {
    TABLES.get(parentElement)?.stop();
    TABLES.delete(parentElement);
  };
}

class RegionTable {
  constructor(root) {
    this.root = root;
    this.head = root.querySelector("thead");
    this.body = root.querySelector("tbody");
    this.stop = hear("region", ({ index, from }) => { if (from !== this) this.mark(index, true); });
    this.head.addEventListener("click", (event) => this.sort(event.target.closest("button")));
    this.body.addEventListener("click", (event) => this.choose(event.target.closest("tr")));
    this.body.addEventListener("keydown", (event) => this.key(event));
  }

  show(data) {
    const same = JSON.stringify(data) === JSON.stringify(this.data);
    this.data = data;
    if (same) return;
    const chosen = recall("region", null);
    this.chosen = chosen?.subject === data.subject ? chosen.index : null;
    this.order = recall("order", { column: -1, down: false });
    if (this.order.column >= data.columns.length) this.order = { column: -1, down: false };
    this.draw();
  }

  draw() {
    const { columns, rows, notes } = this.data;
    const head = document.createElement("tr");
    head.append(...[{ title: "Cell", unit: "", meaning: "Number of the cell" }, ...columns].map((column, at) => this.title(column, at - 1)));
    this.head.replaceChildren(head);
    const { column, down } = this.order; // -1 is the number of the cell
    const order = rows.map((_, at) => at);
    if (column >= 0) order.sort((a, b) => rows[a][column] - rows[b][column] || a - b);
    if (down) order.reverse();
    this.body.replaceChildren(...order.map((at) => this.row(at, rows[at], notes[at])));
    if (!rows.length) this.body.append(this.nothing(columns.length + 1));
    this.mark(this.chosen, false);
  }

  title({ title, unit, meaning }, column) {
    const cell = document.createElement("th");
    const sorted = this.order.column === column && (column >= 0 || this.order.down);
    cell.setAttribute("aria-sort", sorted ? (this.order.down ? "descending" : "ascending") : "none");
    cell.scope = "col";
    const button = document.createElement("button");
    Object.assign(button, { type: "button", title: `${meaning}. Press to sort.` });
    button.dataset.column = column;
    const arrow = document.createElement("span");
    arrow.className = "arrow";
    arrow.textContent = sorted ? (this.order.down ? "↓" : "↑") : "";
    button.append(arrow, unit ? `${title} ${unit}` : title);
    cell.append(button);
    return cell;
  }

  row(at, values, note) {
    const row = document.createElement("tr");
    row.dataset.index = at;
    row.tabIndex = -1;
    const first = document.createElement("td");
    if (note) {
      const cut = document.createElement("span");
      Object.assign(cut, { className: "cut", textContent: "⊣", title: note });
      cut.setAttribute("aria-label", note);
      first.append(cut);
    }
    first.append(at + 1);
    row.append(first, ...values.map((value, column) => {
      const cell = document.createElement("td");
      const { decimals } = this.data.columns[column];
      cell.textContent = value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
      return cell;
    }));
    return row;
  }

  nothing(wide) {
    const row = document.createElement("tr");
    row.className = "none";
    const cell = document.createElement("td");
    cell.colSpan = wide;
    cell.textContent = "No region is large enough to be a cell.";
    row.append(cell);
    return row;
  }

  sort(button) {
    if (!button) return;
    const column = Number(button.dataset.column);
    this.order = { column, down: this.order.column === column && !this.order.down };
    keep("order", this.order);
    this.draw();
    this.head.querySelector(`[data-column="${column}"]`).focus();
  }

  choose(row) {
    if (!row?.dataset.index) return;
    const index = Number(row.dataset.index);
    keep("region", { subject: this.data.subject, index });
    this.mark(index, false);
    row.focus({ preventScroll: true });
    say("region", { index, from: this });
  }

  mark(index, bring) {
    this.chosen = index;
    let first = true;
    for (const row of this.body.children) {
      const on = row.dataset.index === String(index);
      row.setAttribute("aria-selected", String(on));
      row.tabIndex = on || (first && index === null) ? 0 : -1;
      first = false;
      if (on && bring) this.bring(row);
    }
  }

  bring(row) {
    const top = row.offsetTop - 34;
    if (top < this.root.scrollTop) this.root.scrollTop = top;
    else if (row.offsetTop + 34 > this.root.scrollTop + this.root.clientHeight) this.root.scrollTop = row.offsetTop + 34 - this.root.clientHeight;
  }

  key(event) {
    const row = event.target.closest("tr");
    const next = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling, Enter: row, " ": row }[event.key];
    if (!next) return;
    this.choose(next);
    this.bring(next);
    event.preventDefault();
  }
}
