//! What several of smartcore's objects write: the list of classes, the number of columns.

use super::postcard::{Fault, Reader};

/// The class list of an estimator fitted on class positions: 0, 1, … in order.
pub(super) fn classes(reader: &mut Reader<'_>, n_classes: usize) -> Result<(), Fault> {
    let n = reader.length(1, "classes")?;
    if n != n_classes {
        return reader.fault(format_args!("{n} classes, the header lists {n_classes}"));
    }
    for expected in 0..n_classes {
        if reader.u64()? != expected as u64 {
            return reader.fault("the classes are not 0, 1, … in order");
        }
    }
    Ok(())
}

/// The number of columns that an estimator was fitted on.
pub(super) fn columns(reader: &mut Reader<'_>, n_columns: usize) -> Result<(), Fault> {
    let told = reader.u64()?;
    if told == n_columns as u64 {
        return Ok(());
    }
    reader.fault(format_args!("the estimator was fitted on {told} columns, preprocessing gives {n_columns}"))
}
