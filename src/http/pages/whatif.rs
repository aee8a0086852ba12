//! The what-if page, which shows what a model makes of a row while the row is changed: `GET /` about the default model,
//! `GET /models/{name}/` about any, and the files that both load, `GET /ui/{version}/{file}`.
//!
//! It is the same for all models and holds nothing of them: its scripts ask `/models/{name}` and `/models/{name}/predict`,
//! with the token that the visitor types where the server asks for one. Its policy lets nothing else run or load.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, LINK, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};

use crate::http::app::{App, AppState};
use crate::http::compress::SHORTEST;
use crate::http::leased::RequestLease;
use crate::http::media::accept_items;
use crate::http::path::{ModelName, PageFile};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::{health, models};
use crate::serve::registry::Snapshot;

use super::rendered::{hash, tag};
use super::{joined, kept};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = include_str!("whatif/page.html");

/// In [`HTML`], what leads from the page to the server's root: paths are relative, so that a proxy may put all of them
/// behind a prefix.
const TO_ROOT: &str = "{to_root}";

/// In [`HTML`], the [`VERSION`] of the files that it loads.
const OF_VERSION: &str = "{version}";

/// In [`HTML`], where it says what its script need not ask: that this server asks for tokens, or else which model the page
/// is about.
const KNOWN: &str = "{known}";

static ROOT: LazyLock<Page> = LazyLock::new(|| Page::new("./"));
static OF_MODEL: LazyLock<Page> = LazyLock::new(|| Page::new("../../"));

/// [`HTML`] at one depth.
#[derive(Debug)]
struct Page {
    to_root: &'static str,
    /// With [`KNOWN`] in it.
    html: String,
}

impl Page {
    fn new(to_root: &'static str) -> Self {
        let html = HTML.replace(TO_ROOT, to_root).replace(OF_VERSION, &VERSION);
        Self { to_root, html }
    }

    /// `model`: the one that the page is about. Its details, which the script will ask for first, are named in `Link` where
    /// that needs no token, so that a browser asks for them while it still reads the script: each question costs it as much
    /// as the script.
    fn answer(&self, app: &App, headers: &HeaderMap, model: Option<Snapshot>) -> Response {
        let (is_closed, to_root) = (app.options.tokens.is_some(), self.to_root);
        let named = model.filter(|_| !is_closed);
        let known = match &named {
            Some(model) => format!(" data-model=\"{}\"", model.name),
            None if is_closed => " data-tokens".to_owned(),
            None => String::new(),
        };
        let file = File::new("text/html; charset=utf-8", self.html.replace(KNOWN, &known));
        let mut response = negotiated(file.answer(headers, kept::ASK_AGAIN));
        if let Some(model) = named {
            let link = format!("<{to_root}models/{}>; rel=preload; as=fetch; crossorigin", model.name);
            let link = HeaderValue::try_from(link).expect("a model's name is ASCII letters, digits and marks");
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

/// The files that the page loads, by name.
static FILES: LazyLock<Vec<(&str, File)>> = LazyLock::new(|| {
    let style = concat!(include_str!("shared.css"), include_str!("whatif/page.css"));
    vec![
        ("page.css", File::new("text/css; charset=utf-8", style)),
        ("icon.svg", File::new("image/svg+xml", include_str!("whatif/icon.svg"))),
        ("main.js", File::new("text/javascript; charset=utf-8", joined::script())),
    ]
});

/// A hash of all these files. It is in their paths, so that a browser keeps them and need not ask whether they have
/// changed whenever the page is opened.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let bytes = FILES.iter().flat_map(|(name, file)| name.bytes().chain(file.plain.iter().copied()));
    hash(&bytes.collect::<Vec<u8>>())
});

/// `GET /`; `KServe`'s SDK, which asks for JSON, reads whether the server is alive.
pub(in crate::http) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let wanted = Wanted::of(&headers);
    if wanted.json > wanted.html {
        return health::live(State(app)).await;
    }
    let registry = &app.server.registry;
    // As the script does where the default model's file went.
    let model = registry.default_model().or_else(|| registry.list().into_iter().next());
    Ok(ROOT.answer(&app, &headers, model))
}

/// `GET /models/{name}/`: the page for a client that names HTML; for any other the model's details, as without the
/// slash, and then with a token where the server asks for one.
pub(in crate::http) async fn show_model(
    State(app): State<AppState>,
    name: ModelName,
    memory: RequestLease,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = Wanted::of(&headers);
    if wanted.html > 0 && wanted.html >= wanted.json {
        return Ok(OF_MODEL.answer(&app, &headers, app.server.registry.get(&name.0)));
    }
    if let Some(tokens) = &app.options.tokens {
        tokens.check("/models/{name}", &headers)?;
    }
    models::show(State(app), name, memory).await.map(negotiated)
}

/// `GET /ui/{version}/{file}`. While a service changes its version, a page of one may ask the other for its files: it
/// gets what there is, to be asked for again.
///
/// # Errors
/// 404: the page has no such file.
pub(in crate::http) async fn file(asked: PageFile, headers: HeaderMap) -> Result<Response, Problem> {
    let file = FILES.iter().find(|(known, _)| *known == asked.name).map(|(_, file)| file);
    let none = || Problem::new(ProblemKind::NotFound, "The page has no such file");
    let caching = if asked.version == *VERSION { kept::FOREVER } else { kept::ASK_AGAIN };
    file.map(|file| file.answer(&headers, caching)).ok_or_else(none)
}

/// Tells caches that the answer depends on what is accepted.
fn negotiated(mut response: Response) -> Response {
    response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    response
}

/// How much a client wants JSON and HTML, in thousandths; 0 for a kind that it does not name.
struct Wanted {
    json: u16,
    html: u16,
}

impl Wanted {
    fn of(headers: &HeaderMap) -> Self {
        let mut wanted = Self { json: 0, html: 0 };
        for accepted in accept_items(headers, &ACCEPT) {
            for (weight, kind) in [(&mut wanted.json, "application/json"), (&mut wanted.html, "text/html")] {
                if accepted.name.eq_ignore_ascii_case(kind) {
                    *weight = accepted.weight;
                }
            }
        }
        wanted
    }
}

/// A file of the page, as it is sent.
#[derive(Debug)]
struct File {
    kind: &'static str,
    plain: Bytes,
    /// None of a file that fits a packet as it is.
    gzipped: Option<Bytes>,
    etag: HeaderValue,
}

impl File {
    fn new(kind: &'static str, text: impl Into<Bytes>) -> Self {
        let plain = text.into();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to a vector does not fail.
        let _ = encoder.write_all(&plain);
        let gzipped = encoder.finish().ok().filter(|_| plain.len() >= SHORTEST).map(Bytes::from);
        Self { kind, etag: tag(&plain), plain, gzipped }
    }

    fn answer(&self, headers: &HeaderMap, caching: HeaderValue) -> Response {
        let mut response = kept::answer(headers, caching, &self.etag, self.kind, &self.plain, self.gzipped.as_ref());
        let fixed =
            [(CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (REFERRER_POLICY, "no-referrer")];
        response.headers_mut().extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}
