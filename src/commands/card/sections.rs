//! The tables of the card: what the model is, what it asks for, how good it is, what matters to it, what it cannot do.

use std::fmt::Write as _;

use crate::commands::shown::{described, shown, shown_feature};
use crate::model::Model;
use crate::model::artifact::{Figures, Importance};
use crate::model::schema::{Feature, FeatureKind, NO_STATISTICS};
use crate::model::statistics::Stats;
use crate::text::html::escaped;
use crate::train::CoverageText;

/// Features with rows in the card, and coefficients: those that matter most.
const MAX_ROWS: usize = 300;

/// A table: heads, then rows of cells, which are HTML already; the first cell of a row is its head.
pub(super) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut html = "<div class=\"scroll\"><table>".to_owned();
    if !heads.is_empty() {
        html.push_str("<thead><tr>");
        for head in heads {
            let _ = write!(html, "<th scope=\"col\">{head}</th>");
        }
        html.push_str("</tr></thead>");
    }
    html.push_str("<tbody>");
    for row in rows {
        let mut cells = row.into_iter();
        let _ = write!(html, "<tr><th scope=\"row\">{}</th>", cells.next().unwrap_or_default());
        cells.for_each(|cell| {
            let _ = write!(html, "<td>{cell}</td>");
        });
        html.push_str("</tr>");
    }
    html + "</tbody></table></div>\n"
}

/// What it is and where it comes from.
pub(super) fn about(model: &Model) -> String {
    let header = model.header();
    let mut rows: Vec<(&str, String)> = Vec::new();
    let target = &header.target;
    let unit = target.unit.as_ref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
    rows.push(("Predicts", format!("{}{unit} ({})", target.name, header.task.as_str())));
    if !target.classes.is_empty() {
        rows.push(("Classes", target.classes.join(", ")));
    }
    rows.push(("Algorithm", header.algorithm.to_string()));
    rows.push(("Version", model.version().to_owned()));
    rows.extend(header.created.iter().map(|created| ("Created", created.clone())));
    if let Some(kind) = model.probabilities() {
        rows.push(("Probabilities", described(kind).to_owned()));
    }
    rows.extend(header.calibrator.iter().map(|method| ("Calibrated", method.clone())));
    rows.extend(header.threshold_sentence().map(|sentence| ("Threshold", sentence)));
    let settings: Vec<String> = header.hyperparameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
    rows.push(("Hyperparameters", settings.join(", ")));
    rows.push(("Data", origin(model)));
    let rows = rows.into_iter().filter(|(_, text)| !text.is_empty());
    table(&[], rows.map(|(name, text)| vec![name.to_owned(), escaped(&text)]))
}

/// Where model and data come from, in sentences.
fn origin(model: &Model) -> String {
    let header = model.header();
    let mut sentences = Vec::new();
    if let Some(origin) = &header.source {
        let version = origin.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        sentences.push(format!("a model of {}{version}, read from {}", origin.library, origin.format));
        sentences.extend(origin.notes.iter().cloned());
    }
    // Answers are out of fold, and may be of fewer rows.
    match header.features.iter().find_map(|feature| feature.stats.as_ref()).map(|stats| stats.count + stats.missing) {
        None => sentences.push(format!("statistics: {NO_STATISTICS}")),
        Some(rows) if header.source.is_some() => {
            sentences.push(format!("statistics of the {rows} rows that were given to import"));
        }
        Some(rows) => sentences.push(format!("fitted on {rows} rows")),
    }
    if let (Some(evaluation), None) = (&header.evaluation, &header.source) {
        let aside = evaluation.holdout.as_ref().map(|holdout| format!("{} rows set aside", holdout.n));
        let how = evaluation.split.clone().unwrap_or_else(|| format!("at random, seed {}", evaluation.seed));
        sentences.extend(aside.map(|aside| format!("{aside} {how}")));
    }
    sentences.join("; ")
}

/// The figures, as `inspect` prints them.
pub(super) fn figures(model: &Model) -> String {
    let header = model.header();
    let Some(evaluation) = &header.evaluation else { return "<p>There are no figures in the file.</p>\n".to_owned() };
    let mut rows = Vec::new();
    let cells = |name: String, figures: &Figures| vec![name, escaped(&shown(figures))];
    if let Some(figures) = &evaluation.holdout {
        rows.push(cells(if header.source.is_some() { "on --data" } else { "holdout" }.to_owned(), figures));
    }
    if let Some(k_fold) = &evaluation.k_fold {
        rows.push(cells(format!("{}-fold, mean", k_fold.folds), &k_fold.mean));
    }
    if let Some(text) = CoverageText::new(&header.intervals) {
        rows.push(vec![text.what().to_owned(), escaped(&text.to_string())]);
    }
    let mut html = table(&[], rows);
    if let Some(n) = evaluation.best_of {
        let _ = writeln!(html, "<p>The best of {n} candidates: its k-fold figures are optimistic.</p>");
    }
    html
}

/// The features, with how training's values spread.
pub(super) fn features(model: &Model) -> String {
    let features = model.schema().features();
    let row = |feature: &Feature| {
        let unit = feature.unit.as_ref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
        let about = feature.description.as_ref().map(|text| format!("<br><small>{}</small>", escaped(text)));
        let mark = if feature.sensitive { " <span class=\"badge\">sensitive</span>" } else { "" };
        let name = format!("{}{}{mark}{}", escaped(&feature.name), escaped(&unit), about.unwrap_or_default());
        let kind = feature.kind.name();
        let [saw, missing] = shown_feature(feature);
        let gone = feature.stats.as_ref().map(|stats| stats.missing).filter(|n| *n > 0);
        let gone = gone.map(|n| format!("; {n} in training")).unwrap_or_default();
        vec![name, kind.to_owned(), escaped(&saw), spread(feature), escaped(&(missing + &gone))]
    };
    let html = table(
        &["feature", "kind", "training saw", "distribution", "missing cells"],
        features.iter().take(MAX_ROWS).map(row),
    );
    if features.len() <= MAX_ROWS {
        return html;
    }
    format!("{html}<p>The first {MAX_ROWS} of {} features.</p>\n", features.len())
}

