"""Trains in PyTorch what `lgdea profile FILE --peer DIR` wrote: peer.py sets it beside lgdea. Prints one JSON object.

    python3 tests/bench/peer_torch.py DIR [--device cuda:0] [--compile]

The model is the one that `lgdea export` writes, the batches are those of the experiment, and so are loss, optimizer, gradient
clipping, moving average, precision and `train.micro-batch`. Of the loss terms there are those of pairs and reports (TERMS).
What unpaired images are taught comes from a relation graph and a teacher, which a folder does not have.

`train.micro-batch` is GradCache (Gao et al. 2021): what comes out of a tower is kept without its activations, and the gradient
that reaches it goes on through the tower in a second pass, a part of the batch at a time.
"""

import argparse
import functools
import importlib.util
import json
import math
import re
import sys
import time
from collections import defaultdict
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WARM = 3
TINY = 1e-8
# A logit that leaves nothing of a softmax.
NOTHING = -1e4


# --- Loss ------------------------------------------------------------------------------------------------------------


def normalise_rows(x: Tensor) -> Tensor:
    return x / x.sum(1, keepdim=True).clamp_min(TINY)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return -(targets * logits.log_softmax(1)).sum(1)


def contrast(logits: Tensor, targets: Tensor) -> Tensor:
    down = cross_entropy(logits.T, normalise_rows(targets.T))
    return (cross_entropy(logits, targets).mean() + down.mean()) / 2


class Seen:
    """What the terms read of a batch: `model` reads patches where it otherwise reads images."""

    def __init__(self, model: nn.Module, batch: dict, patches: Tensor, phrases: Tensor, reports: Tensor, pairs: int):
        self.model, self.patches, self.z, self.r, self.pairs = model, patches, phrases, reports, pairs
        self.membership, self.same_evidence = batch["membership"], batch["same_evidence"]
        self.g, self.scale, self.mu = model.encode_images(patches), model.log_scale.exp(), model.prototypes_mu

    def eye(self, rows: int) -> Tensor:
        return torch.eye(rows, device=self.g.device)

    @functools.cached_property
    def phrase_evidence(self) -> Tensor:
        return self.model.phrase_evidence(self.z)

    @functools.cached_property
    def report_evidence(self) -> Tensor:
        return (self.membership @ self.phrase_evidence / self.membership.sum(1, keepdim=True)).detach()


def of_pairs(seen: Seen, _: dict) -> Tensor:
    return contrast(seen.scale * seen.g[: seen.pairs] @ seen.r[: seen.pairs].T, seen.eye(seen.pairs))


def text_evidence(seen: Seen, _: dict) -> Tensor:
    evidence = F.normalize(seen.membership @ seen.z, dim=1, eps=1e-6)
    return contrast(seen.scale * seen.r @ evidence.T, seen.same_evidence)


def reconstruction(seen: Seen, settings: dict) -> Tensor:
    phrases, evidence = seen.z, seen.phrase_evidence
    if settings["stop-gradient"]:
        phrases = phrases.detach()
        evidence = seen.model.phrase_evidence(phrases)
    uses = seen.membership.sum(0)
    error = (phrases - evidence @ seen.mu).square().sum(1)
    return (error * uses).sum() / uses.sum() + settings["prototype-decay"] * seen.mu.square().sum()


def evidence_paired(seen: Seen, _: dict) -> Tensor:
    teacher = seen.report_evidence[: seen.pairs]
    student = seen.model.image_evidence(seen.patches[: seen.pairs])
    return (teacher * ((teacher + TINY).log() - (student + TINY).log())).sum(1).mean()


def evidence_alignment(seen: Seen, settings: dict) -> Tensor:
    root, own = seen.report_evidence.sqrt(), settings["own-report"]
    soft = (root[: seen.pairs] @ root.T / settings["temperature"]).softmax(1)
    targets = own * seen.eye(len(root))[: seen.pairs] + (1 - own) * soft
    return contrast((seen.scale * seen.g @ seen.r.T)[: seen.pairs], targets)


def evidence_local(seen: Seen, settings: dict) -> Tensor:
    regions = F.normalize(seen.model._linear("image_head", seen.patches[: seen.pairs]), dim=2, eps=1e-6)
    attention = (seen.z @ regions.transpose(1, 2) / settings["attention-temperature"]).softmax(2)
    fit = (F.normalize(attention @ regions, dim=2, eps=1e-6) * seen.z).sum(2)
    membership = seen.membership[: seen.pairs]
    uses = membership.sum(0)
    logits = (seen.scale * fit).masked_fill(uses == 0, NOTHING)
    targets = normalise_rows(membership)
    down = cross_entropy(logits.T, normalise_rows(targets.T)).sum() / uses.clamp_max(1).sum()
    return (cross_entropy(logits, targets).mean() + down) / 2


TERMS = {
    "global": of_pairs,
    "text-evidence": text_evidence,
    "reconstruction": reconstruction,
    "evidence-paired": evidence_paired,
    "evidence-alignment": evidence_alignment,
    "evidence-local": evidence_local,
}
# They act on unpaired images alone, and not where a batch has none.
OF_UNPAIRED = {"evidence-unpaired", "evidence-local-unpaired", "evidence-global-unpaired"}


def weight_at(term: dict, step: int) -> float:
    """As lgdea/spec/src/loss/schedule.rs has it."""
    ramp = min((step - term["start"] + 1) / (term["ramp"] + 1), 1.0)
    return term["weight"] * max(ramp, 0.0)


# --- Training --------------------------------------------------------------------------------------------------------


