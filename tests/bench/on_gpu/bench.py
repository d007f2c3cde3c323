"""Parts in the order of their worth, within a budget of seconds, and the table of what they found."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import peer
from peer import Done, Failed, TookTooLong

from .machine import ROOT, Watch
from .shapes import Shapes

# A part that has fewer seconds left is not begun.
LEAST = 15
DONE, FAILED, SKIPPED = "done", "failed", "not run"

ABOUT = """A step is the median of a turn's steps; of several turns, which the sides take one after the other, there are median, least and
greatest. lgdea's steps are `lgdea profile`'s, which waits for the GPU after each part of a step; PyTorch's wait once a step, and its
AdamW is the fused one. f32 is with TF32 in convolutions on both sides, as PyTorch has it; not so where two devices are to agree.
GPU use and memory are nvidia-smi's, over the measured steps alone; memory is the process's."""


class OutOfTime(Exception):
    """The budget is used up."""


@dataclass
class Row:
    """A line of the table."""

    part: str
    result: str
    state: str = DONE
    command: list = field(default_factory=list)
    # What was measured, for table.json; `gpu-use` (percent), `gpu-memory` and `memory` (GiB) have columns.
    found: dict = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Part:
    """A part of the bench: its rows are made one after the other."""

    name: str
    rows: Callable[["Bench"], Iterator[Row]]
    # Seconds that it may take, and that must be left to begin it.
    limit: float = 120
    needs: float = LEAST
    # Whether nothing else can be done without it.
    is_basis: bool = False


class Bench:
    """What all parts share: `found` is what machine.py found, `out` a folder that stays, `work` one that does not."""

    def __init__(self, device: str, lgdea: Path, builds: bool, shapes: Shapes, found: dict, out: Path, work: Path, ends: float):
        self.device, self.lgdea, self.builds, self.shapes = device, lgdea, builds, shapes
        self.machine, self.out, self.work, self.ends = found, out, work, ends
        self.on, self.has_gpu = peer.pytorch_device(device), "cuda" in device
        self.environment = environment(found, device) | shapes.threads
        self.watch = Watch(found.get("gpu", {}).get("id"))
        self.about = self.describe()
        self.part_ends = 0.0
        self.rows: list[Row] = []
        # Images a second that the fastest step uses.
        self.fastest = 0.0

    def describe(self) -> dict:
        """What stands above the table."""
        return {
            "date": f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
            "commit": said(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
            "device": self.device,
            "GPU": self.machine.get("gpu", {}).get("name", "none: a rehearsal on the CPU"),
            "driver": said(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]).splitlines()[:1],
            "CPU cores": os.cpu_count(),
            "PyTorch": self.machine["torch"],
            "command": shlex.join(["tests/bench/gpu.py", *sys.argv[1:]]),
        }

    def attempt(self, command: Callable[[float], Any]) -> Any:
        """What a command finds in the time that is left; tells a slow command from a budget that is used up."""
        try:
            return command(max(self.left(), 0.1))
        except TookTooLong:
            if self.part_ends >= self.ends:
                raise OutOfTime from None
            raise

    def left(self) -> float:
        """Seconds that are left to the part under way."""
        return min(self.part_ends, self.ends) - time.time()

    def execute(self, command: list, **variables: str) -> Done:
        return self.attempt(lambda seconds: peer.execute(command, self.environment | variables, seconds))

    def do(self, part: Part) -> bool:
        """Whether the parts after it can be done."""
        left, began = self.ends - time.time(), time.time()
        self.part_ends = began + part.limit
        if left < part.needs:
            self.add(Row(part.name, f"no time left: it needs {part.needs:.0f} s", SKIPPED))
            return not part.is_basis
        try:
            for row in part.rows(self):
                row.seconds, began = time.time() - began, time.time()
                self.add(row)
        except OutOfTime:
            self.add(Row(part.name, "no time left: it was ended", SKIPPED, seconds=time.time() - began))
            return not part.is_basis
        except Exception as failed:  # the other parts are worth as much as they were
            why = str(failed) if isinstance(failed, Failed) else repr(failed)
            self.add(Row(part.name, why, FAILED, seconds=time.time() - began))
            return not part.is_basis
        return True

    def add(self, row: Row) -> None:
        self.rows.append(row)
        print(f"{self.ends - time.time():5.0f} s left | {row.part} | {told(row)}", flush=True)
        rows = [row.__dict__ | {"command": shlex.join(map(str, row.command))} for row in self.rows]
        (self.out / "table.json").write_text(json.dumps({"about": self.about, "rows": rows}, indent=1) + "\n")
        (self.out / "table.md").write_text(table(self.about, self.rows, self.work))


def said(command: list) -> str:
    """What a command prints; nothing where it is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def environment(found: dict, device: str) -> dict:
    """To build and to run in: libtorch is that of this Python's PyTorch."""
    variables = os.environ | {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    # torch-sys asks `python` in a virtual environment, else `python3`.
    variables.pop("VIRTUAL_ENV", None)
    if sys.prefix != sys.base_prefix:
        variables["VIRTUAL_ENV"] = sys.prefix
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables.get('PATH', '')}"
    if device != "flex":
        before = variables.get("LD_LIBRARY_PATH")
        variables["LD_LIBRARY_PATH"] = f"{found['folder']}/lib" + (f":{before}" if before else "")
        variables |= {"LIBTORCH_USE_PYTORCH": "1", "LIBTORCH_BYPASS_VERSION_CHECK": "1"}
    return variables


def told(row: Row) -> str:
    return row.result if row.state == DONE else f"**{row.state}**: {row.result}"


def table(about: dict, rows: list[Row], work: Path) -> str:
    """Markdown."""
    lines = ["# lgdea on a GPU", ""]
    for name, value in about.items():
        value = ", ".join(value) if isinstance(value, list) else value
        lines += [f"- {name}: {value}"] if value else []
    lines += ["", "| | part | result | took | GPU use | GPU memory | memory |", "|---|---|---|---|---|---|---|"]
    for number, row in enumerate(rows, 1):
        took = f"{row.seconds:.0f} s" if row.seconds >= 0.5 else ""
        columns = [("gpu-use", "{:.0f} %"), ("gpu-memory", "{:.1f} GiB"), ("memory", "{:.1f} GiB")]
        cells = [form.format(row.found[key]) if key in row.found else "" for key, form in columns]
        result = told(row).replace("|", "\\|")
        lines.append(f"| {number} | {row.part} | {result} | {took} | {' | '.join(cells)} |")
    lines += ["", *ABOUT.splitlines(), "", "```text"]
    commands = [f"{number}  {shlex.join(map(str, row.command))}" for number, row in enumerate(rows, 1) if row.command]
    lines += [command.replace(str(work), "/tmp/bench") for command in commands]
    return "\n".join([*lines, "```", ""])
