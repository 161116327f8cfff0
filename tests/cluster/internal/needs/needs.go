// SPDX-License-Identifier: Apache-2.0

// Package needs tells what this machine lacks for a cluster, before anything is started.
package needs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"cardea.dev/tests/cluster/internal/cgroup"
)

// ProbeCommand is the argument with which this program tries things in namespaces of its own.
const ProbeCommand = "probe"

// Namespaces of a node.
const Namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// Programs by the Debian package that has them.
var programs = []struct{ name, pkg string }{
	{"containerd", "containerd"}, {"ctr", "containerd"}, {"containerd-shim-runc-v2", "containerd"}, {"runc", "runc"},
	{"/usr/lib/cni/ptp", "containernetworking-plugins"}, {"/usr/lib/cni/portmap", "containernetworking-plugins"},
	{"/usr/lib/cni/host-local", "containernetworking-plugins"},
	{"nft", "nftables"}, {"iptables", "iptables"}, {"conntrack", "conntrack"}, {"/bin/busybox", "busybox-static"},
	{"ip", "iproute2"}, {"nsenter", "util-linux"}, {"gcc", "gcc"},
}

// Check returns a line for everything that is missing.
func Check(root string) []string {
	if os.Geteuid() != 0 {
		return []string{"not root: a node needs namespaces, mounts and control groups of its own"}
	}
	var missing []string
	for _, program := range programs {
		if _, err := exec.LookPath(program.name); err != nil {
			missing = append(missing, fmt.Sprintf("the program %s, of the package %s", program.name, program.pkg))
		}
	}
	for _, hidden := range []string{"/run", "/var/lib", "/var/log", "/sys", "/proc"} {
		if path, err := filepath.EvalSymlinks(root); err == nil && strings.HasPrefix(path+"/", hidden+"/") {
			missing = append(missing, fmt.Sprintf("a work tree that the node can see: it has a %s of its own, and this one is in %s", hidden, root))
		}
	}
	if _, err := cgroup.Detect(); err != nil {
		missing = append(missing, err.Error())
	}
	return append(missing, probe()...)
}

// probe runs this program in namespaces of its own.
func probe() []string {
	command := exec.Command("/proc/self/exe", ProbeCommand)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: Namespaces}
	output, err := command.Output()
	lines := strings.FieldsFunc(string(output), func(r rune) bool { return r == '\n' })
	if err != nil && len(lines) == 0 {
		return []string{fmt.Sprintf("the permission to make namespaces (mount, pid, net, uts, ipc): %v", err)}
	}
	return lines
}

// Probe tries what a node will do, and prints a line for what does not work. It runs in fresh namespaces, which end with it.
func Probe() error {
	failed := false
	report := func(what string, err error) {
		if err != nil {
			failed = true
			fmt.Printf("%s: %v\n", what, err)
		}
	}
	private := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	report("the permission to make mounts private", private)
	if private == nil {
		report("the permission to mount /proc", syscall.Mount("proc", "/proc", "proc", 0, ""))
		report("the kernel's overlay file system", tryOverlay())
		report("the permission to mount /sys", syscall.Mount("sysfs", "/sys", "sysfs", 0, ""))
	}
	report("the permission to set a host name", syscall.Sethostname([]byte("probe")))
	report("the kernel's veth devices", try("ip", "link", "add", "one", "type", "veth", "peer", "name", "two"))
	report("the kernel's nf_tables with NAT and conntrack",
		try("nft", "add table ip probe; add chain ip probe x { type nat hook prerouting priority dstnat; }; add rule ip probe x ct state new counter"))
	if failed {
		return fmt.Errorf("not everything works")
	}
	return nil
}

func tryOverlay() error {
	base := "/run"
	if err := syscall.Mount("tmpfs", base, "tmpfs", 0, ""); err != nil {
		return err
	}
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(base, name), 0o755); err != nil {
			return err
		}
	}
	return syscall.Mount("overlay", base+"/merged", "overlay", 0, "lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work")
}

func try(name string, arguments ...string) error {
	output, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %s", err, strings.Join(strings.Fields(string(output)), " "))
	}
	return nil
}
