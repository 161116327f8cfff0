// SPDX-License-Identifier: Apache-2.0
// Result and Error: how everything off the hot path reports failure. We throw nothing.
//
// Error holds one sentence for a person: what is wrong, where, and what to do. Code that must choose by kind of
// failure (sockets, codecs, forwarding) has an enum of its own and turns it into an Error only at its edge.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace cardea::base {

struct [[nodiscard]] Error {
  std::string message;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string message) { return std::unexpected(Error{std::move(message)}); }

}  // namespace cardea::base
