//! Events of HTTP, in the shapes that AWS documents, are answered as a socket's requests are.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::runtime_api::Function;
use super::{function, model, row};
use crate::support::process::Server;

/// A request, as each service writes it down.
struct Request {
    method: &'static str,
    path: &'static str,
    /// Names and values.
    query: Vec<(&'static str, &'static str)>,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

impl Request {
    fn post(path: &'static str, body: &Value) -> Self {
        Self { method: "POST", path, query: vec![], headers: vec![], body: body.to_string().into_bytes() }
    }

    fn query_string(&self) -> String {
        self.query.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&")
    }

    /// The body's text, and whether it is base64.
    fn text(&self) -> (String, bool) {
        match String::from_utf8(self.body.clone()) {
            Ok(text) => (text, false),
            Err(_) => (STANDARD.encode(&self.body), true),
        }
    }

    fn of(pairs: &[(&'static str, &'static str)], is_list: bool) -> Value {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), if is_list { json!([v]) } else { json!(v) })).collect()
    }

    fn gateway_v2(&self, path: &str, stage: &str, domain: &str) -> Value {
        let (body, is_base64) = self.text();
        let mut headers = Self::of(&self.headers, false);
        headers["host"] = domain.into();
        json!({"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": self.query_string(),
            "headers": headers, "requestContext": {"accountId": "123456789012", "apiId": "abcdefghij",
                "domainName": domain, "domainPrefix": "abcdefghij",
                "http": {"method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                    "userAgent": "agent"},
                "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": stage,
                "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_583_348_638_390_u64},
            "body": body, "isBase64Encoded": is_base64})
    }

    fn gateway_v1(&self, path: &str, proxy: Option<&str>) -> Value {
        let (body, is_base64) = self.text();
        // This one hands queries on decoded.
        let decoded = |text: &'static str| text.replace("%26", "&").replace("%20", " ");
        let pairs = |is_list: bool| -> Value {
            let value = |v| if is_list { json!([decoded(v)]) } else { json!(decoded(v)) };
            self.query.iter().map(|(k, v)| (decoded(k), value(v))).collect()
        };
        let query = if self.query.is_empty() { Value::Null } else { pairs(true) };
        json!({"resource": "/{proxy+}", "path": path, "httpMethod": self.method, "headers": Self::of(&self.headers, false),
            "multiValueHeaders": Self::of(&self.headers, true), "queryStringParameters": pairs(false),
            "multiValueQueryStringParameters": query, "pathParameters": proxy.map(|proxy| json!({"proxy": proxy})),
            "stageVariables": null, "requestContext": {"accountId": "123456789012", "resourceId": "us4z18",
                "stage": "test", "requestId": "41b45ea3", "identity": {"sourceIp": "192.0.2.1"}, "path": "/test/x",
                "resourcePath": "/{proxy+}", "httpMethod": self.method, "apiId": "wt6mne2s9k"},
            "body": body, "isBase64Encoded": is_base64})
    }

    fn load_balancer(&self, is_multi_value: bool) -> Value {
        let (body, is_base64) = self.text();
        let prefix = if is_multi_value { "multiValue" } else { "" };
        let name = |text: &str| {
            if is_multi_value { format!("{prefix}{}", text) } else { text[..1].to_lowercase() + &text[1..] }
        };
        json!({"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
            "httpMethod": self.method, "path": self.path,
            name("QueryStringParameters"): Self::of(&self.query, is_multi_value),
            name("Headers"): Self::of(&self.headers, is_multi_value), "body": body, "isBase64Encoded": is_base64})
    }

    fn lattice_v2(&self) -> Value {
        let (body, is_base64) = self.text();
        let arn = "arn:aws:vpc-lattice:us-east-1:1:servicenetwork/sn-0bf3f2882e9cc805a";
        json!({"version": "2.0", "path": self.path, "method": self.method, "headers": Self::of(&self.headers, true),
            "queryStringParameters": Self::of(&self.query, true), "body": body, "isBase64Encoded": is_base64,
            "requestContext": {"serviceNetworkArn": arn, "serviceArn": arn, "targetGroupArn": arn,
                "region": "us-east-1", "timeEpoch": "1724875399456789"}})
    }

    fn lattice_v1(&self) -> Value {
        let (body, is_base64) = self.text();
        json!({"raw_path": self.path, "method": self.method, "headers": Self::of(&self.headers, false),
            "query_string_parameters": Self::of(&self.query, false), "body": body,
            "is_base64_encoded": if is_base64 { "true" } else { "false" }})
    }

    /// By every service.
    fn everywhere(&self) -> Vec<Value> {
        vec![
            self.gateway_v2(self.path, "$default", "abcdefghij.execute-api.us-east-1.amazonaws.com"),
            self.gateway_v2(&format!("/live{}", self.path), "live", "abcdefghij.execute-api.us-east-1.amazonaws.com"),
            self.gateway_v2(self.path, "$default", "abcdefghij.lambda-url.us-east-1.on.aws"),
            self.gateway_v1(self.path, None),
            self.gateway_v1(&format!("/mapped{}", self.path), Some(&self.path[1..])),
            self.load_balancer(false),
            self.load_balancer(true),
            self.lattice_v2(),
            self.lattice_v1(),
        ]
    }

    /// Status and body of a socket's answer.
    fn by_socket(&self, server: &Server) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query_string()) };
        let headers: String = self.headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect();
        let head = format!(
            "{} {}{query} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.method,
            self.path,
            self.body.len()
        );
        stream.write_all(&[head.as_bytes(), &self.body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }
}

