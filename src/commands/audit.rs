//! `audit`: errors and calibration of a model by group, on rows whose target is known, and the flip test.

use crate::cli::AuditArgs;
use crate::config::Names;
use crate::model::Model;
use crate::model::compiled::Scratch;
use crate::model::prediction::{PredictError, Prediction};
use crate::train::{GroupFigures, Observed, feature_groups};

use super::audit_report::{AuditReport, ClassCalibration, GroupReport};
use super::failure::{Exit, Failure};
use super::files;
use super::flip::flips;
use super::groups::Group;
use super::labelled::Labelled;

/// Runs the command.
///
/// # Errors
/// 66 no such file, 65 rows that do not fit the model, 1 a row without a finite answer.
pub fn run(args: &AuditArgs) -> Result<(), Failure> {
    let model = files::model(&args.check.model, &args.check.source)?;
    let path = args.check.model.display();
    if model.schema().target().n_outputs() > 1 {
        let what = format_args!("{path}: it predicts several numbers a row; audit compares one with --target");
        return Err(Failure::new(Exit::Data, what));
    }
    let by = Names::all(&args.by);
    let inputs = files::tables_of(&args.check.input)?;
    let name = inputs.first().map_or_else(String::new, |first| first.name().to_owned());
    let rows = Labelled::read(&model, inputs, Some(&args.target), &by, files::text_options(&args.check.table)?)?;
    let report = report(&model, &name, &args.target, &rows)?;
    if args.check.json { files::print_json(&report) } else { files::print(&report.for_people()) }
}

fn report(model: &Model, input: &str, target: &str, labelled: &Labelled) -> Result<AuditReport, Failure> {
    let Labelled { rows, observed, lines, by, .. } = labelled;
    let observed = observed.as_ref().expect("a target was named");
    let answers = model.predict(rows, &mut Scratch::default()).map_err(|PredictError { row, cells }| {
        let why = cells.into_iter().next().map_or("the model's answer is not a finite number".into(), |c| c.detail);
        Failure::new(Exit::Failed, format_args!("{}: {why}", labelled.place(row)))
    })?;
    let mut groups: Vec<(String, Group)> = Vec::new();
    let all = (0..rows.n_rows()).collect();
    groups.push((String::new(), ("all".to_owned(), all)));
    for (place, feature) in model.schema().features().iter().enumerate().filter(|(_, feature)| feature.sensitive) {
        let cells: Vec<f64> = rows.rows().map(|row| row[place]).collect();
        groups.extend(feature_groups(feature, &cells).into_iter().map(|group| (feature.name.clone(), group)));
    }
    for column in by {
        groups.extend(column.groups()?.into_iter().map(|group| (column.name.clone(), group)));
    }
    let mut reports = groups.into_iter().map(|(column, group)| of_group(model, column, group, observed, &answers));
    Ok(AuditReport {
        model: model.header().name.clone(),
        version: model.version().to_owned(),
        input: input.to_owned(),
        target: target.to_owned(),
        rows: rows.n_rows() as u64,
        all: reports.next().expect("the group of all rows is the first"),
        groups: reports.collect(),
        flips: flips(model, rows, lines, &answers)?,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn of_group(
    model: &Model,
    column: String,
    (group, rows): Group,
    observed: &Observed,
    answers: &Prediction,
) -> GroupReport {
    let classes = &model.schema().target().classes;
    let GroupFigures { figures, mean_error, .. } =
        GroupFigures::new(&column, group.clone(), &rows, (observed, answers), classes.len());
    let n = rows.len() as f64;
    let mean = |value: &dyn Fn(usize) -> f64| rows.iter().map(|row| value(*row)).sum::<f64>() / n;
    let mut report = GroupReport {
        column,
        group,
        rows: rows.len() as u64,
        figures,
        mean_error,
        mean_predicted: None,
        mean_observed: None,
        classes: Vec::new(),
    };
    match (observed, answers) {
        (Observed::Values(y), Prediction::Regression { values, .. }) => {
            report.mean_predicted = Some(mean(&|row| values[row]));
            report.mean_observed = Some(mean(&|row| y[row]));
        }
        (Observed::Classes(y), Prediction::Classification { classes: answered, probability }) => {
            let is = |class: usize, of: &[u32]| mean(&|row| f64::from(u8::from(of[row] as usize == class)));
            let of_class = |(class, name): (usize, &String)| ClassCalibration {
                class: name.clone(),
                observed: is(class, y),
                answered: is(class, answered),
                probability: probability.as_ref().map(|p| mean(&|row| p[row * classes.len() + class])),
            };
            report.classes = classes.iter().enumerate().map(of_class).collect();
        }
        _ => {}
    }
    report
}
