// SPDX-License-Identifier: Apache-2.0
// Golden cases: testdata/<feature>/<case>.in.yaml holds resources; beside it stand the plans and the statuses that they
// mean. UPDATE_GOLDEN=1 writes them anew; whoever does so reads the difference.
//
// A first document `kind: Case` may say what else is given:
//   mode: strict | lenient        how the resources are decoded (lenient keeps generation and creationTimestamp)
//   options: {portMap: {80: 8080}, advertisePortMap, sharedMachine, bindAddresses, reservedPorts}
//   observed: {served: true | false | a list of Gateways, addresses, bindFailures, refusals,
//              proxies: [{gateway: default/a, ready: 1, addresses, laggards, problem: {reason, message}, addressWarning}],
//              installed: [{kind: HTTPRoute, version: v1.6.1, channel: standard}]}
//   backends: [default/cart:80]   for each a Service with that port and an EndpointSlice with one endpoint
// Unless told otherwise a data plane serves every plan and clients reach it at 192.0.2.10. A case without a GatewayClass has
// one named cardea, which is ours.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/decode.h"
#include "api/status_value.h"
#include "base/file.h"
#include "base/yaml.h"
#include "plan/diff.h"
#include "plan/json.h"
#include "translate/testing/certificates.h"
#include "translate/translate.h"

