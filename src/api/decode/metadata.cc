// SPDX-License-Identifier: Apache-2.0
#include "api/decode/metadata.h"

#include "api/decode/kinds.h"
#include "base/strings.h"

namespace cardea::api {
namespace {

// A copy of the whole object that kubectl leaves behind. Of no use to a gateway, and it would double what we keep.
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

constexpr TextRule kAnnotationKey{1, 317, [](std::string_view text) { return is_qualified_name(base::to_lower(text)); },
                                  kQualifiedName.allowed};

StringMap without(const StringMap& map, std::string_view key) {
  if (!map.contains(key)) return map;
  StringMap rest;
  for (const auto& [name, value] : map) {
    if (name != key) rest.set(name, value);
  }
  return rest;
}

void read_namespace(Fields& in, ObjectMeta& out, const MetadataRule& rule) {
  const bool given =
      in.optional("namespace", out.namespace_,
                  TextRule{0, 63, [](std::string_view text) { return text.empty() || is_label1123(text); },
                           kNamespaceName.allowed});
  if (rule.cluster_scoped) {
    if (in.strict() && given && !out.namespace_.empty()) in.fail({"namespace"}, "must be left out: this kind has none");
    out.namespace_.clear();
  } else if (out.namespace_.empty()) {
    out.namespace_ = "default";
  }
}

// What only a server sets; in a file it is what somebody exported, and says nothing about this object here.
void read_server_side(Fields& in, ObjectMeta& out) {
  in.ignored(Shape::List, {"managedFields", "ownerReferences", "finalizers"});
  in.ignored(Shape::Text, {"generateName", "selfLink"});
  in.ignored(Shape::Int, {"deletionGracePeriodSeconds"});
  if (in.strict()) {
    in.ignored(Shape::Any, {"generation", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"});
    return;
  }
  in.optional("generation", out.generation);
  in.optional("uid", out.uid);
  in.optional("resourceVersion", out.resource_version);
  in.optional("creationTimestamp", out.creation_timestamp);
  in.optional("deletionTimestamp", out.deletion_timestamp);
}

}  // namespace

void read_value(const Node& node, ObjectMeta& out, const MetadataRule& rule) {
  Fields in(node);
  if (!in) return;
  in.required("name", out.name, rule.name);
  read_namespace(in, out, rule);
  in.optional("labels", out.labels, MapRule{.key = kQualifiedName, .value = kLabelValue});
  in.optional("annotations", out.annotations, MapRule{.key = kAnnotationKey, .value = {}});
  out.annotations = without(out.annotations, kLastApplied);
  read_server_side(in, out);
  in.finish();
}

void read(Fields& in, LabelSelectorRequirement& out) {
  in.required("key", out.key, kQualifiedName);
  in.required("operator", out.op);
  in.optional("values", out.values, ListRule{}, kLabelValue);
  if (!in.sound()) return;
  const bool wants_values = out.op == SelectorOperator::In || out.op == SelectorOperator::NotIn;
  in.rule(wants_values != out.values.empty(), {"values"},
          wants_values ? "must not be empty for In and NotIn" : "must be empty for Exists and DoesNotExist");
}

void read(Fields& in, LabelSelector& out) {
  in.optional("matchLabels", out.match_labels, MapRule{.key = kQualifiedName, .value = kLabelValue});
  in.optional("matchExpressions", out.match_expressions, ListRule{});
}

}  // namespace cardea::api
