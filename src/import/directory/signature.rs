//! The signature of a model that MLflow saved: the names of its columns.

use serde_json::Value;

use super::yaml::Yaml;
use crate::import::error::ImportError;
use crate::import::imported::Imported;
use crate::model::schema::{Feature, FeatureKind};
use crate::text::shorten::quoted;

/// What `signature.inputs` lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signature {
    /// Columns in order.
    Columns(Vec<Column>),
    /// So many columns without names: a tensor's width.
    Width(usize),
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// None where it has no name.
    name: Option<String>,
    /// As MLflow calls it: `double`, `long`, `string`.
    kind: String,
    /// MLflow lets a request leave it out.
    is_optional: bool,
}

impl Signature {
    /// Reads `signature`; none where its inputs say nothing of columns.
    ///
    /// # Errors
    /// [`ImportError`]: the inputs are no list of columns of a table.
    pub(super) fn read(signature: &Yaml) -> Result<Option<Self>, ImportError> {
        let Some(text) = signature.text("inputs") else { return Ok(None) };
        Self::inputs(text).map_err(|error| error.within("inputs"))
    }

    fn inputs(text: &str) -> Result<Option<Self>, ImportError> {
        let inputs: Vec<Value> = serde_json::from_str(text).map_err(ImportError::new)?;
        if let [tensor] = inputs.as_slice()
            && tensor["type"] == "tensor"
        {
            let shape = tensor["tensor-spec"]["shape"].as_array();
            let width = shape.filter(|shape| shape.len() == 2).and_then(|shape| shape[1].as_u64());
            return Ok(width.and_then(|width| usize::try_from(width).ok()).map(Self::Width));
        }
        let columns = inputs
            .iter()
            .enumerate()
            .map(|(i, input)| Column::read(input).map_err(|what| ImportError::new(what).within(format_args!("[{i}]"))));
        columns
            .collect::<Result<Vec<_>, _>>()
            .map(|columns| Some(Self::Columns(columns)).filter(|_| !inputs.is_empty()))
    }

    /// Names a model's columns. The model's own order stays.
    ///
    /// # Errors
    /// [`ImportError`]: it is a signature of other columns.
    pub(super) fn add_to(&self, imported: &mut Imported) -> Result<(), ImportError> {
        let n = imported.features.len();
        let (width, columns) = match self {
            Self::Columns(columns) => (columns.len(), columns.as_slice()),
            Self::Width(width) => (*width, [].as_slice()),
        };
        if width != n {
            return Err(ImportError::new(format_args!("it has {width} columns, the model takes {n}")).within("inputs"));
        }
        let names: Option<Vec<&str>> = columns.iter().map(|column| column.name.as_deref()).collect();
        let Some(names) = names.filter(|names| !names.is_empty()) else { return Ok(()) };
        let own: Vec<&str> = imported.features.iter().map(|feature| feature.name.as_str()).collect();
        let sorted = |names: &[&str]| {
            let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            names.sort_unstable();
            names
        };
        if sorted(&own) == sorted(&names) {
            if own != names {
                let what =
                    "the signature lists the columns in another order than the model: by position the model's holds";
                imported.origin.notes.push(what.to_owned());
            }
        } else if are_made_up(&own) || own.iter().zip(&names).all(|(own, name)| *own == name.replace(' ', "_")) {
            imported.origin.notes.push("columns are called as in MLflow's signature".to_owned());
            let names = columns.iter().filter_map(|column| column.name.clone());
            imported.features.iter_mut().zip(names).for_each(|(feature, name)| feature.name = name);
        } else {
            let odd = own.iter().zip(&names).find(|(own, name)| own != name);
            let (own, name) = odd.map_or(("", ""), |(own, name)| (*own, *name));
            let what = format_args!("it calls a column {name:?} that the model calls {own:?}");
            return Err(ImportError::new(what).within("inputs"));
        }
        let by_name = |feature: &Feature| columns.iter().find(|column| column.name.as_ref() == Some(&feature.name));
        let odd = |feature: &&Feature| {
            feature.kind == FeatureKind::Numeric && by_name(feature).is_some_and(|column| !column.is_a_number())
        };
        let notes: Vec<String> =
            imported.features.iter().filter(odd).map(|feature| not_a_number(feature, by_name(feature))).collect();
        imported.origin.notes.extend(notes);
        let is_needed = |feature: &&Feature| !feature.missing && by_name(feature).is_some_and(|c| c.is_optional);
        let needed: Vec<String> = imported.features.iter().filter(is_needed).map(|f| f.name.clone()).collect();
        if !needed.is_empty() {
            let what = "optional in MLflow's signature, needed here: the model has no rule for a missing cell of";
            imported.origin.notes.push(format!("{what} {}", quoted(&needed)));
        }
        Ok(())
    }
}

/// `f0`, `f1`, … or `Column_0`, …: names that a library gives where it was told none.
fn are_made_up(names: &[&str]) -> bool {
    ["f", "Column_"].iter().any(|start| names.iter().enumerate().all(|(i, name)| *name == format!("{start}{i}")))
}

fn not_a_number(feature: &Feature, column: Option<&Column>) -> String {
    let kind = column.map_or("", |column| column.kind.as_str());
    format!("{:?} is {kind} in MLflow's signature; the model's file takes numbers there", feature.name)
}

impl Column {
    fn read(input: &Value) -> Result<Self, String> {
        let name = match input.get("name") {
            Some(Value::String(name)) => Some(name.clone()),
            Some(Value::Number(name)) => Some(name.to_string()),
            Some(Value::Null) | None => None,
            Some(_) => return Err("its name is no text".to_owned()),
        };
        match input["type"].as_str() {
            Some(kind @ ("array" | "object" | "map" | "tensor")) => {
                Err(format!("it is of the type {kind}: only columns of a table are read"))
            }
            // Before MLflow 2.9 the key was `optional`.
            Some(kind) => {
                let is_optional = input["required"] == false || input["optional"] == true;
                Ok(Self { name, kind: kind.to_owned(), is_optional })
            }
            None => Err("it has no type".to_owned()),
        }
    }

    fn is_a_number(&self) -> bool {
        matches!(self.kind.as_str(), "boolean" | "integer" | "long" | "float" | "double" | "any")
    }
}
