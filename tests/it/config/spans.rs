//! What OpenTelemetry's variables mean, and which are refused.

use std::time::Duration;

use smartserve::config::{Sampling, SpanExport};

/// What these variables give.
fn of(variables: &[(&str, &str)]) -> Result<Option<SpanExport>, Vec<String>> {
    SpanExport::from_env(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

/// The same beside an endpoint.
fn with(variables: &[(&str, &str)]) -> Result<SpanExport, Vec<String>> {
    of(&[&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")], variables].concat()).map(Option::unwrap)
}

#[test]
fn an_endpoint_turns_the_export_on_and_three_variables_leave_it_off() {
    for off in [
        &[][..],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
        &[("OTEL_TRACES_SAMPLER", "wrong")],
        &[("OTEL_TRACES_EXPORTER", "none"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c")],
        &[("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c")],
    ] {
        assert_eq!(of(off), Ok(None), "{off:?}");
    }
    for (variables, endpoint) in [
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/")][..], "http://c:4318/v1/traces"),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1]/otel")], "http://[::1]/otel/v1/traces"),
        (
            &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/x"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://d")],
            "http://c/x",
        ),
        (&[("OTEL_TRACES_EXPORTER", "otlp")], "http://localhost:4318/v1/traces"),
    ] {
        assert_eq!(of(variables).unwrap().unwrap().endpoint.to_string(), endpoint);
    }
}

#[test]
fn values_are_read_as_opentelemetry_says() {
    let resource = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let version = env!("CARGO_PKG_VERSION");
    let defaults = with(&[]).unwrap();
    assert_eq!((defaults.queue, defaults.batch, defaults.gzip), (2_048, 512, false));
    assert_eq!((defaults.timeout, defaults.delay), (Duration::from_secs(10), Duration::from_secs(5)));
    assert_eq!(defaults.sampling, Sampling { ratio: 1.0, parent_based: true });
    assert_eq!(defaults.resource, resource(&[("service.name", "smartserve"), ("service.version", version)]));
    let given = with(&[
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "5"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "7"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.version=7, a = b%20c ,service.name=no"),
        ("OTEL_SERVICE_NAME", "houses"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
    ])
    .unwrap();
    assert_eq!((given.timeout, given.gzip), (Duration::from_millis(7), false));
    assert_eq!(given.sampling, Sampling { ratio: 0.25, parent_based: false });
    let told = [("service.name", "houses"), ("service.version", "7"), ("a", "b c")];
    assert_eq!(given.resource, resource(&told));
    // A batch is never longer than the queue.
    assert_eq!((given.queue, given.batch), (100, 100));
}

#[test]
fn all_that_is_wrong_is_told_with_its_variable() {
    for (name, value, told) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c:4318", "speaks no TLS"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4318", "expected a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/?a=b", "expected a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:secret@c", "OTEL_EXPORTER_OTLP_HEADERS"),
        ("OTEL_TRACES_EXPORTER", "console", "otlp or none"),
        ("OTEL_SDK_DISABLED", "1", "true or false"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "milliseconds"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "gzip, none"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret", "entry 1 has no ="),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,c d=secret", "the name of entry 2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=secret%0A", "the value of a"),
        ("OTEL_PROPAGATORS", "b3", "tracecontext"),
        ("OTEL_TRACES_SAMPLER", "xray", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "from 0 to 1"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a", "name=value"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "from 1 to 65536"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "3000", "from 1 to 2048"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0", "at least 1"),
    ] {
        let wrong = match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => of(&[(name, value)]).unwrap_err(),
            _ => with(&[(name, value)]).unwrap_err(),
        };
        let [sentence] = &wrong[..] else { panic!("{wrong:?}") };
        assert!(sentence.starts_with(name) && sentence.contains(told), "{sentence}");
        assert!(!sentence.contains("secret"), "{sentence}");
    }
    assert_eq!(with(&[("OTEL_BSP_SCHEDULE_DELAY", "x"), ("OTEL_PROPAGATORS", "b3")]).unwrap_err().len(), 2);
}
