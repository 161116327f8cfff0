// SPDX-License-Identifier: Apache-2.0
#include "plan/wire.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/json.h"
#include "base/strings.h"

namespace cardea::plan::wire {
namespace {

using base::Value;

constexpr std::size_t kMaxRefusals = 100;
constexpr std::size_t kMaxReason = 1024;

std::string line_of(const char* name, Value body) {
  Value message(Value::Object{});
  message.add(name, std::move(body));
  return base::to_json(message) + '\n';
}

// --- reading: what is missing or of another type is as if it were not said -------------------------------------------

std::string text_of(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_string() ? value->as_string() : std::string();
}

bool flag_of(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_bool() && value->as_bool();
}

std::int64_t number_of(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_int() ? value->as_int() : 0;
}

const Value::Array& list_of(const Value& object, std::string_view name) {
  static const Value::Array kNone;
  const Value* value = object.find(name);
  return value && value->is_array() ? value->as_array() : kNone;
}

std::optional<Hash> hash_of(const Value& value) {
  return value.is_string() ? base::parse_hash(value.as_string()) : std::nullopt;
}

Hash hash_of(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value ? hash_of(*value).value_or(Hash{}) : Hash{};
}

Value write(const PlanId& id) {
  Value object(Value::Object{});
  object.add("generation", id.generation);
  object.add("routing", base::to_hex(id.routing));
  object.add("endpoints", base::to_hex(id.endpoints));
  object.add("secrets", base::to_hex(id.secrets));
  object.add("settings", base::to_hex(id.settings));
  return object;
}

PlanId read_plan_id(const Value& object) {
  return {number_of(object, "generation"), hash_of(object, "routing"), hash_of(object, "endpoints"),
          hash_of(object, "secrets"), hash_of(object, "settings")};
}

Value write(const Refusal& refusal) {
  Value object(Value::Object{});
  object.add("part", refusal.part);
  object.add("reason", base::shortened(refusal.reason, kMaxReason));
  return object;
}

Value write_refusals(const std::vector<Refusal>& refusals) {
  Value list(Value::Array{});
  for (std::size_t i = 0; i < std::min(refusals.size(), kMaxRefusals); ++i) list.push(write(refusals[i]));
  if (refusals.size() > kMaxRefusals) {
    list.push(write({"more", fmt::format("{} more are not listed", refusals.size() - kMaxRefusals)}));
  }
  return list;
}

Report read_report(const Value& object) {
  Report report;
  if (const Value* plan = object.find("plan"); plan && plan->is_object()) report.plan = read_plan_id(*plan);
  report.ready = flag_of(object, "ready");
  for (const Value& address : list_of(object, "addresses")) {
    if (address.is_string()) report.addresses.push_back(address.as_string());
  }
  for (const Value& failure : list_of(object, "bindFailures")) {
    const std::int64_t port = std::clamp<std::int64_t>(number_of(failure, "port"), 0, std::numeric_limits<std::uint16_t>::max());
    report.bind_failures.push_back({text_of(failure, "address"), static_cast<std::uint16_t>(port), text_of(failure, "reason")});
  }
  for (const Value& refusal : list_of(object, "refusals")) {
    report.refusals.push_back({text_of(refusal, "part"), text_of(refusal, "reason")});
  }
  return report;
}

base::Result<FromProxy> read_holding(const Value& body) {
  if (!body.is_array()) return base::fail("holding must be a list");
  Holding holding;
  for (const Value& item : body.as_array()) {
    const auto hash = hash_of(item);
    if (!hash) return base::fail("holding must be a list of hashes");
    holding.parts.push_back(*hash);
  }
  return holding;
}

base::Result<Value> parse_message(std::string_view line) {
  auto message = base::parse_json(line);
  if (!message) return message;
  if (!message->is_object() || message->as_object().empty()) return base::fail("a message must be an object with a name");
  return message;
}

}  // namespace

base::Result<std::uint32_t> agree(std::uint32_t ours, std::string_view theirs) {
  const auto version = base::parse_uint<std::uint32_t>(theirs);
  if (!version || *version == 0) return base::fail(fmt::format("the stream's version \"{}\" is not a number from 1", theirs));
  const std::uint32_t lower = std::min(ours, *version);
  if (std::max(ours, *version) - lower <= 1) return lower;
  return base::fail(fmt::format("one side speaks version {} of the stream and the other {}: they may differ by one at most", ours, *version));
}

PlanId id_of(const Plan& plan) {
  return {plan.generation, plan.routing->hash, plan.endpoints->hash, plan.secrets->hash, plan.settings->hash};
}

std::string to_line(const Hello& message) {
  Value body(Value::Object{});
  body.add("pod", message.pod);
  body.add("version", message.version);
  body.add("instance", message.instance);
  return line_of("hello", std::move(body));
}

std::string to_line(const Welcome& message) {
  Value body(Value::Object{});
  body.add("controller", message.controller);
  body.add("version", message.version);
  return line_of("welcome", std::move(body));
}

std::string to_line(const Report& message) {
  Value body(Value::Object{});
  if (message.plan) body.add("plan", write(*message.plan));
  body.add("ready", message.ready);
  Value& addresses = body.add("addresses", Value(Value::Array{}));
  for (const std::string& address : message.addresses) addresses.push(address);
  Value& failures = body.add("bindFailures", Value(Value::Array{}));
  for (const BindFailure& failure : message.bind_failures) {
    Value& item = failures.push(Value(Value::Object{}));
    item.add("address", failure.address);
    item.add("port", int{failure.port});
    item.add("reason", failure.reason);
  }
  body.add("refusals", write_refusals(message.refusals));
  return line_of("report", std::move(body));
}

std::string to_line(const Holding& message) {
  Value body(Value::Array{});
  for (const Hash& hash : message.parts) body.push(base::to_hex(hash));
  return line_of("holding", std::move(body));
}

std::string to_line(const Take&) { return line_of("take", Value(Value::Object{})); }
std::string to_line(const Beat&) { return line_of("beat", Value(Value::Object{})); }

base::Result<FromProxy> parse_from_proxy(std::string_view line) {
  const auto message = parse_message(line);
  if (!message) return std::unexpected(message.error());
  const auto& [name, body, position] = message->as_object().front();
  if (name == "hello") return Hello{text_of(body, "pod"), text_of(body, "version"), text_of(body, "instance")};
  if (name == "report") return read_report(body);
  if (name == "holding") return read_holding(body);
  if (name == "take") return Take{};
  if (name == "beat") return Beat{};
  return UnknownMessage{};
}

base::Result<FromController> parse_from_controller(std::string_view line) {
  auto message = parse_message(line);
  if (!message) return std::unexpected(message.error());
  const auto& [name, body, position] = message->as_object().front();
  if (name == "welcome") return Welcome{text_of(body, "controller"), text_of(body, "version")};
  if (name == "part") return PartMessage{*std::move(message)};
  if (name == "plan") return PlanMessage{body};
  if (name == "beat") return Beat{};
  return UnknownMessage{};
}

}  // namespace cardea::plan::wire
