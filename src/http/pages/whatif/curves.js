// What the model answers along each feature while all others stay: one batch for all that is in view.

import { ask, Refusal } from "./api.js";
import { cells, table } from "./rows.js";
import { drawnCategories } from "./features.js";
import { percent, show, signed } from "./dom.js";

const POINTS = 25,
  MOST_BYTES = 400_000;

// Rows that the server takes at once, as far as is known: fewer after it refused more.
let mostRows = 2_000;

// The values at which a feature's curve is asked for.
const valuesOf = (feature, value, points) => {
  if (!feature.isNumber) return drawnCategories(feature, value);
  if (!feature.range) return [];
  const { low, high, min, max, step, isWhole } = feature.range,
    whole = (high - low) / step,
    values = [min, max, feature.toNumber(value)];
  const steps = isWhole && whole < points ? whole : points - 1;
  for (let i = 0; i <= steps; i++) {
    const at = ((high - low) * i) / steps;
    values.push(Number((low + (isWhole ? Math.round(at / step) * step : at)).toPrecision(12)));
  }
  return [...new Set(values.filter(x => x >= low && x <= high))].sort((a, b) => a - b).map(feature.ofNumber);
};

// What a sensitive feature's value is compared with: of numbers the further end of training, else every other category.
const contrasts = (feature, value) => {
  if (!feature.isNumber) return drawnCategories(feature, value).filter(category => category !== value);
  if (!feature.range) return [];
  const { min, max } = feature.range,
    now = feature.toNumber(value);
  const far = Number.isNaN(now) || Math.abs(max - now) > Math.abs(now - min) ? max : min;
  return far === now ? [] : [feature.ofNumber(far)];
};

// A map of each feature to { points, contrasts }, [value, answer] pairs of its curve and of what a sensitive one is
// compared with; to none where the model has no answer for one of the values.
export const curvesOf = async (name, names, features, row, signal) => {
  const base = cells(names, row),
    bytes = base.join().length + 2;
  const room = Math.floor(MOST_BYTES / bytes / Math.max(features.length, 1));
  const points = Math.min(POINTS, Math.max(9, room));
  const wanted = features
    .map(feature => {
      const value = row.get(feature.name),
        curve = valuesOf(feature, value, points);
      return {
        feature,
        values: [...curve, ...(feature.isSensitive ? contrasts(feature, value) : [])],
        curve: curve.length,
      };
    })
    .filter(one => one.values.length);
  const found = new Map();
  const most = Math.max(1, Math.floor(MOST_BYTES / bytes));
  for (const group of grouped(wanted, most)) {
    for (const [feature, answers] of await answersOf(name, names, base, group, signal)) {
      const { values, curve } = wanted.find(one => one.feature === feature);
      const given = answers && values.map((value, i) => [value, answers[i]]);
      found.set(feature, given && { points: given.slice(0, curve), contrasts: given.slice(curve) });
    }
  }
  return found;
};

// Features together as long as their rows fit a request.
const grouped = (wanted, most) => {
  const groups = [];
  let n = Infinity;
  for (const one of wanted) {
    if (n + one.values.length > Math.min(most, mostRows)) {
      groups.push([]);
      n = 0;
    }
    groups.at(-1).push(one);
    n += one.values.length;
  }
  return groups;
};

// [feature, answers] pairs; no answers where the model has none for one of the values.
const answersOf = async (name, names, base, group, signal) => {
  const rows = group.flatMap(({ feature, values }) =>
    values.map(value => base.map((cell, i) => (names[i] === feature.name ? JSON.stringify(value) : cell))),
  );
  try {
    const answers = [];
    for (let at = 0; at < rows.length; ) {
      const n = Math.min(mostRows, rows.length - at);
      try {
        answers.push(
          ...each(
            await ask(`models/${encodeURIComponent(name)}/predict`, table(names, rows.slice(at, at + n)), signal),
          ),
        );
        at += n;
      } catch (error) {
        if (!(error instanceof Refusal) || error.status !== 413 || n === 1) throw error;
        mostRows = Math.max(1, n >> 1);
      }
    }
    let next = 0;
    return group.map(({ feature, values }) => [feature, answers.slice(next, (next += values.length))]);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status !== 422 || group.length === 1) return group.map(({ feature }) => [feature, null]);
    const alone = [];
    for (const one of group) alone.push(...(await answersOf(name, names, base, [one], signal)));
    return alone;
  }
};

// An answer of many rows as many answers.
export const each = answer =>
  answer.prediction.map((prediction, i) => ({
    prediction,
    probability: answer.probability && answer.probability[i],
    interval: answer.interval && answer.interval[i],
    set: answer.set && answer.set[i],
    contributions: answer.contributions && answer.contributions[i],
    baseline: answer.baseline,
    version: answer.version,
  }));

// What changing only a sensitive feature does to `quantity`, in one sentence. `read` takes its number out of an answer.
export const effectOf = (feature, value, own, contrasts, read, quantity, isShare) => {
  if (!contrasts.length) return "Training saw no other value to compare this one with.";
  const now = read(own),
    isNumber = typeof now === "number";
  const size = ([, answer]) => (isNumber ? Math.abs(read(answer) - now) : Number(answer.prediction !== own.prediction));
  const [other, answer] = contrasts.reduce((most, one) => (size(one) > size(most) ? one : most));
  const change = `Changing only ${feature.name} from ${show(value)} to ${show(other)}`,
    isMost = contrasts.length > 1;
  if (size([other, answer]) === 0) return `${change} changes nothing${isMost ? ", nor does any other category" : ""}.`;
  const end = isMost ? "; no other category changes more." : ".";
  if (!isNumber) return `${change} changes the answer from ${own.prediction} to ${answer.prediction}${end}`;
  const label =
    typeof own.prediction === "string" && answer.prediction !== own.prediction
      ? `; the answer becomes ${answer.prediction}`
      : "";
  const then = read(answer);
  if (isShare) return `${change} changes ${quantity} from ${percent(now)} to ${percent(then)}${label}${end}`;
  return `${change} changes ${quantity} by ${signed(then - now)}, from ${show(now)} to ${show(then)}${end}`;
};
