// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"cardea.dev/tests/cluster/internal/allocator"
	"cardea.dev/tests/cluster/internal/topology"
)

// How long a step of the start may take on a busy machine.
const patience = 2 * time.Minute

// Ready is the line of progress that ends a good start.
const Ready = "ready"

type node struct {
	cluster  topology.Cluster
	progress *os.File
	start    time.Time
}

// Main brings the node up and then keeps it running. It never returns without an error.
func Main(cluster topology.Cluster) error {
	n := &node{cluster: cluster, progress: os.NewFile(progressFD, "progress"), start: time.Now()}
	consent := os.NewFile(consentFD, "consent")
	go func() {
		if read, _ := consent.Read(make([]byte, 1)); read == 0 {
			fmt.Fprintln(os.Stderr, "who started this cluster is gone before it was ready")
			os.Exit(1)
		}
	}()
	if err := n.up(); err != nil {
		fmt.Fprintln(n.progress, err)
		return err
	}
	fmt.Fprintln(n.progress, Ready)
	n.progress.Close()
	select {}
}

func (n *node) up() error {
	if err := os.Setenv("PATH", filepath.Dir(n.cluster.Binary("x"))+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		work func() error
	}{
		{"mounts", n.mount},
		{"network", n.network},
		{"certificates", n.certificates},
		{"configuration", n.configure},
		{"", n.startStores},
		{"images", n.importImages},
		{"API server", n.awaitAPI},
		{"", n.startComponents},
		{"node", n.awaitNode},
		{"DNS", n.awaitDNS},
	} {
		if err := step.work(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if step.name != "" {
			fmt.Fprintf(n.progress, "%5.1f s  %s\n", time.Since(n.start).Seconds(), step.name)
		}
	}
	return nil
}

// startStores starts what everything else talks to.
func (n *node) startStores() error {
	for _, c := range []component{n.etcd(), n.containerd(), n.apiServer()} {
		go n.keepRunning(c)
	}
	return nil
}

func (n *node) startComponents() error {
	for _, c := range []component{n.controllerManager(), n.scheduler(), n.kubelet(), n.kubeProxy()} {
		go n.keepRunning(c)
	}
	log, err := os.OpenFile(n.cluster.Log("address-allocator"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	pki := func(name string) string { return n.cluster.Path("pki", name) }
	controller, err := allocator.NewController(n.cluster.APIServer(), pki("ca.crt"), pki("admin.crt"), pki("admin.key"),
		n.cluster.LoadBalancers(), n.cluster.LastDynamic(), log)
	if err != nil {
		return err
	}
	go controller.Run(context.Background())
	return nil
}

func (n *node) importImages() error {
	if err := n.until("containerd", func() error { return run("ctr", "version") }); err != nil {
		return err
	}
	archives, err := filepath.Glob(n.cluster.Path("images", "*.tar"))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := run("ctr", "-n", "k8s.io", "images", "import", "--digests=false", archive); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) awaitAPI() error {
	return n.until("kube-apiserver", func() error { return n.kubectl("get", "--raw", "/readyz") })
}

func (n *node) awaitNode() error {
	return n.until("kubelet", func() error {
		return n.kubectl("wait", "--for=condition=Ready", "node/"+n.cluster.Node(), "--timeout=10s")
	})
}

func (n *node) awaitDNS() error {
	if err := n.kubectl("apply", "-f", n.cluster.Path("coredns.yaml")); err != nil {
		return err
	}
	return n.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")
}

func (n *node) kubectl(arguments ...string) error {
	return run("kubectl", append([]string{"--kubeconfig", n.cluster.Kubeconfig("admin")}, arguments...)...)
}

// until repeats what a component that is starting does not answer yet. What it wrote last tells why it never did.
func (n *node) until(component string, try func() error) error {
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = try(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w\nthe end of %s:\n%s", err, n.cluster.Log(component), tail(n.cluster.Log(component), 2000))
}

func tail(path string, size int) []byte {
	data, _ := os.ReadFile(path)
	return data[max(0, len(data)-size):]
}

// run runs a command to its end; the error holds what it printed.
func run(name string, arguments ...string) error {
	output, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(output))
	}
	return nil
}
