//! `lgdea score protocols`: the protocols that are shipped.

use lgdea_eval::protocol::Protocol;
use lgdea_eval::table;
use serde_json::Value;

use super::answer::named;
use crate::args::score::ProtocolsArgs;
use crate::failure::Failure;
use crate::output::{print, print_json};

pub(super) fn protocols(args: &ProtocolsArgs) -> Result<(), Failure> {
    match &args.show {
        Some(name) => print(Protocol::file(name)?),
        None => list(args.json),
    }
}

fn list(as_json: bool) -> Result<(), Failure> {
    let shipped: Vec<Protocol> = Protocol::shipped().map(Protocol::named_or_path).collect::<Result<_, _>>()?;
    if as_json {
        return print_json(&shipped.iter().map(named).collect::<Vec<Value>>());
    }
    let mut rows = table::with_header(&["protocol", "task", "what it is", "digest"], 4..4);
    for protocol in &shipped {
        let (task, description) = (protocol.rules.task(), protocol.rules.description());
        rows.add_row([protocol.name.as_str(), task, description, protocol.mark()]);
    }
    print(&format!("{rows}\n"))
}
