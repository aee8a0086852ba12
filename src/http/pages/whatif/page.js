// One model's page: its parts, the state of both scenarios, and what is asked when it changes.

import { ask, pathOf, Refusal, token } from "./api.js";
import { liveBar, panel } from "./answer.js";
import { curvesOf, each } from "./curves.js";
import { doubt } from "./features.js";
import { FeatureList } from "./list.js";
import { drawn, Latest, settled } from "./live.js";
import { cells, fromHash, table, take, toHash } from "./rows.js";
import { exports, imports, LONGEST_LINK, sentences } from "./share.js";
import { intro, summary } from "./summary.js";
import { el, say, short } from "./dom.js";

// `features`, `names` and `start`, a row to start with, are those of startOf. `refuse()` is called when the token is not
// taken any more.
export class Page {
  constructor(details, { features, names, start }, refuse) {
    Object.assign(this, { details, features, names, start, refuse });
    this.state = { a: start, b: null, active: "a" };
    this.level = 0.9;
    // Why there are no intervals, by level; why there are no reasons.
    this.noRanges = new Map();
    this.noReasons = "";
    this.answers = null;
    this.curves = new Map();
    this.inView = new Set();
    const { classes = [], outputs = 1 } = details.target;
    this.isClasses = details.task !== "regression";
    // The class, or the output, that curves and sensitive effects are about.
    this.focus = this.isClasses ? classes.at(-1) : 0;
    this.isFocusChosen = details.task === "binary" || !this.isClasses || outputs > 1;
    this.reasons = {};
    this.predicting = new Latest(signal => this.predict(signal));
    this.explaining = new Latest(signal => this.explain(signal));
    this.drawing = new Latest(signal => this.askCurves(signal), true);
    this.remember = settled(() => {
      const hash = this.hash();
      if (hash.length <= LONGEST_LINK) history.replaceState(null, "", hash);
    }, 300);
    this.speak = settled(() => this.answers && this.live.speak(this.answers, this.doubtful()), 700);
    const told = this.takeLink();
    // The answer to the row to start with came with the details. Any other is asked for before anything is made, so that it
    // comes meanwhile.
    this.given = this.state.a === start && details.example.answer;
    this.first = this.given ? Promise.resolve() : this.predicting.ask();
    this.live = liveBar(details, {
      activate: letter => this.apply({ active: letter }),
      compare: () => this.apply({ b: new Map(this.state.a), active: "b" }),
      close: () => this.apply({ a: this.state[this.state.active], b: null, active: "a" }),
      reset: () => this.apply({ [this.state.active]: new Map(this.start) }),
    });
    this.panel = panel(details, {
      focus: key => {
        this.focus = key;
        this.isFocusChosen = true;
        this.showAnswers();
        this.drawCurves();
      },
      level: level => {
        this.level = level;
        this.predicting.ask();
      },
    });
    this.exports = exports(details, names);
    this.imports = imports(names, pairs => this.bring(pairs));
    this.list = new FeatureList(features, start, {
      change: (feature, value) => this.change(feature, value),
      values: feature => this.valuesOf(feature),
      seen: names => {
        this.inView = names;
        if (this.answers) this.drawing.ask();
      },
    });
    this.notice = el("p", { class: "note", role: "status" }, told);
    this.nodes = [
      intro(details),
      this.notice,
      this.live.node,
      el("div", { class: "workbench" }, this.list.node, this.panel.node),
    ];
  }

  // Puts the row in; ends when its first answer is in too.
  begin() {
    this.list.update();
    this.keep();
    addEventListener("hashchange", () => this.reopen());
    if (this.given) {
      this.take(this.given);
      // Why there is no interval is in the answer to the question with one.
      if (!this.given.interval && !this.given.set) this.predicting.ask();
    }
    return this.first;
  }

  // What stands below the prediction.
  below() {
    const forget = () => {
      token.set("");
      location.reload();
    };
    return [
      el("div", { class: "boxes" }, this.exports.node, this.imports),
      summary(this.details),
      token.get() &&
        el("p", {}, el("button", { type: "button", class: "plain", onclick: forget }, "Forget the token")),
    ].filter(Boolean);
  }

  hash() {
    return toHash(this.names, this.state, this.details.version);
  }

  // Takes the state of the link, or the start where there is none; what there is to tell about it.
  takeLink() {
    const linked = fromHash(location.hash);
    if (!linked) return "";
    const told = [],
      of = pairs => {
        const taken = take(this.features, this.start, pairs);
        told.push(...taken.told);
        return taken.row;
      };
    const b = linked.b && of(linked.b);
    const other =
      linked.version && linked.version !== this.details.version
        ? `The link is of version ${short(linked.version, 20)}; this one is ${this.details.version}. `
        : "";
    this.state = { a: of(linked.a), b, active: b ? linked.active : "a" };
    return other + sentences(told);
  }

  reopen() {
    say(this.notice, this.takeLink());
    this.apply({});
  }

  bring(pairs) {
    const { row, told } = take(this.features, this.state[this.state.active], pairs);
    this.apply({ [this.state.active]: row });
    return told;
  }

