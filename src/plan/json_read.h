// SPDX-License-Identifier: Apache-2.0
// Reading a plan's JSON form: values that know their path, and one place for the first error, so that readers need not
// ask after every member. After an error everything reads as its default. Part of `plan` alone.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "plan/names.h"
#include "plan/plan.h"

namespace cardea::plan::internal {

using base::Value;

struct FirstError {
  std::optional<std::string> message;
};

class Node {
 public:
  Node(const Value& value, std::string path, FirstError& error)
      : value_(&value), path_(std::move(path)), error_(&error) {}

  std::string string() const;
  bool boolean() const;
  std::int64_t integer(std::int64_t min, std::int64_t max) const;
  template <class T>
  T number() const {
    return static_cast<T>(integer(0, std::numeric_limits<T>::max()));
  }
  ObjectName object_name() const;
  std::chrono::milliseconds duration() const;
  template <class Enum>
  Enum word(Enum otherwise) const {
    const std::string text = string();
    if (const auto value = parse_name<Enum>(text)) return *value;
    fail("must be one of " + words_of<Enum>());
    return otherwise;
  }

  std::vector<Node> items() const;
  const Value& value() const { return *value_; }
  // Of an object; anything else has none, and that is an error.
  const Value::Object& members() const;
  Node member(const base::Member& member) const;

  void fail(std::string_view what) const;
  bool failed() const { return error_->message.has_value(); }

 private:
  const Value* value_;
  std::string path_;
  FirstError* error_;
};

// The members of an object. Those that nobody has asked for when this ends are an error.
class Members {
 public:
  explicit Members(const Node& node);
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;
  ~Members();

  std::optional<Node> find(std::string_view name);
  // Must be there.
  std::string string(std::string_view name);
  std::optional<Node> required(std::string_view name);

  std::string string(std::string_view name, std::string otherwise);
  bool boolean(std::string_view name, bool otherwise);
  template <class T>
  T number(std::string_view name, T otherwise) {
    const auto node = find(name);
    return node ? node->number<T>() : otherwise;
  }
  template <class Enum>
  Enum word(std::string_view name, Enum otherwise) {
    const auto node = find(name);
    return node ? node->word(otherwise) : otherwise;
  }

 private:
  Node node_;
  std::vector<std::string_view> asked_;
};

template <class T, class Read>
std::vector<T> read_list(const std::optional<Node>& node, Read read) {
  std::vector<T> list;
  if (!node) return list;
  for (const Node& item : node->items()) list.push_back(read(item));
  return list;
}
std::vector<std::string> read_strings(const std::optional<Node>& node);

// --- one part each, not sealed --------------------------------------------------------------------------------------

// What parts name, by the name that they use: a backend's id and a rule's label in a document, hashes on the wire.
using Backends = std::map<std::string, Ref<Backend>, std::less<>>;
using Rules = std::map<std::string, Ref<Rule>, std::less<>>;

Backend read_backend(const Node& node);
Rule read_rule(Members& members, const Backends& backends);
RouteMatch read_match(const Node& node, const Rules& rules);
Listener read_listener(Members& members);  // without its virtual hosts
BackendEndpoints read_backend_endpoints(const Node& node);
Certificate read_certificate(const Node& node);
CaBundle read_ca_bundle(const Node& node);

// --- the parts, sealed -------------------------------------------------------------------------------------------

// The backend of that name; null, and an error at `node`, when it stands nowhere.
Ref<Backend> find_backend(const Node& node, const Backends& backends, const std::string& name);
std::vector<Filter> read_filters(const std::optional<Node>& node, const Backends& backends);
Ref<Routing> read_routing(const std::optional<Node>& node);
Ref<Endpoints> read_endpoints(const std::optional<Node>& node);
Ref<Secrets> read_secrets(const std::optional<Node>& node);
// A name that the catalogue does not have is an error.
Ref<Settings> read_settings(const std::optional<Node>& node);

}  // namespace cardea::plan::internal
