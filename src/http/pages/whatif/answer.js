// What the model answers: both scenarios' predictions on top, and beside the features probabilities, interval, reasons.

import { spreadChart } from "./charts.js";
import { el, id, percent, say, set, short, show, signed, vars } from "./dom.js";

const LEVELS = [0.5, 0.8, 0.9, 0.95, 0.99];
const MOST_CLASSES = 10,
  MOST_REASONS = 12;

// The bar on top. `on`: activate(letter), compare(), close(), reset().
export const liveBar = (details, on) => {
  const isNumber = details.task === "regression" && !details.target.outputs;
  const spread =
    isNumber && details.prediction_stats && details.prediction_stats.histogram && spreadChart(details.prediction_stats);
  const chip = letter => {
    const value = el("span", { class: "value" }),
      about = el("span", { class: "about" });
    const button = el(
      "button",
      {
        type: "button",
        class: "scenario",
        "data-scenario": letter,
        "aria-pressed": "true",
        onclick: () => on.activate(letter),
      },
      el("span", { class: "letter" }, letter.toUpperCase()),
      value,
      about,
    );
    return { button, value, about };
  };
  const chips = { a: chip("a"), b: chip("b") };
  const compare = el("button", { type: "button", class: "plain", onclick: on.compare }, "Compare");
  const close = el("button", { type: "button", class: "plain", onclick: on.close }, "End comparison");
  const problem = el("p", { class: "problem", role: "alert" });
  const spoken = el("p", { class: "unseen", role: "status" });
  const node = el(
    "section",
    { class: "live", "aria-label": "Prediction" },
    el("div", { class: "scenarios" }, chips.a.button, chips.b.button),
    spread && spread.node,
    el(
      "div",
      { class: "actions" },
      compare,
      close,
      el("button", { type: "button", class: "plain", onclick: on.reset }, "Reset"),
    ),
    problem,
    spoken,
  );

  const unit = details.target.unit ? " " + details.target.unit : "";
  const headline = answer => {
    const { prediction } = answer;
    if (Array.isArray(prediction))
      return (
        prediction
          .slice(0, 4)
          .map(value => show(value, 4))
          .join(" · ") + (prediction.length > 4 ? " · …" : "")
      );
    return typeof prediction === "number" && details.task === "regression"
      ? show(prediction) + unit
      : short(String(prediction), 40);
  };
  const detail = (answer, base) => {
    const parts = [];
    if (base && typeof answer.prediction === "number" && details.task === "regression")
      parts.push(`${signed(answer.prediction - base.prediction)} against A`);
    const { interval, probability } = answer,
      share = probability && probability[String(answer.prediction)];
    if (typeof share === "number") parts.push(percent(share));
    if (interval && typeof interval[0] === "number") parts.push(`${show(interval[0], 4)} to ${show(interval[1], 4)}`);
    if (answer.set) parts.push(short("set: " + answer.set.join(", "), 40));
    return parts.join(" · ");
  };
  const update = (answers, active) => {
    for (const letter of ["a", "b"]) {
      const answer = answers[letter],
        { button, value, about } = chips[letter];
      set(button, { hidden: !answer, "aria-pressed": String(letter === active) });
      if (!answer) continue;
      say(value, headline(answer));
      set(value, { title: JSON.stringify(answer.prediction), "data-prediction": JSON.stringify(answer.prediction) });
      say(about, detail(answer, letter === "b" ? answers.a : null));
    }
    set(compare, { hidden: Boolean(answers.b) });
    set(close, { hidden: !answers.b });
    node.classList.toggle("is-compared", Boolean(answers.b));
    const values = { a: answers.a && answers.a.prediction, b: answers.b && answers.b.prediction };
    if (spread) spread.place(values, answers[active].interval);
    say(problem, "");
    node.classList.remove("is-stale");
  };
  const fail = text => {
    say(problem, text);
    node.classList.add("is-stale");
  };
  const speak = (answers, doubtful) => {
    const one = (letter, answer) =>
      `${answers.b ? letter.toUpperCase() + ": " : ""}${headline(answer)}${detail(answer) ? ", " + detail(answer) : ""}`;
    const told = ["a", "b"]
      .filter(letter => answers[letter])
      .map(letter => one(letter, answers[letter]))
      .join("; ");
    say(spoken, `Prediction ${told}.${doubtful.length ? " Outside of training: " + doubtful.join(", ") + "." : ""}`);
  };
  return { node, update, fail, speak };
};

