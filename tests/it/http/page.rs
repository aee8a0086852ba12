//! The what-if page as the server sends it: what it is made of, who gets it, and what it must not hold.
//! `tests/browser` drives it in a browser.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use flate2::read::GzDecoder;
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::auth::Tokens;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::serve::listener::Role;

use crate::support::router::{Answer, get, public, request, send, serving};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get_with(router: &Service, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let mut request = request("GET", path, "");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    send(router, request).await
}

fn varies_by(answer: &Answer, name: &str) -> bool {
    answer.headers.get_all("vary").iter().any(|value| value == name)
}

/// The files of the page, as the OpenAPI document lists them.
async fn files(router: &Service) -> Vec<String> {
    let document = get(router, "/openapi.json").await.json();
    let names = document["paths"]["/ui/{version}/{file}"]["get"]["parameters"][1]["schema"]["enum"].clone();
    serde_json::from_value(names).unwrap()
}

/// The path of the page's files, as the page names it.
async fn folder(router: &Service) -> String {
    let page = get_with(router, "/", &[("accept", BROWSER)]).await;
    let (folder, _) = page.text().split_once("main.js\"").unwrap();
    folder.rsplit_once("\"./ui/").map(|(_, version)| format!("ui/{version}")).unwrap()
}

/// What stands between `before` and the next quote, wherever it does.
fn quoted<'t>(text: &'t str, before: &str) -> BTreeSet<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn the_page_loads_its_own_files_and_nothing_else() {
    let router = public(Limits::default());
    let files = files(&router).await;
    let (names, folder) = (files.iter().map(String::as_str).collect::<BTreeSet<_>>(), folder(&router).await);
    for (path, to_root) in [("/", "./"), ("/models/houses/", "../../")] {
        let page = get_with(&router, path, &[("accept", BROWSER)]).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"), "{policy}");
        let text = page.text();
        let loaded: BTreeSet<&str> = quoted(text, &format!("\"{to_root}{folder}"));
        assert_eq!(loaded, names, "the files of {path}, and of the document");
        // Else browsers ask for /favicon.ico, whatever a script adds later.
        assert!(text.contains("\n<link rel=\"icon\" "), "{text}");
        assert!(!text.contains("data-tokens"), "{path}");
        // Of the model its name alone.
        assert_eq!(text.matches("houses").count(), text.matches(" data-model=\"houses\">").count(), "{text}");
        assert!(!text.contains('{') && !text.contains("RM"), "{text}");
    }
    for name in &files {
        let file = get(&router, &format!("/{folder}{name}")).await;
        let kind = name.rsplit_once('.').map(|(_, ending)| ending).unwrap();
        let expected = match kind {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(
            (file.header("content-type"), file.header("x-content-type-options")),
            (expected, "nosniff"),
            "{name}"
        );
        let text = file.text();
        let elsewhere =
            ["http:", "https:", "@import", "url(", "innerHTML", "outerHTML", "insertAdjacent", "eval(", ".style="];
        let text = text.replace("http://www.w3.org/2000/svg", "");
        assert!(elsewhere.iter().all(|word| !text.contains(word)), "{name}");
    }
    assert_eq!(get(&router, &format!("/{folder}other.js")).await.status, 404);
}

/// A module of the page's script.
struct Module {
    /// Its names and where from, as `import { names } from "./module";` has them.
    imports: Vec<(Vec<String>, String)>,
    /// The names that it gives at its top, and whether it exports them.
    gives: Vec<(String, bool)>,
    /// The lines of the rest.
    lines: Vec<String>,
}

impl Module {
    fn read(text: &str) -> Self {
        let mut module = Self { imports: Vec::new(), gives: Vec::new(), lines: Vec::new() };
        // Whether the last line at the top goes on with a further name.
        let mut is_listing = false;
        for line in text.lines() {
            if let Some(import) = line.strip_prefix("import { ") {
                let (names, from) = import.split_once(" } from \"./").unwrap();
                let names = names.split(", ").map(str::to_owned).collect();
                module.imports.push((names, from.strip_suffix("\";").unwrap().to_owned()));
                continue;
            }
            let plain = line.strip_prefix("export ").unwrap_or(line);
            module.lines.push(plain.to_owned());
            let declared = ["const ", "let ", "class "].iter().find_map(|word| plain.strip_prefix(word));
            let further = line.strip_prefix("  ").filter(|_| is_listing);
            if let Some(rest) = declared.or(further) {
                let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                assert!(!name.is_empty(), "{line}: a name that this test cannot read");
                let is_exported = match declared {
                    Some(_) => plain.len() < line.len(),
                    None => module.gives.last().unwrap().1,
                };
                module.gives.push((name.to_owned(), is_exported));
                is_listing = line.ends_with(',') && (further.is_some() || plain.starts_with("const "));
            } else {
                assert!(plain.len() == line.len() && !plain.starts_with("import"), "{line}: not joined");
                is_listing = false;
            }
        }
        module
    }
}

#[tokio::test]
async fn the_script_is_all_modules_each_after_those_that_it_imports() {
    let router = public(Limits::default());
    let script = get(&router, &format!("/{}main.js", folder(&router).await)).await.text().to_owned();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages/whatif");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let modules: BTreeMap<String, Module> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "js"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .map(|(name, text)| (name, Module::read(&text)))
        .collect();
    let place = |module: &Module| script.find(&module.lines.join("\n"));
    let mut names = BTreeMap::new();
    for (name, module) in &modules {
        let own = place(module).unwrap_or_else(|| panic!("{name} is not in the script"));
        for (imported, from) in &module.imports {
            let source = &modules[from];
            assert!(place(source) < Some(own), "{name} comes before {from}");
            for one in imported {
                assert!(source.gives.contains(&(one.clone(), true)), "{name} imports {one}, which {from} lacks");
            }
        }
        for (given, _) in &module.gives {
            let other = names.insert(given, name);
            assert!(other.is_none(), "{given} is a name in {name} and {other:?}: they are one module");
        }
    }
    let lines: usize = modules.values().map(|module| module.lines.len()).sum();
    assert_eq!(script.lines().count(), lines, "the script has more than its modules");
}

#[tokio::test]
async fn the_page_takes_at_most_60_kb_and_is_kept_by_its_tag() {
    let router = public(Limits::default());
    let mut paths = vec![("/".to_owned(), "no-cache")];
    let folder = folder(&router).await;
    for name in files(&router).await {
        paths.push((format!("/{folder}{name}"), "public, max-age=31536000, immutable"));
    }
    paths.push(("/ui/another/main.js".to_owned(), "no-cache"));
    let mut bytes = 0;
    for (path, caching) in paths {
        let gzip = ("accept-encoding", "gzip, deflate, br");
        let compressed = get_with(&router, &path, &[gzip]).await;
        assert_eq!(compressed.header("cache-control"), caching, "{path}");
        bytes += compressed.body.len();
        let plain = get(&router, &path).await;
        let mut inflated = String::new();
        if plain.body.len() < 1_024 {
            assert_eq!(compressed.body, plain.body, "{path}: it fits a packet as it is");
            continue;
        }
        assert_eq!(compressed.header("content-encoding"), "gzip", "{path}");
        GzDecoder::new(&compressed.body[..]).read_to_string(&mut inflated).unwrap();
        assert!(inflated == plain.text() && varies_by(&plain, "accept-encoding"), "{path}");
        let tag = plain.header("etag").to_owned();
        let known = get_with(&router, &path, &[gzip, ("if-none-match", &tag)]).await;
        assert_eq!((known.status.as_u16(), known.body.len(), known.header("etag")), (304, 0, tag.as_str()), "{path}");
    }
    assert!(bytes <= 60_000, "{bytes} bytes in all");
}

#[tokio::test]
async fn a_program_that_ends_the_path_with_a_slash_gets_the_models_details() {
    let router = public(Limits::default());
    let details = get(&router, "/models/houses").await.json();
    for accept in ["*/*", "application/json", "application/json, text/html;q=0.5"] {
        let answer = get_with(&router, "/models/houses/", &[("accept", accept)]).await;
        assert!(answer.json() == details && varies_by(&answer, "accept"), "{accept}");
    }
    assert_eq!(get(&router, "/models/houses/").await.json(), details);
    assert_eq!(get(&router, "/models/nowhere/").await.status, 404);
}

#[tokio::test]
async fn a_browser_is_told_what_the_pages_script_will_ask_first() {
    let router = public(Limits::default());
    for (path, to_root) in [("/", "./"), ("/models/houses/", "../../")] {
        let page = get_with(&router, path, &[("accept", BROWSER)]).await;
        let details = format!("<{to_root}models/houses>; rel=preload; as=fetch; crossorigin");
        assert_eq!(page.header("link"), details, "{path}");
        assert!(page.text().contains(" data-model=\"houses\">"), "{path}");
        // A page that is kept is told it too, for another model may be the default one by then.
        let known = [("accept", BROWSER), ("if-none-match", page.header("etag"))];
        let again = get_with(&router, path, &known).await;
        assert_eq!((again.status.as_u16(), again.header("link")), (304, page.header("link")), "{path}");
    }
    let nowhere = get_with(&router, "/models/nowhere/", &[("accept", BROWSER)]).await;
    assert!(nowhere.status == 200 && !nowhere.headers.contains_key("link"));
    assert!(!nowhere.text().contains("data-model"));
}

#[tokio::test]
async fn with_tokens_the_page_is_open_and_the_details_are_not() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "secret").unwrap();
    let tokens = Some(Arc::new(Tokens::load(file.path()).unwrap()));
    let router = router(serving(Limits::default()), Role::Main, Options { tokens, ..Options::default() });
    for name in ["houses", "nowhere"] {
        let path = format!("/models/{name}/");
        let page = get_with(&router, &path, &[("accept", BROWSER)]).await;
        assert!(page.status == 200 && page.text().contains(" data-tokens>"), "{name}");
        assert!(!page.headers.contains_key("link"), "{name}: the browser would ask without a token");
        assert!(!page.text().contains("houses"), "{name}");
        assert_eq!(get(&router, &path).await.status, 401, "{name}");
    }
    let known = get_with(&router, "/models/houses/", &[("authorization", "Bearer secret")]).await;
    assert_eq!((known.status.as_u16(), &known.json()["name"]), (200, &"houses".into()));
}
