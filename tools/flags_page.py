# SPDX-License-Identifier: Apache-2.0
"""Writes docs/flags.md from what `cardea --help` says. ./test refuses the page when it does not fit the program:
    /usr/bin/python3 tools/flags_page.py build/release/cardea > docs/flags.md"""
import subprocess
import sys


def page(program):
    def text(*arguments):
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout.rstrip().replace(str(program), "cardea")
    return "\n".join([
        "# Flags", "", "What `--help` says (this page is made from it, by `tools/flags_page.py`).", "",
        *[line for command in ("serve", "controller", "proxy", "echo") for line in (f"## cardea {command}", "", "```text", text(command, "--help"), "```", "")]])


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1]))
