//! What people do by mistake with models of other libraries, and what is said to them.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::time::{ClockId, clock_gettime};
use smartserve::import::{FileFormat, most_memory};

use super::cases::folder;
use crate::support::path;
use crate::support::process::{BINARY, Server, run_with};

#[test]
fn an_import_does_not_replace_its_source() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("model.ubj");
    fs::copy(folder().join("xgb-sqerr/model.ubj"), &file).unwrap();
    let before = fs::read(&file).unwrap();
    let (path, folder) = (file.to_str().unwrap(), directory.path().to_str().unwrap());
    let around = format!("{folder}/./model.ubj");
    for (source, output) in [(path, path), (path, &around), (folder, path)] {
        let ran = run_with(&[], &["import", source, "-o", output]);
        assert!(
            ran.code == Some(2) && ran.err.contains("would replace the source; write to another file"),
            "{}",
            ran.err
        );
        assert_eq!(fs::read(&file).unwrap(), before);
    }
    let beside = format!("{folder}/own.model");
    assert_eq!(run_with(&[], &["import", path, "-o", &beside]).code, Some(0));
}

#[test]
fn an_artifact_on_standard_output_has_nothing_behind_it() {
    let source = folder().join("xgb-sqerr/model.ubj");
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("m.model");
    run_with(&[], &["import", source.to_str().unwrap(), "-o", written.to_str().unwrap()]);
    for name in ["-", "/dev/stdout"] {
        let output = Command::new(BINARY)
            .args(["import", source.to_str().unwrap(), "-o", name])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.stdout, fs::read(&written).unwrap());
        assert!(String::from_utf8(output.stderr).unwrap().contains("golden rows"), "the report is on standard error");
    }
}

#[test]
fn an_empty_variable_of_a_flag_that_must_be_given_is_all_that_is_told() {
    let source = folder().join("xgb-sqerr/model.ubj");
    for (variable, args) in [
        ("SMARTSERVE_OUTPUT", &["import", source.to_str().unwrap()][..]),
        ("SMARTSERVE_MODEL", &["serve"]),
        ("SMARTSERVE_MODEL", &["predict", "--input", "rows.csv"]),
    ] {
        let ran = run_with(&[(variable, "")], args);
        let expected = format!("smartserve: {variable} is empty; give it a value or unset it\n");
        assert_eq!((ran.code, ran.err), (Some(78), expected));
    }
    let ran = run_with(&[("SMARTSERVE_MODEL", "")], &["predict"]);
    assert!(ran.err.contains("--input") && ran.err.contains("SMARTSERVE_MODEL is empty"), "{}", ran.err);
}

#[test]
fn a_file_that_is_no_model_is_called_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let said = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut both = Vec::new();
        for args in [&["inspect", path.to_str().unwrap()][..], &["import", path.to_str().unwrap(), "-o", "x.model"]] {
            let ran = run_with(&[], args);
            assert_eq!(ran.code, Some(65), "{}", ran.err);
            both.push(ran.err);
        }
        assert_eq!(both[0], both[1]);
        both.remove(0)
    };
    assert!(
        said("cat.cbm", b"CBM1 of another library altogether")
            .contains("neither a model of smartserve nor one of XGBoost")
    );
    assert!(said("empty.ubj", b"").ends_with("empty.ubj: it is empty\n"));
    for (file, what) in [("xgb-sqerr/model.ubj", "a model of XGBoost"), ("lgb-l2/model.txt", "a model of LightGBM")] {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&fs::read(folder().join(file)).unwrap()).unwrap();
        let why = said("model.gz", &packed.finish().unwrap());
        assert!(why.contains(&format!("it is {what}, compressed: unpack it first")), "{why}");
    }
}

#[test]
fn inspect_says_how_much_memory_a_server_of_the_model_takes() {
    let source = folder().join("xgb-sqerr/model.ubj");
    let mut server = Server::start(&["--model", source.to_str().unwrap()]);
    let ran = run_with(&[], &["inspect", source.to_str().unwrap()]);
    let line = ran.out.lines().find(|line| line.starts_with("memory ")).unwrap();
    let mib: u64 = line.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert_eq!(server.bound().div_ceil(1 << 20), mib, "{line}");
}

