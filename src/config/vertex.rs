//! What Vertex AI tells a container by its environment. The variables' names are Google's; they have no flag.

/// The routes that Vertex AI will ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vertex {
    /// `AIP_PREDICT_ROUTE`: predictions.
    pub predict: Option<String>,
    /// `AIP_HEALTH_ROUTE`: 200 when ready.
    pub health: Option<String>,
}

impl Vertex {
    /// The routes in an environment.
    ///
    /// # Errors
    /// One sentence when a route is no path (an empty one is none), or both are the same one.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let route = |name| variable(name).map(|path| check(name, path)).transpose();
        let vertex = Self { predict: route("AIP_PREDICT_ROUTE")?, health: route("AIP_HEALTH_ROUTE")? };
        if vertex.predict.is_some() && vertex.predict == vertex.health {
            return Err("AIP_PREDICT_ROUTE and AIP_HEALTH_ROUTE are the same; they must differ".to_owned());
        }
        Ok(vertex)
    }
}

/// Refuses texts that are no path, or that a router would take for a pattern.
fn check(name: &str, path: String) -> Result<String, String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@".contains(&b);
    let is_path = path.starts_with('/') && path.bytes().all(is_plain) && !path.contains("/:");
    if is_path { Ok(path) } else { Err(format!("{name} is {path:?}, expected a path as /predict")) }
}
