//! A comparison as people read it on a terminal.

use std::fmt::{self, Display, Formatter};

use super::compare::{Compared, Comparison};
use super::report_text::{short, size};
use crate::model::artifact::Figures;

/// A figure's name and where it is kept.
type Column = (&'static str, fn(&Figures) -> Option<f64>);

/// The columns, the one that ranks first.
const REGRESSION: [Column; 3] = [("rmse", |f| f.rmse), ("r2", |f| f.r2), ("mae", |f| f.mae)];
const CLASSIFICATION: [Column; 3] = [("accuracy", |f| f.accuracy), ("log-loss", |f| f.log_loss), ("f1", |f| f.f1)];

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (data, folds, seed, task) = (&self.data, self.folds, self.seed, self.task.as_str());
        writeln!(f, "{task} of {}, every algorithm with its defaults", self.target)?;
        writeln!(
            f,
            "{}: {} rows, {} in {folds} folds, the same for all, {} set aside; {} features; seed {seed}\n",
            data.file,
            data.rows,
            data.training_rows,
            data.test_rows,
            data.features.len()
        )?;
        let columns = if self.task.is_classification() { CLASSIFICATION } else { REGRESSION };
        write!(f, "     {:<17}", "algorithm")?;
        columns.iter().try_for_each(|(name, _)| write!(f, "  {:>17}", format!("{name} ± sd")))?;
        writeln!(f, "  {:>8}  {:>9}", "fit s", "artifact")?;
        let ranked = self.algorithms.iter().filter(|c| c.refused.is_none());
        ranked.zip(1..).try_for_each(|(c, rank)| row(f, c, rank, columns))?;
        for c in &self.algorithms {
            if let Some(reason) = &c.refused {
                writeln!(f, "  –  {:<17}  {reason}", c.algorithm)?;
            }
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))?;
        write!(f, "\nranked by the mean {} over the folds; {:.1} s", self.ranked_by, self.seconds)
    }
}

fn row(f: &mut Formatter<'_>, c: &Compared, rank: usize, columns: [Column; 3]) -> fmt::Result {
    write!(f, "{rank:>3}  {:<17}", c.algorithm)?;
    for (_, pick) in columns {
        let both = c.k_fold.as_ref().and_then(|k| Some((pick(&k.mean)?, pick(&k.sd)?)));
        let text = both.map_or_else(|| "–".to_owned(), |(mean, sd)| format!("{} ± {}", short(mean), short(sd)));
        write!(f, "  {text:>17}")?;
    }
    let seconds = c.fit_seconds.map_or_else(String::new, |s| format!("{s:.3}"));
    writeln!(f, "  {seconds:>8}  {:>9}", c.artifact_bytes.map_or_else(String::new, size))
}
