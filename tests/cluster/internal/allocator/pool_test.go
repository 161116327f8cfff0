// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"net/netip"
	"testing"
	"time"
)

// A pool of .1 to .6, of which .1 and .2 are dynamic, with a clock that goes on by a second at each look.
func newTestPool() *Pool {
	p := NewPool(netip.MustParsePrefix("10.98.0.0/29"), netip.MustParseAddr("10.98.0.2"))
	now := time.Unix(0, 0)
	p.now = func() time.Time { now = now.Add(time.Second); return now }
	return p
}

func wish(uid, wanted string) Service {
	return Service{UID: uid, Name: uid, LoadBalancer: true, Wanted: wanted}
}

// given applies changes as the API server would, and tells the address of a Service.
func given(t *testing.T, changes []Change, uid string) (address, refusal string) {
	t.Helper()
	for _, c := range changes {
		if c.Service.UID == uid {
			return c.Address, c.Refusal
		}
	}
	t.Fatalf("nothing about %s in %+v", uid, changes)
	return
}

func expect(t *testing.T, changes []Change, uid, address, refusal string) {
	t.Helper()
	if a, r := given(t, changes, uid); a != address || r != refusal {
		t.Errorf("%s: %q %q, want %q %q", uid, a, r, address, refusal)
	}
}

func TestAddressesAreGivenOnce(t *testing.T) {
	p := newTestPool()
	expect(t, p.Put(wish("a", "")), "a", "10.98.0.1", "")
	expect(t, p.Put(wish("b", "")), "b", "10.98.0.2", "")
	expect(t, p.Put(wish("c", "")), "c", "", "no address is left")
	if changes := p.Put(wish("c", "")); len(changes) != 0 {
		t.Errorf("the same refusal was told twice: %+v", changes)
	}
	expect(t, p.Remove("a"), "c", "10.98.0.1", "")
}

func TestWishes(t *testing.T) {
	p := newTestPool()
	expect(t, p.Put(wish("a", "10.98.0.5")), "a", "10.98.0.5", "")
	expect(t, p.Put(wish("b", "10.98.0.5")), "b", "", "10.98.0.5 is in use")
	for _, outside := range []string{"192.0.2.1", "10.98.0.0", "10.98.0.7", "nonsense", "::1"} {
		expect(t, p.Put(wish("c", outside)), "c", "", outside+" is not in 10.98.0.0/29")
	}
	// A changed wish frees the old address for who waits for it.
	changes := p.Put(wish("a", "10.98.0.4"))
	expect(t, changes, "a", "10.98.0.4", "")
	expect(t, changes, "b", "10.98.0.5", "")
}

func TestTheLongestFreeComesFirst(t *testing.T) {
	p := newTestPool()
	p.Put(wish("a", ""))
	p.Put(wish("b", ""))
	p.Remove("b")
	p.Remove("a")
	expect(t, p.Put(wish("c", "")), "c", "10.98.0.2", "")
}

func TestAnExternalAddressIsNotGiven(t *testing.T) {
	p := newTestPool()
	p.Put(Service{UID: "x", External: []string{"10.98.0.1"}})
	expect(t, p.Put(wish("a", "")), "a", "10.98.0.2", "")
}

func TestTheStatusFollowsTheType(t *testing.T) {
	p := newTestPool()
	p.Put(wish("a", ""))
	withAddress := wish("a", "")
	withAddress.Current = []string{"10.98.0.1"}
	if changes := p.Put(withAddress); len(changes) != 0 {
		t.Errorf("written again: %+v", changes)
	}
	withAddress.LoadBalancer = false
	expect(t, p.Put(withAddress), "a", "", "")
	foreign := wish("b", "")
	foreign.Class, foreign.Current = "other", []string{"1.2.3.4"}
	if changes := p.Put(foreign); len(changes) != 0 {
		t.Errorf("another controller's Service: %+v", changes)
	}
}

func TestWhatWasGivenStaysOverARestart(t *testing.T) {
	p := newTestPool()
	old := wish("b", "")
	old.Current = []string{"10.98.0.1"}
	changes := p.Reset([]Service{wish("a", ""), old})
	expect(t, changes, "a", "10.98.0.2", "")
	if len(changes) != 1 {
		t.Errorf("%+v", changes)
	}
}