  // Changes the state, and all that follows from it.
  apply(change) {
    Object.assign(this.state, change);
    this.drawing.stop();
    this.explaining.stop();
    this.list.update();
    this.follow();
  }

  change(feature, value) {
    if (value !== undefined) {
      const { active } = this.state;
      this.state[active] = new Map(this.state[active]).set(feature.name, value);
    }
    this.list.updateOne(feature);
    if (value !== undefined) this.follow();
  }

  // A feature's value in the active scenario and, where there is one, in the other.
  valuesOf(feature) {
    const { a, b, active } = this.state,
      other = active === "a" ? b : a;
    return {
      value: this.state[active].get(feature.name),
      other: other ? other.get(feature.name) : undefined,
      letter: active === "a" ? "B" : "A",
    };
  }

  follow() {
    this.predicting.ask();
    this.keep();
  }

  // Puts the row into the link and the texts to copy.
  keep() {
    this.remember();
    this.exports.update(this.state[this.state.active], () => this.hash());
  }

  doubtful() {
    return this.features
      .filter(feature => doubt(feature, this.state[this.state.active].get(feature.name)))
      .map(feature => short(feature.name));
  }

  // The answer to the rows of both scenarios, or of the one that there is.
  send(query, signal) {
    const { a, b } = this.state,
      rows = b ? [a, b] : [a];
    return ask(
      pathOf(this.details.name, "/predict" + query),
      table(
        this.names,
        rows.map(row => cells(this.names, row)),
      ),
      signal,
    );
  }

  // Asked apart from the prediction, which need not wait for it: reasons of some models take longer.
  async explain(signal) {
    if (this.noReasons) return;
    try {
      const [a, b] = each(await this.send("?explain=true", signal));
      this.reasons = { a, b, refused: "" };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.reasons = { refused: error.message + "." };
      if (error.isOfQuestion) this.noReasons = this.reasons.refused;
    }
    this.showAnswers();
  }

  // The answer with its interval, or without where the server or the model has none.
  async answer(signal) {
    const { level } = this;
    if (this.noRanges.has(level)) return this.send("", signal);
    try {
      return await this.send("?interval=" + level, signal);
    } catch (error) {
      if (!error.isOfQuestion) throw error;
      // It may be the level, or the row: then this is refused too.
      const answer = await this.send("", signal);
      this.noRanges.set(level, error.message + ".");
      return answer;
    }
  }

  // Shows an answer, and asks what follows from it.
  take(answer) {
    const [ofA, ofB] = each(answer);
    this.answers = { a: ofA, b: ofB };
    if (answer.version !== this.details.version)
      say(this.notice, `Version ${answer.version} has taken this one's place: reload the page to see its statistics.`);
    this.showAnswers();
    // Of the row to start with after it is drawn.
    if (answer === this.given) drawn().then(() => this.explaining.ask());
    else this.explaining.ask();
    this.drawing.ask();
    this.speak();
  }

  async predict(signal) {
    try {
      this.take(await this.answer(signal));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.live.fail(error.whole);
      if (error.status === 401) this.refuse();
      if (error.status === 503) setTimeout(() => this.predicting.ask(), 1000);
    }
  }

  showAnswers() {
    const { active } = this.state,
      answer = this.answers[active];
    if (!answer) return;
    if (!this.isFocusChosen) this.focus = String(answer.prediction);
    this.live.update(this.answers, active);
    this.panel.update(this.answers, active, this.focus, {
      noRange: this.noRanges.get(this.level),
      ...this.reasons,
      explained: this.reasons[active],
    });
  }

  // The number of an answer that curves show; undefined where there is none.
  read(answer) {
    if (this.isClasses) return answer.probability && answer.probability[this.focus];
    return Array.isArray(answer.prediction) ? answer.prediction[this.focus] : answer.prediction;
  }

  get quantity() {
    if (this.isClasses) return `the probability of ${short(String(this.focus))}`;
    return this.details.target.outputs ? `output ${this.focus}` : "the prediction";
  }

  async askCurves(signal) {
    const shown = this.features.filter(feature => this.inView.has(feature.name));
    const row = this.state[this.state.active];
    this.curves = new Map([...this.curves, ...(await curvesOf(this.details.name, this.names, shown, row, signal))]);
    this.drawCurves();
  }

  drawCurves() {
    const own = this.answers && this.answers[this.state.active];
    if (!own) return;
    const read = answer => this.read(answer);
    const shown = this.features.filter(feature => this.inView.has(feature.name) && this.curves.get(feature));
    const numbers = shown
      .flatMap(feature => this.curves.get(feature).points.map(([, answer]) => read(answer)))
      .filter(Number.isFinite);
    const [low, high] = this.isClasses ? [0, 1] : [Math.min(...numbers), Math.max(...numbers)];
    this.list.draw(new Map(shown.map(feature => [feature, this.curves.get(feature)])), {
      low,
      high,
      own,
      read,
      quantity: this.quantity,
      isShare: this.isClasses,
      isDrawn: numbers.length > 0,
    });
  }
}
