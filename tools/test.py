# SPDX-License-Identifier: Apache-2.0
"""What ./test does after the packages are there: build, run the parts asked for, count, print `N passed, N failed`."""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ["checks", "cluster-tools", "unit", "fuzz", "e2e"]
JOBS = os.cpu_count() or 2

# Rooms with threads, or with what runs on several of them: what `./test tsan` builds and runs.
TSAN_ROOMS = ["async", "net", "conn", "proxy", "control", "standalone", "app"]

SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Tally:
    """Counts, and keeps the names of what failed for the end of the output."""

    def __init__(self):
        self.passed = 0
        self.failures = []

    def ok(self, count=1):
        self.passed += count

    def fail(self, name):
        self.failures.append(name)

    def check(self, good, name):
        if good:
            self.ok()
        else:
            self.fail(name)


def run(command, **options):
    env = dict(os.environ, **SANITIZERS)
    env.update(options.pop("env", {}))
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=env, **options)


def run_quietly(command, **options):
    return run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def heading(text):
    print(f"== {text}", flush=True)


def build(preset, targets=()):
    folder = ROOT / "build" / preset
    heading(f"build {preset}")
    if not (folder / "build.ninja").exists():
        result = run_quietly(["cmake", "--preset", preset])
        if result.returncode != 0:
            print(result.stdout)
            return None
    return folder if run(["ninja", "-C", folder, *targets]).returncode == 0 else None


def sources(pattern):
    return sorted((ROOT / "src").rglob(pattern))


def unit_programs():
    """NAME_test for every room that has a test beside its sources."""
    rooms = {path.relative_to(ROOT / "src").parts[0] for path in sources("*_test.cc")}
    return sorted(f"{room}_test" for room in rooms)


def fuzz_programs():
    return [f"{path.relative_to(ROOT / 'src').parts[0]}_{path.stem}" for path in sources("*_fuzz.cc")]


def at_once(function, items):
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        yield from zip(items, pool.map(function, items))


def unit(folder, programs, tally):
    heading("unit tests")

    def one(program):
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            start = time.monotonic()
            try:
                result = run_quietly([folder / program, f"--gtest_output=json:{report.name}", "--gtest_brief=1"],
                                     timeout=900)
                code, output = result.returncode, result.stdout
            except subprocess.TimeoutExpired as error:
                code, output = -1, f"{error.stdout or ''}\nstopped after 900 seconds"
            seconds = time.monotonic() - start
            try:
                return code, output, seconds, json.loads(pathlib.Path(report.name).read_text())
            except ValueError:
                return code, output, seconds, None

    for program, (code, output, seconds, report) in at_once(one, programs):
        passed, failed = 0, []
        for suite in (report or {}).get("testsuites", []):
            for case in suite["testsuite"]:
                if case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN":
                    continue
                if case.get("failures"):
                    failed.append(f"{program} {suite['name']}.{case['name']}")
                else:
                    passed += 1
        # A crash, a leak at exit or a program without a single test is a failure of its own.
        if report is None or (code != 0 and not failed) or passed + len(failed) == 0:
            failed.append(f"{program} (exit code {code})")
        tally.ok(passed)
        for name in failed:
            tally.fail(name)
        print(f"{program}: {passed} passed, {len(failed)} failed ({seconds:.1f} s)", flush=True)
        if failed:
            print(output, flush=True)


def fuzz(folder, programs, tally):
    heading("fuzz targets, one second each")

    def one(program):
        work = folder / "fuzz" / program
        corpus = work / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        room, name = program.split("_", 1)
        seeds = [path for path in (ROOT / "src" / room).rglob(f"{name}_seeds") if path.is_dir()]
        return run_quietly([folder / program, "-max_total_time=1", "-timeout=20", "-rss_limit_mb=2048", "-verbosity=0",
                            "-print_final_stats=1", f"-artifact_prefix={work}/", corpus, *seeds], timeout=300)

    for program, result in at_once(one, programs):
        runs = re.search(r"number_of_executed_units:\s*(\d+)", result.stdout)
        print(f"{program}: {runs.group(1) if runs else 'no'} runs", flush=True)
        good = result.returncode == 0 and runs is not None and int(runs.group(1)) > 0
        tally.check(good, f"{program} (the input is kept in build/asan/fuzz/{program}/)")
        if not good:
            print(result.stdout[-6000:], flush=True)


