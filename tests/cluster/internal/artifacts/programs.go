// SPDX-License-Identifier: Apache-2.0

// Package artifacts builds what a cluster is made of: programs from pinned Go modules, and images from programs. Nothing is
// built twice from the same inputs.
package artifacts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// As pins/ has them.
const (
	kubernetesVersion = "1.36.1"
	helmVersion       = "3.22.0"
)

// Set is a choice of what to build.
type Set int

const (
	ForCluster Set = iota // what a cluster needs
	ForSuite              // and what the conformance suite needs
	onDemand              // what is built when it is used for the first time
)

// Builder knows where sources are and where results go.
type Builder struct {
	Root string // of the work tree
}

func (b Builder) out(parts ...string) string {
	return filepath.Join(append([]string{b.Root, "build", "cluster"}, parts...)...)
}
func (b Builder) Binary(name string) string { return b.out("bin", name) }
func (b Builder) Image(name string) string  { return b.out("images", name+".tar") }
func (b Builder) sources(parts ...string) string {
	return filepath.Join(append([]string{b.Root, "tests", "cluster"}, parts...)...)
}
func (b Builder) pins(name string) string { return b.sources("pins", name) }

// group is what one call of Go builds, from one module.
type group struct {
	name    string
	pins    string
	static  bool
	command []string // after `go`
	outputs []string
	cold    string // how long it takes when nothing is cached
	set     Set
}

func (b Builder) groups() []group {
	bin := b.out("bin") + "/"
	const plain = "-s -w"
	kubernetes := []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"}
	build := []string{"build", "-ldflags", kubernetesFlags(), "-o", bin}
	for _, name := range kubernetes {
		build = append(build, "k8s.io/kubernetes/cmd/"+name)
	}
	return []group{
		{name: "kubernetes", pins: "kubernetes", command: build, outputs: kubernetes, cold: "8 to 16 minutes"},
		{name: "etcd", pins: "kubernetes", outputs: []string{"etcd"}, cold: "a minute",
			command: []string{"build", "-ldflags", plain, "-o", bin + "etcd", "go.etcd.io/etcd/server/v3"}},
		{name: "coredns", pins: "coredns", static: true, outputs: []string{"coredns"}, cold: "3 minutes",
			command: []string{"build", "-ldflags", plain, "-o", bin + "coredns", "."}},
		{name: "echo-basic", pins: "conformance", static: true, outputs: []string{"echo-basic"}, cold: "a minute", set: ForSuite,
			command: []string{"build", "-ldflags", plain, "-o", bin + "echo-basic", "sigs.k8s.io/gateway-api/conformance/echo-basic"}},
		{name: "conformance", pins: "conformance", outputs: []string{"conformance.test"}, cold: "2 minutes", set: ForSuite,
			command: []string{"test", "-c", "-o", bin + "conformance.test", "sigs.k8s.io/gateway-api/conformance"}},
		{name: "helm", pins: "helm", static: true, outputs: []string{"helm"}, cold: "3 minutes", set: onDemand,
			command: []string{"build", "-ldflags", plain + " -X helm.sh/helm/v3/internal/version.version=v" + helmVersion, "-o", bin + "helm", "helm.sh/helm/v3/cmd/helm"}},
	}
}

// A version that components read from their linker flags and compare with each other's.
func kubernetesFlags() string {
	const version, client = "k8s.io/component-base/version", "k8s.io/client-go/pkg/version"
	numbers := strings.Split(kubernetesVersion, ".")
	flags := "-s -w"
	set := func(name, value string) { flags += " -X " + name + "=" + value }
	set(version+".gitVersion", "v"+kubernetesVersion)
	set(version+".gitMajor", numbers[0])
	set(version+".gitMinor", numbers[1])
	set(version+".gitTreeState", "clean")
	set(version+".gitCommit", "unknown")
	set(version+".buildDate", "2026-01-01T00:00:00Z")
	set(client+".gitVersion", "v"+kubernetesVersion)
	set(client+".gitMajor", numbers[0])
	set(client+".gitMinor", numbers[1])
	return flags
}

// Programs builds what is missing or stale of the set.
func (b Builder) Programs(set Set) error {
	for _, g := range b.groups() {
		if g.set > set {
			continue
		}
		if err := b.build(g); err != nil {
			return fmt.Errorf("building %s: %w", g.name, err)
		}
	}
	return b.pause()
}

// Helm builds helm when it is missing or stale, and tells where it is.
func (b Builder) Helm() (string, error) {
	groups := b.groups()
	at := slices.IndexFunc(groups, func(g group) bool { return g.name == "helm" })
	if err := b.build(groups[at]); err != nil {
		return "", fmt.Errorf("building helm: %w", err)
	}
	return b.Binary("helm"), nil
}

func (b Builder) build(g group) error {
	outputs := make([]string, len(g.outputs))
	for i, name := range g.outputs {
		outputs[i] = b.Binary(name)
	}
	inputs := func(k key) error {
		k.text(g.command...)
		files, err := filepath.Glob(b.pins(g.pins) + "/*")
		if err != nil {
			return err
		}
		for _, file := range append(files, b.sources("go")) {
			if err := k.content(file); err != nil {
				return err
			}
		}
		return nil
	}
	return once(b.out("stamps"), g.name, outputs, inputs, func() error {
		fmt.Printf("Building %s (%s when nothing is cached)\n", g.name, g.cold)
		start := time.Now()
		command := exec.Command(b.sources("go"), g.command...)
		command.Dir = b.pins(g.pins)
		command.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
		if g.static {
			command.Env = append(command.Env, "CGO_ENABLED=0")
		}
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			return err
		}
		fmt.Printf("Built %s in %.0f s\n", g.name, time.Since(start).Seconds())
		return nil
	})
}

// The process that holds a pod's namespaces.
func (b Builder) pause() error {
	source := b.sources("pause", "pause.c")
	return once(b.out("stamps"), "pause", []string{b.Binary("pause")},
		func(k key) error { return k.content(source) },
		func() error {
			command := exec.Command("gcc", "-Os", "-static", "-s", "-o", b.Binary("pause"), source)
			command.Stderr = os.Stderr
			return command.Run()
		})
}

// ModuleFolder is where the sources of a module are that the conformance suite's pins name.
func (b Builder) ModuleFolder(module string) (string, error) {
	command := exec.Command(b.sources("go"), "list", "-m", "-f", "{{.Dir}}", module)
	command.Dir, command.Stderr = b.pins("conformance"), os.Stderr
	output, err := command.Output()
	folder := strings.TrimSpace(string(output))
	if err == nil && folder == "" {
		err = fmt.Errorf("not downloaded")
	}
	if err != nil {
		return "", fmt.Errorf("the module %s: %w", module, err)
	}
	return folder, nil
}
