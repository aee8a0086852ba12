//! The envelopes that AWS's services put around a request of HTTP, and which service's an event's is: told by all keys
//! that it requires, never by one of them.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::pairs::Pairs;

/// Which service sent a request, and so how it wants the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// API Gateway's REST API, or an HTTP API with payloads of version 1.0.
    GatewayV1,
    /// API Gateway's HTTP API with payloads of version 2.0, or a Function URL.
    GatewayV2,
    /// An Application Load Balancer; `is_multi_value`: its target group has multi-value headers.
    LoadBalancer {
        /// As the target group is set.
        is_multi_value: bool,
    },
    /// VPC Lattice with events of version 1.
    LatticeV1,
    /// VPC Lattice with events of version 2.
    LatticeV2,
}

impl Source {
    /// Its name in the line of metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GatewayV1 => "apigateway-v1",
            Self::GatewayV2 => "apigateway-v2",
            Self::LoadBalancer { .. } => "alb",
            Self::LatticeV1 => "vpc-lattice-v1",
            Self::LatticeV2 => "vpc-lattice-v2",
        }
    }
}

/// The keys that envelopes require, and those that are read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'e> {
    #[serde(borrow)]
    version: Option<&'e RawValue>,
    #[serde(borrow)]
    resource: Option<Cow<'e, str>>,
    #[serde(borrow)]
    route_key: Option<Cow<'e, str>>,
    #[serde(rename = "Records", borrow)]
    pub(super) records: Option<&'e RawValue>,
    #[serde(borrow)]
    pub(super) request_context: Option<&'e RawValue>,
    #[serde(borrow)]
    pub(super) http_method: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) method: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) path: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) raw_path: Option<Cow<'e, str>>,
    #[serde(rename = "raw_path", borrow)]
    pub(super) lattice_path: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) raw_query_string: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) query_string_parameters: Option<Pairs<'e>>,
    #[serde(rename = "query_string_parameters", borrow)]
    pub(super) lattice_query: Option<Pairs<'e>>,
    #[serde(borrow)]
    pub(super) multi_value_query_string_parameters: Option<Pairs<'e>>,
    #[serde(borrow)]
    pub(super) headers: Option<Pairs<'e>>,
    #[serde(borrow)]
    pub(super) multi_value_headers: Option<Pairs<'e>>,
    #[serde(borrow)]
    pub(super) path_parameters: Option<Pairs<'e>>,
    #[serde(borrow)]
    pub(super) cookies: Option<Vec<Cow<'e, str>>>,
    #[serde(borrow)]
    pub(super) body: Option<Cow<'e, str>>,
    pub(super) is_base64_encoded: Option<Flag>,
    #[serde(rename = "is_base64_encoded")]
    pub(super) lattice_is_base64: Option<Flag>,
}

/// A boolean, as a text too: VPC Lattice's first version sends both.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Boolean(bool),
    Text(BooleanText),
}

/// A boolean as a text.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BooleanText {
    True,
    False,
}

impl Flag {
    pub(super) fn is_set(self) -> bool {
        matches!(self, Self::Boolean(true) | Self::Text(BooleanText::True))
    }
}

/// What is read of `requestContext`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestContext<'e> {
    #[serde(borrow)]
    pub(super) stage: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) domain_name: Option<Cow<'e, str>>,
    #[serde(borrow)]
    pub(super) http: Option<HttpContext<'e>>,
    elb: Option<IgnoredAny>,
    service_network_arn: Option<IgnoredAny>,
}

/// `requestContext.http`.
#[derive(Debug, Deserialize)]
pub(super) struct HttpContext<'e> {
    #[serde(borrow)]
    pub(super) method: Cow<'e, str>,
}

impl Envelope<'_> {
    /// True when the route that the gateway chose is `/{proxy+}`, all paths.
    pub(super) fn is_of_every_path(&self) -> bool {
        const ROUTE: &str = "/{proxy+}";
        let route = self.route_key.as_deref().and_then(|key| key.split_once(' ')).map(|(_method, route)| route);
        route.or(self.resource.as_deref()) == Some(ROUTE)
    }

    /// Which service's envelope this is, if it has all that one of them requires.
    pub(super) fn source(&self, context: Option<&RequestContext<'_>>) -> Option<Source> {
        let is_version_2 = self.version.is_some_and(|version| version.get() == "\"2.0\"");
        let has_path = self.path.is_some();
        match context {
            Some(RequestContext { http: Some(_), .. }) if is_version_2 && self.raw_path.is_some() => {
                Some(Source::GatewayV2)
            }
            Some(RequestContext { elb: Some(_), .. }) if self.http_method.is_some() && has_path => {
                Some(Source::LoadBalancer { is_multi_value: self.multi_value_headers.is_some() })
            }
            Some(RequestContext { service_network_arn: Some(_), .. })
                if is_version_2 && self.method.is_some() && has_path =>
            {
                Some(Source::LatticeV2)
            }
            Some(RequestContext { stage: Some(_), .. })
                if self.http_method.is_some() && has_path && self.resource.is_some() =>
            {
                Some(Source::GatewayV1)
            }
            None if self.lattice_path.is_some()
                && self.method.is_some()
                && self.headers.is_some()
                && self.lattice_is_base64.is_some() =>
            {
                Some(Source::LatticeV1)
            }
            _ => None,
        }
    }
}
