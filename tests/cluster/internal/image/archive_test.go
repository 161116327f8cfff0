// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func entries(t *testing.T, data []byte) (map[string]*tar.Header, map[string][]byte, []string) {
	t.Helper()
	headers, contents, order := map[string]*tar.Header{}, map[string][]byte{}, []string{}
	for reader := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return headers, contents, order
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		headers[header.Name], contents[header.Name] = header, content
		order = append(order, header.Name)
	}
}

func TestAnArchiveHoldsItsFilesAndSaysWhatTheyAre(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "program")
	if err := os.WriteFile(program, []byte("code"), 0o755); err != nil {
		t.Fatal(err)
	}
	spec := Spec{Tags: []string{"a:1", "b:2"}, Entrypoint: []string{"/opt/bin/program"}, User: NonRoot, Files: []File{
		{Path: "/opt/bin/program", Source: program}, {Path: "bin/sh", Link: "/opt/bin/program"}, {Path: "etc/x", Text: "text"},
	}}
	first, second := filepath.Join(folder, "1.tar"), filepath.Join(folder, "2.tar")
	for _, target := range []string{first, second} {
		if err := spec.Write(target); err != nil {
			t.Fatal(err)
		}
	}
	data, _ := os.ReadFile(first)
	if again, _ := os.ReadFile(second); !bytes.Equal(data, again) {
		t.Error("the same image twice is not the same archive")
	}

	_, outer, _ := entries(t, data)
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(outer["manifest.json"], &manifest); err != nil || len(manifest) != 1 || len(manifest[0].RepoTags) != 2 {
		t.Fatalf("manifest.json: %v %s", err, outer["manifest.json"])
	}
	var config struct {
		Config struct {
			Entrypoint []string
			User       string
		}
		Rootfs struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(outer[manifest[0].Config], &config); err != nil || config.Config.User != "65532:65532" {
		t.Fatalf("config: %v %+v", err, config)
	}
	layer := outer[manifest[0].Layers[0]]
	if want := "sha256:" + digest(layer); config.Rootfs.DiffIDs[0] != want {
		t.Errorf("diff_ids: %v, want %s", config.Rootfs.DiffIDs, want)
	}
	headers, contents, order := entries(t, layer)
	if string(contents["opt/bin/program"]) != "code" || headers["opt/bin/program"].Mode != 0o755 {
		t.Error("the program is not as it was")
	}
	if headers["bin/sh"].Linkname != "/opt/bin/program" || string(contents["etc/x"]) != "text" {
		t.Error("a link or a text is missing")
	}
	position := map[string]int{}
	for i, name := range order {
		position[name] = i + 1
	}
	for _, pair := range [][2]string{{"opt/", "opt/bin/"}, {"opt/bin/", "opt/bin/program"}} {
		if position[pair[0]] == 0 || position[pair[0]] > position[pair[1]] {
			t.Errorf("%s does not come before %s in %v", pair[0], pair[1], order)
		}
	}
}

func TestAMissingSourceIsNamed(t *testing.T) {
	err := Spec{Files: []File{{Path: "x", Source: "/does/not/exist"}}}.Write(filepath.Join(t.TempDir(), "x.tar"))
	if err == nil {
		t.Error("written without its source")
	}
}

func TestLibrariesOfAProgram(t *testing.T) {
	files, err := librariesOf("\tlinux-vdso.so.1 (0x1)\n\tlibm.so.6 => /lib/x/libm.so.6 (0x2)\n\t/lib64/ld.so.2 (0x3)\n")
	if err != nil || len(files) != 2 || files[0].Path != "/lib/x/libm.so.6" || files[1].Source != "/lib64/ld.so.2" {
		t.Errorf("%v %+v", err, files)
	}
	if _, err := librariesOf("\tlibx.so.1 => not found\n"); err == nil {
		t.Error("a library that is not there was not refused")
	}
	if files, err := librariesOf("\tstatically linked\n"); err != nil || len(files) != 0 {
		t.Errorf("%v %+v", err, files)
	}
}
