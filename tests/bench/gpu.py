"""lgdea on a GPU, in one command: does it work, how fast is it beside PyTorch, how busy is the GPU?

    just bench-gpu                                        # builds it: needs a GPU, PyTorch 2.11 and cargo
    just bench-gpu --lgdea target/release/lgdea           # a binary that is built already, with `libtorch`
    just bench-gpu --device flex --tiny                   # a rehearsal of all of it on the CPU, with small shapes

Parts run in the order of their worth until the time is over (--budget); what did not fit stands in the table as that. So does what
failed, with its reason, and then the exit code is 1. What the machine lacks is said before anything else is done. The table
(table.md), and all that was measured (table.json), are written anew after each row, into --out.

Networks have published shapes and random weights; images and reports are the phantom's. Nothing is downloaded but what cargo
fetches where its cache lacks it.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from on_gpu import machine, speed, works
from on_gpu.bench import FAILED, Bench, Part, Row, SKIPPED
from on_gpu.machine import ROOT, Needed
from on_gpu.shapes import FULL, TINY

# Seconds of the budget that are left to remove what was written on the way.
CLEARING = 5
PARTS = [
    Part("build", works.build, limit=420, is_basis=True),
    Part("devices", works.devices, limit=60, is_basis=True),
    Part("smoke run", works.smoke, limit=60),
    Part("parity with PyTorch", works.same_losses),
    Part("one model on two devices", works.same_model, limit=60),
    Part("kill and resume", works.kill_and_resume),
    Part("first batch, bf16", speed.beside(0, "bf16"), needs=45),
    Part("first batch, f32", speed.beside(0, "f32"), needs=45),
    Part("all terms", speed.whole_method, limit=90, needs=20),
    Part("GradCache, bf16", speed.beside(2, "bf16", rounds=1), needs=60),
    Part("data loading", speed.loading, limit=60),
    Part("compiled, bf16", speed.beside(0, "bf16", compiled=True), limit=400, needs=90),
    Part("second batch, bf16", speed.beside(1, "bf16"), needs=45),
    Part("compiled, f32", speed.beside(0, "f32", compiled=True), limit=400, needs=90),
    Part("second batch, f32", speed.beside(1, "f32"), needs=45),
    Part("GradCache, f32", speed.beside(2, "f32", rounds=1), needs=60),
    Part("CubeCL's kernels", works.cuda, limit=420, needs=30),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="libtorch-cuda:0", help="of lgdea (default: %(default)s)")
    parser.add_argument("--lgdea", type=Path, help="binary, where it is not to be built")
    parser.add_argument("--tiny", action="store_true", help="small shapes, for a rehearsal")
    parser.add_argument("--budget", type=float, default=600, help="seconds for all of it (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench-gpu", help="folder of the table (default: %(default)s)")
    arguments = parser.parse_args()
    ends, shapes = time.time() + arguments.budget - CLEARING, TINY if arguments.tiny else FULL
    # What runs is ended, too, when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    lgdea = (arguments.lgdea or target / "release/lgdea").resolve()
    arguments.out.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory(prefix="lgdea-bench-gpu-") as folder:
        work, device = Path(folder), arguments.device
        gpu = int(device.partition(":")[2] or 0) if "cuda" in device else None
        found = machine.probe(gpu)
        problems = machine.problems(Needed(device, gpu, not arguments.lgdea, lgdea, work, *shapes.needed), found)
        if problems:
            sys.exit("\n".join(["this machine lacks something:", *(f"- {problem}" for problem in problems)]))
        bench = Bench(device, lgdea, not arguments.lgdea, shapes, found, arguments.out.resolve(), work, ends)
        try:
            for number, part in enumerate(PARTS):
                if not bench.do(part):
                    for later in PARTS[number + 1 :]:
                        bench.add(Row(later.name, f"not without `{part.name}`", SKIPPED))
                    break
        finally:
            bench.watch.end()
    print(f"{bench.out}/table.md")
    sys.exit(any(row.state == FAILED for row in bench.rows))


if __name__ == "__main__":
    main()
