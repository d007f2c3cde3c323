#!/usr/bin/env python3
"""Can the tutorials be followed?  python3 tests/docs/tutorials.py LGDEA [NAME…]

Follows each page of docs/tutorials, or those that are named, from top to bottom in an empty folder, as a reader would:

- the lines of a ```console block that begin with `$ ` are commands of bash, the others are what they print;
- a ```python block is run by Python, and left out where it imports what this Python lacks.

Comments before a block say the rest; mdBook does not show them:

    <!-- file: NAME -->      the block is a file; `append: NAME` is the end of one
    <!-- check -->           each line of output in this block, or in this ```text block behind a console block, is really printed;
                             numbers may differ, and `…` stands for anything
    <!-- fails: 1 -->        the last command of this block ends with this exit code (`fails: 0 1`: with one of these)
    <!-- needs: X -->        the block is left out where X (see NEEDS) is not there
    <!-- lacks: X -->        the block is for those alone who lack X
    <!-- skip: WHY -->       the block is not run
    <!-- run: COMMAND -->    what a reader does by waiting or looking
    <!-- clone -->           from here the folder has what a clone of the repository has
    <!-- mimic-cxr -->       from here MIMIC_CXR_JPG and MIMIC_CXR_REPORTS name the real data or, where they are not set, made-up
                             files in the same layout

Prints a line for each block. The first failure ends it with exit code 1. Needs Python 3.11 and nothing else; LGDEA_TEST_PYTHON
names another Python for the pages, with NumPy, pandas or PyTorch.
"""

import ast
import contextlib
import functools
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/tutorials"
PYTHON = os.environ.get("LGDEA_TEST_PYTHON", sys.executable)
# Variables that must be set where a block needs something, and what a page writes in the place of the first of them.
NEEDS = {
    "mlflow": (["LGDEA_TEST_MLFLOW"], "http://127.0.0.1:5000"),
    "llm": (["LGDEA_TEST_LLM"], "http://127.0.0.1:8080/v1"),
    "slurm": (["LGDEA_TEST_SLURM"], None),
    "ray": (["LGDEA_TEST_RAY"], None),
    "gpu": (["LGDEA_TEST_GPU"], None),
    "weights": (["LGDEA_TEST_WEIGHTS"], None),
}
# The port at which a page starts a server of its own.
PORT = "8765"
CLONE = ("docs", "experiments", "sweeps", "templates", "tests")
# A tracker of this machine is none of the tutorials'.
NOT_OURS = ("MLFLOW_TRACKING_URI", "SLURM_CONF", "RAY_ADDRESS")
SECONDS = 240
# A comment, a fenced block, or a line of anything else.
PART = re.compile(r"^<!-- *([\w-]+)(?:: *(.*?))? *-->$|^```(\w+)\n(.*?)^```$|^[^\n]*\S", re.M | re.S)


@dataclass
class Block:
    line: int
    kind: str
    text: str
    notes: dict = field(default_factory=dict)


