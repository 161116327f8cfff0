// SPDX-License-Identifier: Apache-2.0
// Structural sharing (declared in diff.h): walks the next plan, and wherever the hash of a part is known takes the part
// that is there already. A part that is new is copied only if something inside it is replaced.
#include <unordered_map>

#include "plan/diff.h"
#include "plan/used_backends.h"

namespace cardea::plan {

namespace {

template <class Part>
class Known {
 public:
  void add(const Ref<Part>& part) {
    if (!part->hash.is_zero()) parts_.emplace(part->hash, part);
  }
  const Ref<Part>* find(const Ref<Part>& part) const {
    const auto known = parts_.find(part->hash);
    return known == parts_.end() ? nullptr : &known->second;
  }

 private:
  std::unordered_map<Hash, Ref<Part>> parts_;
};

class Sharing {
 public:
  explicit Sharing(const Plan& previous) {
    if (previous.routing) learn(*previous.routing);
    if (previous.endpoints) {
      for (const auto& backend : previous.endpoints->backends) endpoints_.add(backend);
    }
    if (previous.secrets) {
      for (const auto& certificate : previous.secrets->certificates) certificates_.add(certificate);
      for (const auto& bundle : previous.secrets->ca_bundles) ca_bundles_.add(bundle);
    }
  }

  // Each takes a part and gives the known one of equal content, or itself with its own parts shared.
  Ref<Backend> share(const Ref<Backend>& part) { return settle(backends_, part); }
  Ref<BackendEndpoints> share(const Ref<BackendEndpoints>& part) { return settle(endpoints_, part); }
  Ref<Certificate> share(const Ref<Certificate>& part) { return settle(certificates_, part); }

  Ref<CaBundle> share(const Ref<CaBundle>& part) { return settle(ca_bundles_, part); }

  Ref<Rule> share(const Ref<Rule>& part) {
    return settle(rules_, part, [this](Rule& copy) {
      bool replaced = false;
      for_each_backend(copy, [&](Ref<Backend>& backend) { replaced |= replace(backend); });
      return replaced;
    });
  }

  Ref<VirtualHost> share(const Ref<VirtualHost>& part) {
    return settle(hosts_, part, [this](VirtualHost& copy) {
      bool replaced = false;
      for (RouteMatch& match : copy.matches) replaced |= replace(match.rule);
      return replaced;
    });
  }

  Ref<Listener> share(const Ref<Listener>& part) {
    return settle(listeners_, part, [this](Listener& copy) { return replace_all(copy.virtual_hosts); });
  }

  template <class Part>
  bool replace_all(std::vector<Ref<Part>>& parts) {
    bool replaced = false;
    for (Ref<Part>& part : parts) replaced |= replace(part);
    return replaced;
  }

 private:
  template <class Part>
  bool replace(Ref<Part>& part) {
    Ref<Part> shared = share(part);
    if (shared == part) return false;
    part = std::move(shared);
    return true;
  }

  template <class Part>
  static Ref<Part> settle(Known<Part>& known, const Ref<Part>& part) {
    if (const auto* found = known.find(part)) return *found;
    known.add(part);
    return part;
  }

  template <class Part, class ShareInside>
  static Ref<Part> settle(Known<Part>& known, const Ref<Part>& part, ShareInside share_inside) {
    if (const auto* found = known.find(part)) return *found;
    Part copy = *part;
    Ref<Part> settled = share_inside(copy) ? std::make_shared<const Part>(std::move(copy)) : part;
    known.add(settled);
    return settled;
  }

  void learn(const Routing& routing) {
    for (const auto& backend : routing.backends) backends_.add(backend);
    for (const auto& listener : routing.listeners) {
      listeners_.add(listener);
      for (const auto& host : listener->virtual_hosts) {
        hosts_.add(host);
        for (const RouteMatch& match : host->matches) learn(match.rule);
      }
    }
  }

  void learn(const Ref<Rule>& rule) {
    if (rules_.find(rule) != nullptr) return;
    rules_.add(rule);
    for_each_backend(*rule, [this](const Ref<Backend>& backend) { backends_.add(backend); });
  }

  Known<Backend> backends_;
  Known<Rule> rules_;
  Known<VirtualHost> hosts_;
  Known<Listener> listeners_;
  Known<BackendEndpoints> endpoints_;
  Known<Certificate> certificates_;
  Known<CaBundle> ca_bundles_;
};

template <class Part>
bool same(const Ref<Part>& a, const Ref<Part>& b) {
  return a && b && a->hash == b->hash && !a->hash.is_zero();
}

// One of the three parts of a plan: the previous one if it is equal, else a copy in which `share_inside` replaced
// something, else what it was.
template <class Part, class ShareInside>
void share_part(const Ref<Part>& previous, Ref<Part>& next, ShareInside share_inside) {
  if (same(previous, next)) {
    next = previous;
  } else if (next) {
    Part copy = *next;
    if (share_inside(copy)) next = std::make_shared<const Part>(std::move(copy));
  }
}

}  // namespace

Ref<Plan> share(const Plan& previous, const Ref<Plan>& next) {
  Plan shared = *next;
  Sharing sharing(previous);
  share_part(previous.routing, shared.routing, [&](Routing& routing) {
    const bool backends = sharing.replace_all(routing.backends);
    const bool listeners = sharing.replace_all(routing.listeners);
    return backends || listeners;
  });
  share_part(previous.endpoints, shared.endpoints,
             [&](Endpoints& endpoints) { return sharing.replace_all(endpoints.backends); });
  share_part(previous.secrets, shared.secrets,
             [&](Secrets& secrets) {
               const bool certificates = sharing.replace_all(secrets.certificates);
               const bool bundles = sharing.replace_all(secrets.ca_bundles);
               return certificates || bundles;
             });
  share_part(previous.settings, shared.settings, [](Settings&) { return false; });
  return std::make_shared<const Plan>(std::move(shared));
}

}  // namespace cardea::plan
