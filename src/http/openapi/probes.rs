//! `/livez`, `/healthz`, `/readyz`, `/ping` and `/metrics`.

use crate::http::openapi::json::json;

use crate::http::problem::ProblemKind as Kind;

use super::Subject;
use super::operation::{Operation, response};

/// The operations.
pub(super) fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let probe = |route, summary: &str, status: &str| {
        let schema = json!({
            "type": "object",
            "required": ["status"],
            "properties": { "status": { "const": status } },
        });
        let response = response("Yes.", "application/json", &schema, Some(json!({ "status": status })));
        Operation::get(route, "probes", summary).answers(200, response).fails(&[Kind::NotReady])
    };
    let mut all = vec![
        probe("/livez", "Does the process make progress?", "alive"),
        probe("/healthz", "As /livez", "alive"),
        probe("/readyz", "Should requests be sent here?", "ready"),
        probe("/ping", "As /readyz: MLflow's and SageMaker's name for it", "ready"),
        probe("/health", "As /readyz: MLflow's newer name for it", "ready"),
    ];
    if !subject.private_metrics {
        let text = response("Prometheus' text format.", "text/plain", &json!({ "type": "string" }), None);
        all.push(Operation::get("/metrics", "probes", "What was counted").answers(200, text));
    }
    all
}
