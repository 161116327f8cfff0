# SPDX-License-Identifier: Apache-2.0
"""The catalogue of settings in all its forms: every field of GatewayParameters has a flag, a line in the documents that is true,
and a test; and no flag, field or line stands alone. (A unit test holds the CRD against the catalogue in the source.)"""
import re
import subprocess

import pytest
import yaml

from processes import ROOT, program

TESTS = [path for path in sorted((ROOT / "tests" / "e2e").glob("test_*.py")) if path.name not in ("test_catalogue.py", "test_docs.py")]
OTHER_NAMES = {"timeouts.retryBackoff": "--retry-backoff", "timeouts.backendHttp2PingInterval": "--backend-http2-ping-interval"}
# Flags of `cardea serve` that are about this program on this machine, and so of no Gateway.
OF_THE_MACHINE = {"--bind", "--port-map", "--advertise-port-map", "--admin", "--status-dir", "--drain-timeout", "--help",
                  # Of looking names up, which its plans share.
                  "--max-endpoint-names", "--max-endpoint-name-addresses", "--min-name-ttl", "--max-name-ttl"}


def schema():
    return yaml.safe_load((ROOT / "deploy" / "crds" / "gateway.cardea.dev_gatewayparameters.yaml").read_text())[
        "spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]


def leaves(node, prefix=""):
    for name, below in node["properties"].items():
        if below["type"] == "object":
            yield from leaves(below, f"{prefix}{name}.")
        else:
            yield prefix + name, below


def kebab(text):
    return re.sub(r"([A-Z])", lambda found: "-" + found.group(1).lower(), text.replace(".", "-"))


def flag_of(field):
    if field in OTHER_NAMES:
        return OTHER_NAMES[field]
    group, _, name = field.rpartition(".")
    return "--" + {"limits": kebab(name), "timeouts": kebab(name) + "-timeout"}.get(group, kebab(field))


FIELDS = dict(leaves(schema()))


def help_of(command):
    """{flag: (type, text, default)}"""
    text = subprocess.run([program(), command, "--help"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^\s+(?:-\w,)?(--[a-z0-9-]+)(?: ([A-Z]+|\[FILE\]\S*))?.*?\n?\s+(.*?)(?: \[([^\]]*)\])?$", text, re.M)
    return {flag: (kind, words, default) for flag, kind, words, default in found}


def rows(page):
    """{flag: cells} and {field: cells} of a page's tables."""
    by_flag, by_field = {}, {}
    for line in (ROOT / "docs" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            continue
        for flag in re.findall(r"`(--[a-z0-9-]+)`", "|".join(cells[:2])):
            by_flag[flag] = cells
        for field in re.findall(r"`([a-zA-Z0-9]+(?:\.[a-zA-Z0-9]+)*)`", "|".join(cells[:2])):
            by_field[field] = cells
    return by_flag, by_field


UNITS = {"": 1, "k": 1024, "M": 1024 ** 2, "G": 1024 ** 3, "KiB": 1024, "MiB": 1024 ** 2,
         "ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}


def printed(text):
    """A default as --help has it ("64k", "1m15s"), in bytes, milliseconds or as it is."""
    return sum(int(value) * UNITS[unit] for value, unit in re.findall(r"(\d+)(ms|[kMGhms]?)", text))


def documented(text):
    """The number that a cell begins with ("64 KiB of a request body", "75 s between requests"), in the same."""
    value, unit = re.match(r"(\d+)(?: (KiB|MiB|ms|s|min)\b)?", text.replace("none", "0")).groups()
    return int(value) * UNITS[unit or ""]


@pytest.mark.parametrize("command", ["serve", "proxy"])
def test_every_field_has_a_flag(command):
    flags = help_of(command)
    assert {field: flag_of(field) for field in FIELDS if flag_of(field) not in flags} == {}


def test_every_flag_has_a_field_or_is_of_the_machine():
    of_fields = {flag_of(field) for field in FIELDS}
    assert set(help_of("serve")) - of_fields == OF_THE_MACHINE


def test_the_documents_have_every_field_beside_its_flag():
    of_limits, of_settings = rows("limits.md")[1], rows("settings.md")[1]
    for field in FIELDS:
        cells = (of_limits if field.startswith(("limits.", "timeouts.")) else of_settings).get(field)
        assert cells, f"no row for {field}"
        assert f"`{flag_of(field)}`" in "|".join(cells[:2]), (field, cells)


def test_the_documents_have_no_field_or_flag_that_is_none():
    every_flag = set().union(*(help_of(command) for command in ("serve", "proxy", "controller")))
    for page in ("limits.md", "settings.md"):
        by_flag, by_field = rows(page)
        assert set(by_flag) - every_flag == set()
        assert {field for field in by_field if "." in field} - set(FIELDS) == set()


def test_the_defaults_that_are_documented():
    flags = help_of("serve") | help_of("proxy") | help_of("controller")
    for flag, cells in rows("limits.md")[0].items():
        assert documented(cells[2 if len(cells) == 4 else 1]) == printed(flags[flag][2]), (flag, cells, flags[flag])


def test_every_limit_of_the_controller_is_documented():
    flags = help_of("controller")
    limits = {flag for flag in flags if flag.startswith(("--kube-", "--lease-", "--status-", "--plan-")) and flag != "--kubeconfig"}
    assert limits - set(rows("limits.md")[0]) == set()


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_has_a_test(field):
    """By its flag, or as a field under its group."""
    group, _, name = field.rpartition(".")
    inside = rf'"{group}": \{{[^}}]*"{name}"' if group else rf'"{name}":'
    flag = re.escape(flag_of(field)) + r'["=]'
    assert any(re.search(f"{inside}|\"{flag}", path.read_text()) for path in TESTS), f"no test in tests/e2e sets {field}"
