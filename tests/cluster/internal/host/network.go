// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// network makes the node's interface. There is no dummy device in every kernel: eth0 is one end of a cable whose other end is
// here too, so that what nobody forwards ends there. The cable to the machine is laid by who starts the node (lifecycle).
func (n *node) network() error {
	for _, command := range []string{
		"link set lo up",
		"link add eth0 type veth peer name eth0-end",
		"link set eth0-end up",
		fmt.Sprintf("address add %s/24 dev eth0", n.cluster.NodeAddress()),
		"link set eth0 up",
		"route add default dev eth0",
	} {
		if err := run("ip", strings.Fields(command)...); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{"ip_forward": "1", "conf/all/rp_filter": "0", "conf/default/rp_filter": "0"} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0); err != nil {
			return err
		}
	}
	return n.refuseUnusedAddresses()
}

// An address of the load balancers that kube-proxy does not forward (yet) answers at once with a reset, as it would on a real
// network's edge. Without this the kernel looks for it behind eth0 for three seconds.
func (n *node) refuseUnusedAddresses() error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(strings.ReplaceAll(`table inet load_balancers {
  chain output  { type filter hook output priority 10; ip daddr POOL jump refuse; }
  chain forward { type filter hook forward priority 10; ip daddr POOL jump refuse; }
  chain refuse  { meta l4proto tcp reject with tcp reset; reject; }
}
`, "POOL", n.cluster.LoadBalancers().String()))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, output)
	}
	return nil
}
