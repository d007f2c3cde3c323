//! The `lgdea` command.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod args;
mod command;
mod device;
mod failure;
mod group;
mod notify;
mod output;
mod progress;
mod terminal;

use std::process::ExitCode;

use args::{Args, Command};

/// Tensors of a step are allocated and freed over and over; the system's allocator returns each large one to the kernel,
/// which costs a fifth of a training step in page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps what is freed: mimalloc would return it after a second, for another tenth of a step.
#[expect(unsafe_code, reason = "options of the allocators, which have no other way to be set")]
fn keep_memory() {
    // `mi_option_purge_delay` of mimalloc.h, for which the crate has no name; negative is never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
    // libtorch allocates with the system's allocator, which keeps nothing beyond its thresholds. The first has a ceiling.
    #[cfg(all(feature = "libtorch", target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    };
}

fn main() -> ExitCode {
    keep_memory();
    let filter = tracing_subscriber::EnvFilter::try_from_env("LGDEA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal::is_coloured())
        .without_time()
        .init();
    let result = match Args::read().command {
        Command::Init(args) => command::init::init(&args),
        Command::Doctor(args) => command::doctor::doctor(&args),
        Command::Run(args) => command::run::run(&args),
        Command::Check(args) => command::check::check(&args),
        Command::Plan(args) => command::plan::plan(&args),
        Command::Sweep(args) => command::sweep::sweep(&args),
        Command::Runs(args) => command::runs::runs(&args),
        Command::Logs(args) => command::logs::logs(&args),
        Command::Rm(args) => command::rm::rm(&args),
        Command::Gc(args) => command::gc::gc(&args),
        Command::Data(command) => command::data::data(&command),
        Command::Evidence(command) => command::evidence::evidence(&command),
        Command::Eval(args) => command::eval::eval(&args),
        Command::Embed(args) => command::embed::embed(&args),
        Command::Score(command) => command::score::score(&command),
        Command::Ground(args) => command::ground::ground(&args),
        Command::Prototypes(args) => command::prototypes::prototypes(&args),
        Command::Graph(args) => command::graph::graph(&args),
        Command::Export(args) => command::export::export(&args),
        Command::Compare(args) => command::compare::compare(&args),
        Command::Report(args) => command::report::report(&args),
        Command::Claims(args) => command::claims::claims(&args),
        Command::Power(args) => command::power::power(&args),
        Command::Sync(args) => command::sync::sync(&args),
        Command::Ui(args) => command::ui::ui(&args),
        Command::Profile(args) => command::profile::profile(&args),
        Command::Devices(args) => command::devices::devices(&args),
        Command::Schema(args) => command::schema::schema(&args),
        Command::Completions(args) => command::shell::completions(&args),
        Command::Man(args) => command::shell::man(&args),
        Command::Reference(args) => command::reference::reference(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}
