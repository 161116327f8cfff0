// SPDX-License-Identifier: Apache-2.0

// Package cgroup finds out which control groups this machine has, version 1 or 2, and makes and removes a node's folder there.
package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Mount is where the kernel's tree or trees are.
const Mount = "/sys/fs/cgroup"

// What kubelet and runc need. Version 1 calls some differently, and has some that version 2 does without a controller.
var (
	neededV1 = []string{"blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"}
	neededV2 = []string{"cpu", "cpuset", "io", "memory", "pids"}
)

// What kubelet insists on where the kernel has it.
var wantedV2 = []string{"hugetlb"}

// Tree is what this machine has.
type Tree struct {
	Unified bool     // version 2
	Roots   []string // of every hierarchy; one for version 2
}

// Detect reads /proc/self/mountinfo.
func Detect() (Tree, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Tree{}, err
	}
	return detect(string(data))
}

// detect tells from the text of a mountinfo what is there, and which controllers are missing.
func detect(mounts string) (Tree, error) {
	var tree Tree
	var controllers []string
	for lines := bufio.NewScanner(strings.NewReader(mounts)); lines.Scan(); {
		// ID parent device root place options... - type source super-options
		before, after, found := strings.Cut(lines.Text(), " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(rest) < 3 {
			continue
		}
		place := fields[4]
		switch {
		case rest[0] == "cgroup2" && place == Mount:
			return unified(place)
		case rest[0] == "cgroup" && filepath.Dir(place) == Mount:
			tree.Roots = append(tree.Roots, place)
			controllers = append(controllers, strings.Split(rest[2], ",")...)
		case rest[0] == "cgroup2" && filepath.Dir(place) == Mount:
			tree.Roots = append(tree.Roots, place) // beside version 1, without controllers; runc uses it all the same
		}
	}
	if len(controllers) == 0 {
		return tree, fmt.Errorf("no control groups are mounted at %s", Mount)
	}
	return tree, missing(neededV1, controllers, "version 1")
}

func unified(place string) (Tree, error) {
	tree := Tree{Unified: true, Roots: []string{place}}
	data, err := os.ReadFile(filepath.Join(place, "cgroup.controllers"))
	if err != nil {
		return tree, err
	}
	return tree, missing(neededV2, strings.Fields(string(data)), "version 2")
}

func missing(needed, have []string, version string) error {
	var absent []string
	for _, name := range needed {
		if !slices.Contains(have, name) {
			absent = append(absent, name)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	return fmt.Errorf("control groups %s lack the controllers: %s", version, strings.Join(absent, ", "))
}

// Make makes the node's folder in every hierarchy, with all that kubelet expects of its root.
func (t Tree) Make(name string) error {
	if t.Unified {
		return makeUnified(t.Roots[0], name)
	}
	for _, root := range t.Roots {
		folder := filepath.Join(root, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		// A new cpuset is empty, and nothing can run in it until it is told where.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(root, file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, file), value, 0)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func makeUnified(root, name string) error {
	if err := delegate(root); err != nil {
		return err
	}
	folder := filepath.Join(root, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return delegate(folder)
}

// Where processes of the machine go that are in the way.
const aside = "cardea-processes"

// delegate lets the children of a group have the needed controllers. A group that is not the machine's root may do so only when
// no process is in the group itself: in a container with a cgroup namespace of its own, all of them are. They move to a child,
// until Remove brings them back.
func delegate(group string) error {
	control := filepath.Join(group, "cgroup.subtree_control")
	controllers := slices.Clone(neededV2)
	available, _ := os.ReadFile(filepath.Join(group, "cgroup.controllers"))
	for _, name := range wantedV2 {
		if slices.Contains(strings.Fields(string(available)), name) {
			controllers = append(controllers, name)
		}
	}
	value := []byte("+" + strings.Join(controllers, " +"))
	err := os.WriteFile(control, value, 0)
	for try := 0; errors.Is(err, syscall.EBUSY) && try < 20; try++ {
		if err := moveAll(group, filepath.Join(group, aside)); err != nil {
			return err
		}
		err = os.WriteFile(control, value, 0)
	}
	if err != nil {
		return fmt.Errorf("giving controllers to the children of %s: %w", group, err)
	}
	return nil
}

func moveAll(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(from, "cgroup.procs"))
	if err != nil {
		return err
	}
	for _, id := range strings.Fields(string(data)) {
		err := os.WriteFile(filepath.Join(to, "cgroup.procs"), []byte(id), 0)
		// One that has ended meanwhile, or that the kernel keeps where it is.
		if err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, syscall.EINVAL) {
			return err
		}
	}
	return nil
}

// Remove ends what still runs in the node's folders and removes them.
func (t Tree) Remove(name string) error {
	var err error
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err = nil
		for _, root := range t.Roots {
			err = errors.Join(err, removeBelow(filepath.Join(root, name)))
		}
		if err == nil && t.Unified {
			err = bringBack(t.Roots[0])
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// bringBack undoes what delegate did to a root, when nobody else has groups there.
func bringBack(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	moved := false
	for _, entry := range entries {
		switch {
		case entry.Name() == aside:
			moved = true
		case entry.IsDir():
			return nil
		}
	}
	control := filepath.Join(root, "cgroup.subtree_control")
	enabled, err := os.ReadFile(control)
	if err != nil {
		return err
	}
	if names := strings.Fields(string(enabled)); len(names) > 0 {
		if err := os.WriteFile(control, []byte("-"+strings.Join(names, " -")), 0); err != nil {
			return err
		}
	}
	if !moved {
		return nil
	}
	folder := filepath.Join(root, aside)
	if err := moveAll(folder, root); err != nil {
		return err
	}
	return os.Remove(folder)
}

func removeBelow(folder string) error {
	var folders []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Reverse(folders) // children first
	for _, path := range folders {
		killAll(path)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func killAll(group string) {
	data, _ := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	for _, line := range strings.Fields(string(data)) {
		var id int
		if _, err := fmt.Sscan(line, &id); err == nil && id > 1 {
			_ = syscall.Kill(id, syscall.SIGKILL)
		}
	}
}

// Exists tells whether a folder of that name is left in any hierarchy.
func (t Tree) Exists(name string) bool {
	for _, root := range t.Roots {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			return true
		}
	}
	return false
}
