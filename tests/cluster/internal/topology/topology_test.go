// SPDX-License-Identifier: Apache-2.0

package topology

import "testing"

func TestNamesThatFit(t *testing.T) {
	for name, good := range map[string]bool{
		"local": true, "a": true, "abcdefghijk": true, "n1": true,
		"": false, "abcdefghijkl": false, "1a": false, "A": false, "a-b": false, "../x": false,
	} {
		if (CheckName(name) == nil) != good {
			t.Errorf("CheckName(%q): want good=%v", name, good)
		}
		if good && len(LinkOf(name)) > 15 {
			t.Errorf("the interface name %q is too long", LinkOf(name))
		}
	}
}

func TestTwoClustersShareNothingTheMachineSees(t *testing.T) {
	a, b := Cluster{Name: "a", Index: 0}, Cluster{Name: "b", Index: 1}
	if a.State() == b.State() || a.Cgroup() == b.Cgroup() || a.Link() == b.Link() || a.Node() == b.Node() {
		t.Error("a name is shared")
	}
	if a.NodeAddress() == b.NodeAddress() || a.NodeEnd() == b.NodeEnd() || a.LoadBalancers().Overlaps(b.LoadBalancers()) {
		t.Error("an address is shared")
	}
}
