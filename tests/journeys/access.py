"""What a page is like for somebody without a mouse, or who does not see it: what Tab reaches, and what axe-core finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONGEST = 200
"""Presses of Tab within which a page must have been walked."""

KNOWN: dict[str, str] = {
    "presentation-role-conflict": "Streamlit's uploader marks the box around its button as presentation and names it as well.",
}
"""Rules of axe-core that Streamlit 1.67 breaks in its own parts, where no page can mend it, and how."""

DUPLICATES = """() => {
  const ids = [], walk = (root) => {
    const own = [...root.querySelectorAll("[id]")].map((node) => node.id);
    ids.push(...own.filter((id, place) => own.indexOf(id) !== place));
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) walk(node.shadowRoot);
  };
  walk(document);
  return ids;
}"""
UNTOLD = """() => {
  const found = [], walk = (root) => {
    for (const node of root.querySelectorAll("img")) if (!node.hasAttribute("alt") && node.role !== "presentation") found.push(node.outerHTML.slice(0, 200));
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) walk(node.shadowRoot);
  };
  walk(document);
  return found;
}"""
# What changes when the focus goes on is what shows it: on the control, around it, or on what it holds.
STEP = """() => {
  const before = globalThis.allcadStep;
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  const over = (one) => one.parentElement ?? (one.getRootNode() instanceof ShadowRoot ? one.getRootNode().host : null);
  const look = (one) => ["", "::before", "::after"].map((part) => {
    const style = getComputedStyle(one, part || null);
    return [style.outlineStyle === "none" ? "" : style.outline, style.boxShadow, style.borderColor, style.backgroundColor, style.color,
      style.textDecorationLine, style.stroke, style.strokeWidth, style.strokeDasharray, style.visibility, style.opacity];
  });
  const seen = (one) => {
    const around = [];
    for (let each = one; each && around.length < 5; each = over(each)) around.push(each);
    return JSON.stringify([...around, ...[...one.querySelectorAll("*")].slice(0, 30)].map(look));
  };
  const shown = before ? before.was !== seen(before.node) : null;
  const again = before?.node === node;
  globalThis.allcadStep = node && node !== document.body ? { node, was: seen(node) } : null;
  if (!globalThis.allcadStep) return { shown, again, what: null };
  const label = (id) => node.getRootNode().getElementById(id)?.textContent ?? "";
  const named = [node.getAttribute("aria-label"), ...(node.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean).map(label),
    ...[...(node.labels ?? [])].map((one) => one.textContent), node.innerText ?? node.textContent, node.title, node.placeholder];
  const name = named.map((one) => (one ?? "").trim()).find(Boolean) ?? "";
  const box = node.getBoundingClientRect();
  return { shown, again, name, what: `${node.tagName.toLowerCase()} ${node.getAttribute("role") ?? node.type ?? ""}`.trim(),
    wide: box.width, high: box.height, grid: node.dataset?.testid === "data-grid-canvas" };
}"""


@dataclass(frozen=True)
class Stop:
    """One thing that Tab reaches: what it is, what it is called, and whether one sees that it has the focus."""

    what: str
    name: str
    shown: bool


def walk(page: Page) -> list[Stop]:
    """Press Tab from the top of the page until it begins again; fails where the focus stays on one thing.

    Streamlit's tables of data are left out: they move inside a canvas and show by themselves where they are.
    """
    page.evaluate("document.activeElement?.blur(); globalThis.allcadStep = null")
    stops: list[Stop] = []
    before: dict[str, Any] | None = None
    for _ in range(LONGEST):
        page.keyboard.press("Tab")
        here = page.evaluate(STEP)
        if before is not None and not before["grid"]:
            assert not here["again"], f"Tab stays on {before['what']} {before['name']!r}."
            stops.append(Stop(before["what"], before["name"], bool(here["shown"])))
        if stops and here["what"] and here["name"] == stops[0].name:
            return stops
        before = here if here["what"] else None
    raise AssertionError(f"Tab goes on after {LONGEST} presses; last it was on {stops[-1]}.")


def broken_rules(page: Page) -> list[str]:
    """What axe-core, which its package brings along, finds on the page: a line for each place."""
    from axe_playwright_python.base import AXE_FILE_PATH

    page.evaluate(Path(AXE_FILE_PATH).read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for rule in found["violations"]
        if rule["id"] not in KNOWN
        for node in rule["nodes"]
    ]


def doubled_ids(page: Page) -> list[str]:
    """Identifiers that more than one element of the same tree carries."""
    return list(page.evaluate(DUPLICATES))


def untold_pictures(page: Page) -> list[str]:
    """Pictures that say neither what they show nor that they only adorn."""
    return list(page.evaluate(UNTOLD))
