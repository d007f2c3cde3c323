#!/usr/bin/env python3
"""Do those who are to read the files of `lgdea sweep --print` understand them?  job_files.py LGDEA

- Kubernetes: the API's own schemas, from the oldest version that the file is for to the newest one that the package has;
- SkyPilot: its parser;
- Ray: Python; that a real Ray runs it is tested in tests/ray.

Each must refuse a file with a misspelt key, or else it has looked at nothing. Needs kubernetes-validate and SkyPilot: the environment that
`tests/services/job_files.sh python` installs has them.
"""

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = tempfile.TemporaryDirectory(prefix="lgdea-job-files-")
# SkyPilot writes to the home folder as soon as it is imported, and would tell its makers.
os.environ |= {"HOME": HOME.name, "SKYPILOT_DISABLE_USAGE_COLLECTION": "1"}

import kubernetes_validate  # noqa: E402
import sky  # noqa: E402
import yaml  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = 29, int(kubernetes_validate.latest_version().split(".")[1])
RESULTS = "/mnt/my results"
SWEEP = "it's a: #1.toml"
COMMAND = ["lgdea", "sweep", SWEEP, "--launcher", "local", "--results", RESULTS, "--workers", "1"]


def printed(lgdea: str, cluster: str, *options: str) -> str:
    command = [lgdea, "sweep", SWEEP, "--print", cluster, "--results", RESULTS, "--workers", "3", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def must_refuse(reader, what, error: type[Exception]) -> None:
    try:
        reader(what)
    except error:
        return
    sys.exit(f"{reader.__name__} took a key that there is not")


def kubernetes(text: str, command: list[str], gpu: bool) -> None:
    job = yaml.safe_load(text)
    for minor in range(OLDEST, NEWEST + 1):
        kubernetes_validate.validate(job, f"1.{minor}", strict=True)
    spec = job["spec"]
    pod = spec["template"]["spec"]
    [container] = pod["containers"]
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (3, 3, "Indexed")
    assert container["command"] == command, container["command"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == [RESULTS]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert container["resources"]["limits"].get("nvidia.com/gpu") == (1 if gpu else None)
    asked = [rule["onExitCodes"]["containerName"] for rule in spec["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
    assert asked == [container["name"]], asked

    def validate(job: dict) -> None:
        kubernetes_validate.validate(job, f"1.{NEWEST}", strict=True)

    spec["template"]["spec"]["restartpolicy"] = "Never"
    must_refuse(validate, job, kubernetes_validate.ValidationError)


def skypilot(text: str, command: list[str], gpu: bool) -> None:
    path = Path("task.yaml")
    path.write_text(text, encoding="utf-8")
    task = sky.Task.from_yaml(str(path))
    [resources] = task.resources
    assert (task.num_nodes, task.volumes) == (3, {RESULTS: "lgdea-results"})
    assert resources.accelerators == ({"H100": 1} if gpu else None), resources.accelerators
    script = f"lgdea() {{ printf '%s\\n' lgdea \"$@\"; }}\n{task.run}"
    said = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == command, said
    must_refuse(sky.Task.from_yaml_config, yaml.safe_load(text) | {"num_node": 3}, sky.exceptions.InvalidSkyPilotConfigError)


def ray(text: str, command: list[str], gpu: bool) -> None:
    lines = [line for line in ast.parse(text).body if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)]
    values = {line.targets[0].id: line.value for line in lines}
    named = {name: ast.literal_eval(values[name]) for name in ("WORKERS", "GPUS", "COMMAND")}
    assert named == {"WORKERS": 3, "GPUS": int(gpu), "COMMAND": command}, named


def main(lgdea: str) -> None:
    lgdea = str(Path(lgdea).resolve())
    os.chdir(HOME.name)
    Path("tiny.toml").write_text((ROOT / "tests/fixtures/tiny.toml").read_text(encoding="utf-8"), encoding="utf-8")
    Path(SWEEP).write_text("name = 'mine'\nexperiment = 'tiny.toml'\nseeds.count = 3\n", encoding="utf-8")
    device = ["--device", "libtorch-cuda:0"]
    for cluster, reader in (("kubernetes", kubernetes), ("sky", skypilot), ("ray", ray)):
        reader(printed(lgdea, cluster), COMMAND, gpu=False)
        reader(printed(lgdea, cluster, *device), COMMAND + device, gpu=True)
    print(f"job files: Kubernetes 1.{OLDEST} to 1.{NEWEST}, SkyPilot {sky.__version__} and Python read them")


if __name__ == "__main__":
    main(sys.argv[1])
