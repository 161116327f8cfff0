// SPDX-License-Identifier: Apache-2.0
// What every Route's spec has: parentRefs and the rules between them.
#include <fmt/format.h>

#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

bool same_parent(const ParentReference& a, const ParentReference& b) {
  return a.group == b.group && a.kind == b.kind && a.namespace_ == b.namespace_ && a.name == b.name;
}

// Several references to one parent must tell apart what they mean: all by section name, all by port, or all by both,
// and no two the same.
void check_parent_refs(Fields& in, const std::vector<ParentReference>& refs) {
  for (std::size_t i = 0; i < refs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!same_parent(refs[i], refs[j])) continue;
      if (refs[i].section_name == refs[j].section_name && refs[i].port == refs[j].port) {
        in.fail({"parentRefs", i},
                fmt::format("must name another sectionName or port than parentRefs[{}], which has the same parent", j));
        break;
      }
      if (refs[i].section_name.empty() != refs[j].section_name.empty() ||
          refs[i].port.has_value() != refs[j].port.has_value()) {
        in.fail({"parentRefs", i},
                fmt::format("must set sectionName and port as parentRefs[{}] does (each in both or in neither), "
                            "which has the same parent",
                            j));
        break;
      }
    }
  }
}

}  // namespace

void read_common(Fields& in, CommonRouteSpec& out) {
  in.optional("parentRefs", out.parent_refs, ListRule{.max = 32});
  in.optional("useDefaultGateways", out.use_default_gateways);
  if (in.sound()) check_parent_refs(in, out.parent_refs);
}

void check_rule_names(Fields& in, const std::vector<std::string>& names) {
  if (!in.sound()) return;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < i && !names[i].empty(); ++j) {
      if (names[i] != names[j]) continue;
      in.fail({"rules", i, "name"},
              fmt::format("must not repeat {}, which rules[{}] has already", quoted(names[i]), j));
      break;
    }
  }
}

void read(Fields& in, SessionPersistence& out) {
  in.optional("sessionName", out.session_name, TextRule{.max = 128});
  in.optional("absoluteTimeout", out.absolute_timeout);
  in.optional("type", out.type);
  if (const base::Value* config = in.take("cookieConfig")) {
    const Node node(in.node(), "cookieConfig", *config);
    if (Fields cookie(node); cookie) {
      cookie.optional("lifetimeType", out.cookie_lifetime);
      cookie.finish();
    }
  }
  if (!in.sound()) return;
  in.rule(out.cookie_lifetime != CookieLifetimeType::Permanent || out.absolute_timeout.has_value(), {"absoluteTimeout"},
          "is required when cookieConfig.lifetimeType is Permanent");
  in.rule(!in.has("cookieConfig") || out.type == SessionPersistenceType::Cookie, {"cookieConfig"},
          "must be left out unless type is Cookie");
}

}  // namespace cardea::api
