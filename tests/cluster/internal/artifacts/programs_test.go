// SPDX-License-Identifier: Apache-2.0

package artifacts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What programs say of themselves is what they are built from.
func TestVersionsAreThoseOfThePins(t *testing.T) {
	for _, pinned := range []struct{ pins, require string }{
		{"kubernetes", "k8s.io/kubernetes v" + kubernetesVersion},
		{"helm", "helm.sh/helm/v3 v" + helmVersion},
	} {
		file := filepath.Join("..", "..", "pins", pinned.pins, "go.mod")
		module, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(module), pinned.require+"\n") {
			t.Errorf("%s does not require %s", file, pinned.require)
		}
	}
}
