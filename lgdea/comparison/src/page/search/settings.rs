//! Settings to be copied: as TOML, and as flags of `lgdea run`.

use serde_json::Value;

/// Settings as lines of an experiment file, `train.learning-rate = 0.002`.
pub(super) fn toml(settings: &[(&str, &Value)]) -> String {
    let line = |(key, value): &(&str, &Value)| match toml::Value::try_from(value) {
        Ok(value) => format!("{key} = {value}"),
        // Only a list of trials that somebody edited holds what TOML has no value for.
        Err(error) => format!("# {key} has no value in TOML: {error}"),
    };
    settings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Settings as `--set` flags, one a line, as a shell reads them.
pub(super) fn flags(settings: &[(&str, &Value)]) -> String {
    let flag = |(key, value): &(&str, &Value)| {
        let value = toml::Value::try_from(value).ok()?;
        Some(format!("--set {}", shell_word(&format!("{key}={value}"))))
    };
    settings.iter().filter_map(flag).collect::<Vec<_>>().join(" \\\n")
}

fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,@%+".contains(&byte);
    if word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_keep_their_types_and_all_their_digits() {
        let values = [json!(0.000_825_404_185_268_018_3), json!(3.0), json!(16), json!("it's"), json!([1, 2])];
        let keys = ["train.learning-rate", "loss.evidence.weight", "encoder.dim", "name", "list"];
        let settings: Vec<(&str, &Value)> = keys.into_iter().zip(&values).collect();
        let text = toml(&settings);
        assert!(
            text.starts_with("train.learning-rate = 0.0008254041852680183\nloss.evidence.weight = 3.0\n"),
            "{text}"
        );
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["train"]["learning-rate"].as_float(), Some(0.000_825_404_185_268_018_3));
        assert_eq!((read["encoder"]["dim"].as_integer(), read["name"].as_str()), (Some(16), Some("it's")));
        let lines = ["--set encoder.dim=16 \\", r#"--set 'name="it'\''s"' \"#, "--set 'list=[1, 2]'"];
        assert_eq!(flags(&settings[2..]), lines.join("\n"));
        assert_eq!(toml(&[("a", &Value::Null)]).split(':').next(), Some("# a has no value in TOML"));
    }
}
