// SPDX-License-Identifier: Apache-2.0

// Package conformance runs the Gateway API's own conformance suite, unmodified, against Cardea in a cluster of its own.
package conformance

import (
	"flag"
	"fmt"
	"io"
)

// Options of ./test conformance.
type Options struct {
	Root     string // of the work tree
	Cluster  string
	Program  string
	Profiles string
	Test     string
	Keep     bool
	Reuse    bool
	Publish  bool
	Requests bool
	Parallel int
}

const about = `./test conformance [FLAGS] - runs the official suite of the Gateway API in a cluster that it starts and ends.

Report, output and logs go to build/conformance/. The last line is "N passed, N failed".

`

// Parse reads the flags.
func Parse(root string, arguments []string, out io.Writer) (Options, error) {
	o := Options{Root: root}
	flags := flag.NewFlagSet("./test conformance", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, about)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.Cluster, "cluster", "conformance", "the `NAME` of the cluster")
	flags.StringVar(&o.Program, "cardea", "", "the `PROGRAM` to test instead of build/release/cardea, which is built first")
	flags.StringVar(&o.Profiles, "profiles", "GATEWAY-HTTP,GATEWAY-GRPC", "the suite's `PROFILES`")
	flags.StringVar(&o.Test, "run-test", "", "run only the test of this `NAME`")
	flags.BoolVar(&o.Keep, "keep", false, "leave the cluster up at the end, and what the suite has made in it")
	flags.BoolVar(&o.Reuse, "reuse", false, "use the cluster that is up, with a new image of Cardea, and leave it up")
	flags.BoolVar(&o.Publish, "publish", false, "copy the report to docs/conformance/")
	flags.BoolVar(&o.Requests, "cpu-requests", false, "let pods ask for the CPUs that their manifests say; two CPUs are too few then")
	flags.IntVar(&o.Parallel, "parallel", 6, "how many of the suite's parallel tests run at once")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("what is %q? All options are flags; see --help", flags.Arg(0))
	}
	return o, nil
}
