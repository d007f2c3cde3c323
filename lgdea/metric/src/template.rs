//! Names with parameters, such as `retrieval/{way}_r_at_{k}`: filled in, and found again.

use crate::{HeatMap, Parameters, Way};

/// Whether a template has a parameter, `way` of `{way}`.
pub(crate) fn has(template: &str, parameter: &str) -> bool {
    pieces(template).any(|piece| piece == Piece::Parameter(parameter))
}

/// A name with its parameters filled in.
pub(crate) fn name(template: &str, of: &Parameters<'_>) -> String {
    fill(template, of, Way::name, str::to_owned)
}

/// A label with its parameters filled in, in words.
pub(crate) fn label(template: &str, of: &Parameters<'_>) -> String {
    fill(template, of, Way::label, percent)
}

/// The parameters with which a template gives this name.
pub(crate) fn find<'n>(template: &str, name: &'n str) -> Option<Parameters<'n>> {
    // What both begin with. Most templates are told from a name by a few letters, and thousands of names are looked up.
    let literal = template.bytes().zip(name.bytes()).take_while(|(one, other)| one == other && *one != b'{').count();
    let (template, name) = (template.get(literal..)?, name.get(literal..)?);
    if template.is_empty() {
        return name.is_empty().then_some(Parameters::NONE);
    }
    let (parameter, rest) = template.strip_prefix('{')?.split_once('}')?;
    match parameter {
        "way" => Way::ALL.into_iter().find_map(|way| {
            let found = find(rest, name.strip_prefix(way.name())?)?;
            Some(Parameters { way: Some(way), ..found })
        }),
        "k" => {
            let digits = name.len() - name.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
            let (digits, after) = name.split_at(digits);
            // `010` is no rank that anybody logs.
            let k = digits.parse().ok().filter(|k: &usize| k.to_string() == digits)?;
            Some(Parameters { k: Some(k), ..find(rest, after)? })
        }
        "map" => find(rest, name).or_else(|| {
            HeatMap::ALL.into_iter().find_map(|map| {
                let found = find(rest, name.strip_prefix(map.name())?.strip_prefix('/')?)?;
                Some(Parameters { map: Some(map), ..found })
            })
        }),
        "share" => {
            let (share, _) = name.split_once('/')?;
            let number: f64 = share.parse().ok().filter(|&number: &f64| number > 0.0 && number <= 1.0)?;
            // `0.10` is no share that anybody logs.
            let rest = find(rest, name.strip_prefix(share)?).filter(|_| number.to_string() == share)?;
            Some(Parameters { share: Some(share), ..rest })
        }
        // A class is the last part of a name.
        "class" if rest.is_empty() && !name.is_empty() && !name.contains('/') => Some(Parameters::class(name)),
        _ => None,
    }
}

#[derive(PartialEq)]
enum Piece<'t> {
    Literal(&'t str),
    Parameter(&'t str),
}

fn pieces(mut template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some((literal, parameter, rest)) = first(template) {
        pieces.extend([Piece::Literal(literal), Piece::Parameter(parameter)]);
        template = rest;
    }
    pieces.push(Piece::Literal(template));
    pieces.into_iter()
}

/// What stands before the first parameter, that parameter, and the rest.
fn first(template: &str) -> Option<(&str, &str, &str)> {
    let (literal, rest) = template.split_once('{')?;
    let (parameter, rest) = rest.split_once('}')?;
    Some((literal, parameter, rest))
}

fn fill(template: &str, of: &Parameters<'_>, way: fn(Way) -> &'static str, share: fn(&str) -> String) -> String {
    let text = |piece| match piece {
        Piece::Literal(literal) => literal.to_owned(),
        Piece::Parameter("way") => of.way.map_or_else(String::new, |of| way(of).to_owned()),
        Piece::Parameter("k") => of.k.map_or_else(String::new, |k| k.to_string()),
        Piece::Parameter("map") => of.map.map_or_else(String::new, |map| format!("{map}/")),
        Piece::Parameter("share") => of.share.map_or_else(String::new, share),
        Piece::Parameter("class") => of.class.unwrap_or_default().to_owned(),
        Piece::Parameter(_) => String::new(),
    };
    pieces(template).map(text).collect()
}

/// A share in words: `0.01` is `1 %`.
pub fn percent(share: &str) -> String {
    // 100 · 0.07 is not quite 7.
    share.parse().map_or_else(|_| share.to_owned(), |share: f64| format!("{} %", (share * 1e8).round() / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_found_again() {
        let at = Parameters::at(Way::ReportToImage, 5);
        assert_eq!(name("r/{way}_p_at_{k}_abnormal", &at), "r/t2i_p_at_5_abnormal");
        assert_eq!(find("r/{way}_p_at_{k}_abnormal", "r/t2i_p_at_5_abnormal"), Some(at));
        assert_eq!(label("{way} P@{k}, abnormal", &at), "report → image P@5, abnormal");
        for map in HeatMap::ALL.map(Some).into_iter().chain([None]) {
            let of = Parameters::map(map);
            assert_eq!(find("g/{map}cnr", &name("g/{map}cnr", &of)), Some(of));
        }
        let of = Parameters { share: Some("0.07"), ..Parameters::class("edema") };
        assert_eq!(name("p/{share}/auroc/{class}", &of), "p/0.07/auroc/edema");
        assert_eq!(find("p/{share}/auroc/{class}", "p/0.07/auroc/edema"), Some(of));
        assert_eq!(label("AUROC at {share}", &of), "AUROC at 7 %");
        assert_eq!(find("z/auroc/{class}", "z/auroc/edema"), Some(Parameters::class("edema")));
    }

    #[test]
    fn what_no_template_gives_is_not_found() {
        for (template, name) in [
            ("r/{way}_r_at_{k}", "r/i2t_r_at_010"),
            ("r/{way}_r_at_{k}", "r/i2t_r_at_"),
            ("r/{way}_r_at_{k}", "r/i2i_r_at_1"),
            ("r/{way}_p_at_{k}", "r/i2t_p_at_5_abnormal"),
            ("g/{map}cnr", "g/saliency/cnr"),
            ("p/{share}/f1", "p/0.10/f1"),
            ("p/{share}/f1", "p/2/f1"),
            ("p/{share}/f1", "p/0/f1"),
            ("p/{share}/f1", "p/NaN/f1"),
            ("p/{share}/f1", "p/f1"),
            ("z/auroc/{class}", "z/auroc/"),
            ("z/auroc/{class}", "z/auroc/edema/low"),
        ] {
            assert_eq!(find(template, name), None, "{name}");
        }
    }
}