namespace cardea::translate {
namespace {

using base::Value;
namespace fs = std::filesystem;

const fs::path kTestdata = fs::path(CARDEA_SOURCE_DIR) / "src/translate/testdata";

void replace_words(Value& value, bool back) {
  if (value.is_string()) {
    auto& text = std::get<std::string>(value.data);
    for (const auto& [word, pem] : testing::words()) {
      if (text == (back ? std::string_view(pem) : word)) text = std::string(back ? word : std::string_view(pem));
    }
  } else if (value.is_array()) {
    for (Value& item : value.as_array()) replace_words(item, back);
  } else if (value.is_object()) {
    for (base::Member& member : value.as_object()) replace_words(member.value, back);
  }
}

const Value* at(const Value* value, std::string_view name) { return value ? value->find(name) : nullptr; }

std::string text_at(const Value& value, std::string_view name) {
  const Value* found = value.find(name);
  return found ? found->as_string() : std::string();
}

std::vector<std::string> texts(const Value* list) {
  std::vector<std::string> read;
  if (list) {
    for (const Value& item : list->as_array()) read.push_back(item.as_string());
  }
  return read;
}

struct Case {
  Options options;
  Observed observed;
  std::optional<std::set<std::string>> served;  // nothing: every Gateway
  api::DecodeMode mode = api::DecodeMode::Strict;
  api::Resources resources;
  std::vector<api::Object> objects;  // that the case's documents hold
};

Options read_options(const Value* value) {
  Options options;
  if (const Value* map = at(value, "portMap")) {
    for (const base::Member& entry : map->as_object()) {
      options.port_map[static_cast<std::uint16_t>(std::stoi(entry.name))] = static_cast<std::uint16_t>(entry.value.as_int());
    }
  }
  if (const Value* advertise = at(value, "advertisePortMap")) options.advertise_port_map = advertise->as_bool();
  if (const Value* shared = at(value, "sharedMachine")) options.shared_machine = shared->as_bool();
  if (const Value* bind = at(value, "bindAddresses")) options.bind_addresses = texts(bind);
  if (const Value* ports = at(value, "reservedPorts")) {
    for (const Value& port : ports->as_array()) options.reserved_ports.insert(static_cast<std::uint16_t>(port.as_int()));
  }
  return options;
}

plan::ObjectName name_from(const std::string& text) {
  const auto slash = text.find('/');
  return {text.substr(0, slash), text.substr(slash + 1)};
}

void read_observed(const Value* value, Case& read) {
  read.observed.addresses = {"192.0.2.10"};
  if (const Value* addresses = at(value, "addresses")) read.observed.addresses = texts(addresses);
  if (const Value* served = at(value, "served")) {
    if (!served->is_bool()) {
      const auto names = texts(served);
      read.served = std::set(names.begin(), names.end());
    } else if (!served->as_bool()) {
      read.served.emplace();
    }
  }
  if (const Value* failures = at(value, "bindFailures")) {
    for (const Value& failure : failures->as_array()) {
      const Value* missing = failure.find("addressMissing");
      read.observed.bind_failures.push_back({text_at(failure, "address"), static_cast<std::uint16_t>(failure.find("port")->as_int()),
                                             text_at(failure, "reason"), missing && missing->as_bool()});
    }
  }
  if (const Value* refusals = at(value, "refusals")) {
    for (const Value& refusal : refusals->as_array()) {
      read.observed.gateways[name_from(text_at(refusal, "gateway"))].refusals.push_back(
          {text_at(refusal, "part"), text_at(refusal, "reason")});
    }
  }
}

std::string_view reason_named(const std::string& text) {
  for (const std::string_view known : {reason::kInvalid, reason::kNoResources, reason::kPending}) {
    if (known == text) return known;
  }
  ADD_FAILURE() << "no reason of provisioning: " << text;
  return {};
}

void read_cluster(const Value* value, Case& read) {
  if (const Value* proxies = at(value, "proxies")) {
    for (const Value& proxy : proxies->as_array()) {
      GatewayObserved& own = read.observed.gateways[name_from(text_at(proxy, "gateway"))];
      own.addresses = texts(proxy.find("addresses"));
      own.laggards = texts(proxy.find("laggards"));
      own.address_warning = text_at(proxy, "addressWarning");
      if (const Value* ready = proxy.find("ready")) own.ready_proxies = static_cast<std::int32_t>(ready->as_int());
      if (const Value* problem = proxy.find("problem")) {
        own.unprovisioned = Problem{reason_named(text_at(*problem, "reason")), text_at(*problem, "message")};
      }
    }
  }
  if (const Value* installed = at(value, "installed")) {
    for (const Value& kind : installed->as_array()) {
      read.observed.installed.push_back({text_at(kind, "kind"), text_at(kind, "version"), text_at(kind, "channel")});
    }
  }
}

void put(const Value& document, Case& read) {
  for (const api::Decoded& decoded : api::decode(document, read.mode)) {
    if (const auto* invalid = std::get_if<api::InvalidObject>(&decoded.outcome)) {
      for (const auto& error : invalid->errors) ADD_FAILURE() << api::format_error("case", error);
    } else if (const auto* object = std::get_if<api::Object>(&decoded.outcome)) {
      const std::int64_t generation = api::metadata_of(*object).generation;
      read.objects.push_back(api::with_generation(*object, generation == 0 ? 1 : generation));
      read.resources.put(read.objects.back());
    } else {
      ADD_FAILURE() << "a kind that nobody knows";
    }
  }
}

void put_backend(const std::string& text, std::size_t number, Case& read) {
  const plan::ObjectName name = name_from(text.substr(0, text.find(':')));
  const auto port = static_cast<std::uint16_t>(std::stoi(text.substr(text.find(':') + 1)));
  api::Service service;
  service.metadata.namespace_ = name.namespace_;
  service.metadata.name = name.name;
  service.spec.ports.push_back({.name = {}, .port = port, .target_port = {}, .protocol = {}, .app_protocol = {}});
  read.resources.put(std::make_shared<const api::Service>(service));
  api::EndpointSlice slice;
  slice.metadata.namespace_ = name.namespace_;
  slice.metadata.name = name.name + "-1";
  slice.metadata.labels.set(std::string(api::kServiceNameLabel), name.name);
  slice.endpoints.push_back({.addresses = {fmt::format("10.0.0.{}", number)}, .conditions = {}, .zone = {}, .node_name = {}});
  slice.ports.push_back({.name = {}, .port = 3000, .protocol = {}, .app_protocol = {}});
  read.resources.put(std::make_shared<const api::EndpointSlice>(slice));
}

void put_default_class(Case& read) {
  if (!read.resources.all<api::GatewayClass>().empty()) return;
  api::GatewayClass gateway_class;
  gateway_class.metadata.name = "cardea";
  gateway_class.metadata.generation = 1;
  gateway_class.spec.controller_name = read.options.controller_name;
  read.resources.put(std::make_shared<const api::GatewayClass>(gateway_class));
}

Case read_case(const fs::path& path) {
  Case read;
  auto text = base::read_file(path);
  EXPECT_TRUE(text) << path;
  auto documents = base::parse_yaml(text.value_or(""));
  for (const base::Error& error : documents.errors) ADD_FAILURE() << error.message;
  bool first = true;
  for (Value& document : documents.values) {
    if (std::exchange(first, false)) {
      const bool described = text_at(document, "kind") == "Case";
      if (described) {
        read.options = read_options(document.find("options"));
        if (text_at(document, "mode") == "lenient") read.mode = api::DecodeMode::Lenient;
        std::size_t number = 0;
        for (const std::string& backend : texts(document.find("backends"))) put_backend(backend, ++number, read);
      }
      read_observed(described ? document.find("observed") : nullptr, read);
      read_cluster(described ? document.find("observed") : nullptr, read);
      if (described) continue;
    }
    replace_words(document, false);
    put(document, read);
  }
  put_default_class(read);
  return read;
}

// One line a condition: its observedGeneration is checked instead of shown.
void shorten_conditions(Value& value) {
  if (value.is_array()) {
    for (Value& item : value.as_array()) shorten_conditions(item);
  } else if (value.is_object()) {
    for (base::Member& member : value.as_object()) {
      if (member.name != "conditions") {
        shorten_conditions(member.value);
        continue;
      }
      Value lines = Value::Array{};
      for (const Value& condition : member.value.as_array()) {
        lines.push(fmt::format("{} {} {} - {}", text_at(condition, "type"), text_at(condition, "status"),
                               text_at(condition, "reason"), text_at(condition, "message")));
      }
      member.value = std::move(lines);
    }
  }
}

std::string statuses_text(const Translation& translation) {
  std::string text;
  for (const std::string& note : translation.notes) text += fmt::format("# note: {}\n", note);
  for (const auto& status : translation.statuses) {
    if (status->object.kind == "GatewayClass" && status->object.key.name == "cardea") continue;
    Value body = to_value(status->status);
    shorten_conditions(body);
    Value document = Value::Object{};
    document.add("object", api::to_text(status->object));
    document.add("status", std::move(body));
    text += "---\n" + base::to_yaml(document);
  }
  return text;
}

std::string plans_text(const Translation& translation) {
  std::string text;
  for (const auto& plan : translation.plans) {
    Value value = plan::to_value(*plan);
    replace_words(value, true);
    text += "---\n" + base::to_yaml(value);
  }
  return text;
}

// What holds for every status whatever the case.
void check_conditions(const Value& value, std::int64_t generation, const std::string& object) {
  if (value.is_array()) {
    for (const Value& item : value.as_array()) check_conditions(item, generation, object);
  } else if (value.is_object()) {
    for (const base::Member& member : value.as_object()) {
      check_conditions(member.value, generation, object);
      if (member.name != "conditions") continue;
      std::set<std::string> types;
      EXPECT_LE(member.value.as_array().size(), 8u) << object;
      for (const Value& condition : member.value.as_array()) {
        EXPECT_EQ(condition.find("observedGeneration")->as_int(), generation) << object;
        EXPECT_TRUE(types.insert(text_at(condition, "type")).second) << object;
        EXPECT_FALSE(text_at(condition, "reason").empty()) << object;
      }
    }
  }
}

bool same_plans(const plan::PlanSet& a, const plan::PlanSet& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return plan::diff(*x, *y).empty(); });
}

