// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"embed"
	"os"
	"text/template"

	"cardea.dev/tests/cluster/internal/artifacts"
	"cardea.dev/tests/cluster/internal/topology"
)

//go:embed files
var files embed.FS

// values are what the files below files/ may name.
type values struct {
	topology.Cluster
	Domain, PauseImage, CoreDNSImage string
}

// configure writes the components' configuration.
func (n *node) configure() error {
	v := values{n.cluster, topology.Domain, artifacts.PauseImage, artifacts.CoreDNSImage}
	entries, err := files.ReadDir("files")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		parsed, err := template.ParseFS(files, "files/"+entry.Name())
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := parsed.Execute(&text, v); err != nil {
			return err
		}
		if err := os.WriteFile(n.cluster.Path(entry.Name()), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	// containerd reads every file of a folder.
	if err := os.MkdirAll(n.cluster.Path("cni"), 0o755); err != nil {
		return err
	}
	if err := os.Rename(n.cluster.Path("network.conflist"), n.cluster.Path("cni", "network.conflist")); err != nil {
		return err
	}
	// Pods that ask for the node's DNS get none: there is nobody outside.
	return os.WriteFile(n.cluster.Path("resolv.conf"), nil, 0o644)
}
