//! Steps in the `neutral` section.

use super::bytes::{SectionReader, Writer};
use super::steps::{Function, Operation, Step, Steps};
use crate::model::date::DatePart;

/// Bytes of the shortest step: its input and its kind.
const SHORTEST: usize = 5;

pub(super) fn write(steps: &Steps, writer: &mut Writer) -> Result<(), String> {
    writer.u32(steps.n_features);
    writer.length(steps.steps.len())?;
    for step in &steps.steps {
        writer.u32(step.input);
        write_operation(&step.operation, writer)?;
    }
    writer.u32s(&steps.outputs)
}

fn write_operation(operation: &Operation, writer: &mut Writer) -> Result<(), String> {
    let numbers = |writer: &mut Writer, kind: u8, numbers: &[f64]| {
        writer.u8(kind);
        for number in numbers {
            writer.f64(*number);
        }
    };
    match operation {
        Operation::Codes { codes, unknown } => {
            writer.u8(0);
            writer.f64s(codes)?;
            writer.f64(*unknown);
        }
        Operation::AsMissing(value) => numbers(writer, 1, &[*value]),
        Operation::Fill(value) => numbers(writer, 2, &[*value]),
        Operation::IsMissing => writer.u8(3),
        Operation::OneHot(values) => {
            writer.u8(4);
            writer.f64s(values)?;
        }
        Operation::Standardize { offset, divisor } => numbers(writer, 5, &[*offset, *divisor]),
        Operation::Affine { factor, offset } => numbers(writer, 6, &[*factor, *offset]),
        Operation::Clip { low, high } => numbers(writer, 7, &[*low, *high]),
        Operation::Function(function) => {
            writer.u8(8);
            let name = Function::ALL.iter().position(|(own, _)| own == function).unwrap_or_default();
            writer.u8(u8::try_from(name).unwrap_or_default());
        }
        Operation::Narrow => writer.u8(9),
        Operation::DatePart(part) => {
            writer.u8(10);
            let place = DatePart::ALL.iter().position(|own| own == part).unwrap_or_default();
            writer.u8(u8::try_from(place).unwrap_or_default());
        }
    }
    Ok(())
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Result<Steps, String> {
    let n_features = reader.u32()?;
    let n = reader.length(SHORTEST, "steps")?;
    let mut steps = Vec::with_capacity(n);
    for _ in 0..n {
        steps.push(Step { input: reader.u32()?, operation: read_operation(reader)? });
    }
    Ok(Steps { n_features, steps, outputs: reader.u32s("columns of the predictor")? })
}

fn read_operation(reader: &mut SectionReader<'_>) -> Result<Operation, String> {
    Ok(match reader.u8()? {
        0 => Operation::Codes { codes: reader.f64s("codes")?, unknown: reader.f64()? },
        1 => Operation::AsMissing(reader.f64()?),
        2 => Operation::Fill(reader.f64()?),
        3 => Operation::IsMissing,
        4 => Operation::OneHot(reader.f64s("values")?),
        5 => Operation::Standardize { offset: reader.f64()?, divisor: reader.f64()? },
        6 => Operation::Affine { factor: reader.f64()?, offset: reader.f64()? },
        7 => Operation::Clip { low: reader.f64()?, high: reader.f64()? },
        8 => Operation::Function(reader.choice("a function", &Function::ALL)?.0),
        9 => Operation::Narrow,
        10 => Operation::DatePart(reader.choice("a part of a date", &DatePart::ALL)?),
        other => return reader.fault(format_args!("there is no step {other}")),
    })
}
