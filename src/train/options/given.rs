//! Hyperparameters as given, and resolved against the table.
//!
//! Nothing is taken and ignored: an option that the algorithm, or the chosen kernel, does not have is an error.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::hyperparameters::Hyperparameters;
use super::info::OptionInfo;
use super::table::OPTIONS;
use super::{Algorithm, Loss, Setting, TaskChoice};
use crate::train::error::TrainError;

/// Hyperparameters that were given, by flag name; the others have the algorithm's defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options(pub(crate) BTreeMap<&'static str, Setting>);

impl Options {
    /// Gives an option the value that its flag would read from this text.
    ///
    /// # Errors
    /// [`TrainError::Usage`]: there is no such option, or the text is no value of it.
    pub fn set(&mut self, name: &str, value: impl Display) -> Result<(), TrainError> {
        let option = OPTIONS.iter().find(|option| option.name == name);
        let option = option.ok_or_else(|| TrainError::Usage(format!("--{name} is not a hyperparameter")))?;
        let value = (option.parse)(&value.to_string()).map_err(|e| TrainError::Usage(format!("--{name}: {e}")))?;
        self.0.insert(option.name, value);
        Ok(())
    }

    /// What boosting of numbers is to make small; the squared error where nothing else was given.
    pub(crate) fn loss(&self) -> Loss {
        match self.0.get("loss") {
            Some(Setting::Word(word)) => word.parse().unwrap_or(Loss::Squared),
            _ => Loss::Squared,
        }
    }

    /// Those that an algorithm has.
    pub(crate) fn of_algorithm(&self, algorithm: Algorithm) -> Self {
        let is_its = |name: &str| OPTIONS.iter().any(|o| o.name == name && o.default_for(algorithm).is_some());
        Self(self.0.iter().filter(|(name, _)| is_its(name)).map(|(name, value)| (*name, value.clone())).collect())
    }

    /// Checks what was given and fills in the algorithm's defaults.
    ///
    /// # Errors
    /// [`TrainError::Usage`]: an option that the algorithm does not have, or a value out of range.
    pub fn resolve(&self, algorithm: Algorithm) -> Result<Hyperparameters, TrainError> {
        let mut resolved = BTreeMap::new();
        for option in &OPTIONS {
            if let Some(value) = self.value(option, algorithm)? {
                resolved.insert(option.name, value);
            }
        }
        if let Some(Setting::Word(kernel)) = resolved.get("kernel").cloned() {
            self.keep_those_of_kernel(&kernel, &mut resolved)?;
        }
        Ok(Hyperparameters(resolved))
    }

    fn value(&self, option: &OptionInfo, algorithm: Algorithm) -> Result<Option<Setting>, TrainError> {
        let OptionInfo { name, range, .. } = option;
        match (self.0.get(name), option.default_for(algorithm)) {
            (None, default) => Ok(default),
            (Some(_), None) => Err(TrainError::Usage(does_not_apply(name, algorithm))),
            (Some(value), Some(_)) if (option.accepts)(algorithm, value) => Ok(Some(value.clone())),
            (Some(value), Some(_)) => {
                Err(TrainError::Usage(format!("--{name} {value} is out of range: it is {range}")))
            }
        }
    }

    /// Checks that nothing was given that the task does not have.
    ///
    /// # Errors
    /// [`TrainError::Usage`].
    pub(crate) fn check_task(&self, task: TaskChoice) -> Result<(), TrainError> {
        let given = OPTIONS.iter().filter(|option| self.0.contains_key(option.name));
        match given.map(|option| (option.name, option.task)).find(|(_, own)| own.is_some_and(|own| own != task)) {
            None => Ok(()),
            Some((name, _)) => {
                let (own, other) = match task {
                    TaskChoice::Regression => ("classes", "a number is"),
                    TaskChoice::Classification => ("numbers", "classes are"),
                };
                Err(TrainError::Usage(format!("--{name} is for {own}, and {other} predicted here; --task chooses")))
            }
        }
    }

    /// Takes away the options that the chosen kernel does not have.
    fn keep_those_of_kernel(
        &self,
        kernel: &str,
        resolved: &mut BTreeMap<&'static str, Setting>,
    ) -> Result<(), TrainError> {
        for OptionInfo { name, kernels, .. } in
            OPTIONS.iter().filter(|o| !o.kernels.is_empty() && !o.kernels.contains(&kernel))
        {
            if self.0.contains_key(name) {
                let own = kernels.join(" and ");
                return Err(TrainError::Usage(format!("--{name} does not apply to the kernel {kernel}, but to {own}")));
            }
            resolved.remove(name);
        }
        Ok(())
    }
}

fn does_not_apply(name: &str, algorithm: Algorithm) -> String {
    let own: Vec<String> =
        OPTIONS.iter().filter(|o| o.default_for(algorithm).is_some()).map(|o| format!("--{}", o.name)).collect();
    let own = if own.is_empty() { "it has none".to_owned() } else { format!("it has {}", own.join(", ")) };
    format!("--{name} does not apply to {algorithm}; {own}")
}
