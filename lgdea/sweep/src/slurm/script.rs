//! The scripts of an array job and of the job that comes after it.

use std::path::{Path, PathBuf};

use lgdea_spec::sweep::Slurm;
use serde::Serialize;

use super::{Request, SlurmError};
use crate::ExecuteError;
use crate::template::{fill, shell_words};
use crate::whole_file::replace;

const ARRAY: &str = include_str!("../../../../templates/slurm/array.sh.j2");
const AGGREGATE: &str = include_str!("../../../../templates/slurm/aggregate.sh.j2");

/// What the scripts are made from.
#[derive(Debug)]
pub(super) struct Scripts<'a> {
    slurm: &'a Slurm,
    sweep: &'a str,
    name: &'a str,
    /// Name and text of the array's template.
    array: (String, String),
}

/// What the templates know.
#[derive(Serialize)]
struct Filled<'a> {
    sweep: &'a str,
    name: &'a str,
    slurm: Asked<'a>,
    /// Where the command is called.
    folder: &'a str,
    output: &'a str,
    elements: usize,
    at_a_time: Option<usize>,
    /// The command of a job, as a shell reads it.
    command: &'a str,
}

/// What is asked for, under the names that templates use.
#[derive(Serialize)]
struct Asked<'a> {
    partition: Option<&'a str>,
    account: Option<&'a str>,
    time: Option<&'a str>,
    gres: Option<&'a str>,
    cpus: Option<u32>,
    memory: Option<&'a str>,
    options: &'a [String],
    modules: &'a [String],
    warning_seconds: u32,
    requeues: u32,
}