#[test]
fn a_file_whose_name_can_be_no_models_is_told_under_which_one_it_is_served() {
    let directory = tempfile::tempdir().unwrap();
    fs::copy(folder().join("xgb-sqerr/model.ubj"), directory.path().join("my model.ubj")).unwrap();
    let server = Server::start(&["--models", directory.path().to_str().unwrap()]);
    assert_eq!(server.ask("GET", "/models/model", "").0, 200);
    assert!(server.head_of_log.contains("cannot be a model's name"), "{}", server.head_of_log);
}

#[test]
fn a_choice_that_means_nothing_for_a_model_is_a_mistake_of_use() {
    let of = |file: &str| folder().join(file).display().to_string();
    let forest = of("sk-rfr-nan/model.joblib");
    let logistic = of("sk-logit-bin/model.joblib");
    let text = of("lgb-l2/model.txt");
    for (file, choice) in [
        (&forest, "--iterations=best"),
        (&forest, "--iterations=all"),
        (&logistic, "--iterations=all"),
        (&forest, "--zero-as-missing"),
        (&text, "--iterations=best"),
        (&text, "--zero-as-missing"),
    ] {
        for command in ["inspect", "verify"] {
            let ran = run_with(&[], &[command, file, choice]);
            let name = choice.split('=').next().unwrap();
            assert!(ran.code == Some(2) && ran.err.contains(name), "{file} {choice}: {:?} {}", ran.code, ran.err);
        }
        let ran = run_with(&[], &["serve", "--bind", "127.0.0.1:0", "--model", file, choice]);
        assert_eq!(ran.code, Some(2), "{}", ran.err);
    }
    // For all models of a directory it holds where it means something.
    let directory = tempfile::tempdir().unwrap();
    fs::copy(&forest, directory.path().join("forest.joblib")).unwrap();
    let server = Server::start(&["--models", directory.path().to_str().unwrap(), "--iterations", "all"]);
    assert_eq!(server.ask("GET", "/models/forest", "").0, 200);
}

#[test]
fn a_tar_archive_is_called_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    fs::copy(folder().join("xgb-sqerr/model.ubj"), directory.path().join("model.ubj")).unwrap();
    for (flags, name) in [("-czf", "model.tar.gz"), ("-cf", "model.tar")] {
        let made = Command::new("tar").args([flags, name, "model.ubj"]).current_dir(directory.path()).status().unwrap();
        assert!(made.success());
        let ran = run_with(&[], &["inspect", directory.path().join(name).to_str().unwrap()]);
        let expected = "it is a tar archive: unpack it into a directory (tar -xf F -C DIR) and give the directory";
        assert!(ran.code == Some(65) && ran.err.contains(expected), "{name}: {}", ran.err);
    }
}

/// A compressed file may be made so that each byte takes long to inflate and becomes nothing.
#[test]
fn a_compressed_file_of_nothing_takes_time_in_proportion() {
    let whole = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"no pickle").unwrap();
        encoder.finish().unwrap()
    };
    // Four empty blocks of Huffman's fixed codes, 10 bits each, behind the member's head.
    let blocks = [0x02, 0x08, 0x20, 0x80, 0x00].repeat(200_000);
    let file = [&whole[..10], &blocks, &whole[10..]].concat();
    let seconds = || clock_gettime(ClockId::ThreadCPUTime);
    let begun = seconds();
    assert_eq!(most_memory(FileFormat::Pickle, &file), most_memory(FileFormat::Pickle, &whole));
    let took = Duration::try_from(seconds()).unwrap() - Duration::try_from(begun).unwrap();
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn labels_of_several_targets_are_refused_where_an_xgboost_estimator_is_asked_for_them() {
    let source = path("tests/fixtures/xgboost/3.2.0/vectors-flags.json");
    let mut model: serde_json::Value = serde_json::from_slice(&fs::read(&source).unwrap()).unwrap();
    model["learner"]["attributes"]["scikit_learn"] = "{}".into();
    let directory = tempfile::tempdir().unwrap();
    let estimator = directory.path().join("estimator.json");
    fs::write(&estimator, model.to_string()).unwrap();
    let inspected =
        |file: &std::path::Path, answer: &str| run_with(&[], &["inspect", "--answer", answer, file.to_str().unwrap()]);
    assert_eq!(inspected(&source, "library").code, Some(0), "Booster.predict gives probabilities");
    let ran = inspected(&estimator, "label");
    assert!(ran.code == Some(0) && ran.out.contains("targets of two classes: the answer is a list"), "{}", ran.out);
    let ran = inspected(&estimator, "library");
    assert!(ran.code == Some(65) && ran.err.contains("gives 0 or 1 for each of several targets"), "{}", ran.err);
}