Translation translate_case(Case& read) {
  const Translation first = translate(read.resources, read.observed, read.options);
  for (const auto& plan : first.plans) {
    const std::string name = fmt::format("{}/{}", plan->gateway.namespace_, plan->gateway.name);
    if (!read.served || read.served->contains(name)) read.observed.gateways[plan->gateway].served = plan;
  }
  Translation answer = translate(read.resources, read.observed, read.options);
  EXPECT_TRUE(same_plans(first.plans, answer.plans)) << "a plan depends on what was observed";
  const Translation observed_later = translate(read.resources, read.observed, read.options, &first);
  EXPECT_TRUE(std::ranges::equal(observed_later.statuses, answer.statuses, [](const auto& a, const auto& b) { return *a == *b; }))
      << "what is observed later is not told the same";
  // The same objects in another snapshot, so that every step is taken again.
  api::Resources copy = read.resources;
  copy.put(*copy.all<api::GatewayClass>().begin());
  const Translation again = translate(copy, read.observed, read.options, &answer);
  EXPECT_EQ(again.plans, answer.plans) << "equal plans are not the same pointers";
  EXPECT_EQ(again.statuses, answer.statuses) << "equal statuses are not the same pointers";
  for (const auto& status : answer.statuses) {
    check_conditions(to_value(status->status), status->generation, api::to_text(status->object));
  }
  for (const auto& plan : answer.plans) {
    const auto read_back = plan::from_value(plan::to_value(*plan));
    if (!read_back) {
      ADD_FAILURE() << read_back.error().message;
    } else {
      EXPECT_TRUE(plan::diff(*plan, **read_back).empty()) << "the plan's JSON form is not the plan";
    }
  }
  return answer;
}