// The panel beside the features. `on`: focus(class or output), level(number).
export const panel = (details, on) => {
  const isClasses = details.task !== "regression",
    outputs = details.target.outputs || 1;
  const chances = el("div", { class: "chances" });
  const reasons = el("ol", { class: "reasons" }),
    reasonsNote = el("p", { class: "note" }),
    scale = el("p", { class: "note" });
  const level = el(
    "select",
    { id: id(), onchange: event => on.level(Number(event.target.value)) },
    LEVELS.map(one => el("option", { value: one, selected: one === 0.9 }, Math.round(one * 100) + " %")),
  );
  const range = el("p", { class: "range-text" }),
    rangeNote = el("p", { class: "note" });
  const node = el(
    "section",
    { class: "panel", "aria-label": "About this prediction" },
    isClasses && [el("h2", {}, "Probabilities"), chances],
    outputs > 1 && [el("h2", {}, "Outputs"), chances],
    el("h2", {}, isClasses ? "Prediction set" : "Interval"),
    el("div", { class: "row" }, el("label", { for: level.id }, "Level "), level),
    range,
    rangeNote,
    el("h2", {}, "Reasons"),
    scale,
    reasons,
    reasonsNote,
  );

  const choices = (entries, active, other, focus) => {
    const most = Math.max(...entries.map(([, value]) => Math.abs(value))) || 1,
      top = isClasses ? 1 : most;
    const rows = entries.map(([name, value, key]) => {
      const bar = el("span", { class: "bar", "aria-hidden": "true" });
      const now = other && other.get(key);
      const text = isClasses ? percent(value) : show(value);
      const against = typeof now === "number" ? (isClasses ? percent(now) : show(now)) : "";
      return el(
        "button",
        { type: "button", class: "chance", "aria-pressed": String(key === focus), onclick: () => on.focus(key) },
        el("span", { class: "name" }, short(name, 60)),
        vars(bar, { "--to": Math.min(1, Math.abs(value) / top) }),
        el("span", { class: "number" }, text, against && el("small", {}, ` ${active === "a" ? "B" : "A"}: ${against}`)),
      );
    });
    const held = chances.contains(document.activeElement) ? [...chances.children].indexOf(document.activeElement) : -1;
    chances.replaceChildren(...rows);
    if (held >= 0 && rows[held]) rows[held].focus();
  };
  const showChances = (answer, other, active, focus) => {
    if (outputs > 1) {
      const of = one => one && new Map(one.prediction.map((value, i) => [i, value]));
      choices(
        answer.prediction.slice(0, 50).map((value, i) => ["output " + i, value, i]),
        active,
        of(other),
        focus,
      );
    } else if (answer.probability) {
      const sorted = Object.entries(answer.probability).sort((a, b) => b[1] - a[1]);
      const shown =
        sorted.length <= MOST_CLASSES
          ? details.target.classes.map(name => [name, answer.probability[name]])
          : sorted.filter(([name], i) => i < MOST_CLASSES - 1 || name === focus);
      const rest = sorted.length - shown.length;
      choices(
        shown.map(([name, value]) => [name, value, name]),
        active,
        other && new Map(Object.entries(other.probability)),
        focus,
      );
      if (rest) chances.append(el("p", { class: "note" }, `and ${rest} less likely ones`));
    } else {
      chances.replaceChildren(
        el("p", { class: "note" }, "This model answers with a class alone: it gives no probabilities."),
      );
    }
  };
  const showRange = (answer, noRange) => {
    const { interval, set: classes } = answer;
    if (classes) say(range, classes.map(String).join(", "));
    else if (interval && Array.isArray(interval[0]))
      say(range, interval.map((one, i) => `output ${i}: ${show(one[0])} to ${show(one[1])}`).join("; "));
    else say(range, interval ? `${show(interval[0])} to ${show(interval[1])}` : "");
    say(rangeNote, noRange);
  };
  const showReasons = (answer, explained, refused, focus) => {
    const given = explained && explained.contributions,
      isNested = given && typeof Object.values(given)[0] === "object";
    const key = isNested ? (Object.hasOwn(given, focus) ? focus : Object.keys(given)[0]) : null;
    const of = isNested ? given[key] : given;
    if (!of) {
      reasons.replaceChildren();
      say(scale, "");
      say(reasonsNote, refused || "");
      return;
    }
    const baseline = isNested ? explained.baseline[key] : explained.baseline;
    const entries = Object.entries(of).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const shown = entries.slice(0, entries.length > MOST_REASONS + 1 ? MOST_REASONS : entries.length);
    const others = entries.slice(shown.length);
    if (others.length) shown.push([`${others.length} others`, others.reduce((sum, [, value]) => sum + value, 0)]);
    const sum = entries.reduce((all, [, value]) => all + value, baseline);
    const most = Math.max(...shown.map(([, value]) => Math.abs(value))) || 1;
    const row = (name, text, value) =>
      el(
        "li",
        { class: value === undefined ? "total" : value < 0 ? "less" : "more" },
        el("span", { class: "name", title: name }, short(name, 60)),
        value !== undefined &&
          vars(el("span", { class: "bar", "aria-hidden": "true" }), { "--size": Math.abs(value) / most }),
        el("span", { class: "number" }, text),
      );
    reasons.replaceChildren(
      row("baseline", show(baseline)),
      ...shown.map(([name, value]) => row(name, signed(value), value)),
      row("sum", show(sum)),
    );
    say(
      scale,
      `What each value of this row adds to the baseline, in ${scaleOf(explained, key ?? details.target.classes?.at(-1), sum)}.`,
    );
    say(reasonsNote, "");
  };
  // What contributions add up to: the answer itself, or the score that it is made from.
  const scaleOf = ({ prediction, probability }, key, sum) => {
    const is = value => typeof value === "number" && Math.abs(value - sum) <= 1e-6 * (1 + Math.abs(sum));
    if (!isClasses)
      return is(Array.isArray(prediction) ? prediction[key] : prediction)
        ? "the unit of the prediction"
        : "the score before the model's link";
    const label = short(String(key), 40);
    // Of a model that answers with a class alone no score becomes a probability.
    if (!probability) return `the score of ${label}`;
    return is(probability[key])
      ? `the probability of ${label}`
      : `the score of ${label}, before it becomes a probability`;
  };
  // `noRange`: why there is no interval; `explained`: the answer with contributions; `refused`: why there are none.
  const update = (answers, active, focus, { noRange, explained, refused }) => {
    const answer = answers[active],
      other = answers[active === "a" ? "b" : "a"];
    if (isClasses || outputs > 1) showChances(answer, other, active, focus);
    showRange(answer, noRange);
    showReasons(answer, explained, refused, focus);
  };
  return { node, update };
};
