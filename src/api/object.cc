// SPDX-License-Identifier: Apache-2.0
#include "api/object.h"

#include <type_traits>

namespace cardea::api {
namespace {

bool same_body(const Secret& a, const Secret& b) { return a.type == b.type && a.data == b.data; }
bool same_body(const ConfigMap& a, const ConfigMap& b) { return a.data == b.data && a.binary_data == b.binary_data; }
bool same_body(const Namespace&, const Namespace&) { return true; }
bool same_body(const EndpointSlice& a, const EndpointSlice& b) {
  return a.address_type == b.address_type && a.endpoints == b.endpoints && a.ports == b.ports;
}
template <class Kind>
  requires requires(const Kind& kind) { kind.spec; }
bool same_body(const Kind& a, const Kind& b) {
  return a.spec == b.spec;
}

// Calls `compare` with both objects when they are of one kind.
template <class Compare>
bool both(const Object& left, const Object& right, Compare compare) {
  return std::visit(
      [&]<class Kind>(const Ref<Kind>& one) {
        const auto* other = std::get_if<Ref<Kind>>(&right);
        return other && (one == *other || compare(*one, **other));
      },
      left);
}

bool same_identity(const ObjectMeta& a, const ObjectMeta& b) {
  return a.name == b.name && a.namespace_ == b.namespace_ && a.uid == b.uid &&
         a.creation_timestamp == b.creation_timestamp && a.deletion_timestamp == b.deletion_timestamp;
}

}  // namespace

const ObjectMeta& metadata_of(const Object& object) {
  return std::visit([](const auto& ref) -> const ObjectMeta& { return ref->metadata; }, object);
}

std::string_view kind_of(const Object& object) {
  return std::visit([]<class Kind>(const Ref<Kind>&) { return Kind::kKind; }, object);
}

bool same_spec(const Object& left, const Object& right) {
  return both(left, right,
              [](const auto& a, const auto& b) { return same_identity(a.metadata, b.metadata) && same_body(a, b); });
}

bool same_content(const Object& left, const Object& right) {
  return both(left, right, [](const auto& a, const auto& b) {
    return same_identity(a.metadata, b.metadata) && a.metadata.labels == b.metadata.labels &&
           a.metadata.annotations == b.metadata.annotations && same_body(a, b);
  });
}

Object with_generation(const Object& object, std::int64_t generation) {
  return std::visit(
      [generation]<class Kind>(const Ref<Kind>& ref) -> Object {
        if (ref->metadata.generation == generation) return ref;
        auto copy = std::make_shared<Kind>(*ref);
        copy->metadata.generation = generation;
        return Ref<Kind>(std::move(copy));
      },
      object);
}

ObjectId id_of(const Object& object) { return {std::string(kind_of(object)), metadata_of(object).key()}; }

std::string to_text(const ObjectId& id) { return id.kind + " " + to_text(id.key); }

}  // namespace cardea::api
