// You or the model: twelve cells, two keys, the truth and the reasons after each, the score after all.
class Game {
  constructor(stage) {
    this.stage = stage;
    this.begin();
  }

  begin() {
    this.answers = [];
    this.at = 0;
    this.looked = false;
    this.over = false;
  }

  get round() {
    const { game, seed } = this.stage.data;
    return game && game.seed === seed ? game : null;
  }

  title() { return "You or the model"; }

  place() {
    if (!this.round) return "";
    const kind = this.round.source === "generated" ? "generated" : "photographed";
    return this.over ? `Round ${this.round.seed}, ${kind}` : `Cell ${this.at + 1} of ${this.round.cards.length}, ${kind}`;
  }

  keys() {
    if (!this.round) return [];
    if (this.over) return [["N", "new cells", "n"], ["R", "same cells again", "r"], ["\u2190", "look back", "ArrowLeft"]];
    if (this.answers[this.at] === undefined) return [["B", "blast", "b"], ["H", "healthy", "h"]];
    const next = [["\u2192", this.at + 1 < this.round.cards.length ? "next cell" : "the score", "ArrowRight"]];
    return this.round.cards[this.at].looked ? [...next, ["W", "where it looked", "w"]] : next;
  }

  press(key) {
    if (!this.round) return false;
    const answered = this.answers[this.at] !== undefined;
    const last = this.round.cards.length - 1;
    if (this.over && key === "n") this.again(true);
    else if (this.over && key === "r") this.again(false);
    else if (this.over && key === "ArrowLeft") this.look(last);
    else if (this.over) return [" ", "Enter", "ArrowRight"].includes(key);
    else if (!answered && (key === "b" || key === "h")) this.answer(key === "b" ? "blast" : "healthy");
    else if (answered && ["ArrowRight", " ", "Enter"].includes(key)) this.next();
    else if (key === "ArrowLeft" && this.at > 0) this.look(this.at - 1);
    else if (answered && key === "w" && this.round.cards[this.at].looked) { this.looked = !this.looked; this.stage.draw(); }
    else return false;
    return true;
  }

  again(fresh) {
    const seed = (this.stage.data.seed + 1) % this.stage.data.seeds;
    this.begin();
    if (fresh) { this.stage.data.seed = seed; this.stage.ask(seed); }
    this.stage.draw();
  }

  answer(label) { this.answers[this.at] = label; this.stage.draw(); }

  next() {
    if (this.at + 1 < this.round.cards.length) this.look(this.at + 1);
    else { this.over = true; this.stage.draw(); }
  }

  look(at) {
    Object.assign(this, { at, looked: false, over: false });
    this.stage.draw();
  }

  leave() {}

  right(who, index) {
    return (who === "you" ? this.answers[index] : this.round.cards[index].said) === this.round.cards[index].truth;
  }

  count(test) { return this.round.cards.filter((_, index) => this.answers[index] !== undefined && test(index)).length; }

  draw() {
    if (!this.round) return make("p", { class: "wait", role: "status" }, "Preparing twelve cells.");
    return make("div", { class: "game" }, this.over ? this.end() : this.cell(), this.strip());
  }

  cell() {
    const card = this.round.cards[this.at];
    const said = this.answers[this.at];
    const marks = said === undefined ? [] : [{ box: card.frame.map((edge) => edge * 100), kind: card.truth }];
    const alt = said === undefined ? "A white cell among its neighbours" : card.headline;
    const square = make("div", { class: "square" }, make("img", { src: this.looked ? card.looked : card.image,
      alt: this.looked ? card.lookedWords : alt }), overlay(100, 100, marks, 1.1));
    return make("div", { class: "cell" }, square, said === undefined ? this.question() : this.reasons(card, said));
  }

