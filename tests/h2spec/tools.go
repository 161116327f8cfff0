// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package h2spec pins the conformance tests of HTTP/2 that ./test h2spec runs; go build makes their program from here.
package h2spec

import _ "github.com/summerwind/h2spec/cmd/h2spec"