def checks(tally):
    heading("checks")
    for script in sorted((ROOT / "tools").glob("check_*.py")):
        result = run_quietly([sys.executable, script])
        print(f"{script.name}: {'ok' if result.returncode == 0 else 'FAILED'}", flush=True)
        tally.check(result.returncode == 0, script.name)
        if result.returncode != 0:
            print(result.stdout, flush=True)


def cluster_tools(tally):
    """Unit tests of the program that makes clusters."""
    heading("the cluster's tools")
    result = run_quietly([ROOT / "tests" / "cluster" / "go", "test", "-C", ROOT / "tests" / "cluster", "-json", "./..."],
                         env={"CGO_ENABLED": "0"})
    passed, failed = 0, []
    for line in result.stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("Test") and event["Action"] == "pass":
            passed += 1
        elif event.get("Test") and event["Action"] == "fail":
            failed.append(f"{event['Package']} {event['Test']}")
    if (result.returncode != 0 and not failed) or passed + len(failed) == 0:
        failed.append(f"go test (exit code {result.returncode})")
    tally.ok(passed)
    for name in failed:
        tally.fail(name)
    print(f"cluster tools: {passed} passed, {len(failed)} failed", flush=True)
    if failed:
        print(result.stdout, flush=True)


def e2e(folder, tally, marker=None):
    heading("end-to-end tests")
    pytest("tests/e2e", tally, marker, env={"CARDEA": str(folder / "cardea")})


def pytest(folder, tally, marker=None, env=None):
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report.name}", "--durations=5",
                   folder]
        if marker:
            command += ["-m", marker]
        result = run(command, env={"PYTHONDONTWRITEBYTECODE": "1", **(env or {})})
        try:
            tree = xml.etree.ElementTree.parse(report.name)
        except xml.etree.ElementTree.ParseError:
            tally.fail(f"pytest (exit code {result.returncode})")
            return
    failed = 0
    for case in tree.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            tally.fail(name)
            failed += 1
        elif case.find("skipped") is None:
            tally.ok()
    if result.returncode != 0 and not failed:
        tally.fail(f"pytest (exit code {result.returncode})")


def run_parts(parts, tally):
    if "checks" in parts:
        checks(tally)
    if "cluster-tools" in parts:
        cluster_tools(tally)
    if not {"unit", "fuzz", "e2e"} & set(parts):
        return
    targets = []
    targets += unit_programs() if "unit" in parts else []
    targets += fuzz_programs() if "fuzz" in parts else []
    targets += ["cardea"] if "e2e" in parts else []
    folder = build("asan", targets)
    if folder is None:
        tally.fail("build asan")
        return
    if "unit" in parts:
        unit(folder, unit_programs(), tally)
    if "fuzz" in parts:
        fuzz(folder, fuzz_programs(), tally)
    if "e2e" in parts:
        e2e(folder, tally)


def run_tsan(tally):
    programs = [name for name in unit_programs() if name.removesuffix("_test") in TSAN_ROOMS]
    folder = build("tsan", [*programs, "cardea"])
    if folder is None:
        tally.fail("build tsan")
        return
    unit(folder, programs, tally)
    e2e(folder, tally, marker="threads")


def run_cluster(tally):
    heading("tests in a cluster")
    pytest("tests/cluster/checks", tally)


def main(arguments):
    apart = {"tsan": run_tsan, "cluster": run_cluster}  # only when they are asked for
    unknown = [name for name in arguments if name not in [*PARTS, *apart]]
    if unknown:
        print(f"./test: no part {', '.join(unknown)}; there are: {', '.join([*PARTS, *apart])}, conformance", file=sys.stderr)
        return 2
    tally = Tally()
    parts = [name for name in arguments if name not in apart]
    if parts or not arguments:
        run_parts(parts or PARTS, tally)
    for name in apart:
        if name in arguments:
            apart[name](tally)
    if tally.failures:
        print("\nFailed:")
        for name in tally.failures:
            print(f"  {name}")
    print(f"\n{tally.passed} passed, {len(tally.failures)} failed", flush=True)
    return 0 if tally.passed > 0 and not tally.failures else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
