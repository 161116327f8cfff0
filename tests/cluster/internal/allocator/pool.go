// SPDX-License-Identifier: Apache-2.0

// Package allocator gives addresses to Services of type LoadBalancer, as a cloud does. kube-proxy forwards what comes to them.
package allocator

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Service is what the pool needs to know of one.
type Service struct {
	UID, Namespace, Name string
	LoadBalancer         bool   // of that type, and not being deleted
	Class                string // set: another controller's
	Wanted               string // spec.loadBalancerIP
	External             []string
	Current              []string // status.loadBalancer.ingress
}

// Change is what has to be told to the API server: the address that a Service now has (empty: none) when its status says
// otherwise, and a refusal when it is news.
type Change struct {
	Service Service
	Status  bool // write Address to the status
	Address string
	Refusal string
}

// Pool decides who has which address. The first `dynamic` ones are given to who asks for none in particular, the longest free
// first, because clients may still remember who had it last. It does no I/O, and is used by one goroutine.
type Pool struct {
	prefix   netip.Prefix
	dynamic  []string
	services map[string]Service   // by UID
	held     map[string]string    // address -> UID
	freed    map[string]time.Time // address -> when
	told     map[string]string    // UID -> the last refusal
	now      func() time.Time
}

// NewPool makes a pool of a prefix's addresses without its first and last one.
func NewPool(prefix netip.Prefix, lastDynamic netip.Addr) *Pool {
	p := &Pool{
		prefix: prefix, services: map[string]Service{}, held: map[string]string{}, freed: map[string]time.Time{},
		told: map[string]string{}, now: time.Now,
	}
	for a := prefix.Addr().Next(); a.Compare(lastDynamic) <= 0; a = a.Next() {
		p.dynamic = append(p.dynamic, a.String())
	}
	return p
}

// Reset starts again from a full list: what is given stays given.
func (p *Pool) Reset(services []Service) []Change {
	clear(p.services)
	clear(p.held)
	for _, s := range services {
		p.services[s.UID] = s
		if !s.LoadBalancer || s.Class != "" {
			continue
		}
		for _, address := range s.Current {
			if _, taken := p.held[address]; !taken && p.contains(address) {
				p.held[address] = s.UID
			}
		}
	}
	var changes []Change
	for _, s := range services {
		changes = append(changes, p.Put(s)...)
	}
	return changes
}

// Put takes a new or changed Service.
func (p *Pool) Put(s Service) []Change {
	p.services[s.UID] = s
	changes, freed := p.settle(s)
	if freed {
		changes = append(changes, p.retryRefused(s.UID)...)
	}
	return changes
}

// Remove forgets a Service that is gone; what it had goes to those who wait.
func (p *Pool) Remove(uid string) []Change {
	delete(p.services, uid)
	delete(p.told, uid)
	if !p.release(uid, "") {
		return nil
	}
	return p.retryRefused(uid)
}

func (p *Pool) settle(s Service) (changes []Change, freed bool) {
	if s.LoadBalancer && s.Class != "" {
		return nil, p.release(s.UID, "")
	}
	address, refusal := "", ""
	if s.LoadBalancer {
		address, refusal = p.choose(s)
	}
	freed = p.release(s.UID, address)
	if address != "" {
		p.held[address] = s.UID
	}
	change := Change{Service: s, Address: address, Status: !slices.Equal(s.Current, listOf(address))}
	if refusal != p.told[s.UID] {
		change.Refusal, p.told[s.UID] = refusal, refusal
	}
	if refusal == "" {
		delete(p.told, s.UID)
	}
	if change.Status || change.Refusal != "" {
		changes = append(changes, change)
	}
	return changes, freed
}

func (p *Pool) choose(s Service) (address, refusal string) {
	if s.Wanted != "" {
		switch {
		case !p.contains(s.Wanted):
			return "", fmt.Sprintf("%s is not in %s", s.Wanted, p.prefix)
		case !p.mayHave(s, s.Wanted):
			return "", fmt.Sprintf("%s is in use", s.Wanted)
		}
		return s.Wanted, ""
	}
	for _, current := range s.Current {
		if slices.Contains(p.dynamic, current) && p.mayHave(s, current) {
			return current, ""
		}
	}
	taken := p.external()
	best := ""
	for _, candidate := range p.dynamic {
		if _, held := p.held[candidate]; held || taken[candidate] {
			continue
		}
		if best == "" || p.freed[candidate].Before(p.freed[best]) {
			best = candidate
		}
	}
	if best == "" {
		return "", "no address is left"
	}
	return best, ""
}

func (p *Pool) mayHave(s Service, address string) bool {
	holder, held := p.held[address]
	return !held || holder == s.UID
}

// Addresses that Services claim by themselves.
func (p *Pool) external() map[string]bool {
	taken := map[string]bool{}
	for _, s := range p.services {
		for _, address := range s.External {
			taken[address] = true
		}
	}
	return taken
}

func (p *Pool) contains(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && p.prefix.Contains(address) && address != p.prefix.Addr() && p.prefix.Contains(address.Next())
}

// release frees what a Service has, except for one address, and tells whether there was anything.
func (p *Pool) release(uid, except string) bool {
	any := false
	for address, holder := range p.held {
		if holder == uid && address != except {
			delete(p.held, address)
			p.freed[address] = p.now()
			any = true
		}
	}
	return any
}

func (p *Pool) retryRefused(except string) []Change {
	var changes []Change
	waiting := make([]string, 0, len(p.told))
	for uid := range p.told {
		waiting = append(waiting, uid)
	}
	slices.Sort(waiting)
	for _, uid := range waiting {
		if s, known := p.services[uid]; known && uid != except {
			more, _ := p.settle(s)
			changes = append(changes, more...)
		}
	}
	return changes
}

func listOf(address string) []string {
	if address == "" {
		return nil
	}
	return []string{address}
}
