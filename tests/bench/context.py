"""What lgdea and medspaCy's ConText deny in the sentences of NegEx's test kit: precision, recall, F1 and sentences per second.

    git clone https://github.com/chapmanbe/negex /tmp/negex
    just bench-context /tmp/negex/negex.python/Annotations-1-120.txt

Each of its 2,376 sentences names a concept, which humans marked as affirmed or negated. Both tools are told the concepts, so
that only sentences, cues and scope are compared: lgdea by an ontology that extends `chest` (whose own findings are switched
off), medspaCy by the rules of its target matcher before ConText with its default rules. Concepts that would overlap in a
sentence ("effusion" in "pleural effusion") stand in different ontologies and matchers, each read with the sentences of its
own concepts. A concept that a tool does not find, or calls uncertain, counts as affirmed.

Speed on one thread is in processor time, which other work on the machine does not stretch; lgdea's on as many threads as it
takes by itself is in time that passes. medspaCy's is the time of its pipeline over all sentences. lgdea's is what fifty more
copies of the sentences add to the command, so that start-up and loading cancel out, and reading and writing JSON count. Each
is the median of three.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

CHEST = Path(__file__).parents[2] / "lgdea/evidence/ontology/chest.toml"
# Words of sentences that speak of a chest radiograph or what is seen in one.
RADIOLOGY = re.compile(
    r"radiograph|x-?rays?\b|\bcxr\b|pneumothora|pleura|\blungs?\b|pulmonary|mediastin|cardiomegal|infiltrat|atelecta"
    r"|consolidati|opaci|nodul",
    re.IGNORECASE,
)
COPIES, ROUNDS = 51, 3


@dataclass
class Sentence:
    concept: str
    text: str
    span: tuple[int, int]
    negated: bool


@dataclass
class Group:
    """Sentences and their concepts, none of which overlap in any of the sentences."""

    sentences: list[Sentence] = field(default_factory=list)

    @property
    def concepts(self) -> list[str]:
        return list(dict.fromkeys(sentence.concept for sentence in self.sentences))


def read(path: Path) -> list[Sentence]:
    """The sentences, the concept (in capitals there) written as usual; those that do not hold their concept are left out."""
    sentences, lines = [], path.read_text(encoding="latin-1").splitlines()[1:]
    for line in lines:
        _, concept, text, negation = (cell.strip().strip('"') for cell in line.split("\t"))
        concept, text = " ".join(concept.lower().split()), " ".join(text.split())
        whole = rf"(?<!\w){re.escape(concept)}(?!\w)"
        in_capitals = rf"(?<!\w){re.escape(concept.upper())}(?!\w)"
        found = re.search(in_capitals, text) or re.search(whole, text, re.IGNORECASE)
        if found:
            text = text[: found.start()] + concept + text[found.end() :]
            sentences.append(Sentence(concept, text, found.span(), negation == "Negated"))
    print(f"{len(sentences)} of {len(lines)} sentences hold their concept as a whole; {sum(s.negated for s in sentences)} are negated")
    return sentences


def in_groups(sentences: list[Sentence]) -> list[Group]:
    """The fewest groups that taking the first fit gives."""
    by_concept: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        by_concept.setdefault(sentence.concept, []).append(sentence)
    patterns = {concept: re.compile(rf"(?<!\w){re.escape(concept)}(?!\w)", re.IGNORECASE) for concept in by_concept}

    def overlaps(concept: str, sentence: Sentence) -> bool:
        start, end = sentence.span
        return any(hit.start() < end and start < hit.end() for hit in patterns[concept].finditer(sentence.text))

    groups: list[Group] = []
    for concept, own in sorted(by_concept.items(), key=lambda item: (-len(item[0]), item[0])):
        for group in groups:
            apart = not any(overlaps(concept, sentence) for sentence in group.sentences)
            if apart and not any(overlaps(other, sentence) for other in group.concepts for sentence in own):
                break
        else:
            groups.append(group := Group())
        group.sentences += own
    return groups


def write_ontology(group: Group, path: Path) -> dict[str, str]:
    """Writes the group's concepts as findings; gives the concept of each."""
    names = {f"concept_{at}": concept for at, concept in enumerate(group.concepts)}
    chest = [finding["name"] for finding in tomllib.loads(CHEST.read_text())["finding"]]
    off = {name: f"switched off {at}" for at, name in enumerate(chest)}
    path.write_text('name = "negex"\nversion = 1\nextends = "chest"\n' + "".join(
        f'\n[[finding]]\nname = "{name}"\nlabel = {json.dumps(words)}\nsite = "chest"\nsynonyms = [{json.dumps(words)}]\n'
        + ('existing = "replace"\n' if name in off else "")
        for name, words in (names | off).items()
    ))
    return names


