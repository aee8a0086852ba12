//! smartcore's nearest neighbours and naive Bayes, and our own form of its support vector machines, from their bytes.

use std::sync::Arc;

use super::postcard::PostcardReader;
use super::shape::Shape;
use crate::model::ir::{Bayes, Form, Kernel, Machine, Neighbors, Svm};

/// `KNNRegressor` or `KNNClassifier`: the targets, then the search, the weighting and k.
pub(super) fn neighbors(reader: &mut PostcardReader<'_>, shape: Shape) -> Result<Form, String> {
    let Shape { n_columns, n_classes, .. } = shape;
    let targets = if n_classes == 0 {
        reader.some("the list of targets")?;
        reader.finites("target")?
    } else {
        reader.some("the classes")?;
        shape.read_classes(reader)?;
        reader.some("the list of targets")?;
        class_targets(reader, n_classes)?
    };
    reader.some("the search")?;
    if reader.u32()? != 0 {
        return reader.fault("it does not search linearly");
    }
    let n = reader.length(8 * n_columns + 1, "rows")?;
    if n != targets.len() {
        return reader.fault(format_args!("{n} rows have {} targets", targets.len()));
    }
    let mut rows = Vec::with_capacity(n * n_columns);
    for row in 0..n {
        let cells = reader.u64()?;
        if cells != n_columns as u64 {
            return reader.fault(format_args!("row {row} has {cells} cells, expected {n_columns}"));
        }
        for _ in 0..n_columns {
            rows.push(reader.finite("cell of a row")?);
        }
    }
    reader.some("the weighting")?;
    if reader.u32()? != 0 {
        return reader.fault("its neighbours do not all weigh the same");
    }
    reader.some("the number of neighbours")?;
    let k = usize::try_from(reader.u64()?).unwrap_or(usize::MAX);
    Neighbors::new(n_columns, rows, targets, n_classes, k).map(|form| Form::Neighbors(Arc::new(form)))
}

fn class_targets(reader: &mut PostcardReader<'_>, n_classes: usize) -> Result<Vec<f64>, String> {
    let n = reader.length(1, "targets")?;
    let mut targets = Vec::with_capacity(n);
    for _ in 0..n {
        let class = reader.u32()?;
        if class as usize >= n_classes {
            return reader.fault(format_args!("a row has class {class} of {n_classes}"));
        }
        targets.push(f64::from(class));
    }
    Ok(targets)
}

/// [`SupportMachines`](super::SupportMachines).
pub(super) fn svm(reader: &mut PostcardReader<'_>, shape: Shape) -> Result<Form, String> {
    let kernel = kernel(reader)?;
    shape.read_columns(reader)?;
    let vectors = reader.finites("cell of a support vector")?;
    // A machine is two empty lists and an f64 at least.
    let n = reader.length(10, "machines")?;
    let machines = (0..n).map(|_| machine(reader)).collect::<Result<_, String>>()?;
    Svm::new(kernel, shape.n_columns, vectors, machines, shape.n_classes).map(Form::Svm)
}

fn kernel(reader: &mut PostcardReader<'_>) -> Result<Kernel, String> {
    match reader.u32()? {
        0 => Ok(Kernel::Linear),
        1 => Ok(Kernel::Rbf { gamma: reader.f64()? }),
        2 => Ok(Kernel::Polynomial { degree: reader.f64()?, gamma: reader.f64()?, coef0: reader.f64()? }),
        3 => Ok(Kernel::Sigmoid { gamma: reader.f64()?, coef0: reader.f64()? }),
        other => reader.fault(format_args!("there is no kernel {other}")),
    }
}

fn machine(reader: &mut PostcardReader<'_>) -> Result<Machine, String> {
    let n = reader.length(1, "support vectors")?;
    let vectors = (0..n).map(|_| reader.u32()).collect::<Result<_, String>>()?;
    Ok(Machine { vectors, weights: reader.finites("weight")?, intercept: reader.finite("intercept")? })
}

/// `GaussianNB`.
pub(super) fn bayes(reader: &mut PostcardReader<'_>, shape: Shape) -> Result<Form, String> {
    let Shape { n_columns, n_classes, .. } = shape;
    reader.some("the distribution")?;
    shape.read_classes(reader)?;
    if reader.length(1, "class counts")? != n_classes {
        return reader.fault("there is not one count a class");
    }
    (0..n_classes).try_for_each(|_| reader.u64().map(drop))?;
    let priors = reader.finites("prior")?;
    if priors.len() != n_classes {
        return reader.fault("there is not one prior above 0 a class");
    }
    let variances = table(reader, "variance", n_columns, n_classes)?;
    let means = table(reader, "mean", n_columns, n_classes)?;
    Bayes::new(priors, means, variances).map(Form::Bayes)
}

/// One list of `n_columns` finite values a class, as `[n_classes, n_columns]`.
fn table(reader: &mut PostcardReader<'_>, what: &str, n_columns: usize, n_classes: usize) -> Result<Vec<f64>, String> {
    if reader.length(1 + 8 * n_columns, what)? != n_classes {
        return reader.fault(format_args!("there is not one {what} a class"));
    }
    let mut values = Vec::with_capacity(n_classes * n_columns);
    for _ in 0..n_classes {
        let of_class = reader.finites(what)?;
        if of_class.len() != n_columns {
            return reader.fault(format_args!("there is not one {what} a column"));
        }
        values.extend(of_class);
    }
    Ok(values)
}
