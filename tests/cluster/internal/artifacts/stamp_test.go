// SPDX-License-Identifier: Apache-2.0

package artifacts

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWorkIsDoneOnceForTheSameInputs(t *testing.T) {
	folder := t.TempDir()
	output := filepath.Join(folder, "output")
	runs, input := 0, "a"
	call := func(fail error) error {
		return once(filepath.Join(folder, "stamps"), "x", []string{output},
			func(k key) error { k.text(input); return nil },
			func() error {
				runs++
				if fail != nil {
					return fail
				}
				return os.WriteFile(output, nil, 0o644)
			})
	}
	expect := func(what string, want int) {
		t.Helper()
		if runs != want {
			t.Errorf("%s: %d runs, want %d", what, runs, want)
		}
	}
	_ = call(nil)
	_ = call(nil)
	expect("the same inputs", 1)
	input = "b"
	_ = call(nil)
	expect("another input", 2)
	_ = os.Remove(output)
	_ = call(nil)
	expect("a missing output", 3)
	input = "c"
	if call(errors.New("no")) == nil {
		t.Error("the error is lost")
	}
	_ = call(nil)
	expect("after a failure", 5)
	_ = call(nil)
	expect("and again", 5)
}
