// SPDX-License-Identifier: Apache-2.0

package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func line(place, kind, options string) string {
	return "30 24 0:26 / " + place + " rw,relatime shared:9 - " + kind + " " + kind + " " + options + "\n"
}

func TestVersionOneWithEveryController(t *testing.T) {
	mounts := line("/sys/fs/cgroup", "tmpfs", "rw") + line("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct") +
		line("/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,name=systemd") + line("/sys/fs/cgroup/unified", "cgroup2", "rw")
	for _, name := range []string{"blkio", "cpuset", "devices", "freezer", "memory", "pids"} {
		mounts += line("/sys/fs/cgroup/"+name, "cgroup", "rw,"+name)
	}
	tree, err := detect(mounts)
	if err != nil || tree.Unified || len(tree.Roots) != 9 {
		t.Errorf("%v %+v", err, tree)
	}
	if _, err := detect(strings.ReplaceAll(mounts, "memory", "misc")); err == nil || !strings.HasSuffix(err.Error(), ": memory") {
		t.Errorf("without memory: %v", err)
	}
}

func TestNoControlGroupsAtAll(t *testing.T) {
	if _, err := detect(line("/", "ext4", "rw")); err == nil {
		t.Error("nothing was missed")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestVersionTwoNamesWhatIsMissing(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "cgroup.controllers"), "cpuset cpu io memory hugetlb pids rdma\n")
	if tree, err := unified(root); err != nil || !tree.Unified {
		t.Errorf("%v %+v", err, tree)
	}
	write(t, filepath.Join(root, "cgroup.controllers"), "cpu memory pids\n")
	if _, err := unified(root); err == nil || !strings.HasSuffix(err.Error(), ": cpuset, io") {
		t.Errorf("%v", err)
	}
}

func TestVersionTwoDelegatesAtBothLevels(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "cgroup.controllers"), "cpuset cpu io memory hugetlb pids rdma\n")
	if err := (Tree{Unified: true, Roots: []string{root}}).Make("node"); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		root: "+cpu +cpuset +io +memory +pids +hugetlb", filepath.Join(root, "node"): "+cpu +cpuset +io +memory +pids", // it has no file to tell more
	} {
		data, err := os.ReadFile(filepath.Join(folder, "cgroup.subtree_control"))
		if err != nil || string(data) != want {
			t.Errorf("%s: %v %q", folder, err, data)
		}
	}
}

func TestANewCpusetIsFilled(t *testing.T) {
	cpuset, memory := t.TempDir(), t.TempDir()
	write(t, filepath.Join(cpuset, "cpuset.cpus"), "0-1\n")
	write(t, filepath.Join(cpuset, "cpuset.mems"), "0\n")
	tree := Tree{Roots: []string{cpuset, memory}}
	if err := tree.Make("node"); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(filepath.Join(cpuset, "node", "cpuset.cpus")); string(data) != "0-1\n" {
		t.Errorf("cpuset.cpus: %q", data)
	}
	if !tree.Exists("node") || tree.Exists("other") {
		t.Error("Exists")
	}
}

func TestVersionTwoIsLeftAsItWas(t *testing.T) {
	root := t.TempDir()
	control := filepath.Join(root, "cgroup.subtree_control")
	read := func() string {
		data, err := os.ReadFile(control)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	write(t, control, "cpu memory")
	if err := bringBack(root); err != nil || read() != "-cpu -memory" {
		t.Errorf("alone: %v %q", err, read())
	}
	write(t, control, "cpu memory")
	if err := os.Mkdir(filepath.Join(root, "system.slice"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := bringBack(root); err != nil || read() != "cpu memory" {
		t.Errorf("with another's group: %v %q", err, read())
	}
}