class Failed(Exception):
    """A block that does not do what the page says."""


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in their order, each with the comments before it."""
    found, notes = [], {}
    for part in PART.finditer(page):
        name, value, kind, text = part.groups()
        line = page[: part.start()].count("\n") + 1
        if name in ("run", "clone", "mimic-cxr"):
            found.append(Block(line, name, value or "", notes))
        elif name:
            notes[name] = value or ""
            continue
        elif kind:
            found.append(Block(line, kind, text, notes))
        notes = {}
    return found


def commands(text: str) -> tuple[list[str], list[str]]:
    """The commands of a console block, and the lines that they print."""
    ran, said, goes_on = [], [], False
    for line in text.splitlines():
        if goes_on:
            ran[-1] += "\n" + line
        elif line.startswith("$ "):
            ran.append(line[2:])
        elif line.strip():
            said.append(line)
        goes_on = (goes_on or line.startswith("$ ")) and line.endswith("\\")
    return ran, said


def plain(text: str) -> str:
    """A text in one line, without frames, marks, keys and numbers."""
    text = re.sub(r"\x1b\[[\d;]*m", "", text)
    text = re.sub(r"[│┃║╭╰╮╯─═╞╡┌┐└┘├┤╪┬┴┼·×\[\]*†]", " ", text)
    text = re.sub(r"\b(?=\w*\d)[0-9a-f]{12}\b", "#", text)
    text = re.sub(r"[-−+]?\d[\d,.]*(e[-+]?\d+)?", "#", text)
    return " ".join(text.split())


def is_said(line: str, output: str) -> bool:
    """Whether a line of a page is in what was printed; both are plain."""
    parts = [re.escape(part.strip()) for part in plain(line).split("…")]
    return re.search(".*?".join(parts), output) is not None


def imports(text: str) -> set[str]:
    tree = ast.walk(ast.parse(text))
    names = set()
    for node in tree:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def has_module(name: str) -> bool:
    if Path(PYTHON) == Path(sys.executable):
        return importlib.util.find_spec(name) is not None
    asked = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([PYTHON, "-c", asked], check=False).returncode == 0


def without(need: str) -> str | None:
    """What is missing for something that blocks need: variables, or a module of Python."""
    if need in NEEDS:
        missing = [name for name in NEEDS[need][0] if not os.environ.get(name)]
        return f"{' and '.join(missing)} not set" if missing else None
    return None if has_module(need) else f"this Python has no {need}"


def lacking(block: Block) -> str | None:
    """Why a block cannot be run here."""
    if "skip" in block.notes:
        return block.notes["skip"]
    missing = [why for need in block.notes.get("needs", "").split() if (why := without(need))]
    if missing:
        return missing[0]
    if "lacks" in block.notes and not without(block.notes["lacks"]):
        return f"there is {block.notes['lacks']}"
    if block.kind == "python" and "file" not in block.notes:
        return next((f"this Python has no {name}" for name in sorted(imports(block.text)) if not has_module(name)), None)
    return None


@functools.cache
def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def with_services(text: str) -> str:
    """The text with the addresses of the test's services in the place of the page's."""
    text = text.replace(PORT, free_port())
    for names, written in NEEDS.values():
        if written and os.environ.get(names[0]):
            text = text.replace(written, os.environ[names[0]])
    return text


def make_mimic_cxr(folder: Path) -> None:
    """200 made-up studies as MIMIC-CXR-JPG has them, and their reports as MIMIC-CXR has them."""
    sys.path.insert(0, str(ROOT / "lgdea/data/src/source"))
    from tiny import jpeg, text  # noqa: PLC0415 - the writer of the sources' examples

    metadata = ["dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate"]
    splits = ["dicom_id,study_id,subject_id,split"]
    labels = ["subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,No Finding,Pleural Effusion"]
    kinds = [
        ("There is a small left pleural effusion.", "Left pleural effusion.", "0.0,,,-1.0,,1.0", 90),
        ("The heart is enlarged.", "Cardiomegaly with mild pulmonary edema.", ",1.0,,1.0,,", 150),
        ("Bibasilar atelectasis. Right lower lobe consolidation.", "Consolidation.", "1.0,,1.0,,,", 180),
        ("The lungs are clear.", "No acute cardiopulmonary process.", ",,,,1.0,", 220),
    ]
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as reports:
        for number in range(200):
            # Four patients of five are of the 1 % whose numbers begin with 100.
            subject, study = 10_000_000 + number + (100_000 if number % 5 == 4 else 0), 50_000_000 + number
            finding, impression, row, grey = kinds[number % 4]
            split = ["train"] * 8 + ["validate", "test"]
            for image, view in (("a", "PA"), ("b", "LATERAL")):
                dicom = f"{number:08x}-{image}"
                path = folder / f"files/p10/p{subject}/s{study}/{dicom}.jpg"
                jpeg(path, grey + number % 7 * 4, 64, 8 * (7 + number % 3))
                metadata.append(f"{dicom},{subject},{study},CHEST (PA AND LAT),{view},96,80,21800506")
                splits.append(f"{dicom},{study},{subject},{split[number // 4 % 10]}")
            labels.append(f"{subject},{study},{row}")
            said = f"FINAL REPORT\n EXAMINATION: CHEST\n\n FINDINGS:\n {finding}\n\n IMPRESSION:\n {impression}\n"
            reports.writestr(f"files/p10/p{subject}/s{study}.txt", said)
    folder.with_suffix(".zip").rename(folder / "mimic-cxr-reports.zip")
    for name, rows in (("metadata", metadata), ("split", splits), ("chexpert", labels)):
        text(folder / f"mimic-cxr-2.0.0-{name}.csv", "\n".join(rows) + "\n")


class Place:
    """A folder in which a page is followed; what a command exports and where it goes stays for the next one."""

    def __init__(self, folder: Path, lgdea: Path):
        self.folder, self.output = folder / "here", ""
        self.groups = []
        self.folder.mkdir()
        programs = folder / "programs"
        programs.mkdir()
        (programs / "lgdea").symlink_to(lgdea)
        self.state = folder / "state"
        script = {
            "python3": f'exec "{PYTHON}" "$@"',
            # `cargo run -- ARGUMENTS` is `lgdea ARGUMENTS`.
            "cargo": '[ "$1 $2" = "run --" ] || exit 1\nshift 2\nexec lgdea "$@"',
        }
        for name, text in script.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (programs / name).chmod(0o755)
        self.variables = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.variables["PATH"] = f"{programs}:{self.variables['PATH']}"
        if os.environ.get("LGDEA_TEST_SLURM"):
            self.variables["SLURM_CONF"] = os.environ["LGDEA_TEST_SLURM"]
        if os.environ.get("LGDEA_TEST_RAY"):
            self.variables["PATH"] = f"{os.environ['LGDEA_TEST_RAY']}:{self.variables['PATH']}"

    def bash(self, command: str) -> int:
        """Runs a command; keeps what it prints."""
        script = f'[ -e "{self.state}" ] && . "{self.state}"\n{command}\ncode=$?\n'
        script += f'{{ export -p; printf "cd %q\\n" "$PWD"; }} >"{self.state}"\nexit $code'
        return self.ended(["bash", "-c", script])

    def ended(self, arguments: list[str]) -> int:
        # A file and no pipe: what goes on in the background may write, too.
        with tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as said:
            process = subprocess.Popen(
                arguments, cwd=self.folder, env=self.variables, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, start_new_session=True,
            )
            late = False
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                late = True
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 0)
                self.groups.append(process.pid)
            said.seek(0)
            self.output = said.read()
        if late:
            raise Failed(f"{arguments[-1]}\n{self.output}\nnot done after {SECONDS} s")
        return process.returncode

    def mimic_cxr(self) -> str:
        """Names the data; makes some where there are none."""
        if os.environ.get("MIMIC_CXR_JPG") and os.environ.get("MIMIC_CXR_REPORTS"):
            return "the real MIMIC-CXR"
        folder = self.folder.with_name("mimic-cxr")
        make_mimic_cxr(folder)
        self.variables |= {"MIMIC_CXR_JPG": str(folder), "MIMIC_CXR_REPORTS": str(folder / "mimic-cxr-reports.zip")}
        return "made-up files in MIMIC-CXR's layout"

    def end(self) -> None:
        """Ends what still runs in the background."""
        for group in self.groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)

    def run(self, command: str, expected: str = "0") -> None:
        code = self.bash(with_services(command))
        if str(code) not in expected.split():
            raise Failed(f"$ {command}\n{self.output}\nexit code {code} instead of {expected}")


def follow(block: Block, place: Place) -> str:
    """Does what a block says; gives what was done."""
    for mode in ("file", "append"):
        if mode in block.notes:
            path = place.folder / block.notes[mode]
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text(encoding="utf-8") if mode == "append" else ""
            path.write_text(before + with_services(block.text), encoding="utf-8")
            return f"{mode} {block.notes[mode]}"
    if block.kind == "clone":
        for name in CLONE:
            (place.folder / name).symlink_to(ROOT / name)
        return "a clone's folders"
    if block.kind == "mimic-cxr":
        return place.mimic_cxr()
    if block.kind == "run":
        place.run(block.text)
        return block.text
    if block.kind == "console":
        ran, said = commands(block.text)
        printed = ""
        for number, command in enumerate(ran):
            last = number + 1 == len(ran)
            place.run(command, block.notes.get("fails", "0") if last else "0")
            printed += place.output
        place.output = printed
        expect(block, said, printed)
        return "; ".join(ran)
    if block.kind == "python":
        if place.ended([PYTHON, "-c", block.text]):
            raise Failed(f"{block.text}\n{place.output}")
        return "Python"
    if block.kind == "text" and "check" in block.notes:
        expect(block, block.text.splitlines(), place.output)
        return "output"
    return ""


def expect(block: Block, lines: list[str], output: str) -> None:
    if "check" not in block.notes:
        return
    printed = plain(output)
    missing = [line for line in lines if line.strip() and not is_said(line, printed)]
    if missing:
        raise Failed("not printed any more:\n" + "\n".join(missing) + f"\n\nprinted was:\n{output}")


def follow_page(page: Path, lgdea: Path) -> int:
    """Follows a page; gives how many blocks were left out."""
    begun, skipped = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="lgdea-tutorial-") as folder:
        place = Place(Path(folder), lgdea)
        try:
            for block in blocks(page.read_text(encoding="utf-8")):
                why, start = lacking(block), time.monotonic()
                where = f"{page.name}:{block.line}"
                if why is not None:
                    skipped += 1
                    print(f"{where}: skipped: {why}", flush=True)
                    continue
                try:
                    done = follow(block, place)
                except Failed as error:
                    raise Failed(f"{where}: {error}") from error
                if done:
                    print(f"{where}: {' '.join(done.split())[:110]} ({time.monotonic() - start:.1f} s)", flush=True)
        finally:
            place.end()
    print(f"{page.name} can be followed ({time.monotonic() - begun:.0f} s)", flush=True)
    return skipped


def main(lgdea: str, names: list[str]) -> int:
    pages = [PAGES / f"{name.removesuffix('.md')}.md" for name in names] or sorted(PAGES.glob("*.md"))
    try:
        skipped = sum(follow_page(page, Path(lgdea).resolve()) for page in pages)
    except Failed as error:
        print(error)
        return 1
    print(f"{len(pages)} tutorials can be followed; {skipped} blocks were skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