void expect_golden(const fs::path& path, const std::string& text) {
  static const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  if (update) {
    ASSERT_TRUE(base::write_file_atomically(path, text)) << path;
    return;
  }
  const auto golden = base::read_file(path);
  ASSERT_TRUE(golden) << path << ": write it with UPDATE_GOLDEN=1 and read it";
  EXPECT_EQ(*golden, text) << path << ": if this is meant, write it anew with UPDATE_GOLDEN=1 and read the difference";
}

void expect_same(const Translation& one, const Translation& other, const std::string& what) {
  EXPECT_TRUE(same_plans(one.plans, other.plans)) << what;
  EXPECT_TRUE(std::ranges::equal(one.statuses, other.statuses, [](const auto& a, const auto& b) { return *a == *b; })) << what;
  EXPECT_EQ(one.notes, other.notes) << what;
}

// What is kept from one translation for the next never shows: with it and without, the answer is the same.
void expect_memory_does_not_show(const Case& read) {
  Translation last = translate(read.resources, read.observed, read.options);
  for (const api::Object& object : read.objects) {
    const api::ObjectId id = api::id_of(object);
    api::Resources changed = read.resources;
    changed.erase(id);
    last = translate(changed, read.observed, read.options, &last);
    expect_same(last, translate(changed, read.observed, read.options), "without " + api::to_text(id));
    last = translate(read.resources, read.observed, read.options, &last);
    expect_same(last, translate(read.resources, read.observed, read.options), "again with " + api::to_text(id));
  }
}

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(kTestdata)) {
    const std::string path = fs::relative(entry.path(), kTestdata).string();
    constexpr std::string_view kSuffix = ".in.yaml";
    if (path.ends_with(kSuffix)) found.push_back(path.substr(0, path.size() - kSuffix.size()));
  }
  std::ranges::sort(found);
  return found;
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, PlansAndStatuses) {
  Case read = read_case(kTestdata / (GetParam() + ".in.yaml"));
  ASSERT_FALSE(HasFailure());
  const Translation translation = translate_case(read);
  expect_golden(kTestdata / (GetParam() + ".plan.yaml"), plans_text(translation));
  expect_golden(kTestdata / (GetParam() + ".status.yaml"), statuses_text(translation));
}

TEST_P(Golden, EveryObjectMayGoAndComeBack) {
  const Case read = read_case(kTestdata / (GetParam() + ".in.yaml"));
  ASSERT_FALSE(HasFailure());
  expect_memory_does_not_show(read);
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, ::testing::ValuesIn(cases()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace cardea::translate
