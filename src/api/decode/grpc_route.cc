// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

constexpr std::size_t kMaxMatches = 128;  // of all rules together

}  // namespace

void read(Fields& in, GRPCMethodMatch& out) {
  in.optional("type", out.type);
  in.optional("service", out.service, TextRule{.max = 1024});
  in.optional("method", out.method, TextRule{.max = 1024});
  if (!in.sound()) return;
  in.rule(in.has("service") || in.has("method"), {}, "must have service or method or both");
  if (out.type != MatchType::Exact) return;
  in.rule(!in.has("service") || is_grpc_service(out.service), {"service"},
          "must be a full service name for type Exact, as in \"com.example.User\", not " + quoted(out.service));
  in.rule(!in.has("method") || is_grpc_method(out.method), {"method"},
          "must be a method name for type Exact, as in \"Login\", not " + quoted(out.method));
}

void read(Fields& in, GRPCRouteMatch& out) {
  in.optional("method", out.method);
  in.optional("headers", out.headers, ListRule{.max = 16}, TextRule{1, 4096});
  if (!in.sound()) return;
  in.unique("headers", out.headers, "name", [](const NamedMatch& match) { return match.name; });
}

void read(Fields& in, GRPCRouteRule& out) {
  in.optional("name", out.name, kSectionName);
  in.optional("matches", out.matches, ListRule{.max = 64});
  read_filters(in, out.filters, kGRPCFilters);
  in.optional("backendRefs", out.backend_refs, ListRule{.max = 16}, kGRPCFilters);
  in.optional("sessionPersistence", out.session_persistence);
}

void read(Fields& in, GRPCRouteSpec& out) {
  read_common(in, out);
  in.optional("hostnames", out.hostnames, ListRule{.max = 16}, kHostname);
  in.optional("rules", out.rules, ListRule{.max = 16});
  if (in.sound()) {
    std::size_t count = 0;
    for (const GRPCRouteRule& rule : out.rules) count += rule.matches.size();
    in.rule(count <= kMaxMatches, {"rules"},
            fmt::format("must have at most {} matches in all rules together, not {}", kMaxMatches, count));
  }
  check_rule_names(in, out.rules);
}

void read(Fields& in, GRPCRoute& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
