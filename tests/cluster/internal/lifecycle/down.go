// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"cardea.dev/tests/cluster/internal/cgroup"
	"cardea.dev/tests/cluster/internal/topology"
)

// Down ends a cluster, or removes what is left of one. It tells whether there was anything.
func Down(name string) (bool, error) {
	if err := topology.CheckName(name); err != nil {
		return false, err
	}
	any := false
	err := withLock(func() error {
		if any = leftovers(name); any {
			return remove(name)
		}
		return nil
	})
	return any, err
}

// leftovers tells whether anything of that name is on this machine.
func leftovers(name string) bool {
	if _, err := os.Stat(topology.StateOf(name)); err == nil {
		return true
	}
	tree, _ := cgroup.Detect()
	return len(hostsOf(name)) > 0 || tree.Exists(topology.CgroupOf(name)) || linkExists(name)
}

// remove ends every process of a cluster and removes all that is not gone with them.
func remove(name string) error {
	for _, id := range hostsOf(name) {
		if err := kill(id); err != nil {
			return err
		}
	}
	tree, err := cgroup.Detect()
	if err != nil && len(tree.Roots) == 0 {
		return err
	}
	return errors.Join(tree.Remove(topology.CgroupOf(name)), removeLink(name), removeState(name))
}

// kill ends the first process of a node, and the kernel all others with it: it is gone after they are.
func kill(id int) error {
	if err := syscall.Kill(id, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var status syscall.WaitStatus
		_, _ = syscall.Wait4(id, &status, syscall.WNOHANG, nil) // when it is our own child
		if !startsNamespace(id) || isZombie(id) {
			return nil
		}
	}
	return fmt.Errorf("process %d, the first one of the node, does not end", id)
}

func isZombie(id int) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
	return strings.Contains(string(status), "\nState:\tZ")
}

func linkExists(name string) bool {
	_, err := net.InterfaceByName(topology.LinkOf(name))
	return err == nil
}

// The kernel takes the cable away with the node's network namespace, a moment after the last process.
func removeLink(name string) error {
	for deadline := time.Now().Add(2 * time.Second); linkExists(name) && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
	}
	if !linkExists(name) {
		return nil
	}
	if output, err := exec.Command("ip", "link", "delete", topology.LinkOf(name)).CombinedOutput(); err != nil && linkExists(name) {
		return fmt.Errorf("ip link delete %s: %w: %s", topology.LinkOf(name), err, output)
	}
	return nil
}

func removeState(name string) error {
	state := topology.StateOf(name)
	// The node's mounts are in a namespace of its own. One that shows here would lead a removal astray.
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if strings.Contains(string(mounts), " "+state+"/") {
		return fmt.Errorf("something is mounted below %s; not removed", state)
	}
	return os.RemoveAll(state)
}