/// Status and body of an answer to a service.
fn status_and_body(answer: &Value) -> (u16, Vec<u8>) {
    let body = answer["body"].as_str().unwrap();
    let is_base64 = answer["isBase64Encoded"].as_bool().unwrap();
    let body = if is_base64 { STANDARD.decode(body).unwrap() } else { body.as_bytes().to_vec() };
    (answer["statusCode"].as_u64().unwrap().try_into().unwrap(), body)
}

/// The value of a field of an answer, in either form.
fn field(answer: &Value, name: &str) -> Option<String> {
    let many = answer["multiValueHeaders"][name].as_array().map(|values| values[0].as_str().unwrap().to_owned());
    many.or_else(|| answer["headers"][name].as_str().map(str::to_owned))
}

#[test]
fn every_service_gets_the_bytes_that_a_socket_gets() {
    let server = Server::start(&["--model", &model()]);
    let mut function = function(&[]);
    let rows = json!([row(), row()]);
    let csv = "CHAS,RM,TAX,LSTAT\n0,6.5,296,5\n";
    let id = ("x-request-id", "of-the-client");
    let mut requests = vec![
        Request::post("/predict", &rows),
        Request::post("/models/ridge/predict", &row()),
        Request::post("/predict", &json!({"RM": "six"})),
        Request { query: vec![("raw", "true")], ..Request::post("/predict", &rows) },
        Request { query: vec![("a%26b", "c%20d")], ..Request::post("/predict", &rows) },
        Request {
            headers: vec![("content-type", "text/csv"), ("accept", "text/csv")],
            body: csv.into(),
            ..Request::post("/predict", &rows)
        },
        Request {
            headers: vec![("content-type", "application/x-ndjson")],
            body: format!("{}\n{}\n", row(), row()).into(),
            ..Request::post("/predict", &rows)
        },
        Request {
            headers: vec![("accept", "application/vnd.apache.arrow.stream")],
            ..Request::post("/predict", &rows)
        },
        Request { headers: vec![("user-agent", "Zürich")], ..Request::post("/predict", &rows) },
        Request {
            headers: vec![("content-encoding", "gzip")],
            body: gzipped(&rows.to_string()),
            ..Request::post("/predict", &rows)
        },
        Request { method: "GET", body: vec![], ..Request::post("/models", &rows) },
        Request { method: "GET", body: vec![], ..Request::post("/nowhere", &rows) },
        Request { method: "DELETE", body: vec![], ..Request::post("/predict", &rows) },
    ];
    for request in &mut requests {
        request.headers.push(id);
        let expected = request.by_socket(&server);
        for event in request.everywhere() {
            let answer = function.invoke(&event).json();
            assert_eq!(status_and_body(&answer), expected, "{event}\n{answer}");
            assert_eq!(field(&answer, "x-request-id").as_deref(), Some("of-the-client"));
        }
    }
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// An event of a Function URL.
fn url(path: &'static str, body: &Value) -> Value {
    Request::post(path, body).gateway_v2(path, "$default", "abcdefghij.lambda-url.us-east-1.on.aws")
}

#[test]
fn what_is_compressed_goes_as_base64() {
    let mut function = function(&[]);
    let rows: Value = (0..200).map(|_| row()).collect();
    let mut event = url("/predict", &rows);
    event["headers"]["accept-encoding"] = "gzip".into();
    let answer = function.invoke(&event).json();
    assert_eq!((&answer["isBase64Encoded"], &answer["headers"]["content-encoding"]), (&json!(true), &json!("gzip")));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*status_and_body(&answer).1).read_to_string(&mut text).unwrap();
    let plain = function.invoke(&url("/predict", &rows)).json();
    assert_eq!(text, plain["body"].as_str().unwrap());
}

