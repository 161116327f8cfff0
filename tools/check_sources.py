# SPDX-License-Identifier: Apache-2.0
"""Small rules for every file of the repository: the licence line in sources, no private key, no word that the project's
vocabulary replaces, shell scripts that parse."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENSED = {".h", ".cc", ".py", ".cmake", ".sh"}
# We say client and backend. (Lower case and whole words, so that names of other people's things pass in quotations.)
WORDS = re.compile(r"\b(upstream|downstream)s?\b", re.I)
KEY = re.compile(r"BEGIN [A-Z ]*PRIVATE" + r" KEY-----\n[A-Za-z0-9+/=]{20}")


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def errors_of(path):
    name = path.relative_to(ROOT)
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    first = text.split("\n", 2)[:2]
    if (path.suffix in LICENSED or text.startswith("#!")) and not any("SPDX-License-Identifier: Apache-2.0" in line for line in first):
        yield f"{name}: the licence line is missing (SPDX-License-Identifier: Apache-2.0)"
    if KEY.search(text):
        yield f"{name}: a private key; tests make their own"
    if path != pathlib.Path(__file__).resolve() and name.parts[0] in ("src", "docs", "tools", "README.md"):
        for number, line in enumerate(text.splitlines(), 1):
            if WORDS.search(line):
                yield f"{name}:{number}: say client or backend: {line.strip()[:100]}"
    if re.match(r"#!/bin/(ba)?sh", text):
        result = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
        if result.returncode:
            yield f"{name}: {result.stderr.strip()}"


def main():
    errors = [error for path in tracked() for error in errors_of(path)]
    print("\n".join(errors) or "every file keeps the rules")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