impl<'a> Asked<'a> {
    fn new(slurm: &'a Slurm) -> Asked<'a> {
        Asked {
            partition: slurm.partition.as_deref(),
            account: slurm.account.as_deref(),
            time: slurm.time.as_deref(),
            gres: slurm.gres.as_deref(),
            cpus: slurm.cpus,
            memory: slurm.memory.as_deref(),
            options: &slurm.options,
            modules: &slurm.modules,
            warning_seconds: slurm.warning_seconds,
            requeues: slurm.requeues,
        }
    }
}

impl<'a> Scripts<'a> {
    /// Reads the user's own template, if there is one. `name` is that of the array job.
    pub(super) fn new(slurm: &'a Slurm, sweep: &'a str, name: &'a str) -> Result<Scripts<'a>, SlurmError> {
        let array = match &slurm.template {
            None => ("array.sh.j2".to_owned(), ARRAY.to_owned()),
            Some(path) => {
                let failed = |source| SlurmError::OwnTemplate { path: path.clone(), source };
                (path.display().to_string(), std::fs::read_to_string(path).map_err(failed)?)
            }
        };
        Ok(Scripts { slurm, sweep, name, array })
    }

    /// Writes the script of an array; gives its path.
    pub(super) fn array(
        &self,
        request: &Request<'_>,
        folder: &Path,
        elements: usize,
        trials: usize,
    ) -> Result<PathBuf, SlurmError> {
        let submission = folder.join("submission.json").to_string_lossy().into_owned();
        let mut arguments = vec!["--workers", "1", "--submission", &submission];
        arguments.extend(request.arguments.iter().map(String::as_str));
        let command = self.command(request, trials, &arguments);
        let (name, template) = &self.array;
        let output = folder.join("%a.out");
        self.write(&folder.join("array.sh"), (name, template), request, elements, &output, &command)
    }

    /// Writes the script of the job after an array; gives its path.
    pub(super) fn aggregate(&self, request: &Request<'_>, folder: &Path) -> Result<PathBuf, SlurmError> {
        let command = self.command(request, 0, &[]);
        let template = ("aggregate.sh.j2", AGGREGATE);
        self.write(&folder.join("aggregate.sh"), template, request, 1, &folder.join("aggregate.out"), &command)
    }

    /// A `lgdea sweep` of so many trials.
    fn command(&self, request: &Request<'_>, trials: usize, arguments: &[&str]) -> String {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let program = self.slurm.program.clone().unwrap_or_else(|| text(request.program));
        let mut words = vec![program, "sweep".to_owned(), text(request.file)];
        words.extend(["--results".to_owned(), text(request.results), "--trials".to_owned(), trials.to_string()]);
        words.extend(["--launcher", "local"].iter().chain(arguments).map(|&word| word.to_owned()));
        let command = shell_words(&words);
        self.slurm.container.as_ref().map_or(command.clone(), |container| format!("{container} {command}"))
    }

    fn write(
        &self,
        script: &Path,
        (name, template): (&str, &str),
        request: &Request<'_>,
        elements: usize,
        output: &Path,
        command: &str,
    ) -> Result<PathBuf, SlurmError> {
        let here = std::env::current_dir().map_err(ExecuteError::file("find", Path::new(".")))?;
        let parent = output.parent().unwrap_or(Path::new("."));
        // `%a` is the element's number, and any other `%` in the path a `%`.
        let of_folder = parent.to_string_lossy().replace('%', "%%");
        let output = format!("{of_folder}/{}", output.file_name().unwrap_or_default().to_string_lossy());
        let filled = Filled {
            sweep: self.sweep,
            name: self.name,
            slurm: Asked::new(self.slurm),
            folder: &here.to_string_lossy(),
            output: &output,
            elements,
            at_a_time: request.at_a_time,
            command,
        };
        let text = fill(name, template, &filled)?;
        replace(script, text.as_bytes()).map_err(ExecuteError::file("write", script))?;
        Ok(script.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both scripts of a submission.
    fn scripts(slurm: &Slurm, at_a_time: Option<usize>) -> [String; 2] {
        let folder = tempfile::tempdir().unwrap();
        let request = Request {
            file: Path::new("my sweep.toml"),
            results: Path::new("results"),
            program: Path::new("/bin/lgdea"),
            at_a_time,
            arguments: vec!["--device".to_owned(), "libtorch".to_owned()],
        };
        let scripts = Scripts::new(slurm, "table", "lgdea-table-1").unwrap();
        let written = [
            scripts.array(&request, folder.path(), 7, 2).unwrap(),
            scripts.aggregate(&request, folder.path()).unwrap(),
        ];
        written.map(|path| std::fs::read_to_string(path).unwrap())
    }

    #[test]
    fn what_is_not_asked_for_is_left_to_slurm() {
        let [array, aggregate] = scripts(&Slurm::default(), None);
        let told = |script: &str| {
            let options = script.lines().filter_map(|line| line.strip_prefix("#SBATCH --"));
            options.map(|option| option.split('=').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told(&array), ["job-name", "array", "chdir", "output", "open-mode", "requeue", "signal"]);
        assert_eq!(told(&aggregate), ["job-name", "chdir", "output"]);
        assert!(array.contains("--array=1-7\n"), "{array}");
        let command =
            "\n/bin/lgdea sweep 'my sweep.toml' --results results --trials 2 --launcher local --workers 1 --sub";
        assert!(array.contains(command) && array.contains("--device libtorch"), "{array}");
        assert!(aggregate.contains("--trials 0 --launcher local\n"), "{aggregate}");
    }

    #[test]
    fn all_that_is_asked_for_is_in_the_script() {
        let text = |text: &str| Some(text.to_owned());
        let slurm = Slurm {
            partition: text("gpu"),
            account: text("a b"),
            time: text("2-00:00:00"),
            gres: text("gpu:1"),
            cpus: Some(8),
            memory: text("16G"),
            options: vec!["--qos=long".to_owned()],
            modules: vec!["cuda/12".to_owned()],
            container: text("apptainer exec --nv 'my image.sif'"),
            program: text("lgdea"),
            warning_seconds: 60,
            requeues: 3,
            ..Slurm::default()
        };
        let [array, aggregate] = scripts(&slurm, Some(2));
        let both = ["--partition=gpu", "--account='a b'", "--qos=long"].map(|option| format!("#SBATCH {option}\n"));
        let command = "\nmodule load cuda/12\n";
        for script in [&array, &aggregate] {
            assert!(both.iter().all(|line| script.contains(line)) && script.contains(command), "{script}");
            assert!(script.contains("\napptainer exec --nv 'my image.sif' lgdea sweep "), "{script}");
        }
        for option in ["array=1-7%2", "time=2-00:00:00", "gres=gpu:1", "cpus-per-task=8", "mem=16G", "signal=B:USR1@60"]
        {
            assert!(array.contains(&format!("#SBATCH --{option}\n")), "{option} is not in\n{array}");
            assert!(!aggregate.contains(option));
        }
        assert!(array.contains("-lt 3 ]"), "{array}");
    }
}
