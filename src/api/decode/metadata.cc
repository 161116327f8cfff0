// SPDX-License-Identifier: Apache-2.0
#include "api/decode/metadata.h"

#include <chrono>

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

// "2024-05-06T07:08:09.123456Z", or with an offset in place of the Z (RFC 3339).
void read_value(const Node& node, Timestamp& out) {
  std::string text;
  const std::size_t errors = node.report().count();
  read_value(node, text);
  if (node.report().count() != errors) return;
  const auto number = [&text](std::size_t at, std::size_t size) -> int {
    const auto parsed =
        at + size <= text.size() ? base::parse_uint64(std::string_view(text).substr(at, size), 9999) : std::nullopt;
    return parsed ? static_cast<int>(*parsed) : -1;
  };
  const auto fail = [&node, &text] { node.fail("must be a time as in \"2026-01-31T12:00:00Z\", not " + quoted(text)); };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const bool punctuated =
      text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':';
  if (!punctuated || year < 0 || month < 0 || day < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return fail();
  }
  std::size_t at = 19;
  std::int32_t nanoseconds = 0;
  if (text[at] == '.') {
    std::int32_t unit = 100'000'000;
    for (++at; at < text.size() && base::is_digit(text[at]); ++at, unit /= 10) nanoseconds += (text[at] - '0') * unit;
  }
  std::int64_t offset = 0;
  const std::string_view zone = std::string_view(text).substr(at);
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':' && number(at + 1, 2) >= 0 &&
      number(at + 4, 2) >= 0) {
    offset = (number(at + 1, 2) * 3600 + number(at + 4, 2) * 60) * (zone[0] == '+' ? 1 : -1);
  } else if (zone != "Z") {
    return fail();
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  out = {days * 86400 + hour * 3600 + minute * 60 + second - offset, nanoseconds};
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
