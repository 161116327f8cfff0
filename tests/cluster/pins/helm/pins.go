// SPDX-License-Identifier: Apache-2.0

//go:build pins

// Package pins names what is built from this module, so that go.mod and go.sum hold its whole tree.
package pins

import _ "helm.sh/helm/v3/cmd/helm"
