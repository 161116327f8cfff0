// SPDX-License-Identifier: Apache-2.0

// The program behind the commands in this folder: Kubernetes clusters on one machine, made of what is built here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"cardea.dev/tests/cluster/internal/artifacts"
	"cardea.dev/tests/cluster/internal/conformance"
	"cardea.dev/tests/cluster/internal/host"
	"cardea.dev/tests/cluster/internal/install"
	"cardea.dev/tests/cluster/internal/lifecycle"
	"cardea.dev/tests/cluster/internal/needs"
	"cardea.dev/tests/cluster/internal/shop"
	"cardea.dev/tests/cluster/internal/topology"
)

const usage = `usage:
  tests/cluster/build                 builds what a cluster and the conformance suite need; nothing when that is done
  tests/cluster/up [NAME]             starts a cluster
  tests/cluster/down [NAME]           ends it and leaves nothing behind
  tests/cluster/kubectl ARGUMENTS     kubectl for it
  tests/cluster/helm ARGUMENTS        helm for it; the first use builds it
  tests/cluster/exec COMMAND          runs a command among the processes of its node
  tests/cluster/load-image ARCHIVE    imports an image
  tests/cluster/load-cardea [PROGRAM] makes the image cardea:dev of a program (build/release/cardea) and imports it
  tests/cluster/install [PROGRAM]     does that too, and installs the Gateway API and Cardea as deploy/ says
  tests/cluster/conformance [FLAGS]   what ./test conformance runs
  tests/cluster/shop                  what ./run cluster runs

NAME is "local", or what CARDEA_CLUSTER says; the other commands look there too.
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "tests/cluster/%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func run(command string, arguments []string) error {
	name := topology.DefaultName
	if chosen := os.Getenv("CARDEA_CLUSTER"); chosen != "" {
		name = chosen
	}
	if (command == "up" || command == "down") && len(arguments) == 1 {
		name, arguments = arguments[0], nil
	}
	wanted := map[string][2]int{ // how many arguments
		"build": {0, 0}, "up": {0, 0}, "down": {0, 0}, "kubectl": {0, 1 << 20}, "helm": {0, 1 << 20}, "exec": {1, 1 << 20}, "load-image": {1, 1},
		"load-cardea": {0, 1}, "install": {0, 1}, "conformance": {0, 1 << 20}, "shop": {0, 0}, host.InitCommand: {1, 1}, host.MainCommand: {1, 1}, needs.ProbeCommand: {0, 0},
	}
	count, known := wanted[command]
	if !known || len(arguments) < count[0] || len(arguments) > count[1] {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	switch command {
	case "build":
		return build()
	case "up":
		return up(name)
	case "down":
		return down(name)
	case "kubectl":
		return lifecycle.Kubectl(name, arguments)
	case "helm":
		program, err := artifacts.Builder{Root: root()}.Helm()
		if err != nil {
			return err
		}
		return lifecycle.Helm(name, program, arguments)
	case "exec":
		return lifecycle.Exec(name, arguments)
	case "load-image":
		return lifecycle.LoadImage(name, arguments[0])
	case "load-cardea":
		return loadCardea(name, arguments)
	case "install":
		return installCardea(name, arguments)
	case "conformance":
		return runSuite(arguments)
	case "shop":
		return shop.Run(name, root())
	case host.InitCommand:
		return host.Init(arguments[0])
	case host.MainCommand:
		cluster, err := lifecycle.Load(arguments[0])
		if err != nil {
			return err
		}
		return host.Main(cluster)
	default:
		return needs.Probe()
	}
}

// root of the work tree: this program is build/cluster/bin/cluster.
func root() string {
	self, err := os.Executable()
	if err != nil {
		return "."
	}
	return filepath.Join(filepath.Dir(self), "..", "..", "..")
}

func build() error {
	builder := artifacts.Builder{Root: root()}
	if err := builder.Programs(artifacts.ForSuite); err != nil {
		return err
	}
	_, err := builder.ClusterImages()
	return err
}

func up(name string) error {
	cluster, err := lifecycle.Up(name, root())
	if err != nil {
		return err
	}
	fmt.Printf("Cluster %s is up: KUBECONFIG=%s, load balancers at %s\n", name, cluster.Kubeconfig("admin"), cluster.LoadBalancers())
	return nil
}

func down(name string) error {
	any, err := lifecycle.Down(name)
	if err == nil && !any {
		fmt.Printf("There is no cluster %s\n", name)
	}
	return err
}

func runSuite(arguments []string) error {
	options, err := conformance.Parse(root(), arguments, os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	good, err := conformance.Run(options)
	if err != nil {
		// Whoever reads the last line must not take silence for success.
		fmt.Fprintf(os.Stderr, "./test conformance: %v\n", err)
		fmt.Println("0 passed, 1 failed")
	}
	if !good {
		os.Exit(1)
	}
	return nil
}

// program is what was given, or the one that ./run build makes.
func program(builder artifacts.Builder, arguments []string) string {
	if len(arguments) == 1 {
		return arguments[0]
	}
	return filepath.Join(builder.Root, "build", "release", "cardea")
}

func installCardea(name string, arguments []string) error {
	cluster, err := lifecycle.Load(name)
	if err != nil {
		return err
	}
	builder := artifacts.Builder{Root: root()}
	return install.Cardea(context.Background(), cluster, builder, program(builder, arguments))
}

func loadCardea(name string, arguments []string) error {
	builder := artifacts.Builder{Root: root()}
	archive, err := builder.Cardea(program(builder, arguments))
	if err != nil {
		return err
	}
	return lifecycle.LoadImage(name, archive)
}
