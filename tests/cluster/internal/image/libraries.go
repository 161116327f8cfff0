// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
)

// Libraries are the shared libraries that a program needs, with its loader, each at the place where the loader looks for it.
func Libraries(program string) ([]File, error) {
	output, err := exec.Command("ldd", program).Output()
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w", program, err)
	}
	return librariesOf(string(output))
}

// librariesOf reads what ldd prints: "name => /path (address)", "/path/of/the/loader (address)" or "linux-vdso.so.1 (address)".
func librariesOf(output string) ([]File, error) {
	var files []File
	for lines := bufio.NewScanner(strings.NewReader(output)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		name, path, found := strings.Cut(line, " => ")
		if !found {
			path = line
		}
		if strings.HasPrefix(path, "not found") {
			return nil, fmt.Errorf("the library %s is not installed", name)
		}
		path, _, _ = strings.Cut(path, " (")
		if strings.HasPrefix(path, "/") {
			files = append(files, File{Path: path, Source: path})
		}
	}
	return files, nil
}
