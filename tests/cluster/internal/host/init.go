// SPDX-License-Identifier: Apache-2.0

// Package host is the node from inside: the first process of its namespaces, which buries orphans and ends everything by
// ending; and its one child, which makes mounts and network, runs the components and keeps them running.
package host

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// Arguments of the two processes; lifecycle finds the first one by them.
const (
	InitCommand = "host-init"
	MainCommand = "host-main"
)

// File descriptors that the main process gets from who started it: it tells its progress on one, a line each, and reads the
// other, on which a byte says that it may go on alone. An end without that byte means that nobody is left who wanted the cluster.
const (
	progressFD = 3
	consentFD  = 4
)

// Init is process 1 of the node. When it ends, the kernel ends every other process of the node.
func Init(cluster string) error {
	// A fresh /proc for the new process namespace, in a mount namespace that tells nobody outside.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	main := exec.Command("/proc/self/exe", MainCommand, cluster)
	main.Stdout, main.Stderr = os.Stdout, os.Stderr
	main.ExtraFiles = []*os.File{os.NewFile(progressFD, "progress"), os.NewFile(consentFD, "consent")}
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	if err := main.Start(); err != nil {
		return err
	}
	for _, file := range main.ExtraFiles {
		file.Close()
	}
	for {
		var status syscall.WaitStatus
		id, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("waiting for children: %w", err)
		}
		if id == main.Process.Pid {
			return fmt.Errorf("the node's main process ended: %v", status)
		}
	}
}
