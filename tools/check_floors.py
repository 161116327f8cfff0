# SPDX-License-Identifier: Apache-2.0
"""Refuses an #include that goes up the stairs: a room may include the rooms named for it here and whatever those may
include, and no other. The table is the house's (docs/life-of-a-request.md shows it drawn)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# room: (floor, what it may include)
ROOMS = {
    "base": (0, []),
    "async": (1, ["base"]),
    "http": (1, ["base"]),
    "api": (1, ["base"]),
    "plan": (1, ["base"]),
    "net": (2, ["async"]),
    "translate": (2, ["api", "plan"]),
    "conn": (3, ["http", "net"]),
    "proxy": (4, ["plan", "conn"]),
    "kube": (4, ["api", "conn"]),
    "control": (5, ["translate", "conn"]),
    "standalone": (6, ["control", "proxy"]),
    "cluster": (6, ["control", "kube"]),
    "app": (7, ["standalone", "cluster"]),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def closure(room):
    reached, waiting = set(), list(ROOMS[room][1])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += ROOMS[name][1]
    return reached


def table_errors():
    return [f"tools/check_floors.py: {room} (floor {floor}) may not stand on {below} (floor {ROOMS[below][0]})"
            for room, (floor, may) in ROOMS.items() for below in may if ROOMS[below][0] >= floor]


def file_errors(path, source):
    room = path.relative_to(source).parts[0]
    if room not in ROOMS:
        return [f"{path}: there is no room '{room}'"]
    allowed = closure(room) | {room}
    errors = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(2)
        other = target.split("/", 1)[0]
        ours = "/" in target and other in ROOMS and (source / target).exists()
        place = f"{path.relative_to(source.parent)}:{number}"
        if match.group(1) == '"' and not ours:
            errors.append(f'{place}: "{target}" is no file below src; ours are named from there ("room/file.h")')
        elif ours and other not in allowed:
            errors.append(f"{place}: {room} may not include {other} ({target}); it may: {', '.join(sorted(allowed))}")
    return errors


def main():
    source = ROOT / "src"
    files = sorted(path for pattern in ("*.h", "*.cc") for path in source.rglob(pattern))
    errors = table_errors() + [error for path in files for error in file_errors(path, source)]
    print("\n".join(errors) or f"{len(files)} files keep to their floors")
    return 1 if errors or not files else 0


if __name__ == "__main__":
    sys.exit(main())
