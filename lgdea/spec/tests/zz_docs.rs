//! temporary
use std::path::Path;
#[test]
fn docs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<_> = Vec::new();
    for d in ["docs/guides", "docs/guides/data-sets", "docs/concepts", "docs/tutorials", "."] {
        for e in std::fs::read_dir(root.join(d)).unwrap().flatten() {
            if e.path().extension().is_some_and(|x| x == "md") {
                files.push(e.path());
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(root.join("experiments/low_pair.toml"), dir.path().join("low_pair.toml")).unwrap();
    for f in files {
        let text = std::fs::read_to_string(&f).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let p = dir.path().join("x.toml");
            std::fs::write(&p, block).unwrap();
            if let Err(e) = lgdea_spec::Resolved::from_file(&p, &[]) {
                println!("== {} {:?}\n{}\n{:?}", f.display(), block.lines().next(), e, e.to_string());
            }
        }
    }
}
