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
    /// The routes in an environment; a variable that is empty counts as absent.
    ///
    /// # Errors
    /// One sentence when a route is no path, or both are the same one.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let route = |name| variable(name).filter(|path| !path.is_empty()).map(|path| check(name, path)).transpose();
        let vertex = Self { predict: route("AIP_PREDICT_ROUTE")?, health: route("AIP_HEALTH_ROUTE")? };
        if vertex.predict.is_some() && vertex.predict == vertex.health {
            return Err("AIP_PREDICT_ROUTE and AIP_HEALTH_ROUTE are the same; they must differ".to_owned());
        }
        Ok(vertex)
    }
}

/// Refuses what is no path, or what a router would take for a pattern.
fn check(name: &str, path: String) -> Result<String, String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@".contains(&b);
    let is_path = path.starts_with('/') && path.bytes().all(is_plain) && !path.contains("/:");
    if is_path { Ok(path) } else { Err(format!("{name} is {path:?}, expected a path as /predict")) }
}

#[cfg(test)]
mod tests {
    use super::Vertex;

    fn of(predict: &str, health: &str) -> Result<Vertex, String> {
        Vertex::from_env(|name| match name {
            "AIP_PREDICT_ROUTE" => Some(predict.to_owned()),
            "AIP_HEALTH_ROUTE" => Some(health.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn routes_are_taken_as_vertex_gives_them() {
        let endpoint = "/v1/endpoints/123/deployedModels/456";
        let vertex = of(&format!("{endpoint}:predict"), endpoint).unwrap();
        assert_eq!(vertex.predict.as_deref(), Some("/v1/endpoints/123/deployedModels/456:predict"));
        assert_eq!(vertex.health.as_deref(), Some(endpoint));
        assert_eq!(of("", ""), Ok(Vertex::default()));
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_name() {
        for wrong in ["predict", "/a b", "/{x}", "/a/*x", "/:x", "/a?b", "/é"] {
            assert!(of(wrong, "").unwrap_err().starts_with("AIP_PREDICT_ROUTE is"), "{wrong}");
        }
        assert!(of("/a", "/a").unwrap_err().contains("the same"));
    }
}
