"""Does lgdea work on a GPU? It is built, finds its device, agrees with other devices, and survives being killed."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import peer
from peer import Failed, Sides, TookTooLong

from .bench import DONE, FAILED, SKIPPED, Bench, Row
from .machine import ROOT

SMOKE = ROOT / "experiments/smoke.toml"
# Two devices, the same start: losses may differ by this share, all in f32.
TOLERANCE = 1e-3
# Embeddings of unit length, and probabilities, of one model on two devices.
EMBEDDINGS = 2e-3
# Losses after a resume where a device does not repeat itself to the last bit.
RESUMED = 2e-2
# Without TF32, whose convolutions have ten bits.
STRICT = {"NVIDIA_TF32_OVERRIDE": "0"}


def build(bench: Bench) -> Iterator[Row]:
    if bench.builds:
        yield cargo(bench, "build", [] if bench.device == "flex" else ["libtorch"])
    else:
        yield Row("build", f"{bench.lgdea} is there", SKIPPED)


def cargo(bench: Bench, part: str, features: list[str]) -> Row:
    command = ["cargo", "build", "--release", "--manifest-path", ROOT / "Cargo.toml", "--features", ",".join(features)]
    bench.execute(command)
    return Row(part, f"{bench.lgdea.stat().st_size / 1e6:.0f} MB", command=command)


def devices(bench: Bench) -> Iterator[Row]:
    """Those of the binary; the one that is asked for must be among them."""
    command = [bench.lgdea, "devices", "--json"]
    known = {device["name"]: device for device in json.loads(bench.execute(command).out)}
    found = known.get(bench.device, {"works": False, "what": f"`lgdea devices` lists no `{bench.device}`"})
    if not found["works"]:
        is_linked = "libtorch-cuda" not in bench.device or b"libtorch_cuda.so" in bench.lgdea.read_bytes()
        raise Failed(found["what"] + ("" if is_linked else f"; {bench.lgdea} is not linked to libtorch_cuda.so, so that it sees no GPU"))
    speeds = [f"{name} {device['gflops']:.0f} GFLOP/s" for name, device in known.items() if device["works"]]
    yield Row("devices", ", ".join(speeds), command=command, found=known)


def run_command(bench: Bench, results: str, settings: dict | None = None, device: str = "") -> tuple[list, Path]:
    """The command of the smoke run, and the folder of its runs."""
    folder = bench.work / results
    sets = [part for name, value in (settings or {}).items() for part in ("--set", f"{name}={value}")]
    command = [bench.lgdea, "run", SMOKE, "--device", device or bench.device, "--results", folder, "--json", *sets]
    return command, folder / "runs"


def outcome(bench: Bench, command: list) -> dict:
    """What a run prints last."""
    return json.loads(bench.execute(command).out.splitlines()[-1])


def smoke(bench: Bench) -> Iterator[Row]:
    command, _ = run_command(bench, "smoke")
    found = outcome(bench, command)
    auroc = found["metrics"]["test/zero_shot/auroc_macro"]
    yield Row("smoke run", f"finished in {found['seconds']:.1f} s; test AUROC {auroc:.3f}, of 20 steps", command=command, found=found)


def same_losses(bench: Bench) -> Iterator[Row]:
    """From one start on the same device: lgdea and PyTorch; and PyTorch on the CPU."""
    experiment, results = ROOT / "tests/bench/small.toml", str(bench.work / "results")
    sides = Sides(experiment, str(bench.lgdea), results, bench.shapes.parity_steps, [], bench.environment | STRICT)
    start = bench.work / "parity"
    ours = bench.attempt(lambda seconds: sides.ours(bench.device, start, seconds))
    for on in dict.fromkeys([bench.on, "cpu"]):
        theirs = bench.attempt(lambda seconds: sides.theirs(start, on, seconds=seconds))
        gap = max(peer.gaps(ours, theirs))
        told = f"{len(ours['losses'])} losses of lgdea on {bench.device} differ by {gap:.1e} at most ({TOLERANCE:.0e} allowed)"
        state = DONE if gap <= TOLERANCE else FAILED
        yield Row(f"parity with PyTorch on {on}", told, state, sides.command(bench.device), {"ours": ours, "theirs": theirs})
    shutil.rmtree(start)


def same_model(bench: Bench) -> Iterator[Row]:
    """The model of the smoke run, asked on its device and by flex."""
    from safetensors.torch import load_file

    runs = list((bench.work / "smoke/runs").glob("smoke-*"))
    if not runs:
        raise Failed("the smoke run left no model")
    arrays = []
    for device in [bench.device, "flex"]:
        out = bench.work / f"{len(arrays)}.safetensors"
        command = [bench.lgdea, "embed", runs[0], "--results", bench.work / "smoke", "--prompts", "--device", device, "--out", out]
        bench.execute(command, **STRICT)
        arrays.append(load_file(out))
    gaps = {name: (array - arrays[1][name]).abs().max().item() for name, array in arrays[0].items()}
    told = ", ".join(f"{name} {gap:.1e}" for name, gap in gaps.items())
    told = f"{bench.device} and flex differ by {told} at most ({EMBEDDINGS:.0e} allowed)"
    yield Row("one model on two devices", told, DONE if max(gaps.values()) <= EMBEDDINGS else FAILED, command, gaps)


def kill_and_resume(bench: Bench) -> Iterator[Row]:
    steps, every = bench.shapes.resume
    settings = {"train.steps": steps, "train.checkpoint-every": every, "train.log-every": 1}
    command, whole = run_command(bench, "whole", settings)
    scores = outcome(bench, command)["metrics"]
    command, killed = run_command(bench, "killed", settings)
    kill_at_checkpoint(bench, command, killed)
    resumed = outcome(bench, command)["metrics"]

    one, other = losses_of(whole, every), losses_of(killed, every)
    gap = max(abs(one[step] - other[step]) / abs(one[step]) for step in one)
    is_same = gap == 0 and scores == resumed
    if is_same:
        told = f"the {len(one)} losses after it and all scores are those of the whole run, bit for bit"
    else:
        far = max(abs(resumed[name] - score) for name, score in scores.items() if "auroc" in name)
        told = f"not bit for bit: losses differ by {gap:.1e} at most ({RESUMED:.0e} allowed), AUROCs by {far:.3f}"
    # flex repeats itself.
    is_fine = is_same or (bench.device != "flex" and gap <= RESUMED)
    told = f"killed after the checkpoint of step {every} of {steps}, and resumed: {told}"
    yield Row("kill and resume", told, DONE if is_fine else FAILED, command, {"gap": gap, "same bits": is_same})


def kill_at_checkpoint(bench: Bench, command: list, runs: Path) -> None:
    """Starts a run and kills it as soon as it has written a checkpoint."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(list(map(str, command)), env=bench.environment, start_new_session=True, **quiet)
    try:
        while not list(runs.glob("*/checkpoints/step-*")) and process.poll() is None:
            if bench.left() < 1:
                raise TookTooLong("no checkpoint was written in time")
            time.sleep(0.002)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode != -signal.SIGKILL:
        raise Failed(f"the run ended by itself, with exit code {process.returncode}, before it could be killed")