/// A histogram of numbers, or the shares of the most frequent categories.
fn spread(feature: &Feature) -> String {
    let Some(stats) = &feature.stats else { return String::new() };
    let counts: Vec<u64> = match (&stats.histogram, feature.kind) {
        (Some(histogram), _) => histogram.counts.clone(),
        (None, FeatureKind::Categorical) => stats.bins.counts.clone(),
        _ => return String::new(),
    };
    histogram(&counts, &label(feature, stats))
}

fn label(feature: &Feature, stats: &Stats) -> String {
    match feature.kind {
        FeatureKind::Numeric | FeatureKind::Date(_) => format!("histogram of {}", feature.name),
        FeatureKind::Categorical => {
            let labels = stats.bins.labels(&feature.categories);
            let shares = labels.iter().zip(&stats.bins.counts).map(|(label, count)| format!("{label}: {count}"));
            shares.collect::<Vec<String>>().join(", ")
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a picture")]
fn histogram(counts: &[u64], label: &str) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let width = 140.0 / counts.len().max(1) as f64;
    let mut svg = format!(
        "<svg class=\"small\" viewBox=\"0 0 140 30\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        escaped(label)
    );
    for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (*count as f64 / most * 30.0).max(1.0);
        let _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            place as f64 * width,
            30.0 - height,
            (width - 1.0).max(0.5)
        );
    }
    svg + "</svg>"
}

/// Importances as bars, and the coefficients of a linear model.
pub(super) fn effects(model: &Model) -> String {
    let header = model.header();
    let mut html = match &header.importance {
        Some(importance) => importances(importance),
        None => "<p>The importance of the features was not measured.</p>\n".to_owned(),
    };
    for function in header.coefficients.iter().flatten() {
        let of = function.class.as_ref().map(|class| format!(" of {}", escaped(class))).unwrap_or_default();
        let _ = write!(
            html,
            "<h3>Coefficients{of}</h3>\n<p>Intercept {:.4}; in the units of the columns.</p>\n",
            function.intercept
        );
        let rows = function.coefficients.iter().take(MAX_ROWS);
        html += &table(&["column", "coefficient"], rows.map(|c| vec![escaped(&c.name()), format!("{:.4}", c.value)]));
    }
    html
}

fn importances(importance: &Importance) -> String {
    let Importance { figure, on, rows, repeats, features, .. } = importance;
    let most = features.iter().map(|feature| feature.mean).fold(0.0, f64::max);
    let about = format!(
        "How much worse the {figure} gets when a feature's cells are shuffled ({rows} rows, {on}, {repeats} times)."
    );
    let row = |feature: &crate::model::artifact::FeatureImportance| {
        let width = if most > 0.0 { (feature.mean / most * 190.0).max(0.0) } else { 0.0 };
        let bar = format!(
            "<svg class=\"wide\" viewBox=\"0 0 192 12\" aria-hidden=\"true\"><rect class=\"bar\" x=\"0\" y=\"1\" width=\"{width:.1}\" height=\"10\"/></svg>"
        );
        vec![escaped(&feature.feature), bar, format!("{:.4} ± {:.4}", feature.mean, feature.sd)]
    };
    format!(
        "<p>{}</p>\n{}",
        escaped(&about),
        table(&["feature", "", "importance"], features.iter().take(MAX_ROWS).map(row))
    )
}

/// What the file says about where the model ends.
pub(super) fn limits(model: &Model) -> String {
    let header = model.header();
    let features = model.schema().features();
    let mut limits = Vec::new();
    if header.prediction_stats.is_some() {
        limits.push(
            "Outside the ranges and categories above it was never tested: what it predicts there is extrapolation."
                .to_owned(),
        );
    } else {
        limits.push("What its training data were like is not known here: no ranges, no drift, no figures.".to_owned());
    }
    let of = |is: fn(&&Feature) -> bool| features.iter().filter(is).map(|f| f.name.as_str()).collect::<Vec<&str>>();
    let sensitive = of(|feature| feature.sensitive);
    if sensitive.is_empty() {
        limits.push("No feature is marked sensitive; others may still stand for one.".to_owned());
    } else {
        let names = sensitive.join(", ");
        limits.push(format!(
            "Sensitive: {names}. smartserve audit shows errors by their groups and what changing them alone does."
        ));
    }
    let strict = of(|feature| !feature.accepts_missing());
    match strict.len() {
        0 => {}
        n if n == features.len() => limits.push("A row with a missing cell is refused.".to_owned()),
        _ => limits.push(format!("A row is refused where one of these is missing: {}.", strict.join(", "))),
    }
    if header.evaluation.as_ref().is_none_or(|e| e.holdout.is_none() && e.k_fold.is_none()) {
        limits.push("Nothing in the file says how good it is.".to_owned());
    }
    limits.push("Figures are of rows like those of training; smartserve drift tells whether today's are.".to_owned());
    limits.push(format!("The file holds {} training or made rows (golden rows) and, where there was a k-fold run, every training row's error.", header.golden.len()));
    let items: Vec<String> = limits.iter().map(|limit| format!("<li>{}</li>\n", escaped(limit))).collect();
    format!("<ul>\n{}</ul>\n", items.concat())
}
