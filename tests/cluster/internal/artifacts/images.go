// SPDX-License-Identifier: Apache-2.0

package artifacts

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"

	"cardea.dev/tests/cluster/internal/image"
)

// Names of images that our own manifests and configuration use.
const (
	PauseImage   = "cardea-tests/pause:1"
	CoreDNSImage = "cardea-tests/coredns:1.12.2"
	BusyboxImage = "cardea-tests/busybox:1"
	CardeaImage  = "cardea:dev"
)

const busybox = "/bin/busybox" // Debian's busybox-static

// What a person expects to find in a shell.
var applets = []string{
	"sh", "cat", "date", "echo", "env", "grep", "head", "httpd", "id", "ip", "kill", "ls", "mkdir", "nc", "nslookup", "ps", "sed",
	"sleep", "stat", "tail", "touch", "true", "wget",
}

// ClusterImages makes the archives that every cluster starts with and returns their paths.
func (b Builder) ClusterImages() ([]string, error) {
	shell := []image.File{{Path: "bin/busybox", Source: busybox}}
	for _, name := range applets {
		shell = append(shell, image.File{Path: "bin/" + name, Link: busybox})
	}
	return b.archives(map[string]image.Spec{
		"pause": {Tags: []string{PauseImage}, Entrypoint: []string{"/pause"}, User: "65535:65535",
			Files: []image.File{{Path: "pause", Source: b.Binary("pause")}}},
		"coredns": {Tags: []string{CoreDNSImage}, Entrypoint: []string{"/coredns"},
			Files: []image.File{{Path: "coredns", Source: b.Binary("coredns")}}},
		"busybox": {Tags: []string{BusyboxImage}, Entrypoint: []string{"/bin/sh"}, Files: shell},
	})
}

// SuiteImages makes the archives of the conformance suite's backends, under every name that the suite's manifests call them.
func (b Builder) SuiteImages() ([]string, error) {
	suite, err := b.ModuleFolder("sigs.k8s.io/gateway-api/conformance")
	if err != nil {
		return nil, err
	}
	specs := map[string]image.Spec{}
	for _, name := range []string{"echo-basic", "coredns"} {
		tags, err := imagesNamed(suite, name)
		if err != nil {
			return nil, err
		}
		specs["suite-"+name] = image.Spec{Tags: tags, Entrypoint: []string{"/" + name}, Files: []image.File{{Path: name, Source: b.Binary(name)}}}
	}
	return b.archives(specs)
}

// Cardea makes the archive of Cardea's own image from a program that was built here.
func (b Builder) Cardea(program string) (string, error) {
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("%w; ./run build makes it", err)
	}
	files, err := image.Libraries(program)
	if err != nil {
		return "", err
	}
	const authorities = "/etc/ssl/certs/ca-certificates.crt"
	files = append(files,
		image.File{Path: "usr/bin/cardea", Source: program},
		image.File{Path: authorities, Source: authorities},
		image.File{Path: "usr/lib/ssl/cert.pem", Link: authorities}, // where Debian's OpenSSL looks
	)
	paths, err := b.archives(map[string]image.Spec{
		"cardea": {Tags: []string{CardeaImage}, Entrypoint: []string{"/usr/bin/cardea"}, User: image.NonRoot, Files: files},
	})
	if err != nil {
		return "", err
	}
	return paths[0], nil
}

func (b Builder) archives(specs map[string]image.Spec) ([]string, error) {
	var paths []string
	for name, spec := range specs {
		path := b.Image(name)
		inputs := func(k key) error {
			text, err := json.Marshal(spec)
			k.text(string(text))
			for _, file := range spec.Files {
				if err == nil && file.Source != "" {
					err = k.identity(file.Source)
				}
			}
			return err
		}
		err := once(b.out("stamps"), "image-"+name, []string{path}, inputs, func() error {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			return spec.Write(path)
		})
		if err != nil {
			return nil, fmt.Errorf("the image %s: %w", name, err)
		}
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return paths, nil
}

// imagesNamed finds every image of that name in the YAML files below a folder.
func imagesNamed(folder, name string) ([]string, error) {
	pattern := regexp.MustCompile(`(?m)^\s*(?:- )?image:\s*["']?(\S*/` + regexp.QuoteMeta(name) + `:[\w.-]+)`)
	seen := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		for _, match := range pattern.FindAllSubmatch(data, -1) {
			seen[string(match[1])] = true
		}
		return err
	})
	if err == nil && len(seen) == 0 {
		err = fmt.Errorf("no image %s in the manifests below %s", name, folder)
	}
	tags := make([]string, 0, len(seen))
	for tag := range seen {
		tags = append(tags, tag)
	}
	sort.Strings(tags)
	return tags, err
}
