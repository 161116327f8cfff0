// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"
)

func TestOnlyTheSuitesOwnTestsCount(t *testing.T) {
	var r Results
	for _, line := range strings.Split(`=== RUN   TestConformance/A
        --- FAIL: TestConformance/A/part (0.01s)
    --- PASS: TestConformance/A (1.00s)
    --- FAIL: TestConformance/B (1.00s)
    --- SKIP: TestConformance/C (0.00s)
    --- PASS: TestConformance/A (1.00s)
--- FAIL: TestConformance (3.00s)
FAIL`, "\n") {
		r.Line(line)
	}
	r.Close(1)
	if strings.Join(r.Passed, ",") != "A" || strings.Join(r.Failed, ",") != "B" || strings.Join(r.Skipped, ",") != "C" {
		t.Errorf("%+v", r)
	}
}

func TestTheExitCodeDecides(t *testing.T) {
	good := Results{Passed: []string{"A"}}
	good.Close(0)
	crashed := Results{Passed: []string{"A"}}
	crashed.Close(2)
	var empty Results
	empty.Close(0)
	if len(good.Failed) != 0 || len(crashed.Failed) != 1 || len(empty.Failed) != 1 {
		t.Errorf("%v %v %v", good.Failed, crashed.Failed, empty.Failed)
	}
}

func TestStartsOfTestsAreSeen(t *testing.T) {
	if name, yes := started("=== RUN   TestConformance/A"); !yes || name != "A" {
		t.Errorf("%q %v", name, yes)
	}
	for _, line := range []string{"=== RUN   TestConformance", "=== RUN   TestConformance/A/part", "=== NAME  TestConformance/A"} {
		if _, yes := started(line); yes {
			t.Errorf("%q is no start", line)
		}
	}
}
