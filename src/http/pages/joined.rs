//! The what-if page's script: its modules in one file, for which a browser asks once. With 15 files, all of which it had
//! kept, the page was there 10 ms later.

/// The modules, each after those that it imports.
const MODULES: [&str; 15] = [
    include_str!("whatif/dom.js"),
    include_str!("whatif/dates.js"),
    include_str!("whatif/api.js"),
    include_str!("whatif/rows.js"),
    include_str!("whatif/features.js"),
    include_str!("whatif/live.js"),
    include_str!("whatif/charts.js"),
    include_str!("whatif/controls.js"),
    include_str!("whatif/curves.js"),
    include_str!("whatif/answer.js"),
    include_str!("whatif/list.js"),
    include_str!("whatif/share.js"),
    include_str!("whatif/summary.js"),
    include_str!("whatif/page.js"),
    include_str!("whatif/main.js"),
];

/// The modules as one, in which every name is known everywhere: without `import { … } from "…";`, and without `export`
/// before what has it. No two of them give the same name at their top (`tests/it/http/page.rs` holds all of this).
pub(super) fn script() -> String {
    let mut script = String::new();
    let mut is_import = false;
    for line in MODULES.iter().flat_map(|module| module.lines()) {
        is_import |= line.starts_with("import ");
        if !is_import {
            script += line.strip_prefix("export ").unwrap_or(line);
            script.push('\n');
        }
        is_import &= !line.ends_with(';');
    }
    script
}
