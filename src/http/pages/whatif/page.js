// One model's page: its parts, the state of both scenarios, and what is asked when it changes.

import { ask, pathOf, Refusal, token } from "./api.js";
import { liveBar, panel } from "./answer.js";
import { curvesOf, each } from "./curves.js";
import { doubt } from "./features.js";
import { FeatureList } from "./list.js";
import { Latest, settled } from "./live.js";
import { cells, fromHash, table, take, toHash } from "./rows.js";
import { exports, imports, LONGEST_LINK, sentences } from "./share.js";
import { intro, summary } from "./summary.js";
import { el, say, short } from "./dom.js";

// `offers`: features, names, a row to start with, and why there are no reasons or intervals. `refuse()` is called when
// the token is not taken any more.
export class Page {
  constructor(details, offers, refuse) {
    Object.assign(this, { details, offers, refuse, names: offers.names, features: offers.features });
    this.state = { a: offers.start, b: null, active: "a" };
    this.level = 0.9;
    this.answers = null;
    this.curves = new Map();
    this.inView = new Set();
    const { classes = [], outputs = 1 } = details.target;
    this.isClasses = details.task !== "regression";
    // The class, or the output, that curves and sensitive effects are about.
    this.focus = this.isClasses ? classes.at(-1) : 0;
    this.isFocusChosen = details.task === "binary" || !this.isClasses || outputs > 1;
    this.live = liveBar(details, {
      activate: letter => this.apply({ active: letter }),
      compare: () => this.apply({ b: new Map(this.state.a), active: "b" }),
      close: () => this.apply({ a: this.state[this.state.active], b: null, active: "a" }),
      reset: () => this.apply({ [this.state.active]: new Map(this.offers.start) }),
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
    this.exports = exports(details, this.names);
    this.list = new FeatureList(offers.features, offers.start, {
      change: (feature, value) => this.change(feature, value),
      values: feature => this.valuesOf(feature),
      seen: names => {
        this.inView = names;
        if (this.answers) this.drawing.ask();
      },
    });
    this.notice = el("p", { class: "note", role: "status" });
    this.nodes = [
      intro(details),
      this.notice,
      this.live.node,
      el("div", { class: "workbench" }, this.list.node, this.panel.node),
      el(
        "div",
        { class: "boxes" },
        this.exports.node,
        imports(this.names, pairs => this.bring(pairs)),
      ),
      summary(details),
      token.get() &&
        el(
          "p",
          {},
          el(
            "button",
            {
              type: "button",
              class: "plain",
              onclick: () => {
                token.set("");
                location.reload();
              },
            },
            "Forget the token",
          ),
        ),
    ].filter(Boolean);
    this.predicting = new Latest(signal => this.predict(signal));
    this.explaining = new Latest(signal => this.explain(signal));
    this.reasons = { refused: offers.explain };
    this.drawing = new Latest(signal => this.askCurves(signal), true);
    this.remember = settled(() => {
      const hash = this.hash();
      if (hash.length <= LONGEST_LINK) history.replaceState(null, "", hash);
    }, 300);
    this.speak = settled(() => this.answers && this.live.speak(this.answers, this.doubtful()), 700);
  }

  begin() {
    this.reopen();
    addEventListener("hashchange", () => this.reopen());
  }

  hash() {
    return toHash(this.names, this.state, this.details.version);
  }

  // Takes the state of the link, or the start where there is none.
  reopen() {
    const linked = fromHash(location.hash);
    if (!linked) return this.apply({});
    const told = [],
      of = pairs => {
        const taken = take(this.features, this.offers.start, pairs);
        told.push(...taken.told);
        return taken.row;
      };
    const b = linked.b && of(linked.b);
    const other =
      linked.version && linked.version !== this.details.version
        ? `The link is of version ${short(linked.version, 20)}; this one is ${this.details.version}. `
        : "";
    this.apply({ a: of(linked.a), b, active: b ? linked.active : "a" });
    say(this.notice, other + sentences(told));
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
    if (this.offers.explain) return;
    try {
      const [a, b] = each(await this.send("?explain=true", signal));
      this.reasons = { a, b, refused: "" };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.reasons = { refused: error.message + "." };
    }
    this.showAnswers();
  }

  async predict(signal) {
    let answer;
    try {
      this.noRange = this.offers.interval;
      try {
        answer = await this.send(this.offers.interval ? "" : "?interval=" + this.level, signal);
      } catch (error) {
        if (this.offers.interval || error.status !== 422) throw error;
        // The level may be more than calibration supports; if it is the row, this is refused too.
        answer = await this.send("", signal);
        this.noRange = error.message + ".";
      }
      const [ofA, ofB] = each(answer);
      this.answers = { a: ofA, b: ofB };
      if (answer.version !== this.details.version)
        say(
          this.notice,
          `Version ${answer.version} has taken this one's place: reload the page to see its statistics.`,
        );
      this.showAnswers();
      this.explaining.ask();
      this.drawing.ask();
      this.speak();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.live.fail(this.refused(error));
      if (error.status === 401) this.refuse();
      if (error.status === 503) setTimeout(() => this.predicting.ask(), 1000);
    }
  }

  refused(error) {
    const details = ((error.problem || {}).errors || [])
      .map(one => one.detail)
      .filter(detail => detail !== error.message);
    return [error.message, ...details.slice(0, 3)].join(". ") + ".";
  }

  showAnswers() {
    const { active } = this.state,
      answer = this.answers[active];
    if (!answer) return;
    if (!this.isFocusChosen) this.focus = String(answer.prediction);
    this.live.update(this.answers, active);
    this.panel.update(this.answers, active, this.focus, {
      noRange: this.noRange,
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
