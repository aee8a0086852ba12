//! Requests as AWS's services write them down in events, and as a socket has them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::process::Server;

/// A request, as each service writes it down.
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Names and values.
    pub(super) query: Vec<(&'static str, &'static str)>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn post(path: &'static str, body: &Value) -> Self {
        Self { method: "POST", path, query: vec![], headers: vec![], body: body.to_string().into_bytes() }
    }

    pub(super) fn query_string(&self) -> String {
        self.query.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&")
    }

    /// The body's text, and whether it is base64.
    pub(super) fn text(&self) -> (String, bool) {
        match String::from_utf8(self.body.clone()) {
            Ok(text) => (text, false),
            Err(_) => (STANDARD.encode(&self.body), true),
        }
    }

    pub(super) fn of(pairs: &[(&'static str, &'static str)], is_list: bool) -> Value {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), if is_list { json!([v]) } else { json!(v) })).collect()
    }

    pub(super) fn gateway_v2(&self, path: &str, stage: &str, domain: &str) -> Value {
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

    pub(super) fn gateway_v1(&self, path: &str, proxy: Option<&str>) -> Value {
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
                "resourcePath": "/{proxy+}", "httpMethod": self.method, "apiId": "wt6mne2s9k",
                "domainName": if proxy.is_some() { "api.example.com" } else { "wt6mne2s9k.execute-api.eu-west-1.x" }},
            "body": body, "isBase64Encoded": is_base64})
    }

    pub(super) fn load_balancer(&self, is_multi_value: bool) -> Value {
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

    pub(super) fn lattice_v2(&self) -> Value {
        let (body, is_base64) = self.text();
        let arn = "arn:aws:vpc-lattice:us-east-1:1:servicenetwork/sn-0bf3f2882e9cc805a";
        json!({"version": "2.0", "path": self.path, "method": self.method, "headers": Self::of(&self.headers, true),
            "queryStringParameters": Self::of(&self.query, true), "body": body, "isBase64Encoded": is_base64,
            "requestContext": {"serviceNetworkArn": arn, "serviceArn": arn, "targetGroupArn": arn,
                "region": "us-east-1", "timeEpoch": "1724875399456789"}})
    }

    pub(super) fn lattice_v1(&self) -> Value {
        let (body, is_base64) = self.text();
        json!({"raw_path": self.path, "method": self.method, "headers": Self::of(&self.headers, false),
            "query_string_parameters": Self::of(&self.query, false), "body": body,
            "is_base64_encoded": if is_base64 { "true" } else { "false" }})
    }

    /// By every service.
    pub(super) fn everywhere(&self) -> Vec<Value> {
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
    pub(super) fn by_socket(&self, server: &Server) -> (u16, Vec<u8>) {
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
