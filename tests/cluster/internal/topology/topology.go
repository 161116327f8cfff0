// SPDX-License-Identifier: Apache-2.0

// Package topology says what a cluster and its node are called, where their files are and which addresses they use. Every
// name and address is derived from the cluster's name and number, so that clusters stand side by side.
package topology

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
)

// StateRoot holds one folder for each cluster of this machine, whichever work tree started it.
const StateRoot = "/var/lib/cardea-clusters"

const (
	DefaultName = "local"
	Domain      = "cluster.local"
)

// MaxClusters is how many third octets the address plan has.
const MaxClusters = 256

// A name is part of an interface's name, which has 15 characters at most.
var validName = regexp.MustCompile(`^[a-z][a-z0-9]{0,10}$`)

// Cluster is one cluster of one node.
type Cluster struct {
	Name  string `json:"name"`
	Index int    `json:"index"` // lowest free number when it was started
	Root  string `json:"root"`  // the work tree that it was started from
}

// CheckName tells what is wrong with the name of a cluster.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("cluster name %q: want 1 to 11 lower-case letters and digits, a letter first", name)
	}
	return nil
}

func StateOf(name string) string { return filepath.Join(StateRoot, name) }

func (c Cluster) State() string { return StateOf(c.Name) }
func (c Cluster) Path(parts ...string) string {
	return filepath.Join(append([]string{c.State()}, parts...)...)
}
func (c Cluster) Log(name string) string        { return c.Path("log", name+".log") }
func (c Cluster) Kubeconfig(user string) string { return c.Path(user + ".kubeconfig") }
func (c Cluster) Binary(name string) string {
	return filepath.Join(c.Root, "build", "cluster", "bin", name)
}

// Node is the name of the node, its host and its certificates.
func (c Cluster) Node() string { return c.Name + "-node1" }

// Cgroup is the name of the node's folder in every cgroup hierarchy.
func (c Cluster) Cgroup() string { return CgroupOf(c.Name) }

func CgroupOf(name string) string { return "cardea-" + name + "-node1" }

// Link is the end of the cable to the node that the machine sees.
func (c Cluster) Link() string { return LinkOf(c.Name) }

func LinkOf(name string) string { return "k8s-" + name }

func address(second, third, fourth int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(second), byte(third), byte(fourth)})
}

// The machine sees the cable, the node and the load balancers' addresses; those differ from cluster to cluster.
func (c Cluster) MachineEnd() netip.Addr      { return address(96, c.Index, 2) }
func (c Cluster) NodeEnd() netip.Addr         { return address(96, c.Index, 1) }
func (c Cluster) NodeAddress() netip.Addr     { return address(97, c.Index, 1) }
func (c Cluster) LoadBalancers() netip.Prefix { return netip.PrefixFrom(address(98, c.Index, 0), 24) }
func (c Cluster) APIServer() string           { return fmt.Sprintf("https://%s:6443", c.NodeAddress()) }
func (c Cluster) UsableAddress() netip.Addr   { return address(98, c.Index, 200) }
func (c Cluster) LastDynamic() netip.Addr     { return address(98, c.Index, 199) }

// Nobody outside sees these; every cluster has the same.
func (c Cluster) Services() netip.Prefix { return netip.MustParsePrefix("10.100.0.0/16") }
func (c Cluster) APIService() netip.Addr { return netip.MustParseAddr("10.100.0.1") }
func (c Cluster) DNSService() netip.Addr { return netip.MustParseAddr("10.100.0.10") }
func (c Cluster) Pods() netip.Prefix     { return netip.MustParsePrefix("10.244.0.0/16") }
func (c Cluster) NodePods() netip.Prefix { return netip.MustParsePrefix("10.244.0.0/24") }