  question() {
    return make("div", { class: "say" }, make("h2", {}, "Blast or healthy?"),
      make("p", { class: "quiet" }, this.round.note),
      make("div", { class: "row" },
        make("button", { type: "button", class: "press", onclick: () => this.answer("blast") }, glyph("blast"), "Blast", make("kbd", {}, "B")),
        make("button", { type: "button", class: "press", onclick: () => this.answer("healthy") }, glyph("healthy"), "Healthy", make("kbd", {}, "H"))));
  }

  reasons(card, said) {
    const last = this.at + 1 === this.round.cards.length;
    return make("div", { class: "say", "aria-live": "polite" },
      make("h2", { class: card.truth }, `${GLYPHS[card.truth]} ${card.headline}`),
      make("div", { class: "opinions" },
        make("div", {}, "You said", make("b", {}, glyph(said), said)),
        make("div", {}, "The model said", make("b", {}, glyph(card.said), `${card.said}, ${card.chance}`))),
      make("p", { class: "why" }, make("b", {}, "Why: "), card.why),
      make("p", { class: "quiet" }, this.looked ? card.lookedWords : `Why it is hard: ${card.hard}`),
      make("div", { class: "row" },
        make("button", { type: "button", class: "press main", onclick: () => this.next() }, last ? "The score" : "Next cell", make("span", { "aria-hidden": "true" }, "\u2192")),
        card.looked ? make("button", { type: "button", class: "press", "aria-pressed": String(this.looked),
          onclick: () => this.press("w") }, this.looked ? "Show the cell" : "Show where it looked") : null));
  }

  end() {
    const [you, model] = ["you", "model"].map((who) => this.count((index) => this.right(who, index)));
    const only = (who, other) => this.count((index) => this.right(who, index) && !this.right(other, index));
    const [mine, its] = [only("you", "model"), only("model", "you")];
    return make("div", { class: "say", "aria-live": "polite" }, make("h2", {}, `You ${you}, the model ${model}.`),
      make("div", { class: "opinions" },
        make("div", {}, "You had right", make("b", {}, this.round.scores[you])),
        make("div", {}, `The model, ${this.round.model}, had right`, make("b", {}, this.round.scores[model]))),
      make("p", { class: "why" }, this.round.verdicts[mine][its]),
      make("p", { class: "quiet" }, `Share with its Wilson 95\u00A0% interval. ${this.round.note} Choose a cell below for its reasons.`),
      make("div", { class: "row" },
        make("button", { type: "button", class: "press main", onclick: () => this.again(true) }, "New cells"),
        make("button", { type: "button", class: "press", onclick: () => this.again(false) }, "The same cells again")));
  }

  strip() {
    const { cards } = this.round;
    const shown = (index) => this.answers[index] !== undefined || index === this.at;
    const thumbs = cards.map((card, index) => make("button", { type: "button", disabled: !shown(index),
      class: `thumb ${shown(index) ? "known" : ""} ${index === this.at && !this.over ? "now" : ""}`, "aria-label": `Cell ${index + 1}`,
      onclick: () => this.look(index) }, shown(index) ? make("img", { src: card.image, alt: "" }) : String(index + 1)));
    const ticks = (who) => cards.map((_, index) => {
      if (this.answers[index] === undefined) return make("span", {});
      const right = this.right(who, index);
      return make("span", { class: right ? null : "wrong", role: "img", "aria-label": right ? "right" : "wrong" }, right ? "\u2713" : "\u00D7");
    });
    const done = this.count(() => true);
    const [you, model] = ["you", "model"].map((who) => this.count((index) => this.right(who, index)));
    const score = make("div", { class: "score" }, `after ${done} ${done === 1 ? "cell" : "cells"}`, make("b", {}, `${you} : ${model}`), "you : model");
    return make("div", { class: "strip" }, make("span", { class: "who" }), ...thumbs, score,
      make("span", { class: "who" }, "You"), ...ticks("you"), make("span", { class: "who" }, "Model"), ...ticks("model"));
  }
}

function glyph(kind) {
  return make("span", { class: kind, "aria-hidden": "true" }, `${GLYPHS[kind]} `);
}
