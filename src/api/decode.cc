// SPDX-License-Identifier: Apache-2.0
#include "api/decode.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "api/decode/kinds.h"
#include "api/decode/metadata.h"

namespace cardea::api {
namespace {

constexpr TextRule kSubdomainName{1, 253, is_subdomain, "lower-case letters, digits, '-' and '.'"};
constexpr TextRule kServiceName{1, 63, is_label1035, "lower-case letters, digits and '-', starting with a letter"};

struct KindRule {
  std::string_view kind;
  std::string_view group;
  std::array<std::string_view, 3> versions;  // empty ones stand for none
  MetadataRule metadata;
  std::optional<Object> (*read)(const Node& node, const MetadataRule& rule);

  bool serves(std::string_view version) const {
    return !version.empty() && std::find(versions.begin(), versions.end(), version) != versions.end();
  }
};

template <class Kind>
std::optional<Object> read_object(const Node& node, const MetadataRule& rule) {
  auto object = std::make_shared<Kind>();
  Fields in(node);
  if (!in) return std::nullopt;
  in.ignored(Shape::Text, {"apiVersion", "kind"});
  in.required("metadata", object->metadata, rule);
  read(in, *object);
  in.ignored(Shape::Object, {"status"});
  in.finish();
  if (node.report().count() > 0) return std::nullopt;
  return Ref<Kind>(std::move(object));
}

template <class Kind>
constexpr KindRule rule_for(std::string_view group, std::array<std::string_view, 3> versions,
                            MetadataRule metadata = {false, kSubdomainName}) {
  return {Kind::kKind, group, versions, metadata, read_object<Kind>};
}

constexpr MetadataRule kClusterScoped{true, kSubdomainName};

// Kinds and the versions that the experimental channel of Gateway API v1.6.1 serves.
constexpr std::array kKinds{
    rule_for<GatewayClass>(kGatewayGroup, {"v1", "v1beta1"}, kClusterScoped),
    rule_for<Gateway>(kGatewayGroup, {"v1", "v1beta1"}),
    rule_for<ListenerSet>(kGatewayGroup, {"v1"}),
    rule_for<HTTPRoute>(kGatewayGroup, {"v1", "v1beta1"}),
    rule_for<GRPCRoute>(kGatewayGroup, {"v1"}),
    rule_for<TLSRoute>(kGatewayGroup, {"v1", "v1alpha2", "v1alpha3"}),
    rule_for<TCPRoute>(kGatewayGroup, {"v1", "v1alpha2"}),
    rule_for<UDPRoute>(kGatewayGroup, {"v1", "v1alpha2"}),
    rule_for<ReferenceGrant>(kGatewayGroup, {"v1", "v1beta1"}),
    rule_for<BackendTLSPolicy>(kGatewayGroup, {"v1", "v1alpha3"}),
    rule_for<Service>(kCoreGroup, {"v1"}, {false, kServiceName}),
    rule_for<EndpointSlice>("discovery.k8s.io", {"v1"}),
    rule_for<Secret>(kCoreGroup, {"v1"}),
    rule_for<ConfigMap>(kCoreGroup, {"v1"}),
    rule_for<Namespace>(kCoreGroup, {"v1"}, {true, kNamespaceName}),
    rule_for<GatewayParameters>(kCardeaGroup, {"v1alpha1"}),
};

std::string_view text_at(const base::Value& value, std::string_view member) {
  const base::Value* found = value.find(member);
  return found && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

// What an item of a typed list need not say itself.
struct Inherited {
  std::string api_version;
  std::string kind;
};

class Decoder {
 public:
  Decoder(DecodeMode mode, std::vector<Decoded>& out) : mode_(mode), out_(out) {}

  void document(const base::Value& value, const std::string& path, const Inherited& inherited) {
    if (value.is_null() && path.empty()) return;
    const std::string_view kind = value.find("kind") ? text_at(value, "kind") : std::string_view(inherited.kind);
    const std::string_view api_version =
        value.find("apiVersion") ? text_at(value, "apiVersion") : std::string_view(inherited.api_version);
    if (!value.is_object() || kind.empty() || api_version.empty()) return nameless(value, path, api_version, kind);
    if (kind.ends_with("List")) return list(value, path, api_version, kind);
    object(value, path, api_version, kind);
  }

 private:
  void nameless(const base::Value& value, const std::string& path, std::string_view api_version,
                std::string_view kind) {
    Report report(mode_, {});
    const Node node(report, value, path);
    if (Fields in(node); in) {
      if (api_version.empty()) in.fail({"apiVersion"}, "is required, as in \"v1\" or \"gateway.networking.k8s.io/v1\"");
      if (kind.empty()) in.fail({"kind"}, "is required, as in \"HTTPRoute\"");
    }
    invalid(value, report, std::nullopt);
  }

  void list(const base::Value& value, const std::string& path, std::string_view api_version, std::string_view kind) {
    const base::Value* items = value.find("items");
    const std::string prefix = path_to_member(path, "items");
    if (!items || items->is_null()) return;
    if (!items->is_array()) {
      Report report(mode_, {});
      Node(report, *items, prefix).fail("must be a list, not " + described(*items));
      return invalid(value, report, std::nullopt);
    }
    const std::string item_kind(kind.substr(0, kind.size() - 4));
    const Inherited inherited = item_kind.empty() ? Inherited{} : Inherited{std::string(api_version), item_kind};
    std::size_t index = 0;
    for (const base::Value& item : items->as_array()) document(item, fmt::format("{}[{}]", prefix, index++), inherited);
  }

  void object(const base::Value& value, const std::string& path, std::string_view api_version, std::string_view kind) {
    const std::size_t slash = api_version.find('/');
    const bool is_core = slash == std::string_view::npos;
    const std::string_view group = is_core ? kCoreGroup : api_version.substr(0, slash);
    const std::string_view version = is_core ? api_version : api_version.substr(slash + 1);
    const auto rule = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRule& candidate) {
      return candidate.kind == kind && candidate.group == group;
    });
    if (rule == kKinds.end()) {
      out_.push_back({value.position, IgnoredKind{std::string(api_version), std::string(kind)}});
      return;
    }
    Report report(mode_, version);
    const Node node(report, value, path);
    if (!rule->serves(version)) {
      wrong_version(node, *rule);
    } else if (auto made = rule->read(node, rule->metadata)) {
      out_.push_back({value.position, *std::move(made)});
      return;
    }
    invalid(value, report, id_of(value, *rule));
  }

