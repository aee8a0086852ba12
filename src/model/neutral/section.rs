//! The artifact's `neutral` section: a model as bytes and back. `docs/artifact.md` has the layout for other readers.

use super::bytes::{SectionReader, Writer};
use super::form::{Neutral, Predictor};
use super::linear::LinearModel;
use super::{section_forest, section_rules as rules, section_steps};
use crate::model::ir::LinearRule;

/// The layout's number.
const LAYOUT: u32 = 1;

impl Neutral {
    /// The section's bytes.
    ///
    /// # Errors
    /// One sentence: a list has more than 2³² elements.
    pub fn to_section(&self) -> Result<Vec<u8>, String> {
        let writer = &mut Writer::default();
        writer.u32(LAYOUT);
        section_steps::write(&self.steps, writer)?;
        writer.flag(self.has_probability);
        match &self.predictor {
            Predictor::Forest(forest) => {
                writer.u8(0);
                section_forest::write(forest, writer)?;
            }
            Predictor::Linear(linear) => {
                writer.u8(1);
                write_linear(linear, writer)?;
            }
        }
        Ok(std::mem::take(&mut writer.0))
    }

    /// Reads a section. Total: any bytes give a model or an error, in time and memory proportional to their length.
    /// What the numbers mean is checked by [`Neutral::to_form`].
    ///
    /// # Errors
    /// One sentence: what is wrong, and at which byte.
    pub fn from_section(section: &[u8]) -> Result<Self, String> {
        let reader = &mut SectionReader::new(section);
        let layout = reader.u32()?;
        if layout != LAYOUT {
            return reader.fault(format_args!("its layout is {layout}, this build reads {LAYOUT}"));
        }
        let steps = section_steps::read(reader)?;
        let has_probability = reader.flag()?;
        let predictor = if reader.choice("the predictor", &[true, false])? {
            Predictor::Forest(section_forest::read(reader)?)
        } else {
            Predictor::Linear(read_linear(reader)?)
        };
        reader.end()?;
        Ok(Self { steps, predictor, has_probability })
    }
}

fn write_linear(linear: &LinearModel, writer: &mut Writer) -> Result<(), String> {
    writer.u32(linear.n_columns);
    writer.f64s(&linear.weights)?;
    writer.f64s(&linear.intercepts)?;
    rules::write_link(linear.link, writer);
    let LinearRule { width, intercept_first, skips_missing, decision } = linear.rule;
    rules::write_width(width, writer);
    writer.flag(intercept_first);
    writer.flag(skips_missing);
    rules::write_decision(decision, writer);
    Ok(())
}

fn read_linear(reader: &mut SectionReader<'_>) -> Result<LinearModel, String> {
    Ok(LinearModel {
        n_columns: reader.u32()?,
        weights: reader.f64s("weights")?,
        intercepts: reader.f64s("intercepts")?,
        link: rules::read_link(reader)?,
        rule: LinearRule {
            width: rules::read_width(reader)?,
            intercept_first: reader.flag()?,
            skips_missing: reader.flag()?,
            decision: rules::read_decision(reader)?,
        },
    })
}
