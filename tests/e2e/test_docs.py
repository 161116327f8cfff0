# SPDX-License-Identifier: Apache-2.0
"""The examples in the documents: every ```yaml block is served (or, under a heading that says it is refused, refused), and every
```console block is run, with its output compared.

In a page, the blocks before a ```console block are the folder that `cardea serve` gets; a comment `# file: NAME` in the first
line of a block names its file, and a block of the same name replaces it. In console blocks, a line `$ command` is run and the lines
below it are expected in its output, each somewhere and in order; `...` stands for anything."""
import re
import subprocess

import pytest
import yaml

from client import eventually
from manifests import flatten
from processes import ROOT, free_port

PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if "```yaml" in path.read_text())
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


class Page:
    """One page being read from top to bottom, with a gateway that serves what it has shown so far."""

    def __init__(self, world, path):
        self.world, self.path = world, path
        self.ports = {80: free_port(), 443: free_port()}
        self.echoes = {}
        self.gateway = world.gateway(flags=["--port-map", f"80={self.ports[80]}", "--port-map", f"443={self.ports[443]}",
                                            "--advertise-port-map"])

    def replace_ports(self, text):
        """The documents speak of the ports that ./run uses; the test has its own."""
        text = text.replace(":8080", f":{self.ports[80]}").replace(":8443", f":{self.ports[443]}").replace(
            ":9901", f":{self.gateway.admin_port}")
        def backend(found):
            port = int(found.group(1))
            if port not in self.echoes:
                self.echoes[port] = self.world.echo(f"port-{port}")
            return f"port: {self.echoes[port].port}"
        return re.sub(r"port: (9\d\d\d)\b", backend, text)

    def show(self, text, number):
        name = re.match(r"# file: (\S+)\n", text)
        self.gateway.write(name.group(1) if name else f"block-{number}.yaml", self.replace_ports(text))

    def settled(self):
        """All objects shown so far have a status, and nothing is wrong with their text."""
        wanted = []
        for file in sorted(self.gateway.manifests.glob("*.yaml")):
            documents = [item for item in flatten(list(yaml.safe_load_all(file.read_text()))) if item]
            wanted += [(d["kind"], d["metadata"]["name"], d["metadata"].get("namespace", "default")) for d in documents
                       if d["kind"] in ("Gateway", "HTTPRoute", "GatewayClass", "ListenerSet")]
        eventually(lambda: all(self.gateway.status_of(*item) is not None for item in wanted), f"{self.path.name}: a status for {wanted}")
        problems = [line for line in self.gateway.log.read_text().splitlines() if re.search(r"\.yaml:\d+:\d+", line)]
        assert problems == []

    def run(self, text):
        expected = []
        command = None
        for line in [*self.replace_ports(text).splitlines(), "$ "]:
            if line.startswith("$ "):
                if command:
                    self.expect(command, expected)
                command, expected = line[2:], []
            else:
                expected.append(line)

    def expect(self, command, lines):
        def matches():
            output = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, cwd=self.gateway.folder).stdout
            rest = output.replace("\r", "")
            for line in lines:
                pattern = ".*".join(re.escape(part) for part in line.split("..."))
                found = re.search(pattern, rest)
                assert found, f"{self.path.name}: $ {command}\nexpected: {line}\nin: {rest}"
                rest = rest[found.end():]
            return True
        eventually(matches, command)


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_examples(world, path):
    page = Page(world, path)
    for number, (language, text) in enumerate(BLOCK.findall(path.read_text())):
        if language == "yaml":
            page.show(text, number)
        elif language == "console" and "curl" in text:
            page.settled()
            page.run(text)
    page.settled()
