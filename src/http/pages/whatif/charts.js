// A feature's picture: how often training saw each value is shaded, what the model answers along it is a line.

import { drawnCategories } from "./features.js";
import { el, set, short, show, svg, vars } from "./dom.js";

// The picture's own units; it is stretched to the room that it has.
const WIDE = 1000,
  HIGH = 100,
  EDGE = 6;

// A number's place between two others, from 0 to 1.
const between = (low, high, value) => Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
const height = (scale, value) => HIGH - EDGE - (HIGH - 2 * EDGE) * between(scale.low, scale.high, value);
const line = points => points.map(([x, y]) => x.toFixed(1) + "," + y.toFixed(1)).join(" ");

// Bars from [left, right, share of the height] as one path: an element each made a page of 12 features twice as large.
const barsOf = bars =>
  bars
    .map(([from, to, share]) => {
      const tall = (share * (HIGH - EDGE)).toFixed(1),
        wide = Math.max(to - from, 1).toFixed(1);
      return `M${from.toFixed(1)} ${HIGH}v-${tall}h${wide}v${tall}z`;
    })
    .join("");

const framed = (pictures, overlays) => {
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img" }, pictures);
  return { picture, node: el("div", { class: "plot" }, picture, overlays) };
};

const mark = name => el("span", { class: name, hidden: true, "aria-hidden": "true" });

// A picture of a feature, none of one whose range is not known. `choose(value)` is called when it is pointed at.
export const chartOf = (feature, choose) => {
  if (!feature.isNumber) return categoryChart(feature, choose);
  return feature.range ? numberChart(feature, choose) : null;
};

const numberChart = (feature, choose) => {
  const { low, high, min, max } = feature.range,
    { toNumber, ofNumber } = feature,
    at = value => between(low, high, value);
  const { edges = [], counts = [] } = feature.stats.histogram || {},
    most = Math.max(1, ...counts);
  const bars = svg("path", {
    class: "shade",
    d: barsOf(counts.map((count, i) => [at(edges[i]) * WIDE, at(edges[i + 1]) * WIDE, count / most])),
  });
  const whole = svg("polyline", { class: "curve beyond" }),
    seen = svg("polyline", { class: "curve" });
  const own = mark("mark"),
    other = mark("mark other"),
    dot = mark("dot");
  const outside = [
    [0, at(min)],
    [at(max), 1],
  ]
    .filter(([from, to]) => to > from)
    .map(([from, to]) => vars(el("span", { class: "outside", "aria-hidden": "true" }), { "--from": from, "--to": to }));
  const { node, picture } = framed([bars, whole, seen], [outside, other, own, dot]);
  let drawn = null;

  const place = (value, compared) => {
    const now = toNumber(value);
    for (const [element, where] of [
      [own, now],
      [other, toNumber(compared)],
    ]) {
      set(element, { hidden: Number.isNaN(where) });
      if (!Number.isNaN(where)) vars(element, { "--at": at(where) });
    }
    const answer = drawn && !Number.isNaN(now) ? along(drawn.points, now) : null;
    set(dot, { hidden: answer === null });
    if (answer !== null) vars(dot, { "--at": at(now), "--up": 1 - height(drawn.scale, answer) / HIGH });
  };
  const draw = (given, scale) => {
    const points = given && given.map(([value, y]) => [toNumber(value), y]).filter(([x]) => !Number.isNaN(x));
    drawn = points && points.length ? { points, scale } : null;
    const of = some => line(some.map(([x, y]) => [at(x) * WIDE, height(scale, y)]));
    set(whole, { points: drawn ? of(points) : "" });
    set(seen, { points: drawn ? of(points.filter(([x]) => x >= min && x <= max)) : "" });
    set(picture, { "aria-label": described(feature.name, drawn && given, scale) });
  };
  onPointer(node, share => {
    const { step } = feature.range,
      value = low + share * (high - low);
    choose(ofNumber(Number((Math.round(value / step) * step).toPrecision(12))));
  });
  draw(null);
  return { node, place, draw };
};