def losses_of(runs: Path, after: int) -> dict:
    """Loss of each joint step after a checkpoint, as the journal of a run has it last."""
    lines = map(json.loads, next(runs.glob("*/journal.jsonl")).read_text().splitlines())
    steps = (line for line in lines if line["event"] == "metrics" and "train/loss" in line["values"])
    return {line["step"]: line["values"]["train/loss"] for line in steps if line["step"] > after}


def cuda(bench: Bench) -> Iterator[Row]:
    """CubeCL's own kernels, where the binary has them or CUDA's compiler is there to build them."""
    part, device = "CubeCL's kernels", f"cuda:{bench.on.partition(':')[2]}"
    if not bench.has_gpu:
        yield Row(part, "a rehearsal on the CPU", SKIPPED)
        return
    if bench.builds and shutil.which("nvcc"):
        yield cargo(bench, f"{part}: build", ["libtorch", "cuda"])
    command = [bench.lgdea, "devices", "--json"]
    found = {device["name"]: device for device in json.loads(bench.execute(command).out)}.get(device)
    if found is None or not found["works"]:
        why = found["what"] if found else f"`lgdea devices` lists no `{device}`"
        yield Row(part, why if shutil.which("nvcc") else f"there is no nvcc; {why}", SKIPPED, command)
        return
    command, _ = run_command(bench, "cubecl", device=device)
    took = outcome(bench, command)["seconds"]
    yield Row(f"{part}: smoke run", f"{found['gflops']:.0f} GFLOP/s; finished in {took:.1f} s", command=command)
