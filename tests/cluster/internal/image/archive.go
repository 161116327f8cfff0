// SPDX-License-Identifier: Apache-2.0

// Package image writes container images as archives of one layer, in the format of `docker save`, which containerd imports.
// The same input gives the same bytes.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"sort"
	"strings"
)

// File is one file of the image: a copy of Source, a symbolic link to Link, or Text.
type File struct {
	Path   string
	Source string
	Link   string
	Text   string
}

// Spec is an image.
type Spec struct {
	Tags       []string
	Entrypoint []string
	User       string // "uid:gid"; empty: root
	Files      []File
}

const nonroot = "65532"

// What every image has: a user that is not root, and a place for temporary files.
var common = []File{
	{Path: "etc/passwd", Text: "root:x:0:0:root:/:/bin/sh\nnonroot:x:" + nonroot + ":" + nonroot + ":nonroot:/:/bin/sh\n"},
	{Path: "etc/group", Text: "root:x:0:\nnonroot:x:" + nonroot + ":\n"},
}

// NonRoot is the user that /etc/passwd of every image names.
const NonRoot = nonroot + ":" + nonroot

// Write makes the archive at `target`.
func (s Spec) Write(target string) error {
	layer, err := s.layer()
	if err != nil {
		return err
	}
	layerID := digest(layer)
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": "1970-01-01T00:00:00Z",
		"config": map[string]any{
			"Entrypoint": s.Entrypoint, "User": s.User, "WorkingDir": "/", "Env": []string{"PATH=/bin:/usr/bin:/"},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + layerID}},
	})
	if err != nil {
		return err
	}
	configName, layerName := digest(config)+".json", layerID+"/layer.tar"
	manifest, err := json.Marshal([]map[string]any{{"Config": configName, "RepoTags": s.Tags, "Layers": []string{layerName}}})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, part := range []struct {
		name string
		data []byte
	}{{configName, config}, {layerName, layer}, {"manifest.json", manifest}} {
		if err := addFile(archive, part.name, 0o644, part.data); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	temporary := target + ".new"
	if err := os.WriteFile(temporary, out.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, target)
}

func (s Spec) layer() ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	files := append(append([]File{}, common...), s.Files...)
	for _, folder := range foldersOf(files) {
		mode := int64(0o755)
		if folder == "tmp" {
			mode = 0o1777
		}
		if err := archive.WriteHeader(&tar.Header{Name: folder + "/", Typeflag: tar.TypeDir, Mode: mode}); err != nil {
			return nil, err
		}
	}
	for _, file := range files {
		if err := file.addTo(archive); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (f File) addTo(archive *tar.Writer) error {
	name := strings.TrimPrefix(f.Path, "/")
	switch {
	case f.Link != "":
		return archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: f.Link, Mode: 0o777})
	case f.Source != "":
		data, err := os.ReadFile(f.Source)
		if err != nil {
			return err
		}
		info, err := os.Stat(f.Source)
		if err != nil {
			return err
		}
		return addFile(archive, name, int64(info.Mode().Perm())|0o444, data)
	default:
		return addFile(archive, name, 0o644, []byte(f.Text))
	}
}

// foldersOf lists every folder that the files need, parents first.
func foldersOf(files []File) []string {
	seen := map[string]bool{"tmp": true}
	for _, file := range files {
		for folder := path.Dir(strings.TrimPrefix(file.Path, "/")); folder != "."; folder = path.Dir(folder) {
			seen[folder] = true
		}
	}
	folders := make([]string, 0, len(seen))
	for folder := range seen {
		folders = append(folders, folder)
	}
	sort.Strings(folders)
	return folders
}

func addFile(archive *tar.Writer, name string, mode int64, data []byte) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := io.Copy(archive, bytes.NewReader(data))
	return err
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
