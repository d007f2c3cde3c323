"""How fast are lgdea's steps, beside PyTorch's, and do its images come as fast?"""

import shutil
import statistics
import time
from collections.abc import Callable, Iterator

import peer
from peer import Failed, Sides

from .bench import DONE, FAILED, SKIPPED, Bench, OutOfTime, Row
from .machine import GIB

# How far the first loss from one start may differ, as a share. f32 has TF32's convolutions, which have ten bits; bf16 has seven.
FIRST_LOSS = {"f32": 5e-3, "bf16": 2e-2}
LOADER_THREADS = [1, 8]


def median(turn: dict) -> float:
    """Milliseconds of a step."""
    return 1e3 * statistics.median(turn["seconds"])


def sides(bench: Bench, batch: int, settings: dict) -> Sides:
    sets = [f"{name}={value}" for name, value in ({"train.batch": batch} | settings).items()]
    results, steps = str(bench.work / "results"), bench.shapes.steps_of(batch)
    return Sides(bench.shapes.flagship(bench.out), str(bench.lgdea), results, steps, sets, bench.environment)


def beside(number: int, precision: str, rounds: int = 2, compiled: bool = False) -> Callable[[Bench], Iterator[Row]]:
    """Steps of the flagship's networks, a batch of pairs and the terms of pairs, in turns with PyTorch from one start."""

    def rows(bench: Bench) -> Iterator[Row]:
        batch, is_last = bench.shapes.batches[number], number + 1 == len(bench.shapes.batches)
        micro = bench.shapes.micro if is_last else 0
        both = sides(bench, batch, {"train.precision": precision, "train.micro-batch": micro})
        name = f"batch {batch}, {precision}" + (f", micro-batch {micro}" if micro else "")
        name += ", with torch.compile" if compiled else ""
        found, failed = take_turns(bench, both, rounds, compiled)
        for side in found:
            yield of_side(bench, f"{name}: {side}", side, found, failed.get(side), both, precision)

    return rows


def take_turns(bench: Bench, both: Sides, rounds: int, compiled: bool) -> tuple[dict, dict]:
    """What each side said in each round, as far as time goes; and why PyTorch's failed, where it did."""
    start = bench.work / "start"
    found = {"lgdea": [], "PyTorch": []} | ({"PyTorch, compiled": []} if compiled else {})
    failed: dict[str, str] = {}
    try:
        for turn in range(rounds):
            began = time.time()
            found["lgdea"].append(bench.attempt(lambda left: both.ours(bench.device, None if turn else start, left)))
            for side in [side for side in found if side != "lgdea" and side not in failed]:
                try:
                    found[side].append(bench.attempt(lambda left: both.theirs(start, bench.on, "compiled" in side, left)))
                except Failed as error:
                    failed[side] = str(error)
            if bench.left() < 1.2 * (time.time() - began):
                break
    except OutOfTime:
        if not found["lgdea"]:
            raise
    finally:
        shutil.rmtree(start, ignore_errors=True)
    return found, failed


def of_side(bench: Bench, part: str, side: str, found: dict, failed: str | None, both: Sides, precision: str) -> Row:
    """A side's row, of all of its turns."""
    command = both.command(bench.device)
    if side != "lgdea":
        command = ["just", "bench-peer", *command[2:], *(["--compile"] if "compiled" in side else [])]
        command.remove("--json")
    if not found[side]:
        return Row(part, failed or "no time left", FAILED if failed else SKIPPED, command)
    turns, others, state = found[side], found.get("PyTorch", []), DONE
    steps, images = [median(turn) for turn in turns], turns[0]["images"]
    told = [f"{peer.spread(steps, 1)} ms a step", f"{1e3 * images / statistics.median(steps):.0f} images/s"]
    if side != "PyTorch" and others:
        told.append(f"{peer.spread([mine / median(other) for mine, other in zip(steps, others)])} × PyTorch")
    if side == "lgdea":
        bench.fastest = max(bench.fastest, 1e3 * images / min(steps))
        waited = sum(turns[0]["parts"]["waiting for data"]) / sum(turns[0]["seconds"])
        told.append(f"{100 * waited:.1f} % of it waiting for data")
    if side == "lgdea" and others:
        gaps, allowed = peer.gaps(turns[0], others[0]), FIRST_LOSS[precision]
        state = DONE if gaps[0] <= allowed else FAILED
        told.append(f"the first loss differs by {gaps[0]:.1e} ({allowed:.0e} allowed), {len(gaps)} losses by {max(gaps):.1e}")
    told.append(f"{len(turns)} × {len(turns[0]['seconds'])} steps" + (f", then: {failed}" if failed else ""))
    return Row(part, ", ".join(told), FAILED if failed else state, command, {"turns": turns} | used(bench, turns))


def used(bench: Bench, turns: list[dict]) -> dict:
    """Use and memory during the measured steps: a program prints when they are over."""
    seen = [bench.watch.between(turn["printed"] - sum(turn["seconds"]), turn["printed"]) for turn in turns]
    seen = [one for one in seen if one]
    of_gpu = {key: max(one[key] for one in seen) for key in ("gpu-use", "gpu-memory")} if seen else {}
    return {"memory": max(turn["bytes"] for turn in turns) / GIB} | of_gpu


def whole_method(bench: Bench) -> Iterator[Row]:
    """The flagship's step with all of its terms, unpaired images and a relation graph, which PyTorch's side does not have."""
    batch = bench.shapes.batches[0]
    unpaired = {"train.unpaired-images": batch // 2, "train.unpaired-reports": batch // 2}
    ours = sides(bench, batch, {"train.precision": "bf16"} | unpaired)
    turn = bench.attempt(lambda left: ours.ours(bench.device, None, left))
    row = of_side(bench, f"all terms, {batch} pairs, {batch // 2} images, bf16", "lgdea", {"lgdea": [turn]}, None, ours, "bf16")
    parts = sorted(turn["parts"].items(), key=lambda part: -sum(part[1]))[:4]
    shares = ", ".join(f"{name} {100 * sum(times) / sum(turn['seconds']):.0f} %" for name, times in parts)
    row.result += f"; {shares}"
    if turn["graph-seconds"] is not None:
        row.result += f"; a relation graph in {turn['graph-seconds']:.1f} s every {turn['graph-every']} steps"
    yield row


def loading(bench: Bench) -> Iterator[Row]:
    """Batches from the image store for a network that is nearly none: its steps wait for their images."""
    for threads in LOADER_THREADS:
        steps, sets = bench.shapes.loader_steps * threads, [f"device.loader-threads={threads}"]
        experiment, results = bench.shapes.loader(bench.out), str(bench.work / "results")
        ours = Sides(experiment, str(bench.lgdea), results, steps, sets, bench.environment)
        turn = bench.attempt(lambda left: ours.ours(bench.device, None, left))
        # The first batches were made while the program began.
        later = turn["seconds"][len(turn["seconds"]) // 2 :]
        rate = turn["images"] * len(later) / sum(later)
        # Where the network takes most of the time, the images might have come faster.
        least = "" if sum(turn["parts"]["waiting for data"]) > 0.5 * sum(turn["seconds"]) else "at least "
        told = f"{least}{rate:.0f} augmented images/s of {bench.shapes.size} × {bench.shapes.size} pixels"
        told += f"; the fastest step above uses {bench.fastest:.0f}" if bench.fastest else ""
        found, part = {"images-per-second": rate} | used(bench, [turn]), f"data loading, loader-threads = {threads}"
        yield Row(part, told, command=ours.command(bench.device), found=found)
