"""What the bench needs of a machine: whether it has all of it, and how busy its GPU is."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GIB = 2**30
# Packages of Python that PyTorch's side reads.
PACKAGES = ["timm", "transformers", "safetensors"]
# Between two looks at the GPU, in milliseconds.
INTERVAL = 100

PROBE = """
import importlib.util, json, sys
found = {"missing": [name for name in sys.argv[2:] if importlib.util.find_spec(name) is None]}
if importlib.util.find_spec("torch"):
    import torch
    found |= {"torch": torch.__version__, "folder": torch.__path__[0], "cuda": torch.version.cuda, "gpus": torch.cuda.device_count()}
    index = int(sys.argv[1])
    if 0 <= index < found["gpus"]:
        free, total = torch.cuda.mem_get_info(index)
        known = torch.cuda.get_device_properties(index)
        found["gpu"] = {"name": known.name, "id": "GPU-" + str(known.uuid).removeprefix("GPU-"), "free": free, "total": total}
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Needed:
    """What a bench needs."""

    device: str
    # The number of the GPU; none where it is to run on a CPU.
    gpu: int | None
    # Whether lgdea is to be built, or the binary that is used.
    builds: bool
    lgdea: Path
    work: Path
    memory: float
    disk: float
    gpu_memory: float


def probe(gpu: int | None) -> dict:
    """What this Python's PyTorch says of itself and of a GPU."""
    index = -1 if gpu is None else gpu
    command = [sys.executable, "-c", PROBE, str(index), *PACKAGES, "setuptools"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if said.returncode:
        return {"missing": [], "broken": said.stderr.strip().splitlines()[-1]}
    return json.loads(said.stdout)


def wanted_pytorch() -> str:
    """The version that lgdea is built against."""
    script = (ROOT / "tests/services/libtorch.sh").read_text()
    return re.search(r"^version=(\S+)$", script, re.M).group(1)


def problems(needed: Needed, found: dict) -> list[str]:
    """Why the bench cannot run here."""
    return [*of_python(needed, found), *of_gpu(needed, found), *of_building(needed, found), *of_room(needed, found)]


def of_python(needed: Needed, found: dict) -> list[str]:
    wanted, packages = wanted_pytorch(), [name for name in found["missing"] if name != "setuptools"]
    install = f"{sys.executable} -m pip install -r tests/fixtures/encoders/requirements.txt"
    if "broken" in found:
        return [f"PyTorch cannot be loaded by {sys.executable}: {found['broken']}"]
    if "torch" not in found:
        return [f"{sys.executable} has no PyTorch: start gpu.py with the Python that has it, or `{install}`"]
    problems = []
    if found["torch"].split("+")[0] != wanted:
        problems.append(f"PyTorch is {found['torch']}, lgdea is built against {wanted}: `{install}`")
    if packages:
        problems.append(f"{sys.executable} has no {', '.join(packages)}, which PyTorch's side reads: `{install}`")
    return problems


def of_gpu(needed: Needed, found: dict) -> list[str]:
    if needed.gpu is None or "torch" not in found:
        return []
    rehearse = "to rehearse on the CPU, take `--device flex --tiny`"
    if shutil.which("nvidia-smi") is None:
        return [f"there is no nvidia-smi, so no NVIDIA driver: {rehearse}"]
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, timeout=60)
    if listed.returncode or "GPU" not in listed.stdout:
        return [f"nvidia-smi lists no GPU ({(listed.stdout + listed.stderr).strip()}): {rehearse}"]
    if not found["cuda"]:
        return [f"PyTorch {found['torch']} was built without CUDA: install the one of PyPI"]
    if "gpu" not in found:
        return [f"PyTorch sees {found['gpus']} GPUs, `{needed.device}` is none of them: see CUDA_VISIBLE_DEVICES and the driver"]
    if found["gpu"]["free"] < needed.gpu_memory * GIB:
        free = found["gpu"]["free"] / GIB
        return [f"{found['gpu']['name']} has {free:.1f} GiB free, {needed.gpu_memory:.0f} are needed: end what else runs on it"]
    return []


def of_building(needed: Needed, found: dict) -> list[str]:
    if not needed.builds:
        runs = needed.lgdea.is_file() and os.access(needed.lgdea, os.X_OK)
        return [] if runs else [f"{needed.lgdea} is no program: name lgdea's binary by --lgdea, or leave it out to build it"]
    tools = [tool for tool in ["cargo", *(["c++"] if needed.device != "flex" else [])] if shutil.which(tool) is None]
    problems = [f"there is no `{tool}`, which the build needs; a binary that is built already is named by --lgdea" for tool in tools]
    if needed.device != "flex" and "setuptools" in found["missing"]:
        install = f"{sys.executable} -m pip install setuptools"
        problems.append(f"{sys.executable} has no setuptools, which the build asks where libtorch is: `{install}`")
    return problems


def of_room(needed: Needed, found: dict) -> list[str]:
    memory = int(re.search(r"^MemAvailable: *(\d+)", Path("/proc/meminfo").read_text(), re.M).group(1)) * 1024 / GIB
    disk = shutil.disk_usage(needed.work).free / GIB
    problems = []
    if memory < needed.memory:
        problems.append(f"{memory:.1f} GiB of memory are available, {needed.memory:.0f} are needed")
    if disk < needed.disk:
        problems.append(f"{disk:.1f} GiB are free in {needed.work}, {needed.disk:.0f} are needed: name another folder by TMPDIR")
    return problems


class Watch:
    """Looks at a GPU all the time, by nvidia-smi."""

    def __init__(self, gpu: str | None):
        self.seen: list[tuple[float, float, float]] = []
        self.process = None
        if gpu:
            query = "--query-gpu=utilization.gpu,memory.used"
            command = ["nvidia-smi", f"--id={gpu}", query, "--format=csv,noheader,nounits", f"--loop-ms={INTERVAL}"]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        for line in self.process.stdout:
            numbers = re.findall(r"[\d.]+", line)
            if len(numbers) == 2:
                self.seen.append((time.time(), float(numbers[0]), float(numbers[1]) / 1024))

    def between(self, begin: float, end: float) -> dict:
        """Mean use in percent and most memory in GiB, of all programs on the GPU; empty where nothing was seen."""
        seen = [(use, memory) for when, use, memory in self.seen if begin <= when <= end]
        if not seen:
            return {}
        return {"gpu-use": sum(use for use, _ in seen) / len(seen), "gpu-memory": max(memory for _, memory in seen)}

    def end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