#[test]
fn an_answer_that_is_too_long_asks_for_fewer_rows() {
    let mut function = function(&["--max-rows", "200000", "--max-body-bytes", "6MiB"]);
    let columns = row();
    let csv: String = columns.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(",");
    let line: String = columns.as_object().unwrap().values().map(Value::to_string).collect::<Vec<_>>().join(",");
    let body = |n: usize| format!("{csv}\n{}", format!("{line}\n").repeat(n)).into_bytes();
    let headers = || vec![("content-type", "text/csv")];
    let raw = vec![("raw", "true")];
    let long = Request { query: raw, headers: headers(), body: body(40_000), ..Request::post("/predict", &json!(0)) };
    let elb = function.invoke(&long.load_balancer(false)).json();
    assert_eq!((&elb["statusCode"], &elb["statusDescription"]), (&json!(422), &json!("422 Unprocessable Entity")));
    let detail = "The answer is longer than the 1048576 bytes that can be sent here; ask for fewer rows at once";
    let envelope: Value = serde_json::from_str(elb["body"].as_str().unwrap()).unwrap();
    assert_eq!((&envelope["detail"], &envelope["status"]), (&json!(detail), &json!(422)));
    assert_eq!(function.metrics()["status"], 422);
    let explained = Request { query: vec![("explain", "true")], body: body(60_000), ..long };
    let answer = function.invoke(&explained.gateway_v1("/predict", None)).json();
    assert_eq!(answer["statusCode"], 422);
    assert!(answer["body"].as_str().unwrap().contains("6291456 bytes"), "{}", answer["body"]);
}

#[test]
fn a_request_that_is_none_is_a_400() {
    let mut function = function(&[]);
    let mut odd = url("/predict", &row());
    odd["headers"]["a b"] = "c".into();
    let mut not_base64 = url("/predict", &row());
    not_base64["isBase64Encoded"] = true.into();
    for (event, said) in
        [(odd, "\"a b\" is no header field of HTTP"), (not_base64, "the body is said to be base64 and is not")]
    {
        let answer = function.invoke(&event).json();
        assert_eq!(answer["statusCode"], 400);
        assert!(answer["body"].as_str().unwrap().contains(&said.replace('"', "\\\"")), "{answer}");
    }
}

#[test]
fn what_belongs_to_a_socket_is_not_offered() {
    let mut function = function(&[]);
    for path in
        ["/metrics", "/livez", "/readyz", "/ping", "/health", "/v2/health/ready", "/v2/repository/models/ridge/load"]
    {
        let mut event = url("/", &json!({}));
        event["rawPath"] = path.into();
        if !path.ends_with("load") {
            event["requestContext"]["http"]["method"] = "GET".into();
        }
        assert_eq!(function.invoke(&event).json()["statusCode"], 404, "{path}");
    }
    let mut event = url("/openapi.json", &json!({}));
    event["requestContext"]["http"]["method"] = "GET".into();
    let document: Value = serde_json::from_str(function.invoke(&event).json()["body"].as_str().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/predict") && !paths.contains_key("/livez") && !paths.contains_key("/metrics"));
    assert!(!paths.keys().any(|path| path.ends_with("/load")), "{:?}", paths.keys());
}

#[test]
fn http_events_need_the_token_that_sockets_need() {
    let folder = crate::support::folder::Folder::new();
    let tokens = folder.write("tokens", "secret\n");
    let mut function: Function = function(&["--token-file", &tokens]);
    assert_eq!(function.invoke(&url("/predict", &row())).json()["statusCode"], 401);
    let mut event = url("/predict", &row());
    event["headers"]["authorization"] = "Bearer secret".into();
    assert_eq!(function.invoke(&event).json()["statusCode"], 200);
    // IAM let these in.
    assert!(function.invoke(&row()).is_answered);
}

#[test]
fn the_invocations_time_bounds_the_work() {
    let mut function = function(&["--max-rows", "1000000", "--max-body-bytes", "6MiB"]);
    let slow = Request {
        headers: vec![("content-type", "application/json")],
        ..Request::post("/predict", &Value::Array(vec![row(); 20_000]))
    };
    let event = slow.lattice_v2().to_string();
    let answer = function.invoke_text(&event, Duration::from_millis(1)).json();
    assert_eq!(answer["statusCode"], 504, "{answer}");
    assert!(answer["body"].as_str().unwrap().contains("no time left to answer"));
    // The next one is answered.
    assert_eq!(function.invoke(&url("/predict", &row())).json()["statusCode"], 200);
}