const categoryChart = (feature, choose) => {
  const bars = svg("path", { class: "shade" }),
    lines = svg("g"),
    own = mark("slot"),
    other = mark("slot other");
  const names = el("div", { class: "names", "aria-hidden": "true" });
  const { node, picture } = framed([bars, lines], [other, own]);
  let drawn = [];

  const lay = chosen => {
    const now = drawnCategories(feature, chosen);
    if (now.length === drawn.length && now.every((name, i) => name === drawn[i])) return;
    drawn = now;
    const wide = WIDE / drawn.length,
      share = name => (feature.shares && feature.shares.get(name)) || 0;
    const most = Math.max(...drawn.map(share)) || 1;
    set(bars, { d: barsOf(drawn.map((name, i) => [(i + 0.1) * wide, (i + 0.9) * wide, share(name) / most])) });
    names.replaceChildren(...(drawn.length <= 6 ? drawn.map(name => el("span", {}, short(name, 24))) : []));
  };
  const place = (value, compared) => {
    lay(value);
    for (const [element, where] of [
      [own, value],
      [other, compared],
    ]) {
      const i = drawn.indexOf(where);
      set(element, { hidden: i < 0 });
      if (i >= 0) vars(element, { "--from": i / drawn.length, "--to": (i + 1) / drawn.length });
    }
  };
  const draw = (points, scale) => {
    const wide = WIDE / drawn.length;
    const steps = (points || [])
      .filter(([name]) => drawn.includes(name))
      .map(([name, y]) => {
        const i = drawn.indexOf(name),
          up = height(scale, y);
        return svg("polyline", {
          class: "curve",
          points: line([
            [(i + 0.1) * wide, up],
            [(i + 0.9) * wide, up],
          ]),
        });
      });
    lines.replaceChildren(...steps);
    set(picture, { "aria-label": described(feature.name, points, scale) });
  };
  onPointer(node, share => choose(drawn[Math.min(drawn.length - 1, Math.floor(share * drawn.length))]));
  lay();
  draw(null);
  return { node: el("div", {}, node, names), place, draw };
};

// What a mouse, a pen or a finger points at, from 0 to 1; keys have the slider and the list.
const onPointer = (node, point) => {
  const tell = event => {
    const { left, width } = node.getBoundingClientRect();
    if (width) point(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  };
  node.addEventListener("pointerdown", event => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    node.setPointerCapture(event.pointerId);
    tell(event);
  });
  node.addEventListener("pointermove", event => node.hasPointerCapture(event.pointerId) && tell(event));
  // A finger may mean to scroll: only a tap chooses.
  node.addEventListener("click", event => event.pointerType === "touch" && tell(event));
};

// The answer at a value, between two points on a straight line.
const along = (points, value) => {
  const next = points.findIndex(([x]) => x >= value);
  if (next < 0) return null;
  const [x1, y1] = points[next];
  if (next === 0) return x1 === value ? y1 : null;
  const [x0, y0] = points[next - 1];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (value - x0)) / (x1 - x0);
};

const described = (name, points, scale) => {
  if (!points || !points.length) return "How often training saw each value of " + short(name);
  const lowest = points.reduce((least, one) => (one[1] < least[1] ? one : least));
  const highest = points.reduce((most, one) => (one[1] > most[1] ? one : most));
  return (
    `${scale.title} along ${short(name)}: lowest ${show(lowest[1])} at ${short(show(lowest[0]))}, ` +
    `highest ${show(highest[1])} at ${short(show(highest[0]))}`
  );
};

// How the answers of training were spread, with those of both scenarios and the interval of the active one.
export const spreadChart = stats => {
  const { edges, counts } = stats.histogram,
    low = edges[0],
    high = edges.at(-1),
    most = Math.max(1, ...counts);
  const at = value => between(low, high, value);
  const bars = svg("path", {
    class: "shade",
    d: barsOf(counts.map((count, i) => [at(edges[i]) * WIDE, at(edges[i + 1]) * WIDE, count / most])),
  });
  const marks = { a: mark("mark a"), b: mark("mark b") },
    band = mark("band");
  const { node, picture } = framed(bars, [band, marks.b, marks.a]);
  set(picture, { "aria-label": `Predictions of the training rows, from ${show(low)} to ${show(high)}` });
  const ends = el(
    "div",
    { class: "ends", "aria-hidden": "true" },
    el("span", {}, show(low, 3)),
    el("span", {}, "predictions in training"),
    el("span", {}, show(high, 3)),
  );
  const place = (values, interval) => {
    for (const key of ["a", "b"]) {
      set(marks[key], { hidden: typeof values[key] !== "number" });
      if (typeof values[key] === "number") vars(marks[key], { "--at": at(values[key]) });
    }
    set(band, { hidden: !interval });
    if (interval) vars(band, { "--from": at(interval[0]), "--to": at(interval[1]) });
  };
  return { node: el("div", { class: "spread" }, node, ends), place };
};
