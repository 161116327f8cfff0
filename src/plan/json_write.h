// SPDX-License-Identifier: Apache-2.0
// The parts of a plan as Values, one function a part: what json.cc joins into a document and what hash.cc hashes. Part
// of `plan` alone; from outside see json.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/value.h"
#include "plan/json.h"
#include "plan/plan.h"

namespace cardea::plan::internal {

using base::Value;

// How a part names a part that stands elsewhere: by its label in the document, or by its hash.
using NameOfRule = std::function<std::string(const Rule&)>;
using NameOfBackend = std::function<std::string(const Backend&)>;

std::string to_text(const ObjectName& name);  // "namespace/name"
std::string name_by_id(const Backend& backend);

Value write_filters(const std::vector<Filter>& filters, const NameOfBackend& name_of);
Value write_backend(const Backend& backend);
Value write_rule(const Rule& rule, const NameOfBackend& name_of);
Value write_virtual_host(const VirtualHost& host, const NameOfRule& name_of);
Value write_listener(const Listener& listener, Value virtual_hosts);
Value write_backend_endpoints(const BackendEndpoints& backend);
Value write_certificate(const Certificate& certificate, Redact redact);
Value write_ca_bundle(const CaBundle& bundle);
Value write_settings(const Settings& settings);

// Adds a member unless it is what a reader would assume.
template <class T, class Default>
void add_unless(Value& object, const char* name, const T& value, const Default& default_value) {
  if (!(value == default_value)) object.add(name, Value(value));
}
void add_unless_empty(Value& object, const char* name, Value list);
Value write_strings(const std::vector<std::string>& strings);

}  // namespace cardea::plan::internal
