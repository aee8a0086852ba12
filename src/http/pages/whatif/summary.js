// What the model is: version, training, evaluation, what matters to it.

import { el, percent, short, show, signed, vars } from "./dom.js";

const FIGURES = {
  rmse: "RMSE",
  mae: "MAE",
  r2: "R²",
  accuracy: "accuracy",
  f1: "F1",
  log_loss: "log-loss",
  roc_auc: "ROC AUC",
  average_precision: "average precision",
  brier: "Brier score",
};
const MOST_FEATURES = 10;

const title = key => FIGURES[key] || key.replace(/[_-]/g, " ");

// The head of the page: name, what it predicts, and what a person must know before looking.
export const intro = details => {
  const { target } = details;
  const of =
    target.classes && target.classes.length
      ? ` (${target.classes.length} classes)`
      : target.unit
        ? ` in ${target.unit}`
        : "";
  return el(
    "div",
    { class: "intro" },
    el("h2", {}, details.name),
    el(
      "p",
      {},
      "Predicts ",
      el("strong", {}, short(target.name, 80)),
      of,
      " · ",
      details.algorithm,
      " · version ",
      el("code", {}, details.version),
    ),
    details.description && el("p", {}, details.description),
    details.reload_error &&
      el("p", { class: "problem" }, "What its file holds now is not served: ", details.reload_error),
    details.statistics &&
      el(
        "p",
        { class: "note" },
        "Training statistics: ",
        details.statistics,
        ". Without them there are no sliders, no curves and no warnings.",
      ),
  );
};

const tableElement = (heads, rows) =>
  el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Evaluation" },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map(head => el("th", { scope: "col" }, head)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map(([head, ...cells]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, head),
            cells.map(cell => el("td", {}, cell)),
          ),
        ),
      ),
    ),
  );

const evaluation = found => {
  if (!found) return el("p", { class: "note" }, "No evaluation is in the model's file.");
  const { holdout, k_fold: folds } = found;
  const keys = Object.keys((holdout || folds || {}).mean || holdout || {}).filter(key => key !== "n");
  const cell = (figures, key, sd) =>
    figures && typeof figures[key] === "number"
      ? show(figures[key], 4) + (sd && typeof sd[key] === "number" ? " ± " + show(sd[key], 2) : "")
      : "";
  const heads = [
    ["figure"],
    holdout && [`${holdout.n} rows set aside`],
    folds && [`${folds.folds} folds of ${folds.mean.n} rows`],
  ];
  const rows = keys.map(key =>
    [title(key), holdout && cell(holdout, key), folds && cell(folds.mean, key, folds.sd)].filter(
      value => value !== undefined && value !== null,
    ),
  );
  return [
    tableElement(heads.filter(Boolean).flat(), rows),
    found.best_of &&
      el(
        "p",
        { class: "note" },
        `The folds' figures are those of the best of ${found.best_of} candidates: they are optimistic.`,
      ),
  ];
};

// How often intervals, or sets, of each level held the truth of the rows set aside.
const coverage = levels => {
  if (!levels || !levels.length) return null;
  const size = level =>
    typeof level.mean_width === "number" ? `${show(level.mean_width, 4)} wide` : `${show(level.mean_set_size, 3)} classes`;
  const told = levels.map(level => `${percent(level.level)} held ${percent(level.coverage)} (${size(level)})`);
  const what = typeof levels[0].mean_width === "number" ? "Intervals" : "Sets";
  return el("p", { class: "note" }, `${what} of the ${levels[0].n} rows set aside: ${told.join(", ")}.`);
};

// The first of a list of { feature, value, text }, with a bar each, and how many more there are.
const bars = list => {
  const most = Math.max(...list.map(({ value }) => Math.abs(value))) || 1,
    shown = list.slice(0, MOST_FEATURES);
  const rows = shown.map(({ feature, value, text }) =>
    el(
      "li",
      { class: value < 0 ? "less" : "more" },
      el("span", { class: "name", title: feature }, short(feature, 60)),
      vars(el("span", { class: "bar", "aria-hidden": "true" }), { "--size": Math.abs(value) / most }),
      el("span", { class: "number" }, text),
    ),
  );
  const rest = list.length - shown.length;
  return [el("ol", { class: "reasons" }, rows), rest > 0 && el("p", { class: "note" }, `and ${rest} more`)];
};

const importance = found => {
  if (!found) return null;
  const shuffled = found.features.map(({ feature, mean, sd }) => ({
    feature,
    value: mean,
    text: `${signed(mean, 3)} ± ${show(sd, 2)}`,
  }));
  const explained = found.features.filter(({ contribution }) => typeof contribution === "number");
  const sizes = explained
    .map(({ feature, contribution }) => ({ feature, value: contribution, text: show(contribution, 3) }))
    .sort((a, b) => b.value - a.value);
  const worse = `How much worse ${title(found.figure)} gets when one feature is shuffled (${found.rows} rows: ${found.on}).`;
  return [
    el("h3", {}, "What matters to it"),
    el("p", { class: "note" }, worse),
    bars(shuffled),
    sizes.length > 0 && [
      el("p", { class: "note" }, `Mean size of its contribution (${found.contribution_rows} rows).`),
      bars(sizes),
    ],
  ];
};

// The section about the model.
export const summary = details => {
  const facts = [
    ["algorithm", details.algorithm],
    ["version", details.version],
    ["created", details.created],
    ["library", details.source && [details.source.library, details.source.version].filter(Boolean).join(" ")],
    ["calibrated", details.calibrator],
    ["threshold", details.threshold && "above " + show(details.threshold.above)],
    ...Object.entries(details.hyperparameters || {}).map(([key, value]) => [
      key,
      value === null ? "unset" : String(value),
    ]),
  ].filter(([, value]) => value);
  return el(
    "details",
    { class: "box", open: true },
    el("summary", {}, "About this model"),
    el(
      "div",
      { class: "columns" },
      el(
        "div",
        {},
        el("h3", {}, "How good it is"),
        evaluation(details.evaluation),
        coverage(details.intervals),
        el("h3", {}, "How it was made"),
        el(
          "dl",
          {},
          facts.map(([key, value]) => [el("dt", {}, key), el("dd", {}, value)]),
        ),
      ),
      el("div", {}, importance(details.importance)),
    ),
  );
};

// The links to all models that are served.
export const links = (models, current, toRoot) =>
  models.map(model =>
    el(
      "a",
      {
        href: `${toRoot}models/${encodeURIComponent(model.name)}/`,
        "aria-current": model.name === current ? "page" : false,
      },
      short(model.name, 40),
    ),
  );
