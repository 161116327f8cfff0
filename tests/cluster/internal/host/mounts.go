// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"cardea.dev/tests/cluster/internal/cgroup"
	"cardea.dev/tests/cluster/internal/topology"
)

// Settings of the whole kernel that kubelet insists on. It sees these values in files of ours, and the machine keeps its own.
var kernelSettings = map[string]string{
	"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
	"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
}

// mount gives the node folders of its own where components write at fixed places, so that nothing is left on the machine.
func (n *node) mount() error {
	state := n.cluster.State()
	// /var/lib becomes a folder of the state, in which the state itself stays where it was.
	varLib, varLog := n.cluster.Path("var-lib"), n.cluster.Path("var-log")
	inner := filepath.Join(varLib, filepath.Base(topology.StateRoot), n.cluster.Name)
	for _, folder := range []string{filepath.Join(varLib, "kubelet"), filepath.Join(varLib, "containerd"), inner, varLog} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	type entry struct {
		source, target, kind string
		flags                uintptr
		data                 string
	}
	const bind, recursive = syscall.MS_BIND, syscall.MS_BIND | syscall.MS_REC
	if err := os.MkdirAll(n.cluster.Path("cgroups"), 0o755); err != nil {
		return err
	}
	cgroups := n.cluster.Path("cgroups")
	for _, m := range []entry{
		{state, inner, "", bind, ""},
		{varLib, filepath.Dir(topology.StateRoot), "", recursive, ""},
		{varLog, "/var/log", "", bind, ""},
		{"tmpfs", "/run", "tmpfs", 0, "mode=755"},
		// A sysfs that shows the new network namespace's devices, with the control groups kept.
		{cgroup.Mount, cgroups, "", recursive, ""},
		{"sysfs", "/sys", "sysfs", 0, ""},
		{cgroups, cgroup.Mount, "", recursive, ""},
	} {
		if err := syscall.Mount(m.source, m.target, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mounting %s at %s: %w", m.source, m.target, err)
		}
	}
	if err := os.MkdirAll("/run/lock", 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(n.cluster.Path("sysctl"), 0o755); err != nil {
		return err
	}
	for name, value := range kernelSettings {
		file := n.cluster.Path("sysctl", filepath.Base(name))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(file, "/proc/sys/"+name, "", bind, ""); err != nil {
			return fmt.Errorf("mounting over /proc/sys/%s: %w", name, err)
		}
	}
	// Volumes that kubelet mounts must show in what containerd and runc see.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte(n.cluster.Node())); err != nil {
		return err
	}
	tree, err := cgroup.Detect()
	if err != nil {
		return err
	}
	return tree.Make(n.cluster.Cgroup())
}
