"""The same training in lgdea and in PyTorch, taking turns on the same machine: time, memory, and whether the losses agree.

    just bench-peer tests/bench/small.toml                       # what the README's figures come from
    just bench-peer experiments/mimic_resnet50_10pct.toml --device libtorch-cuda:0

`lgdea profile FILE --peer DIR` writes the model as it starts and the batches; PyTorch loads the one through the file that
`lgdea export` writes beside it, and reads the others. Both then take the same AdamW steps on the same loss (the terms `global`
and `text-evidence`), with gradient clipping and a moving average, on as many threads. `--compile` adds PyTorch's compiled form.
"""

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WARM = 3


def train(folder: Path, device: str, compiled: bool) -> dict:
    """Trains in PyTorch on the batches of `folder`."""
    import torch
    from safetensors.torch import load_file
    from torch.nn import functional as F

    torch.manual_seed(0)
    settings = json.loads((folder / "peer.json").read_text())
    rules, terms = settings["train"], {name: term["weight"] for name, term in settings["loss"].items() if term.get("weight")}
    unknown = set(terms) - {"global", "text-evidence"}
    if unknown:
        sys.exit(f"PyTorch's side has no {', '.join(sorted(unknown))}: take `extends = [\"clip\"]` or `clip-txt`")
    if rules["micro-batch"] or rules["learning-rate-factors"]:
        sys.exit("PyTorch's side has neither micro-batch nor learning-rate-factors")

    spec = importlib.util.spec_from_file_location("lgdea", folder / "lgdea.py")
    lgdea = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lgdea)
    model = lgdea.load(folder)
    # Heads are constants for whoever uses the model, and parameters here.
    for name, tensor in list(model.named_buffers(recurse=False)):
        delattr(model, name)
        model.register_parameter(name, torch.nn.Parameter(tensor))
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model.train().to(device)
    parameters = list(model.parameters())
    averages = [parameter.detach().clone() for parameter in parameters]
    matrices = [parameter for parameter in parameters if parameter.dim() > 1]
    vectors = [parameter for parameter in parameters if parameter.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": rules["weight-decay"]}, {"params": vectors, "weight_decay": 0.0}], eps=1e-8
    )
    half = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=rules["precision"] == "bf16")
    images, texts = (
        (torch.compile(encode) if compiled else encode) for encode in (model.encode_images, model.encode_texts)
    )

    def contrast(logits, targets):
        columns = targets.T / targets.T.sum(1, keepdim=True)
        across = -(targets * logits.log_softmax(1)).sum(1).mean()
        return (across - (columns * logits.T.log_softmax(1)).sum(1).mean()) / 2

    def loss_of(batch):
        scale = model.log_scale.exp()
        with half:
            g, z, r = images(batch["images"]), texts(batch["phrases"].long()), texts(batch["reports"].long())
        g, z, r = g.float(), z.float(), r.float()
        loss = 0.0
        if "global" in terms:
            loss = loss + terms["global"] * contrast(scale * g @ r[: len(g)].T, torch.eye(len(g), device=device))
        if "text-evidence" in terms:
            evidence = F.normalize(batch["membership"] @ z, dim=1, eps=1e-6)
            loss = loss + terms["text-evidence"] * contrast(scale * r @ evidence.T, batch["same_evidence"])
        return loss

    def wait():
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    seconds, losses = [], []
    for step, path in enumerate(sorted(folder.glob("batch-*.safetensors"))):
        loaded = load_file(path)
        wait()
        began = time.perf_counter()
        batch = {name: tensor.to(device) for name, tensor in loaded.items()}
        loss = loss_of(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, rules["clip-norm"])
        warm = min((step + 1) / max(rules["warmup"], 1), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rules["learning-rate"] * warm * (0.5 + 0.5 * math.cos(math.pi * step / rules["steps"]))
        optimizer.step()
        with torch.no_grad():
            model.log_scale.clamp_(max=math.log(rules["max-scale"]))
            torch._foreach_lerp_(averages, parameters, 1 - min(rules["ema"], (step + 1) / (step + 10)))
        wait()
        seconds.append(time.perf_counter() - began)
        losses.append(loss.item())
    found = {"seconds": seconds[WARM:], "losses": losses, "images": len(loaded["images"])}
    if device.startswith("cuda"):
        found["gpu-bytes"] = torch.cuda.max_memory_allocated()
    return found


def run(command: list, environment: dict) -> dict:
    """The JSON that a command prints last, with the most memory that it held."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return json.loads(out) | {"bytes": usage.ru_maxrss * 1024}


def spread(values: list, digits: int = 2) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


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
    # PyTorch's side, in a process of its own.
    parser.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--on", default="cpu", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        print(json.dumps(train(arguments.file, arguments.on, arguments.compile)))
        return

    threads = str(arguments.threads)
    environment = os.environ | {"OMP_NUM_THREADS": threads, "RAYON_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": "false"}
    devices = arguments.device or ["flex"]
    on = "cuda" if any("cuda" in device for device in devices) else "cpu"
    settings = [part for setting in [f"device.threads={threads}", *arguments.set] for part in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        def ours(device: str, *more: str) -> dict:
            profile = [arguments.lgdea, "profile", arguments.file, "--device", device, "--steps", arguments.steps, "--json"]
            return run([*map(str, profile), "--results", arguments.results, *settings, *more], environment)

        def theirs(start: Path, compiled: bool = False) -> dict:
            command = [sys.executable, __file__, str(start), "--train", "--on", on]
            return run(command + ["--compile"] * compiled, environment)

        # Devices draw their random weights differently: each has a start of its own, from where losses are compared.
        gaps = {}
        for number, device in enumerate(devices):
            start = Path(folder) / str(number)
            mine, other = ours(device, "--peer", str(start))["losses"], theirs(start)["losses"]
            gaps[f"lgdea, {device}"] = max(abs(a - b) / abs(b) for a, b in zip(mine, other, strict=True))
        sides = {f"lgdea, {device}": (lambda device=device: ours(device)) for device in devices}
        sides["PyTorch"] = lambda: theirs(Path(folder) / "0")
        if arguments.compile:
            sides["PyTorch, compiled"] = lambda: theirs(Path(folder) / "0", True)
        found = {side: [] for side in sides}
        for number in range(arguments.rounds):
            for side, measure in sides.items():
                found[side].append(measure())
                print(f"round {number + 1} of {arguments.rounds}: {side}", file=sys.stderr)

    medians = {side: [statistics.median(one["seconds"]) for one in rounds] for side, rounds in found.items()}
    images = found["PyTorch"][0]["images"]
    print(f"{arguments.file}: {arguments.rounds} rounds of {arguments.steps} steps, {threads} threads; median (least–greatest)")
    print(f"{'':<22}{'ms a step':>26}{'times PyTorch':>22}{'images/s':>10}{'peak MB':>9}{'losses differ':>15}")
    for side, rounds in found.items():
        ratios = [mine / other for mine, other in zip(medians[side], medians["PyTorch"])]
        gap = f"{gaps[side]:.1e}" if side in gaps else ""
        memory = max(one["bytes"] for one in rounds) / 1e6
        print(
            f"{side:<22}{spread([1e3 * m for m in medians[side]], 1):>26}{spread(ratios):>22}"
            f"{images / statistics.median(medians[side]):>10.0f}{memory:>9.0f}{gap:>15}"
        )


if __name__ == "__main__":
    main()
