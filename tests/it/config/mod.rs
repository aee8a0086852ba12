//! What the environment means: Vertex AI's routes, and where spans go.

mod spans;

use smartserve::config::Vertex;

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
    assert_eq!(Vertex::from_env(|_| None), Ok(Vertex::default()));
}

#[test]
fn what_is_no_path_is_refused_with_its_name() {
    for wrong in ["", "predict", "/a b", "/{x}", "/a/*x", "/:x", "/a?b", "/é"] {
        assert!(of(wrong, "/health").unwrap_err().starts_with("AIP_PREDICT_ROUTE is"), "{wrong}");
    }
    assert!(of("/a", "/a").unwrap_err().contains("the same"));
}
