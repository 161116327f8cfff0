// SPDX-License-Identifier: Apache-2.0
// Object metadata and label selectors (Kubernetes meta/v1), reduced to what a gateway needs. Plain values, any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/enum.h"
#include "api/string_map.h"

namespace cardea::api {

inline constexpr std::string_view kCoreGroup = "";
inline constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";
inline constexpr std::string_view kNamespaceNameLabel = "kubernetes.io/metadata.name";

// Which object of a kind that the context names. Cluster-scoped objects have no namespace.
struct ObjectKey {
  std::string namespace_;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};
// "namespace/name", or the name alone for a cluster-scoped object.
std::string to_text(const ObjectKey& key);

// A moment in UTC as the API writes it (RFC 3339). Zero: not set, which is so for every object from a file; all such
// are of equal age.
struct Timestamp {
  std::int64_t seconds = 0;  // since 1970
  std::int32_t nanoseconds = 0;

  auto operator<=>(const Timestamp&) const = default;
};

struct ObjectMeta {
  std::string name;
  std::string namespace_;  // empty exactly for cluster-scoped kinds
  StringMap labels;
  StringMap annotations;
  std::int64_t generation = 0;  // files: set by the one who holds the objects, not by the decoder
  Timestamp creation_timestamp;
  Timestamp deletion_timestamp;
  std::string uid;
  std::string resource_version;

  ObjectKey key() const { return {namespace_, name}; }
  bool operator==(const ObjectMeta&) const = default;
};

// The order that settles conflicts between objects (facts, 2.3, 6.2): older first, then by namespace, then by name.
std::strong_ordering by_age(const ObjectMeta& left, const ObjectMeta& right);

enum class SelectorOperator : std::uint8_t { In, NotIn, Exists, DoesNotExist, Unknown };
template <>
struct EnumText<SelectorOperator> {
  static constexpr std::array<std::string_view, 4> kNames{"In", "NotIn", "Exists", "DoesNotExist"};
};

struct LabelSelectorRequirement {
  std::string key;
  Enum<SelectorOperator> op;
  std::vector<std::string> values;

  bool operator==(const LabelSelectorRequirement&) const = default;
};

struct LabelSelector {
  StringMap match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;

  // All requirements hold; a selector without any matches everything; an operator that we do not know never holds.
  bool matches(const StringMap& labels) const;
  bool operator==(const LabelSelector&) const = default;
};

}  // namespace cardea::api