  static void wrong_version(const Node& node, const KindRule& rule) {
    std::vector<std::string> allowed;
    for (const std::string_view version : rule.versions) {
      if (version.empty()) continue;
      allowed.push_back(rule.group.empty() ? std::string(version) : fmt::format("{}/{}", rule.group, version));
    }
    const Fields in(node);
    if (in) in.fail({"apiVersion"}, fmt::format("must be {} for kind {}", fmt::join(allowed, " or "), rule.kind));
  }

  static std::optional<ObjectId> id_of(const base::Value& value, const KindRule& rule) {
    const base::Value* metadata = value.find("metadata");
    if (!metadata || text_at(*metadata, "name").empty()) return std::nullopt;
    ObjectKey key{std::string(text_at(*metadata, "namespace")), std::string(text_at(*metadata, "name"))};
    if (rule.metadata.cluster_scoped) {
      key.namespace_.clear();
    } else if (key.namespace_.empty()) {
      key.namespace_ = "default";
    }
    return ObjectId{std::string(rule.kind), std::move(key)};
  }

  void invalid(const base::Value& value, Report& report, std::optional<ObjectId> id) {
    const bool more = report.count() > kMaxDecodeErrors;
    out_.push_back({value.position, InvalidObject{std::move(id), report.take(), more}});
  }

  DecodeMode mode_;
  std::vector<Decoded>& out_;
};

}  // namespace

std::string format_error(std::string_view file, const DecodeError& error) {
  return fmt::format("{}:{}:{}: {}{}{}", file, error.position.line, error.position.column, error.path,
                     error.path.empty() ? "" : ": ", error.text);
}

std::vector<Decoded> decode(const base::Value& document, DecodeMode mode) {
  std::vector<Decoded> out;
  Decoder(mode, out).document(document, "", {});
  return out;
}

}  // namespace cardea::api
