# SPDX-License-Identifier: Apache-2.0
"""Keeps the documents true: in the pages that explain the code every name in backticks must exist, and in every page
every relative link; and the spec map's served features are those that the GatewayClass publishes. A name is a path of the repository, `room/file` below src, a flag of a command, or words of the source."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["docs/life-of-a-request.md", "docs/life-of-a-change.md", "docs/spec-map.md"]
SOURCES = ["src", "tools", "tests", "bench", "cmake"]

CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"^[\w.*-]+(/[\w.*-]+)+/?$")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def source_text():
    texts = []
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in (".h", ".cc", ".py", ".txt", ".cmake", ".yaml", ""):
                texts.append(path.read_text(errors="replace"))
    return "\n".join(texts)


def path_exists(name):
    if "*" in name:
        return any(ROOT.glob(name)) or any((ROOT / "src").glob(name))
    places = [ROOT / name, ROOT / "src" / name]
    places += [ROOT / "src" / f"{name}{ending}" for ending in (".h", ".cc", "_test.cc")]
    return any(place.exists() for place in places)


def unknown(name, words, text):
    """Why a name in backticks is not known, or None."""
    if PATH.match(name) and not name.startswith("/"):
        if path_exists(name):
            return None
        return "no such file"
    if re.fullmatch(r"[\w*-]+\.(h|cc|py|md|yaml)", name):
        return None if any(any((ROOT / folder).rglob(name)) for folder in [*SOURCES, "docs"]) else "no such file"
    if name.startswith("--"):
        return None if name.split()[0].split("=")[0] in text else "no such flag"
    missing = [word for word in WORD.findall(name) if word not in words]
    return f"not in the source: {', '.join(missing)}" if missing else None


def feature_differences():
    """What the class claims (translate/features.cc) and what the spec map says is served."""
    source = (ROOT / "src/translate/features.cc").read_text()
    table = re.search(r"kFeatures = .*?\}\);", source, re.S)[0] + re.search(r"kInfrastructure = .*?;", source)[0]
    claimed = re.findall(r'"(\w+)"', table)
    section = (ROOT / "docs/spec-map.md").read_text().split("## What the class claims", 1)[-1]
    rows = re.findall(r"^\| ([\w, ]+) \| (\w+)[^|]*\|$", section, re.M)
    stated = [(name, state) for names, state in rows for name in names.split(", ") if state in ("served", "refused", "later")]
    served = [name for name, state in stated if state == "served"]
    errors = [f"{name} is in the spec map twice" for name in {name for name, _ in stated} if [n for n, _ in stated].count(name) > 1]
    errors += [f"src/translate/features.cc claims {name}, which docs/spec-map.md does not list as served" for name in set(claimed) - set(served)]
    errors += [f"docs/spec-map.md lists {name} as served, which src/translate/features.cc does not claim" for name in set(served) - set(claimed)]
    return sorted(errors)


def main():
    text = source_text()
    words = set(WORD.findall(text))
    errors = feature_differences()
    names = 0
    for page in PAGES:
        if not (ROOT / page).exists():
            errors.append(f"{page} is missing")
            continue
        for number, line in enumerate((ROOT / page).read_text().splitlines(), 1):
            for name in CODE.findall(line):
                names += 1
                why = unknown(name, words, text)
                if why:
                    errors.append(f"{page}:{number}: `{name}`: {why}")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        content = FENCE.sub("", page.read_text()) if page.exists() else ""
        for target in LINK.findall(content):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                errors.append(f"{page.relative_to(ROOT)}: link to {target}, which does not exist")
    print("\n".join(errors) or f"{names} names in {len(PAGES)} pages exist")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