class Parts:
    """A network over a batch, in one piece or in parts of so many rows (0: one piece)."""

    def __init__(self, rows: int):
        self.rows, self.kept = rows, []

    def forward(self, network, x: Tensor) -> Tensor:
        if not self.rows or len(x) <= self.rows:
            return network(x)
        with torch.no_grad():
            output = torch.cat([network(part) for part in x.split(self.rows)])
        self.kept.append((network, x, output.requires_grad_()))
        return output

    def backward(self, loss: Tensor) -> None:
        loss.backward()
        for network, x, output in self.kept:
            if output.grad is not None:
                for part, gradient in zip(x.split(self.rows), output.grad.split(self.rows)):
                    network(part).backward(gradient)
        self.kept.clear()


def check(rules: dict, loss: dict) -> None:
    """Ends where the experiment has what is not here."""
    acting = {name for name, term in loss.items() if term.get("weight")}
    unknown = acting - set(TERMS) - OF_UNPAIRED
    if rules["unpaired-images"]:
        unknown |= acting & (OF_UNPAIRED | {"evidence-alignment"})
    if unknown:
        sys.exit(
            f"PyTorch's side has no {', '.join(sorted(unknown))}: set their weights to 0, or take `extends = [\"clip-txt\"]`; "
            "terms of unpaired images are left out by train.unpaired-images = 0"
        )
    if 0.0 in rules["learning-rate-factors"].values():
        sys.exit("PyTorch's side has no frozen networks: take no learning-rate-factors of 0")


def load(folder: Path, device: str) -> nn.Module:
    """The model as it starts, all of it to be trained."""
    spec = importlib.util.spec_from_file_location("lgdea", folder / "lgdea.py")
    lgdea = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lgdea)
    model = lgdea.load(folder)
    # Heads are constants for whoever uses the model, and parameters here.
    for name, tensor in list(model.named_buffers(recurse=False)):
        delattr(model, name)
        model.register_parameter(name, nn.Parameter(tensor))
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model.train().to(device)


def optimizer_of(model: nn.Module, rules: dict, device: str) -> torch.optim.AdamW:
    """AdamW; a group for each factor of the learning rate, and for vectors, which do not decay."""

    def factor(name: str) -> float:
        # A tower's network is its backbone in lgdea's names.
        tower, _, rest = name.partition(".")
        name = f"{tower}.backbone.{rest}" if rest else name
        factors = rules["learning-rate-factors"].items()
        return math.prod(value for pattern, value in factors if re.search(pattern, name))

    groups = defaultdict(list)
    for name, parameter in model.named_parameters():
        groups[factor(name), 0.0 if parameter.dim() < 2 else rules["weight-decay"]].append(parameter)
    groups = [{"params": some, "factor": by, "weight_decay": decay} for (by, decay), some in groups.items()]
    return torch.optim.AdamW(groups, eps=1e-8, fused=device.startswith("cuda"))


def train(folder: Path, device: str, compiled: bool) -> dict:
    """Trains on the batches of a folder; seconds of each step but the first ones, and losses of all."""
    torch.manual_seed(0)
    settings = json.loads((folder / "peer.json").read_text())
    rules, loss_settings = settings["train"], settings["loss"]
    check(rules, loss_settings)
    model = load(folder, device)
    parameters, optimizer = list(model.parameters()), optimizer_of(model, rules, device)
    averages = [parameter.detach().clone() for parameter in parameters]
    half = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=rules["precision"] == "bf16")

    def tower(network, dynamic: bool):
        network = torch.compile(network, dynamic=dynamic) if compiled else network

        def forward(x: Tensor) -> Tensor:
            with half:
                return network(x).float()

        return forward

    # Batches are as long as their longest text.
    image_tower, text_tower = tower(model.patches, dynamic=False), tower(model.encode_texts, dynamic=True)
    # What follows the image tower is given its patches.
    model.patches = lambda patches: patches

    def step_on(batch: dict, step: int) -> Tensor:
        parts = Parts(rules["micro-batch"])
        patches = parts.forward(image_tower, batch["images"])
        phrases, reports = (parts.forward(text_tower, batch[name].long()) for name in ("phrases", "reports"))
        pairs = len(patches) if not rules["unpaired-images"] else min(rules["batch"], len(patches))
        seen = Seen(model, batch, patches, phrases, reports, pairs)
        weights = {name: weight_at(loss_settings[name], step) for name in TERMS}
        loss = sum(weight * TERMS[name](seen, loss_settings[name]) for name, weight in weights.items() if weight)
        optimizer.zero_grad(set_to_none=True)
        parts.backward(loss)
        nn.utils.clip_grad_norm_(parameters, rules["clip-norm"])
        warm = min((step + 1) / max(rules["warmup"], 1), 1.0)
        rate = rules["learning-rate"] * warm * (0.5 + 0.5 * math.cos(math.pi * step / rules["steps"]))
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        optimizer.step()
        with torch.no_grad():
            model.log_scale.clamp_(max=math.log(rules["max-scale"]))
            torch._foreach_lerp_(averages, parameters, 1 - min(rules["ema"], (step + 1) / (step + 10)))
        return loss

    def wait() -> None:
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)

    seconds, losses = [], []
    for path in sorted(folder.glob("batch-*.safetensors")):
        loaded = load_file(path)
        wait()
        began = time.perf_counter()
        batch = {name: tensor.to(device) for name, tensor in loaded.items()}
        loss = step_on(batch, int(path.stem.split("-")[1]))
        wait()
        seconds.append(time.perf_counter() - began)
        losses.append(loss.item())
    found = {"seconds": seconds[WARM:], "losses": losses, "images": len(loaded["images"])}
    if device.startswith("cuda"):
        found["gpu-bytes"] = torch.cuda.max_memory_allocated(device)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    print(json.dumps(train(arguments.folder, arguments.device, arguments.compile)))


if __name__ == "__main__":
    main()
