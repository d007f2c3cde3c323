#!/usr/bin/env python3
"""Do the links of the documents lead anywhere?  python3 tests/docs/links.py

Reads every Markdown file of the repository that git knows or could be told of, and fails on

- a link or picture whose file is not there, or whose heading is not in that file;
- a page under `docs/` that links out of the book, or that `docs/SUMMARY.md` does not list;
- a path in `code` that is not there (but in the changelog, which tells of the past, and in recipes, which tell of files to come).

Addresses on the web are not asked for. Needs Python 3.9 or later and nothing else.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "docs"
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
# A path of the repository, whole: no pattern, no placeholder, no word behind it.
PATH = re.compile(r"(?:lgdea|experiments|sweeps|templates|tests|docs|results/tables)/[\w./-]+")


def without_fences(text: str) -> str:
    """The text without its blocks of code, of which no line is a link or a heading."""
    return re.sub(r"^( *)(```|~~~).*?^ *\2 *$", "", text, flags=re.M | re.S)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as mdBook and GitHub make them."""
    headings = re.findall(r"^#+ +(.*?) *$", without_fences(text), flags=re.M)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def wrong_links(page: Path, text: str) -> list[str]:
    problems = []
    for target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            problems.append(f"{target} is not there")
        elif page.is_relative_to(BOOK) and not file.is_relative_to(BOOK):
            problems.append(f"{target} is not part of the book: name it as `code` instead")
        elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
            problems.append(f"{target}: {file.name} has no heading of that name")
    return problems


def wrong_paths(page: Path, text: str) -> list[str]:
    if page.name == "CHANGELOG.md" or page.parent.name == "adding":
        return []
    paths = (code for code in CODE.findall(text) if PATH.fullmatch(code))
    return [f"`{path}` is not there" for path in paths if not (ROOT / path).exists()]


def unlisted(pages: list[Path]) -> list[str]:
    summary = BOOK / "SUMMARY.md"
    listed = {(BOOK / target).resolve() for target in LINK.findall(summary.read_text(encoding="utf-8"))}
    return [f"{page.relative_to(ROOT)}: docs/SUMMARY.md does not list it"
            for page in pages if page.is_relative_to(BOOK) and page != summary and page not in listed]


def main() -> None:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    pages = sorted({ROOT / name for name in names if (ROOT / name).exists()})
    problems = unlisted(pages)
    for page in pages:
        text = without_fences(page.read_text(encoding="utf-8"))
        found = wrong_links(page, text) + wrong_paths(page, text)
        problems += [f"{page.relative_to(ROOT)}: {problem}" for problem in found]
    if problems:
        sys.exit("\n".join(problems))
    print(f"the links of {len(pages)} pages are fine")


if __name__ == "__main__":
    main()
