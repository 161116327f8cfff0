// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"cardea.dev/tests/cluster/internal/pki"
	"cardea.dev/tests/cluster/internal/topology"
)

func ips(addresses ...netip.Addr) []net.IP {
	list := make([]net.IP, 0, len(addresses))
	for _, a := range addresses {
		list = append(list, a.AsSlice())
	}
	return list
}

// certificates makes an authority, a certificate for everyone, and a kubeconfig for every client.
func (n *node) certificates() error {
	authority, err := pki.New(n.cluster.Path("pki"), n.cluster.Name+" cluster")
	if err != nil {
		return err
	}
	if err := authority.KeyPair("tokens"); err != nil {
		return err
	}
	const service = "kubernetes.default.svc"
	address, node := n.cluster.NodeAddress(), n.cluster.Node()
	for _, who := range []pki.Identity{
		{File: "apiserver", CommonName: "kube-apiserver",
			Addresses: ips(address, netip.MustParseAddr("127.0.0.1"), n.cluster.APIService()),
			Names:     []string{"localhost", "kubernetes", "kubernetes.default", service, service + "." + topology.Domain}},
		{File: "kubelet-server", CommonName: node, Addresses: ips(address), Names: []string{node}},
		{File: "apiserver-kubelet-client", CommonName: "kube-apiserver-kubelet-client", Organization: "system:masters"},
		{File: "admin", CommonName: "admin", Organization: "system:masters"},
		{File: "kubelet", CommonName: "system:node:" + node, Organization: "system:nodes"},
		{File: "controller-manager", CommonName: "system:kube-controller-manager"},
		{File: "scheduler", CommonName: "system:kube-scheduler"},
		{File: "kube-proxy", CommonName: "system:kube-proxy"},
	} {
		if err := authority.Issue(who); err != nil {
			return err
		}
	}
	for _, user := range []string{"admin", "kubelet", "controller-manager", "scheduler", "kube-proxy"} {
		if err := os.WriteFile(n.cluster.Kubeconfig(user), []byte(n.kubeconfig(user)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) kubeconfig(user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: %[1]s, cluster: {server: "%[2]s", certificate-authority: %[3]s/ca.crt}}]
users: [{name: %[4]s, user: {client-certificate: %[3]s/%[4]s.crt, client-key: %[3]s/%[4]s.key}}]
contexts: [{name: %[1]s, context: {cluster: %[1]s, user: %[4]s}}]
current-context: %[1]s
`, n.cluster.Name, n.cluster.APIServer(), n.cluster.Path("pki"), user)
}
