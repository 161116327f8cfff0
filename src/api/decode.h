// SPDX-License-Identifier: Apache-2.0
// Decoding: from a parsed document to the kinds of this room. Pure; any thread.
//
// Strict is for files: what a Kubernetes API server with the experimental CRDs of Gateway API v1.6.1 would refuse is an
// error here, and so is every field that the kind does not have. What only a server sets (status, managedFields, uid,
// resourceVersion, generation, creationTimestamp, ...) is accepted and not kept. Lenient is for objects that an API
// server has admitted, perhaps by newer CRDs: fields that we do not know are passed over, values of an enum that we do
// not know are kept (Enum::Unknown), what the server set is kept; what we could not represent is still an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/object.h"
#include "base/value.h"

namespace cardea::api {

enum class DecodeMode : std::uint8_t { Strict, Lenient };

struct DecodeError {
  base::Position position;
  std::string path;  // "spec.rules[0].matches[1].path.value"; empty: the object as a whole
  std::string text;  // what is wrong and what is allowed
};
// "file.yaml:12:7: spec.rules[0].name: text"
std::string format_error(std::string_view file, const DecodeError& error);

// A kind that is none of ours.
struct IgnoredKind {
  std::string api_version;
  std::string kind;
};

struct InvalidObject {
  std::optional<ObjectId> id;       // when kind and name could be read
  std::vector<DecodeError> errors;  // in the order of the text, at most kMaxDecodeErrors of them
  bool more_errors = false;         // there were more
};

inline constexpr std::size_t kMaxDecodeErrors = 10;

struct Decoded {
  base::Position position;  // where the object starts
  std::variant<Object, IgnoredKind, InvalidObject> outcome;
};

// The objects of one document: one, or those of a List (any kind that ends in "List" with items, also nested).
std::vector<Decoded> decode(const base::Value& document, DecodeMode mode);

}  // namespace cardea::api
