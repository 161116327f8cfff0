// SPDX-License-Identifier: Apache-2.0
// ApiError: why the API server did not do what it was asked. What callers decide by is asked by name (not_found(),
// conflict(), ...); `message` is for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>

#include "base/value.h"

namespace cardea::kube {

struct [[nodiscard]] ApiError {
  enum class Kind : std::uint8_t {
    Unreachable,  // no connection, or it broke before there was an answer
    TimedOut,
    Ended,      // the loop ended, or whoever asked was told to stop
    Malformed,  // not HTTP, not JSON, or cut off
    TooLarge,   // more than our limit
    Refused,    // the server answered with a status that is not a success
  };
  Kind kind = Kind::Refused;
  std::uint16_t status = 0;  // of the answer, when there was one (also of an ERROR event of a watch)
  std::string reason{};        // metav1.Status: "AlreadyExists", "Expired", "Invalid", ...
  std::string message{};       // one sentence, with the request and the server
  std::chrono::milliseconds retry_after{0};

  bool ended() const { return kind == Kind::Ended; }
  bool not_found() const { return status == 404; }
  bool already_exists() const { return status == 409 && reason == "AlreadyExists"; }
  // Somebody else changed the object: read it again.
  bool conflict() const { return status == 409 && reason != "AlreadyExists"; }
  // The resource version is too old: list again (also "Expired" of a watch).
  bool gone() const { return status == 410; }
  bool forbidden() const { return status == 403; }
  // The object itself will not do: trying the same again is useless.
  bool invalid() const { return status == 422 || status == 400 || status == 413; }
  // May pass by itself.
  bool temporary() const { return kind == Kind::Unreachable || kind == Kind::TimedOut || status == 429 || status >= 500; }
};

template <class T = base::Value>
using Answer = std::expected<T, ApiError>;

}  // namespace cardea::kube
