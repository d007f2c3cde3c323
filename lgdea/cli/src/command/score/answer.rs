//! What models are worth, on the terminal, as JSON and as a page.

use std::path::PathBuf;

use lgdea_eval::protocol::{Method, Protocol, Unit};
use lgdea_eval::scoring::page::{Contents, page};
use lgdea_eval::scoring::tables::{self, Grid};
use lgdea_eval::scoring::{Compared, Models, Source};
use serde_json::{Value, json};

use super::Inputs;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::say;

/// The protocol as answers name it.
pub(super) fn named(protocol: &Protocol) -> Value {
    json!({ "name": protocol.name, "digest": protocol.digest, "switches": protocol.rules })
}

/// What stands below a table: what it is by, and of how much.
pub(super) fn caption(protocol: &Protocol, cases: usize, units: usize) -> String {
    let delong = match protocol.interval().method {
        Method::Delong => ", of AUROC of a class by DeLong, of means and differences by resampling",
        Method::None | Method::Percentile | Method::Bca => "",
    };
    format!("protocol {}; {cases} cases; intervals over {units} {}{delong}", protocol.named(), unit(protocol))
}

pub(super) fn unit(protocol: &Protocol) -> &'static str {
    match protocol.interval().of {
        Unit::Patient => "patients",
        Unit::Case => "cases",
    }
}

/// The differences to the first model, as JSON.
pub(super) fn differences(inputs: &Inputs<'_>, compared: &[Compared]) -> Value {
    let of = |(path, compared): (&PathBuf, &Compared)| {
        let (name, differences) = (&compared.name, &compared.differences);
        json!({ "predictions": path.display().to_string(), "name": name, "differences": differences })
    };
    inputs.predictions.iter().skip(1).zip(compared).map(of).collect()
}

/// Models scored by a protocol.
pub(super) struct Answer<'a> {
    pub(super) protocol: &'a Protocol,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) models: &'a Models,
    pub(super) sources: &'a [Source],
}

impl Answer<'_> {
    /// One object: of a single model with its scores, of several with a list of them.
    pub(super) fn print_json(&self) -> Result<(), Failure> {
        let Answer { protocol, inputs, models, sources } = *self;
        let mut answer = json!({
            "protocol": named(protocol),
            "cases": models.cases,
            unit(protocol): models.units,
            "files": sources,
        });
        let of_each = inputs.predictions.iter().zip(&models.models).map(|(path, model)| {
            let mut of_model = json!(model);
            of_model["predictions"] = json!(path.display().to_string());
            of_model
        });
        let mut of_each: Vec<Value> = of_each.collect();
        match of_each.as_mut_slice() {
            [Value::Object(one)] => one.iter_mut().for_each(|(field, value)| answer[field] = value.take()),
            several => {
                answer["base"] = json!(several.first().map(|base| &base["predictions"]));
                answer["models"] = json!(several);
                answer["compared"] = differences(inputs, &models.compared);
            }
        }
        print_json(&answer)
    }

    /// The tables, and the warnings on standard error.
    pub(super) fn print(&self) -> Result<(), Failure> {
        let models = self.models;
        models.warnings.iter().for_each(say);
        let base = models.models.first().map(|model| model.name.as_str()).unwrap_or_default();
        let grids: Vec<Grid> = tables::scores(&models.models)
            .into_iter()
            .chain(models.compared.iter().map(|compared| tables::differences(base, compared)))
            .chain(tables::subgroups(&models.models))
            .collect();
        let tables: Vec<String> = grids.iter().map(Grid::to_string).collect();
        print(&format!("{}\n{}\n", tables.join("\n"), self.caption()))
    }

    pub(super) fn page(&self) -> Result<String, Failure> {
        let Answer { protocol, models, sources, .. } = *self;
        Ok(page(&Contents { protocol, models, caption: &self.caption(), sources })?)
    }

    fn caption(&self) -> String {
        caption(self.protocol, self.models.cases, self.models.units)
    }
}
