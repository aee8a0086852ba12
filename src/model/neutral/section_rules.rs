//! Widths, links and decisions in the `neutral` section: a byte each, its position in a list.

use super::bytes::{SectionReader, Writer};
use crate::model::ir::{Decision, Link, Width};

const WIDTHS: [Width; 2] = [Width::F32, Width::F64];
const DECISIONS: [Decision; 3] = [Decision::Probability, Decision::Margin, Decision::MarginFromZero];
/// The slope of a logistic function follows its byte.
const LINKS: [Link; 10] = [
    Link::Identity,
    Link::Exp,
    Link::WideExp,
    Link::Hinge,
    Link::Logistic { slope: 1.0 },
    Link::CutLogistic,
    Link::Softmax,
    Link::SignedSquare,
    Link::SoftPlus,
    Link::LogisticShare,
];

pub(super) fn write_width(width: Width, writer: &mut Writer) {
    writer.u8(u8::from(width == Width::F64));
}

pub(super) fn read_width(reader: &mut SectionReader<'_>) -> Result<Width, String> {
    reader.choice("a width", &WIDTHS)
}

pub(super) fn write_decision(decision: Decision, writer: &mut Writer) {
    writer.u8(match decision {
        Decision::Probability => 0,
        Decision::Margin => 1,
        Decision::MarginFromZero => 2,
    });
}

pub(super) fn read_decision(reader: &mut SectionReader<'_>) -> Result<Decision, String> {
    reader.choice("the decision", &DECISIONS)
}

pub(super) fn write_link(link: Link, writer: &mut Writer) {
    writer.u8(match link {
        Link::Identity => 0,
        Link::Exp => 1,
        Link::WideExp => 2,
        Link::Hinge => 3,
        Link::Logistic { .. } => 4,
        Link::CutLogistic => 5,
        Link::Softmax => 6,
        Link::SignedSquare => 7,
        Link::SoftPlus => 8,
        Link::LogisticShare => 9,
    });
    if let Link::Logistic { slope } = link {
        writer.f64(slope);
    }
}

pub(super) fn read_link(reader: &mut SectionReader<'_>) -> Result<Link, String> {
    match reader.choice("the link", &LINKS)? {
        Link::Logistic { .. } => Ok(Link::Logistic { slope: reader.f64()? }),
        link => Ok(link),
    }
}
