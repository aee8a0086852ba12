// The controls of one feature: exact entry, slider or list, missing, its picture, and what is doubtful about its value.

import { chartOf } from "./charts.js";
import { doubt, MOST_OPTIONS } from "./features.js";
import { el, id, say, set, short, show } from "./dom.js";

// `change(value)` is called with a number, a category, or null for a missing cell.
export const controlOf = (feature, change) => {
  const name = id(),
    note = id(),
    about = id();
  const chart = chartOf(feature, value => change(value));
  const entry = feature.isNumber
    ? numberEntry(feature, change, name, note)
    : categoryEntry(feature, change, name, note);
  const missing =
    feature.takesMissing &&
    el("input", {
      type: "checkbox",
      "aria-describedby": name,
      onchange: event => change(event.target.checked ? null : entry.last()),
    });
  const doubts = el("p", { class: "doubt", id: note }),
    effect = el("p", { class: "effect" });
  const compared = el("span", { class: "compared" });
  const unit = feature.unit && el("span", { class: "unit" }, feature.unit);
  const node = el(
    "li",
    { class: "feature", "data-feature": feature.name },
    el(
      "div",
      { class: "head" },
      el("h3", { id: name, title: feature.name }, short(feature.name, 60)),
      unit,
      feature.isSensitive && el("span", { class: "badge" }, "sensitive"),
      missing && el("label", { class: "missing" }, missing, " missing"),
      entry.exact,
    ),
    feature.about && el("p", { class: "about", id: about }, feature.about),
    chart && chart.node,
    entry.slider,
    entry.ends,
    compared,
    doubts,
    feature.isSensitive && effect,
  );

  // Shows the value of the active scenario, and that of the other one where there is one.
  const update = (value, other, otherLetter) => {
    entry.show(value);
    if (missing) missing.checked = value === null;
    node.classList.toggle("is-missing", value === null);
    const isOther = other !== undefined && other !== value;
    say(compared, isOther ? `${otherLetter}: ${short(show(other, 8))}` : "");
    node.classList.toggle("differs", isOther);
    if (chart) chart.place(value, isOther ? other : undefined);
    say(doubts, entry.isWrong() || sentence(feature, value));
  };
  const draw = (points, scale) => {
    if (chart) chart.draw(points, scale);
  };
  return {
    node,
    feature,
    update,
    draw,
    tell: text => say(effect, text),
    place: (value, other) => chart && chart.place(value, other === value ? undefined : other),
  };
};

const sentence = (feature, value) => {
  const found = doubt(feature, value);
  if (!found) return "";
  if (found === "unseen") return "Training has not seen this category: the model's rule for unknown ones answers.";
  return `Training saw ${show(found.low)} to ${show(found.high)}: outside of it the answer is a guess.`;
};

const numberEntry = (feature, change, name, note) => {
  const { range, isDate, toNumber, ofNumber } = feature;
  let last = feature.start ?? ofNumber(range ? range.min : 0),
    wrong = "";
  const kind = isDate
    ? { type: "text", placeholder: "2024-01-31T09:30Z" }
    : { type: "number", step: "any", inputmode: "decimal" };
  // The value that a text stands for; none of a text that is no number. The server knows more forms of dates.
  const read = text => {
    if (text.trim() === "") return undefined;
    if (isDate) return text.trim();
    return Number.isFinite(Number(text)) ? Number(text) : undefined;
  };
  const exact = el("input", {
    ...kind,
    class: isDate ? "exact date" : "exact",
    size: isDate && (range ? Math.max(ofNumber(range.low).length, ofNumber(range.min).length) : 20),
    autocomplete: "off",
    "aria-labelledby": name,
    "aria-describedby": note,
    oninput: event => {
      const value = read(event.target.value),
        what = isDate ? "a date" : "a number";
      wrong = value !== undefined ? "" : `Enter ${what}${feature.takesMissing ? ", or tick “missing”." : "."}`;
      set(exact, { "aria-invalid": wrong ? "true" : false });
      change(value);
    },
    onblur: () => {
      if (!wrong) return;
      wrong = "";
      set(exact, { "aria-invalid": false });
      change(undefined);
    },
  });
  const slider =
    range &&
    el("input", {
      type: "range",
      min: range.low,
      max: range.high,
      step: range.step,
      "aria-labelledby": name,
      "aria-describedby": note,
      oninput: event => change(ofNumber(Number(Number(event.target.value).toPrecision(12)))),
    });
  const ends =
    range &&
    el(
      "div",
      { class: "ends", "aria-hidden": "true" },
      el("span", {}, show(ofNumber(range.low), 4)),
      el("span", {}, show(ofNumber(range.high), 4)),
    );
  const display = value => {
    if (value !== null) last = value;
    set(exact, { disabled: value === null });
    if (value === null) exact.value = "";
    else if (!wrong && read(exact.value) !== value) exact.value = String(value);
    if (!slider) return;
    const at = toNumber(value);
    set(slider, { disabled: Number.isNaN(at) });
    if (Number.isNaN(at)) return;
    if (Number(slider.value) !== at) slider.value = String(at);
    const outside = at < range.min || at > range.max ? ", outside of training" : "";
    set(slider, { "aria-valuetext": show(value) + (feature.unit ? " " + feature.unit : "") + outside });
  };
  return { exact, slider, ends, show: display, last: () => last, isWrong: () => wrong };
};

const categoryEntry = (feature, change, name, note) => {
  let last = feature.start;
  if (feature.categories.length > MOST_OPTIONS) return typedEntry(feature, change, name, note);
  const extra = new Set();
  const option = category => el("option", { value: category }, short(category, 80));
  const slider = el(
    "select",
    { "aria-labelledby": name, "aria-describedby": note, onchange: event => change(event.target.value) },
    feature.categories.map(option),
  );
  const display = value => {
    set(slider, { disabled: value === null });
    if (value === null) return;
    last = value;
    if (!feature.categories.includes(value) && !extra.has(value)) {
      extra.add(value);
      slider.append(option(value));
    }
    slider.value = value;
  };
  return { exact: null, slider, ends: null, show: display, last: () => last, isWrong: () => "" };
};

// Of very many categories: typed, with the first ones offered.
const typedEntry = (feature, change, name, note) => {
  const list = id();
  let last = feature.start,
    wrong = "";
  const offered = feature.shares ? [...feature.shares.keys()] : feature.categories;
  const slider = el("input", {
    type: "text",
    list,
    "aria-labelledby": name,
    "aria-describedby": note,
    autocomplete: "off",
    oninput: event => {
      const value = event.target.value.trim();
      const isKnown = feature.categories.includes(value) || (feature.takesUnknown && value !== "");
      wrong = isKnown ? "" : "No such category.";
      set(slider, { "aria-invalid": isKnown ? false : "true" });
      change(isKnown ? value : undefined);
    },
  });
  const ends = el(
    "datalist",
    { id: list },
    offered.slice(0, MOST_OPTIONS).map(category => el("option", { value: category })),
  );
  const display = value => {
    set(slider, { disabled: value === null });
    if (value === null) return;
    last = value;
    if (!wrong && slider.value.trim() !== value) slider.value = value;
  };
  return { exact: null, slider, ends, show: display, last: () => last, isWrong: () => wrong };
};
