// SPDX-License-Identifier: Apache-2.0
// BackendTLSPolicy (Gateway API v1.6.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/meta.h"
#include "api/references.h"

namespace cardea::api {

// LocalPolicyTargetReferenceWithSectionName.
struct PolicyTargetReference {
  std::string group;
  std::string kind;
  std::string name;
  std::string section_name;  // a Service port's name; empty: all of it

  bool operator==(const PolicyTargetReference&) const = default;
};

enum class SubjectAltNameType : std::uint8_t { Hostname, URI, Unknown };
template <>
struct EnumText<SubjectAltNameType> {
  static constexpr std::array<std::string_view, 2> kNames{"Hostname", "URI"};
};
struct SubjectAltName {
  Enum<SubjectAltNameType> type;
  std::string value;  // hostname or uri, as `type` says

  bool operator==(const SubjectAltName&) const = default;
};

struct BackendTLSPolicyValidation {
  std::vector<LocalObjectReference> ca_certificate_refs;
  std::string well_known_ca_certificates;  // "System", or one that we do not know; empty: the refs above
  std::string hostname;
  std::vector<SubjectAltName> subject_alt_names;

  bool operator==(const BackendTLSPolicyValidation&) const = default;
};

struct BackendTLSPolicySpec {
  std::vector<PolicyTargetReference> target_refs;
  BackendTLSPolicyValidation validation;
  StringMap options;

  bool operator==(const BackendTLSPolicySpec&) const = default;
};

struct BackendTLSPolicy {
  static constexpr std::string_view kKind = "BackendTLSPolicy";
  ObjectMeta metadata;
  BackendTLSPolicySpec spec;

  bool operator==(const BackendTLSPolicy&) const = default;
};

}  // namespace cardea::api
