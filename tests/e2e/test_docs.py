# SPDX-License-Identifier: Apache-2.0
"""The examples in the documents. From top to bottom of a page:

  ```yaml          is written into the folder that is served; a first line `# file: NAME` names its file, and a later block of
                   the same name replaces it
  ```yaml-refused  the same, and the log must complain about it
  ```sh            is for people; of these only certificates are made, and `cardea echo --listen ... --name ...` says who listens
  ```console       `$ command` is run, and the lines below it must stand in its output, in order; `...` stands for anything
"""
import re
import subprocess

import pytest
import yaml

from client import eventually
from flags_page import page as flags_page
from manifests import flatten
from processes import ROOT, free_port, program

PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if "```yaml" in path.read_text())
BLOCK = re.compile(r"^```([\w-]+)\n(.*?)^```", re.M | re.S)
ECHO = re.compile(r"echo --listen 127\.0\.0\.1:(\d+) --name (\S+)")
STATUS_KINDS = ("GatewayClass", "Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute")


class Page:
    """One page being read from top to bottom, with a gateway that serves what it has shown so far."""

    def __init__(self, world, path):
        self.path = path
        ports = {"80": free_port(), "443": free_port()}
        flags = [part for port, bound in ports.items() for part in ("--port-map", f"{port}={bound}")]
        self.gateway = world.gateway(flags=[*flags, "--advertise-port-map"])
        (self.gateway.folder / "my-gateway").symlink_to(self.gateway.manifests)
        # The pages speak of the ports that ./run uses, and of backends on fixed ones; the test has its own.
        self.replacements = {":8080": f":{ports['80']}", ":8443": f":{ports['443']}", ":9901": f":{self.gateway.admin_port}"}
        for port, name in ECHO.findall(path.read_text()):
            self.replacements[f"port: {port}\n"] = f"port: {world.echo(name).port}\n"

    def ours(self, text):
        for theirs, mine in self.replacements.items():
            text = text.replace(theirs, mine)
        return text

    def show(self, text, number, refused):
        name = re.match(r"# file: (\S+)\n", text)
        name = name.group(1) if name else f"block-{number}.yaml"
        before = self.gateway.log.read_text().count(name)
        self.gateway.write(name, self.ours(text))
        if refused:
            eventually(lambda: self.gateway.log.read_text().count(name) > before, f"{self.path.name}: {name} is refused")
        else:
            self.settle()

    def settle(self):
        """Every object shown so far has a status."""
        wanted = []
        for file in sorted(self.gateway.manifests.glob("*.yaml")):
            for item in flatten(yaml.safe_load_all(file.read_text())):
                if item["kind"] in STATUS_KINDS:
                    wanted.append((item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", "default")))
        eventually(lambda: all(self.gateway.status_of(*item) is not None for item in wanted), f"{self.path.name}: a status for {wanted}")

    def console(self, text):
        for part in re.split(r"^\$ ", self.ours(text), flags=re.M)[1:]:
            command, *expected = part.rstrip("\n").split("\n")
            eventually(lambda: self.fits(command, expected), f"{self.path.name}: $ {command}")

    def fits(self, command, expected):
        output = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, cwd=self.gateway.folder).stdout
        rest = output.replace("\r", "")
        for line in expected:
            found = re.search(".*".join(re.escape(piece) for piece in line.split("...")), rest)
            assert found, f"expected: {line}\nin: {output}"
            rest = rest[found.end():]
        return True


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_examples(world, path):
    page = Page(world, path)
    for number, (language, text) in enumerate(BLOCK.findall(path.read_text())):
        if language.startswith("yaml"):
            page.show(text, number, refused=language == "yaml-refused")
        elif language == "sh" and text.startswith("openssl "):
            subprocess.run(["bash", "-ec", text], check=True, capture_output=True, cwd=page.gateway.folder)
        elif language == "console":
            page.console(text)
    if "yaml-refused" not in path.read_text():
        assert not re.search(r"\.yaml:\d+:\d+", page.gateway.log.read_text()), page.gateway.log.read_text()


def test_the_page_of_flags_is_what_help_says():
    assert (ROOT / "docs" / "flags.md").read_text() == flags_page(program())
