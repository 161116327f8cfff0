// SPDX-License-Identifier: Apache-2.0

// Package lifecycle starts and ends clusters, and enters them. What is up is told by the machine itself, its processes and
// folders, so that a crash at any point leaves nothing that the next call would not find.
package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"cardea.dev/tests/cluster/internal/host"
	"cardea.dev/tests/cluster/internal/topology"
)

const recordName = "cluster.json"

// withLock lets one up or down at a time work on this machine. The kernel drops the lock of who dies.
func withLock(work func() error) error {
	for {
		if err := os.MkdirAll(topology.StateRoot, 0o755); err != nil {
			return err
		}
		folder, err := os.Open(topology.StateRoot)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return err
		}
		if err := lock(folder); err != nil {
			folder.Close()
			return err
		}
		// The last down removes the folder: what we have locked may not be what is there now.
		mine, err1 := folder.Stat()
		now, err2 := os.Stat(topology.StateRoot)
		if err1 == nil && err2 == nil && os.SameFile(mine, now) {
			defer folder.Close()
			defer os.Remove(topology.StateRoot) // only when it is empty
			return work()
		}
		folder.Close()
	}
}

func lock(folder *os.File) error {
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
		return nil
	}
	fmt.Fprintln(os.Stderr, "Waiting for another cluster that starts or ends")
	for {
		if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// Load reads what up has written about a cluster.
func Load(name string) (topology.Cluster, error) {
	var cluster topology.Cluster
	data, err := os.ReadFile(filepath.Join(topology.StateOf(name), recordName))
	if err != nil {
		return cluster, err
	}
	return cluster, json.Unmarshal(data, &cluster)
}

// Names of all clusters that have a folder.
func names() []string {
	entries, _ := os.ReadDir(topology.StateRoot)
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

// claim takes the lowest number that no other cluster has and writes it down.
func claim(name, root string) (topology.Cluster, error) {
	taken := map[int]bool{}
	for _, other := range names() {
		if cluster, err := Load(other); err == nil {
			taken[cluster.Index] = true
		}
	}
	cluster := topology.Cluster{Name: name, Root: root}
	for taken[cluster.Index] {
		cluster.Index++
	}
	if cluster.Index >= topology.MaxClusters {
		return cluster, fmt.Errorf("there are %d clusters already", cluster.Index)
	}
	for _, folder := range []string{"log", "images"} {
		if err := os.MkdirAll(cluster.Path(folder), 0o755); err != nil {
			return cluster, err
		}
	}
	data, err := json.Marshal(cluster)
	if err != nil {
		return cluster, err
	}
	return cluster, os.WriteFile(cluster.Path(recordName), data, 0o644)
}

// hostsOf finds the first process of every node of that name: by its arguments, so that no file can be missing or wrong.
func hostsOf(name string) []int {
	var found []int
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		arguments := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
		if len(arguments) == 3 && arguments[1] == host.InitCommand && arguments[2] == name && startsNamespace(id) {
			found = append(found, id)
		}
	}
	return found
}

// startsNamespace tells whether a process is number 1 of a process namespace inside of ours.
func startsNamespace(id int) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
	for _, line := range strings.Split(string(status), "\n") {
		if ids, found := strings.CutPrefix(line, "NSpid:"); found {
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

// Running returns a cluster that is up, and the first process of its node.
func Running(name string) (topology.Cluster, int, error) {
	if err := topology.CheckName(name); err != nil {
		return topology.Cluster{}, 0, err
	}
	cluster, err := Load(name)
	hosts := hostsOf(name)
	if err != nil || len(hosts) == 0 {
		return cluster, 0, fmt.Errorf("cluster %s is not up: tests/cluster/up %s", name, name)
	}
	return cluster, hosts[0], nil
}
