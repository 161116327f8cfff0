// SPDX-License-Identifier: Apache-2.0
// The read() of every kind and of the parts that kinds share: each describes its struct to Fields (see fields.h), in a
// file of the same name. A kind's own describes everything but apiVersion, kind, metadata and status, which are the
// same for all (see object.cc).
#pragma once

#include "api/decode/fields.h"
#include "api/object.h"

namespace cardea::api {

void read(Fields& in, GatewayClass& out);
void read(Fields& in, Gateway& out);
void read(Fields& in, ListenerSet& out);
void read(Fields& in, HTTPRoute& out);
void read(Fields& in, GRPCRoute& out);
void read(Fields& in, TLSRoute& out);
void read(Fields& in, TCPRoute& out);
void read(Fields& in, UDPRoute& out);
void read(Fields& in, ReferenceGrant& out);
void read(Fields& in, BackendTLSPolicy& out);
void read(Fields& in, Service& out);
void read(Fields& in, EndpointSlice& out);
void read(Fields& in, Secret& out);
void read(Fields& in, ConfigMap& out);
void read(Fields& in, Namespace& out);
void read(Fields& in, GatewayParameters& out);

// metadata.cc
void read(Fields& in, LabelSelector& out);

// references.cc
void read(Fields& in, ParentReference& out);
void read(Fields& in, ParentGatewayReference& out);
void read(Fields& in, BackendObjectReference& out);
void read(Fields& in, BackendRef& out);
void read(Fields& in, SecretObjectReference& out);
void read(Fields& in, ObjectReference& out);
void read(Fields& in, LocalObjectReference& out);

// listener.cc
void read(Fields& in, Listener& out);
// spec.listeners of a Gateway or a ListenerSet, with the rules between them.
void read_listeners(Fields& in, std::vector<Listener>& out);

// route.cc: fields that every Route's spec has, and parts of HTTPRoute and GRPCRoute.
void read_common(Fields& in, CommonRouteSpec& out);
void read(Fields& in, SessionPersistence& out);
void check_rule_names(Fields& in, const std::vector<std::string>& names);
template <class Rule>
void check_rule_names(Fields& in, const std::vector<Rule>& rules) {
  std::vector<std::string> names;
  for (const Rule& rule : rules) names.push_back(rule.name);
  check_rule_names(in, names);
}

// http_route.cc: header and query parameter matches
void read_value(const Node& node, NamedMatch& out, const TextRule& value);

// route_filter.cc: `allowed` says which types the Route's kind has (bits of RouteFilterType).
inline constexpr ListRule kFilterList{.max = 16};
struct FilterRule {
  ChoiceRule types;
};
void read_value(const Node& node, RouteFilter& out, const FilterRule& rule);
void read_filters(Fields& in, std::vector<RouteFilter>& out, const FilterRule& rule);
void read_value(const Node& node, FilteredBackendRef& out, const FilterRule& rule);
extern const FilterRule kHTTPFilters;
extern const FilterRule kGRPCFilters;

// service.cc: port names of Service and EndpointSlice
inline constexpr TextRule kPortName{1, 63, is_label1123, "lower-case letters, digits and '-'"};

}  // namespace cardea::api
