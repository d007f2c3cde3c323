"""The same training in lgdea and in PyTorch, taking turns on the same machine: time, memory, and whether the losses agree.

    just bench-peer tests/bench/small.toml                       # what docs/guides/devices.md says comes from here
    just bench-peer FILE --device libtorch-cuda:0 --compile

`lgdea profile FILE --peer DIR` writes the model as it starts and the batches; peer_torch.py trains in PyTorch on them, with the
same loss and the same AdamW steps, on as many threads. FILE may have any encoder that `lgdea export` writes, the default ones too,
and the loss terms of pairs and reports; unpaired images it may have where no term reads them. `--compile` adds PyTorch's compiled form.
"""

import argparse
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

IN_PYTORCH = Path(__file__).with_name("peer_torch.py")


class Failed(Exception):
    """A command did not do what it should: why, in one line."""


class TookTooLong(Failed):
    """A command was ended because its time was over."""


def reason(said: str) -> str:
    """What went wrong, of all that a command said: lgdea's message, memory that was too little, or the last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("note:")]
    messages = [number for number, line in enumerate(lines) if line.startswith("×")]
    if messages:
        message = itertools.takewhile(lambda line: not line.startswith(("╭", "help:")), lines[messages[-1] :])
        return " ".join(line.strip("×│ ") for line in message)
    of_memory = [line for line in lines if "out of memory" in line]
    return (of_memory or lines or ["it said nothing"])[-1][:300]


@dataclass
class Done:
    """A command that has ended well."""

    out: str
    # The most memory that it held, and when it printed.
    bytes: int
    printed: float


def execute(command: list, environment: dict, seconds: float | None = None) -> Done:
    """Runs a command; after `seconds` it is ended with all that it started."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command, deadline, printed, pid = list(map(str, command)), time.time() + (seconds or float("inf")), 0.0, 0
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment, start_new_session=True)
        try:
            while not pid:
                time.sleep(0.02)
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if not printed and os.fstat(out.fileno()).st_size:
                    printed = time.time()
                if not pid and time.time() > deadline:
                    raise TookTooLong(f"it took longer than {seconds:.0f} s")
        finally:
            if not pid:
                os.killpg(process.pid, signal.SIGKILL)
                _, status, _ = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if process.returncode < 0:
            raise Failed(f"it was ended by {signal.Signals(-process.returncode).name}")
        if process.returncode:
            raise Failed(reason(err.read().decode(errors="replace")))
        return Done(out.read().decode(), usage.ru_maxrss * 1024, printed)


def run(command: list, environment: dict, seconds: float | None = None) -> dict:
    """The JSON that a command prints, with the most memory that it held and when it printed."""
    done = execute(command, environment, seconds)
    return json.loads(done.out) | {"bytes": done.bytes, "printed": done.printed}


def pytorch_device(device: str) -> str:
    """What PyTorch calls one of lgdea's devices."""
    kind, _, number = device.partition(":")
    return f"cuda:{number or 0}" if "cuda" in kind else "cpu"


@dataclass
class Sides:
    """An experiment in lgdea, and in PyTorch from where lgdea's started."""

    file: Path
    lgdea: str
    results: str
    steps: int
    settings: list[str]
    environment: dict

    def command(self, device: str, *more: str) -> list[str]:
        settings = [part for setting in self.settings for part in ("--set", setting)]
        command = [self.lgdea, "profile", self.file, "--device", device, "--steps", self.steps, "--results", self.results, "--json"]
        return [*map(str, command), *settings, *more]

    def ours(self, device: str, start: Path | None = None, seconds: float | None = None) -> dict:
        """`lgdea profile`, which writes its start and its batches to a folder where one is given."""
        return run(self.command(device, *(["--peer", str(start)] if start else [])), self.environment, seconds)

    def theirs(self, start: Path, device: str, compiled: bool = False, seconds: float | None = None) -> dict:
        command = [sys.executable, IN_PYTORCH, start, "--device", device, *(["--compile"] if compiled else [])]
        return run(command, self.environment, seconds)


def gaps(ours: dict, theirs: dict) -> list[float]:
    """How far the loss of each step is from the other's, as a share of it."""
    return [abs(a - b) / abs(b) for a, b in zip(ours["losses"], theirs["losses"], strict=True)]


def environment(threads: int) -> dict:
    """As many threads for all."""
    count = str(threads)
    return os.environ | {"OMP_NUM_THREADS": count, "RAYON_NUM_THREADS": count, "TOKENIZERS_PARALLELISM": "false"}


def spread(values: list, digits: int = 2) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def compare(sides: Sides, devices: list[str], rounds: int, compiled: bool) -> tuple[dict, dict]:
    """What each side said in each round, and the greatest gap of losses of each of lgdea's devices."""
    on = max(map(pytorch_device, devices))  # a GPU, where one is among them
    with tempfile.TemporaryDirectory() as folder:
        # Devices draw their random weights differently: each has a start of its own, from where losses are compared.
        far = {}
        for number, device in enumerate(devices):
            start = Path(folder) / str(number)
            far[f"lgdea, {device}"] = max(gaps(sides.ours(device, start), sides.theirs(start, on)))
        turns = {f"lgdea, {device}": (lambda device=device: sides.ours(device)) for device in devices}
        turns["PyTorch"] = lambda: sides.theirs(Path(folder) / "0", on)
        if compiled:
            turns["PyTorch, compiled"] = lambda: sides.theirs(Path(folder) / "0", on, True)
        found = {side: [] for side in turns}
        for number in range(rounds):
            for side, measure in turns.items():
                found[side].append(measure())
                print(f"round {number + 1} of {rounds}: {side}", file=sys.stderr)
    return found, far


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--lgdea", default="target/release/lgdea", help="binary")
    parser.add_argument("--device", action="append", help="of lgdea; may be given several times")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--results", default="results", help="whose cache of images is used")
    arguments = parser.parse_args()
    settings = [f"device.threads={arguments.threads}", *arguments.set]
    sides = Sides(
        arguments.file, arguments.lgdea, arguments.results, arguments.steps, settings, environment(arguments.threads)
    )
    try:
        found, far = compare(sides, arguments.device or ["flex"], arguments.rounds, arguments.compile)
    except Failed as failed:
        sys.exit(f"{arguments.file}: {failed}")

    medians = {side: [statistics.median(one["seconds"]) for one in rounds] for side, rounds in found.items()}
    images = found["PyTorch"][0]["images"]
    rounds = f"{arguments.rounds} rounds of {arguments.steps} steps, {arguments.threads} threads"
    print(f"{arguments.file}: {rounds}; median (least–greatest)")
    print(f"{'':<22}{'ms a step':>26}{'times PyTorch':>22}{'images/s':>10}{'peak MB':>9}{'losses differ':>15}")
    for side, rounds in found.items():
        ratios = [mine / other for mine, other in zip(medians[side], medians["PyTorch"])]
        gap = f"{far[side]:.1e}" if side in far else ""
        memory = max(one["bytes"] for one in rounds) / 1e6
        print(
            f"{side:<22}{spread([1e3 * m for m in medians[side]], 1):>26}{spread(ratios):>22}"
            f"{images / statistics.median(medians[side]):>10.0f}{memory:>9.0f}{gap:>15}"
        )


if __name__ == "__main__":
    main()
