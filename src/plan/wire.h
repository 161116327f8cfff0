// SPDX-License-Identifier: Apache-2.0
// The messages between a controller, which makes plans, and the proxies, which serve them. Pure: texts in and out.
//
// One HTTP/1.1 exchange, both of whose bodies stream: POST kPath, lines of JSON both ways, one message a line. What
// stands in a line is its one member's name. Members and messages that a receiver does not know are passed over.
//
//   proxy                                    controller
//   {"hello": {pod, version, instance}}                           who calls, once
//                                            {"welcome": {controller, version}}
//   {"report": {plan, ready, ...}}                                at once, and whenever it changes
//   {"holding": ["<hash>", ...]}                                  parts that need not be sent; several
//   {"take": {}}                                                  from now on plans, please: to one controller only
//                                            {"part": "rule", "hash": "...", "content": {...}}     (wire_delta.h)
//                                            {"plan": {...}}      the parts above are whole: bring this live
//   {"report": ...}                                               which plan is live; then the next one may come
//   {"beat": {}}                             {"beat": {}}         when there was nothing to say for a while
//
// A plan's identity is the hashes of its parts, so what a proxy reports means the same to every controller.
//
// Versions: each side tells the highest that it speaks in the field kVersionField; both then speak the lower one. They
// may differ by one; beyond that the controller refuses (`agree`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "plan/plan.h"

namespace cardea::plan::wire {

inline constexpr std::string_view kPath = "/v1/plans";
inline constexpr std::string_view kVersionField = "Cardea-Stream-Version";
inline constexpr std::string_view kContentType = "application/x-ndjson";
inline constexpr std::uint32_t kVersion = 1;
// What a proxy's ServiceAccount token must be made for, and the name that a controller's certificate must have.
inline constexpr std::string_view kAudience = "cardea-controller";

// The version that both speak, or why there is none.
base::Result<std::uint32_t> agree(std::uint32_t ours, std::string_view theirs);

inline constexpr std::size_t kMaxProxyLine = 1u << 20;         // what a controller takes from a proxy
inline constexpr std::size_t kMaxControllerLine = 256u << 20;  // and a proxy from its controller
inline constexpr std::size_t kMaxHolding = 1u << 22;           // hashes that a proxy may tell
inline constexpr std::uint64_t kBeatMilliseconds = 5'000;      // a message at least this often,
inline constexpr std::uint64_t kSilenceMilliseconds = 20'000;  // or the other side is taken for dead

// What makes two plans of one Gateway the same.
struct PlanId {
  std::int64_t generation = 0;
  Hash routing;
  Hash endpoints;
  Hash secrets;
  Hash settings;
  bool operator==(const PlanId&) const = default;
};
PlanId id_of(const Plan& plan);  // a sealed one

struct Hello {
  std::string pod;
  std::string version;   // of the program
  std::string instance;  // of its run: one that is started again is another, under the same name
  bool operator==(const Hello&) const = default;
};
struct Welcome {
  std::string controller;
  std::string version;
  bool operator==(const Welcome&) const = default;
};

// A part of the plan that the proxy could not take over; the rest is live.
struct Refusal {
  std::string part;  // "listener https", "certificate default/shop", "rule default/shop/0"
  std::string reason;
  bool operator==(const Refusal&) const = default;
};
struct BindFailure {
  std::string address;
  std::uint16_t port = 0;
  std::string reason;
  bool operator==(const BindFailure&) const = default;
};
// What a proxy serves. Long lists of refusals are cut; what is left says so.
struct Report {
  std::optional<PlanId> plan;  // that every worker serves; nothing: none yet
  bool ready = false;          // has a plan, and is not on its way out
  std::vector<std::string> addresses;
  std::vector<BindFailure> bind_failures;
  std::vector<Refusal> refusals;
  bool operator==(const Report&) const = default;
};

struct Holding {
  std::vector<Hash> parts;
  bool operator==(const Holding&) const = default;
};
struct Take {
  bool operator==(const Take&) const = default;
};
struct Beat {
  bool operator==(const Beat&) const = default;
};
// A part or a plan, for Assembly (wire_delta.h). Whole, because its members are the message's.
struct PartMessage {
  base::Value value;
};
struct PlanMessage {
  base::Value value;
};
struct UnknownMessage {};

using FromProxy = std::variant<Hello, Report, Holding, Take, Beat, UnknownMessage>;
using FromController = std::variant<Welcome, PartMessage, PlanMessage, Beat, UnknownMessage>;

// One line, with its line break.
std::string to_line(const Hello& message);
std::string to_line(const Welcome& message);
std::string to_line(const Report& message);
std::string to_line(const Holding& message);  // at most kMaxProxyLine: cut longer ones into several
std::string to_line(const Take& message);
std::string to_line(const Beat& message);

base::Result<FromProxy> parse_from_proxy(std::string_view line);
base::Result<FromController> parse_from_controller(std::string_view line);

}  // namespace cardea::plan::wire
