// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"cardea.dev/tests/cluster/internal/artifacts"
	"cardea.dev/tests/cluster/internal/host"
	"cardea.dev/tests/cluster/internal/needs"
	"cardea.dev/tests/cluster/internal/topology"
)

// Up builds what is missing and starts a cluster. What a crash has left of an earlier one of that name is removed first.
func Up(name, root string) (topology.Cluster, error) {
	var cluster topology.Cluster
	if err := topology.CheckName(name); err != nil {
		return cluster, err
	}
	if missing := needs.Check(root); len(missing) > 0 {
		return cluster, fmt.Errorf("this machine lacks:\n  %s", strings.Join(missing, "\n  "))
	}
	builder := artifacts.Builder{Root: root}
	if err := builder.Programs(artifacts.ForCluster); err != nil {
		return cluster, err
	}
	images, err := builder.ClusterImages()
	if err != nil {
		return cluster, err
	}
	err = withLock(func() error {
		if old, _, err := Running(name); err == nil {
			return fmt.Errorf("cluster %s is up already, from %s; tests/cluster/down %s ends it", name, old.Root, name)
		}
		if leftovers(name) {
			fmt.Printf("Removing what an earlier cluster %s has left\n", name)
			if err := remove(name); err != nil {
				return err
			}
		}
		cluster, err = claim(name, root)
		if err == nil {
			err = start(cluster, images)
		}
		if err != nil {
			err = errors.Join(err, keepLogs(cluster), remove(name))
		}
		return err
	})
	return cluster, err
}

// start runs the node's first process until the node is ready. An interrupt ends it.
func start(cluster topology.Cluster, images []string) error {
	for _, path := range images {
		if err := copyFile(path, cluster.Path("images", filepath.Base(path))); err != nil {
			return err
		}
	}
	progress, progressEnd, err := os.Pipe()
	if err != nil {
		return err
	}
	defer progress.Close()
	consentEnd, consent, err := os.Pipe()
	if err != nil {
		return err
	}
	defer consent.Close()
	log, err := os.Create(cluster.Log("host"))
	if err != nil {
		return err
	}
	defer log.Close()
	node := exec.Command("/proc/self/exe", host.InitCommand, cluster.Name)
	node.Dir, node.Stdout, node.Stderr = "/", log, log
	node.ExtraFiles = []*os.File{progressEnd, consentEnd}
	node.SysProcAttr = &syscall.SysProcAttr{Cloneflags: needs.Namespaces, Setsid: true}
	err = node.Start()
	progressEnd.Close()
	consentEnd.Close()
	if err != nil {
		return err
	}

	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(interrupts)
	go func() {
		if _, interrupted := <-interrupts; interrupted {
			_ = node.Process.Kill()
		}
	}()

	for lines := bufio.NewScanner(progress); lines.Scan(); {
		if lines.Text() == host.Ready {
			if err := layCable(cluster, node.Process.Pid); err != nil {
				return fmt.Errorf("the cable between the machine and the node: %w", err)
			}
			_, err := consent.Write([]byte{1})
			return err
		}
		fmt.Println(lines.Text())
	}
	return fmt.Errorf("the node ended before it was ready: %w", node.Wait())
}

// layCable connects the machine with the node, so that programs on the machine reach the API server and the addresses of load
// balancers. It goes with the node's network namespace.
func layCable(c topology.Cluster, process int) error {
	inside := []string{"nsenter", "-t", fmt.Sprint(process), "-n", "ip"}
	outside := []string{"ip"}
	for _, step := range []struct {
		where   []string
		command string
	}{
		{outside, fmt.Sprintf("link add %s type veth peer name machine netns %d", c.Link(), process)},
		{inside, fmt.Sprintf("address add %s/30 dev machine", c.NodeEnd())},
		{inside, "link set machine up"},
		{outside, fmt.Sprintf("address add %s/30 dev %s", c.MachineEnd(), c.Link())},
		{outside, fmt.Sprintf("link set %s up", c.Link())},
		{outside, fmt.Sprintf("route add %s via %s", c.NodeAddress(), c.NodeEnd())},
		{outside, fmt.Sprintf("route add %s via %s", c.LoadBalancers(), c.NodeEnd())},
	} {
		arguments := append(append([]string{}, step.where...), strings.Fields(step.command)...)
		if output, err := exec.Command(arguments[0], arguments[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(arguments, " "), err, output)
		}
	}
	return nil
}

// keepLogs saves the logs of a cluster that did not start, which are about to be removed with it.
func keepLogs(cluster topology.Cluster) error {
	target := filepath.Join(cluster.Root, "build", "cluster", "failed-"+cluster.Name)
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := os.CopyFS(target, os.DirFS(cluster.Path("log"))); err != nil {
		return err
	}
	return fmt.Errorf("its logs are in %s", target)
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}