def processor_time_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def extract(lgdea: str, folder: Path, ontology: Path, texts: list[str], threads: int | None = None) -> tuple[float, list[list[dict]]]:
    """Seconds of the command (of the processor where it has one thread), and each text's evidence."""
    reports, out = folder / "reports.jsonl", folder / "evidence.jsonl"
    reports.write_text("".join(json.dumps({"report_id": str(at), "report": text}) + "\n" for at, text in enumerate(texts)))
    command = [lgdea, "evidence", "extract", "--input", reports, "--out", out, "--set", f"evidence.rules.ontology={ontology}"]
    environment = os.environ | ({"RAYON_NUM_THREADS": str(threads)} if threads else {})
    clock = processor_time_of_children if threads == 1 else time.perf_counter
    start = clock()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds = clock() - start
    if done.returncode:
        sys.exit(done.stderr)
    evidence = {int(line["report_id"]): line["evidence"] for line in map(json.loads, out.read_text().splitlines())}
    return seconds, [evidence.get(at, []) for at in range(len(texts))]


def of_lgdea(lgdea: str, groups: list[Group]) -> tuple[list[bool | None], dict[str, float]]:
    """Whether each sentence's concept is negated (None: not found), and the seconds of all sentences."""
    answers, seconds = [], {"one thread": 0.0, "its own threads": 0.0}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for group in groups:
            names = write_ontology(group, folder / "mine.toml")
            texts = [sentence.text for sentence in group.sentences]
            for sentence, evidence in zip(group.sentences, extract(lgdea, folder, folder / "mine.toml", texts)[1]):
                start, end = sentence.span
                own = [one for one in evidence if names.get(one["finding"]) == sentence.concept]
                # The mention at the marked place, or else the one that stands for all mentions of the concept.
                own.sort(key=lambda one: not (one["span"][0] < end and start < one["span"][1]))
                answers.append(own[0]["polarity"] == "absent" if own else None)
        every = [sentence.text for group in groups for sentence in group.sentences]
        write_ontology(max(groups, key=lambda group: len(group.concepts)), folder / "mine.toml")
        for label, threads in (("one thread", 1), ("its own threads", None)):
            added = [
                extract(lgdea, folder, folder / "mine.toml", every * COPIES, threads)[0]
                - extract(lgdea, folder, folder / "mine.toml", every, threads)[0]
                for _ in range(ROUNDS)
            ]
            seconds[label] = statistics.median(added) / (COPIES - 1)
    return answers, seconds


def of_medspacy(groups: list[Group]) -> tuple[list[bool | None], dict[str, float]]:
    import medspacy
    from loguru import logger
    from medspacy.ner import TargetRule

    logger.remove()
    pipelines = []
    for group in groups:
        pipeline = medspacy.load()  # blank English: PyRuSH's sentences, target matcher, ConText with its default rules
        pipeline.get_pipe("medspacy_target_matcher").add([TargetRule(concept, "CONCEPT") for concept in group.concepts])
        pipelines.append(pipeline)
    rounds = []
    for _ in range(ROUNDS):
        answers, start = [], time.process_time()
        for pipeline, group in zip(pipelines, groups):
            for sentence in group.sentences:
                start_of, end_of = sentence.span
                entities = pipeline(sentence.text).ents
                entities = [one for one in entities if one.start_char < end_of and start_of < one.end_char]
                answers.append(entities[0]._.is_negated if entities else None)
        rounds.append(time.process_time() - start)
    return answers, {"one thread": statistics.median(rounds)}


def report(name: str, sentences: list[Sentence], answers: list[bool | None]) -> None:
    hits = sum(bool(answer) and sentence.negated for sentence, answer in zip(sentences, answers))
    said, true = sum(map(bool, answers)), sum(sentence.negated for sentence in sentences)
    precision, recall = hits / max(said, 1), hits / max(true, 1)
    f1 = 2 * hits / max(said + true, 1)
    found = sum(answer is not None for answer in answers)
    print(f"{name:<20} {len(sentences):>9} {true:>8} {found:>6} {precision:>10.3f} {recall:>7.3f} {f1:>6.3f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("annotations", type=Path)
    arguments.add_argument("lgdea", nargs="+", help="one binary or more")
    arguments = arguments.parse_args()
    groups = in_groups(read(arguments.annotations))
    sentences = [sentence for group in groups for sentence in group.sentences]
    print(f"{len(groups)} groups of concepts: {', '.join(str(len(group.concepts)) for group in groups)}\n")
    binaries = {f"lgdea {at}" if len(arguments.lgdea) > 1 else "lgdea": binary for at, binary in enumerate(arguments.lgdea, 1)}
    tools = {name: of_lgdea(binary, groups) for name, binary in binaries.items()} | {"medspaCy": of_medspacy(groups)}

    chest = [at for at, sentence in enumerate(sentences) if RADIOLOGY.search(sentence.text)]
    found = [at for at in range(len(sentences)) if all(answers[at] is not None for answers, _ in tools.values())]
    for title, which in (("all", range(len(sentences))), ("chest radiology", chest), ("found by every tool", found)):
        print(f"{title:<20} sentences  negated  found  precision  recall     F1")
        for name, (answers, _) in tools.items():
            report(name, [sentences[at] for at in which], [answers[at] for at in which])
        print()
    for name, (_, seconds) in tools.items():
        for threads, taken in seconds.items():
            print(f"{name}: {len(sentences) / taken:,.0f} sentences per second, {threads}")


if __name__ == "__main__":
    main()
