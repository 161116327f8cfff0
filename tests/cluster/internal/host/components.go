// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"os"
	"os/exec"
	"time"

	"cardea.dev/tests/cluster/internal/topology"
)

// component is a process of the node: NAME writes to log/NAME.log.
type component struct {
	name      string
	arguments []string
}

// keepRunning starts a component again a second after its end, as a system's service manager would.
func (n *node) keepRunning(c component) {
	log, err := os.OpenFile(n.cluster.Log(c.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for {
		command := exec.Command(c.name, c.arguments...)
		command.Stdout, command.Stderr = log, log
		err := command.Run()
		fmt.Fprintf(os.Stderr, "%s %s ended: %v\n", time.Now().Format(time.TimeOnly), c.name, err)
		time.Sleep(time.Second)
	}
}

const (
	etcdClients = "http://127.0.0.1:2379"
	etcdPeers   = "http://127.0.0.1:2380"
)

func (n *node) pki(name string) string { return n.cluster.Path("pki", name) }

func (n *node) etcd() component {
	return component{"etcd", []string{
		"--data-dir", n.cluster.Path("etcd"),
		"--listen-client-urls", etcdClients, "--advertise-client-urls", etcdClients,
		"--listen-peer-urls", etcdPeers, "--initial-advertise-peer-urls", etcdPeers, "--initial-cluster", "default=" + etcdPeers,
		"--unsafe-no-fsync", // the data lives as long as the cluster
	}}
}

func (n *node) containerd() component {
	return component{"containerd", []string{"--config", n.cluster.Path("containerd.toml")}}
}

func (n *node) apiServer() component {
	return component{"kube-apiserver", []string{
		"--etcd-servers=" + etcdClients,
		"--secure-port=6443", "--bind-address=0.0.0.0", "--advertise-address=" + n.cluster.NodeAddress().String(),
		"--service-cluster-ip-range=" + n.cluster.Services().String(),
		"--client-ca-file=" + n.pki("ca.crt"),
		"--tls-cert-file=" + n.pki("apiserver.crt"), "--tls-private-key-file=" + n.pki("apiserver.key"),
		"--service-account-issuer=https://kubernetes.default.svc." + topology.Domain,
		"--service-account-key-file=" + n.pki("tokens.pub"), "--service-account-signing-key-file=" + n.pki("tokens.key"),
		"--kubelet-client-certificate=" + n.pki("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + n.pki("apiserver-kubelet-client.key"),
		"--kubelet-certificate-authority=" + n.pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged",
		"--requestheader-client-ca-file=" + n.pki("ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
	}}
}

// Flags by which a component talks to the API server, also to ask it who its own clients are.
func (n *node) clientOf(user string) []string {
	kubeconfig := n.cluster.Kubeconfig(user)
	return []string{"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig}
}

func (n *node) controllerManager() component {
	return component{"kube-controller-manager", append(n.clientOf("controller-manager"),
		"--leader-elect=false", "--bind-address=127.0.0.1", "--use-service-account-credentials",
		"--service-account-private-key-file="+n.pki("tokens.key"), "--root-ca-file="+n.pki("ca.crt"),
		"--cluster-signing-cert-file="+n.pki("ca.crt"), "--cluster-signing-key-file="+n.pki("ca.key"),
		"--cluster-cidr="+n.cluster.Pods().String(), "--service-cluster-ip-range="+n.cluster.Services().String(),
		"--flex-volume-plugin-dir="+n.cluster.Path("volume-plugins"))}
}

func (n *node) scheduler() component {
	return component{"kube-scheduler", append(n.clientOf("scheduler"), "--leader-elect=false", "--bind-address=127.0.0.1")}
}

func (n *node) kubelet() component {
	return component{"kubelet", []string{
		"--config=" + n.cluster.Path("kubelet.yaml"), "--kubeconfig=" + n.cluster.Kubeconfig("kubelet"),
		"--hostname-override=" + n.cluster.Node(), "--node-ip=" + n.cluster.NodeAddress().String(),
	}}
}

func (n *node) kubeProxy() component {
	return component{"kube-proxy", []string{"--config=" + n.cluster.Path("kube-proxy.yaml")}}
}
