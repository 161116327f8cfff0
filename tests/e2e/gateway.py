# SPDX-License-Identifier: Apache-2.0
"""`cardea serve` under test: a folder of manifests, the process, its admin address and its status folder."""
import os
import subprocess

import yaml

from client import eventually, fetch
from manifests import CLASS, file_name, flatten, to_yaml
from processes import ending, free_port, program, sanitizer_report


class Gateway:
    def __init__(self, folder, *objects, flags=(), wait=True, binds=("127.0.0.1",)):
        self.folder = folder
        self.manifests = folder / "manifests"
        self.manifests.mkdir(parents=True)
        self.status_folder = folder / "status"
        self.log = folder / "serve.log"
        self.admin_port = free_port()
        self.process = None
        self.apply(CLASS, *objects)
        self.start(*flags, wait=wait, binds=binds)

    def start(self, *flags, wait=True, binds=("127.0.0.1",)):
        command = [program(), "serve", self.manifests, "--admin", f"127.0.0.1:{self.admin_port}",
                   "--status-dir", self.status_folder]
        for address in binds:
            command += ["--bind", address]
        if "--drain-timeout" not in flags:
            command += ["--drain-timeout", "5s"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen([str(part) for part in [*command, *flags]], stdout=log, stderr=log)
        if wait:
            eventually(self.ready, "the gateway is ready")

    def ready(self):
        assert self.process.poll() is None, f"the gateway ended with {self.process.returncode}:\n{self.log.read_text()}"
        return self.admin("/readyz").status == 200

    def admin(self, target):
        return fetch(self.admin_port, target, host="127.0.0.1")

    # --- changes ---

    def write(self, name, text):
        """Replaces one file at once, as careful tools do: no reader ever sees half of it."""
        fresh = self.folder / f".{name}.new"
        fresh.write_text(text)
        os.replace(fresh, self.manifests / name)

    def apply(self, *objects):
        for item in flatten(objects):
            self.write(file_name(item), to_yaml(item))

    def remove(self, *objects):
        for item in flatten(objects):
            (self.manifests / file_name(item)).unlink()

    # --- what it says ---

    def status_of(self, kind, name, namespace="default"):
        """The status that the status folder holds for an object; None while it holds none."""
        for path in sorted(self.status_folder.rglob("*.yaml")):
            try:
                documents = list(yaml.safe_load_all(path.read_text()))
            except (OSError, yaml.YAMLError):
                continue
            for item in flatten(documents):
                if item and item.get("kind") == kind and item["metadata"]["name"] == name and \
                        item["metadata"].get("namespace", namespace) == namespace:
                    return item["status"]
        return None

    def condition(self, kind, name, condition, namespace="default", listener=None):
        """(status, reason) of one condition of a class, Gateway, ListenerSet, listener or route; None without it."""
        status = self.status_of(kind, name, namespace)
        if status is None:
            return None
        if listener is not None:
            status = next((entry for entry in status.get("listeners", []) if entry["name"] == listener), {})
        else:
            for entries in ("parents", "ancestors"):
                if entries in status:
                    status = status[entries][0] if status[entries] else {}
        for entry in status.get("conditions", []):
            if entry["type"] == condition:
                return entry["status"], entry["reason"]
        return None

    def metrics(self):
        """{name{labels}: value} of the metrics page."""
        result = {}
        for line in self.admin("/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                result[name] = float(value)
        return result

    def metric(self, name, **labels):
        """The sum of all series of a name that carry these labels."""
        total = 0.0
        for key, value in self.metrics().items():
            base, _, rest = key.partition("{")
            if base == name and all(f'{label}="{wanted}"' in rest for label, wanted in labels.items()):
                total += value
        return total

    # --- the end ---

    def stop(self):
        code = ending(self.process)
        report = sanitizer_report(self.log)
        assert not report and code == 0, f"the gateway ended with {code}\n{report or self.log.read_text()[-8000:]}"

    def assert_clean(self):
        """For tests that end the gateway themselves."""
        report = sanitizer_report(self.log)
        assert not report, report
