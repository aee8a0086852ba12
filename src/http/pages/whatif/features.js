// What a control needs to know about a feature, from the statistics of training, and the row that the page starts with.

import { secondsOf, textOf } from "./dates.js";

// How far a slider goes beyond what training saw, as a share of its range.
const BEYOND = 0.1;

// At most so many categories are drawn and offered as a list; the others by typing.
export const MOST_CATEGORIES = 24,
  MOST_OPTIONS = 200;

// The features of a model, those that matter most first.
const featuresOf = details => {
  const ranks = new Map(((details.importance || {}).features || []).map((one, rank) => [one.feature, rank]));
  const rank = feature => (ranks.has(feature.name) ? ranks.get(feature.name) : ranks.size);
  const { row } = details.example;
  return details.features
    .map((feature, place) => of(feature, place, row[feature.name]))
    .sort((a, b) => rank(a) - rank(b) || a.place - b.place);
};

const of = (feature, place, start) => {
  // Of a date the range is in seconds; its values are texts.
  const stats = feature.stats,
    isDate = feature.kind.startsWith("date"),
    isNumber = feature.kind === "numeric" || isDate;
  const known = {
    name: feature.name,
    place,
    isNumber,
    isDate,
    stats,
    // A value's place on a slider (NaN where it has none), and back.
    toNumber: value =>
      typeof value === "number" ? value : isDate && typeof value === "string" ? secondsOf(value) : NaN,
    ofNumber: isDate ? textOf : number => number,
    unit: feature.unit || "",
    about: feature.description || "",
    isSensitive: Boolean(feature.sensitive),
    takesMissing: Boolean(feature.missing || feature.impute !== undefined),
    takesUnknown: Boolean(feature.unknown),
    categories: feature.categories || [],
    range: null,
    start,
  };
  if (isNumber && stats && stats.min != null) known.range = isDate ? datesOf(stats) : rangeOf(stats);
  if (!isNumber) known.shares = shares(known);
  return known;
};

// A slider's range: what training saw and a little more on both sides, where extrapolation begins.
const rangeOf = ({ min, max, quantiles }) => {
  const whole = quantiles.filter(Number.isInteger).length;
  const isWhole = Number.isInteger(min) && Number.isInteger(max) && whole >= 0.7 * quantiles.length;
  const width = max - min || Math.abs(min) || 1;
  const beyond = isWhole && max > min ? Math.floor(BEYOND * width) : BEYOND * width;
  const step = isWhole ? 1 : 10 ** Math.floor(Math.log10(width / 100));
  const whole_ = value => Number((Math.round(value / step) * step).toPrecision(12));
  const low = min >= 0 ? Math.max(0, min - beyond) : min - beyond;
  return {
    min,
    max,
    step,
    isWhole,
    low: Math.min(min, whole_(low)),
    high: Math.max(max, whole_(max + beyond)),
  };
};

const DAY = 86_400;

// The same of dates: whole days where training's are.
const datesOf = ({ min, max, quantiles }) => {
  const step = [min, max, ...quantiles].every(second => second % DAY === 0) || max - min > 300 * DAY ? DAY : 60;
  const whole = value => Math.round(value / step) * step,
    beyond = Math.max(step, whole(BEYOND * (max - min)));
  return {
    min,
    max,
    step,
    isWhole: true,
    low: Math.min(min, whole(min - beyond)),
    high: Math.max(max, whole(max + beyond)),
  };
};

// Each category's share of the training rows, by its name; none where it is not known.
const shares = ({ categories, stats }) => {
  if (!stats || !stats.bins) return null;
  const positions = stats.bins.categories || [],
    { counts } = stats.bins;
  const all = stats.count + stats.missing || 1;
  return new Map(positions.map((position, i) => [categories[position], counts[i] / all]));
};

// A model's features, their names in its own order, and the row that the page starts with, which the details give.
export const startOf = details => {
  const features = featuresOf(details),
    names = details.features.map(feature => feature.name);
  return { features, names, start: new Map(names.map(name => [name, details.example.row[name]])) };
};

// The categories that are drawn: the most frequent ones in their order, and the chosen one.
export const drawnCategories = (feature, chosen) => {
  if (feature.categories.length <= MOST_CATEGORIES) return feature.categories;
  const share = name => (feature.shares && feature.shares.get(name)) || 0;
  const frequent = [...(feature.shares ? feature.shares.keys() : feature.categories)];
  const most = new Set(frequent.sort((a, b) => share(b) - share(a)).slice(0, MOST_CATEGORIES - 1));
  if (typeof chosen === "string") most.add(chosen);
  return feature.categories.filter(name => most.has(name));
};

// Why a value is doubtful: outside what training saw; empty where it is not.
export const doubt = (feature, value) => {
  if (value === null || value === undefined) return "";
  if (feature.isNumber) {
    const range = feature.range;
    const at = feature.toNumber(value);
    if (!range || !(at < range.min || at > range.max)) return "";
    return { low: feature.ofNumber(range.min), high: feature.ofNumber(range.max) };
  }
  return feature.categories.includes(value) ? "" : "unseen";
};
