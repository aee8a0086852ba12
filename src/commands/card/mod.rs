//! `inspect --html`: the model card, one page for people that needs nothing else: no script, no other file. All text of
//! the model is escaped, and the page's policy lets nothing run or load.

mod curves;
mod evaluation;
mod plot;
mod response;
mod sections;

use sha2::{Digest as _, Sha256};

use crate::model::Model;
use crate::model::artifact;
use crate::text::base64::base64;
use crate::text::html::escaped;

use super::failure::{Exit, Failure};

const STYLE: &str = include_str!("card.css");

/// The page about a model, whose artifact has these bytes.
///
/// # Errors
/// 65 for bytes that are no artifact.
pub(super) fn page(model: &Model, artifact: &[u8]) -> Result<String, Failure> {
    let opened = artifact::open(artifact).map_err(|e| Failure::new(Exit::Data, e))?;
    let (plots, about_plots) = evaluation::plots(model, &opened);
    let (curves, about_curves) = response::curves(model);
    let header = model.header();
    let name = escaped(&header.name);
    let description = header.description.as_deref().map(|text| format!("<p>{}</p>\n", escaped(text)));
    let hash = base64(&Sha256::digest(STYLE));
    let sections = [
        ("What it is", sections::about(model)),
        ("How good it is", sections::figures(model)),
        ("Row by row", in_a_grid(&about_plots, &plots)),
        ("What matters to it", sections::effects(model)),
        ("How it answers", in_a_grid(&about_curves, &curves)),
        ("What it asks for", sections::features(model)),
        ("Limits", sections::limits(model)),
    ];
    let sections = sections.map(|(title, html)| format!("<section>\n<h2>{title}</h2>\n{html}</section>\n")).concat();
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'\">\n<title>{name}: model card</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{name} <small>model card, version {}</small></h1>{}</header>\n<main>\n{sections}</main>\n</body>\n</html>\n",
        model.version(),
        description.unwrap_or_default(),
    ))
}

/// A sentence, and pieces side by side where there is room.
fn in_a_grid(about: &str, pieces: &[String]) -> String {
    let pieces: Vec<String> = pieces.iter().map(|piece| format!("<div>{piece}</div>\n")).collect();
    format!("<p>{}</p>\n<div class=\"plots\">\n{}</div>\n", escaped(about), pieces.concat())
}
