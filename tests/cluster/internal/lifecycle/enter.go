// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"cardea.dev/tests/cluster/internal/topology"
)

// Namespaces leave no working directory; the shell goes back to it where the node sees it.
const enterScript = `cd "$1" 2>/dev/null; shift; exec "$@"`

// Inside is the command line that runs a command among the node's processes.
func Inside(process int, command ...string) []string {
	folder, err := os.Getwd()
	if err != nil {
		folder = "/"
	}
	line := []string{"nsenter", "-t", fmt.Sprint(process), "-m", "-n", "-p", "-u", "-i", "--", "/bin/sh", "-c", enterScript, "sh", folder}
	return append(line, command...)
}

// Environment in which kubectl and the programs of a cluster are found.
func Environment(cluster topology.Cluster) []string {
	path := filepath.Dir(cluster.Binary("x")) + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	return append(os.Environ(), "KUBECONFIG="+cluster.Kubeconfig("admin"), "PATH="+path)
}

// Exec becomes a command inside of the cluster's node.
func Exec(name string, command []string) error {
	cluster, process, err := Running(name)
	if err != nil {
		return err
	}
	return become(Inside(process, command...), Environment(cluster))
}

// Kubectl becomes kubectl, on the machine: what it listens on (port-forward) is reached there.
func Kubectl(name string, arguments []string) error {
	cluster, _, err := Running(name)
	if err != nil {
		return err
	}
	return become(append([]string{cluster.Binary("kubectl")}, arguments...), Environment(cluster))
}

// Helm becomes the program helm, on the machine. What needs no cluster (template, lint) works without one.
func Helm(name, program string, arguments []string) error {
	if err := topology.CheckName(name); err != nil {
		return err
	}
	environment := append(os.Environ(), "KUBECONFIG="+filepath.Join(topology.StateOf(name), "admin.kubeconfig"))
	return become(append([]string{program}, arguments...), environment)
}

func become(command, environment []string) error {
	program, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, command, environment)
}

// LoadImage imports an image archive into the node. It comes by standard input: the node may not see its path.
func LoadImage(name, archive string) error {
	_, process, err := Running(name)
	if err != nil {
		return err
	}
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	line := Inside(process, "ctr", "-n", "k8s.io", "images", "import", "--digests=false", "-")
	command := exec.Command(line[0], line[1:]...)
	command.Stdin = file
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("importing %s: %w: %s", archive, err, output)
	}
	fmt.Printf("%s", output)
	return nil
}
