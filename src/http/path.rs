//! What a path holds in place of its template's names: `boston` of `/models/{name}`.

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::problem::{Problem, ProblemKind};

/// The parameters of a path in the order of its template, decoded; none for one that is not UTF-8. An extension of the
/// request, where its route has parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct PathParams(Vec<Option<String>>);

impl PathParams {
    /// The parameters of a path that a route matched. Allocates nothing if there are none.
    pub(super) fn of(params: &matchit::Params<'_, '_>) -> Self {
        let decode = |value| percent_decode_str(value).decode_utf8().ok().map(String::from);
        Self(params.iter().map(|(_, value)| decode(value)).collect())
    }

    /// True when the template has no parameters.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the first `N` parameters out of a request.
    ///
    /// # Errors
    /// 404 with this detail: one of them is not UTF-8.
    fn take<const N: usize>(parts: &mut Parts, not_utf8: &'static str) -> Result<[String; N], Problem> {
        let params: Self = parts.extensions.remove().unwrap_or_default();
        let texts: Option<Vec<String>> = params.0.into_iter().take(N).collect();
        texts.and_then(|texts| texts.try_into().ok()).ok_or_else(|| Problem::new(ProblemKind::NotFound, not_utf8))
    }
}

/// The model's name in a path.
#[derive(Debug)]
pub(super) struct ModelName(pub(super) String);

impl<S: Sync> FromRequestParts<S> for ModelName {
    /// 404: it is not UTF-8, so no model has it.
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let [name] = PathParams::take(parts, "The model's name is not UTF-8")?;
        Ok(Self(name))
    }
}

/// A file of the page in a path.
#[derive(Debug)]
pub(super) struct PageFile {
    /// The version of the page's files that is asked for.
    pub(super) version: String,
    /// The file's name.
    pub(super) name: String,
}

impl<S: Sync> FromRequestParts<S> for PageFile {
    /// 404: one of them is not UTF-8, so no file has it.
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let [version, name] = PathParams::take(parts, "The file's name is not UTF-8")?;
        Ok(Self { version, name })
    }
}

/// The model's name and version in a path.
#[derive(Debug)]
pub(super) struct ModelVersion {
    /// The name.
    pub(super) name: String,
    /// The version, with what follows it in the last segment.
    pub(super) version: String,
}

impl<S: Sync> FromRequestParts<S> for ModelVersion {
    /// 404: one of them is not UTF-8.
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let [name, version] = PathParams::take(parts, "The model's name or version is not UTF-8")?;
        Ok(Self { name, version })
    }
}
