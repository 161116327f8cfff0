// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"regexp"
	"strings"
)

// Results are the suite's own tests by how they ended, read from what `go test -v` prints.
type Results struct {
	Passed, Failed, Skipped []string
	seen                    map[string]bool
}

// "    --- PASS: TestConformance/HTTPRouteMatching (1.23s)": a test of the suite; parts of tests are deeper.
var testLine = regexp.MustCompile(`^ {4}--- (PASS|FAIL|SKIP): [^/ ]+/([^/ ]+) \(`)

// "=== RUN   TestConformance/HTTPRouteMatching"
var startLine = regexp.MustCompile(`^=== RUN   [^/ ]+/([^/ ]+)$`)

// started names the test of the suite that a line says has begun. How it ends is printed after all have ended.
func started(line string) (name string, yes bool) {
	if match := startLine.FindStringSubmatch(line); match != nil {
		return match[1], true
	}
	return "", false
}

// Line takes a line of the output and tells whether it says how a test ended.
func (r *Results) Line(line string) bool {
	match := testLine.FindStringSubmatch(line)
	if match == nil || r.seen[match[2]] {
		return false
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[match[2]] = true
	switch match[1] {
	case "PASS":
		r.Passed = append(r.Passed, match[2])
	case "FAIL":
		r.Failed = append(r.Failed, match[2])
	default:
		r.Skipped = append(r.Skipped, match[2])
	}
	return true
}

// Close takes the suite's end into account. Its exit code decides: a run that did not end well has a failure, named or not, and
// one without a single test has not passed.
func (r *Results) Close(exitCode int) {
	switch {
	case len(r.Failed) > 0:
	case exitCode != 0:
		r.Failed = append(r.Failed, "the suite (it ended with an error outside of any test)")
	case len(r.Passed) == 0:
		r.Failed = append(r.Failed, "the suite (it ran no test)")
	}
}

// short is a result line without its indentation and without the name of the suite's one Go test.
func short(line string) string {
	return strings.Replace(strings.TrimPrefix(strings.TrimSpace(line), "--- "), "TestConformance/", "", 1)
}
